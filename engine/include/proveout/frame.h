// frame.h -- pictures of the stock, rendered from the dexels. No GPU, no display. Deterministic for any number of threads.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "proveout/body.h"
#include "proveout/dexel.h"
#include "proveout/finding.h"
#include "proveout/setup.h"

namespace proveout {

// yuv420p, BT.709, limited range: y is width*height bytes, u and v a quarter each. width and height are even.
struct Frame {
    int width = 0, height = 0;
    std::vector<uint8_t> y, u, v;
};

// What changes from frame to frame.
struct SceneState {
    Vec3 tip_mm;
    int assembly = -1;                       // -1: no tool in the picture
    std::vector<Vec3> trace;                 // recent tool path, oldest first; a point with x NaN interrupts the line
    std::vector<Vec3> collisions;            // markers to draw
    bool colliding = false;                  // this instant is within a collision: tint the tool
    double time_s = 0;
    int64_t line = 0;
    int tool = 0;
    std::string tool_name;                   // "D6 flat"
    std::string caption;                     // "HOLDER_COLLISION line 212" or empty
};

struct SceneOptions {
    int width = 1280, height = 720;
    std::string title;                       // program name, drawn small
};

// Colour of faces that the tool of this slot cut (1 ...; it repeats after eight), 0: uncut stock. Linear RGB, 0..1. The same in every
// picture and model.
std::array<float, 3> palette_colour(int slot);

// Draws the same scene again and again; only what changed in the stock is drawn anew.
class Renderer {
  public:
    // grid: axis Z, no jitter, colours kept; must outlive the renderer. bounds: what the camera frames (stock, fixtures, motion).
    Renderer(const DexelGrid& grid, const std::vector<ToolAssembly>& assemblies, const std::vector<Fixture>& fixtures, const Box3& bounds,
             const SceneOptions& options);
    ~Renderer();
    // changed: box of the stock that may differ from the last frame; empty: nothing.
    void draw(const SceneState& state, const Box3& changed, Frame& out, const Context& context);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace proveout
