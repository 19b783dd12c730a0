// sprite.h -- the picture of one tool assembly. The camera is orthographic: it is drawn once and then only moved.
#pragma once

#include <vector>

#include "proveout/body.h"
#include "render/canvas.h"
#include "render/shade.h"

namespace proveout {

// Positions within a pixel for which a picture is made: the tool moves in half pixels.
constexpr int kPhases = 2;

struct Sprite {
    int left = 0, above = 0;  // of the tip's pixel, pixels
    int width = 0, height = 0;
    std::vector<uint32_t> rgb;
    std::vector<float> depth;      // mm, relative to the tip
    std::vector<uint16_t> alpha;   // 0..256
    std::vector<int> first, last;  // per row: covered pixels [first, last)
};

// A tool for one camera; pictures are made when first asked for.
struct ToolPicture {
    int assembly = -1;
    bool made[kPhases * kPhases] = {};
    Sprite sprites[kPhases * kPhases];
};

// Draws the tool with its tip at tip_mm, in front of or behind what the canvas holds.
void draw_tool(Canvas& canvas, const Camera& camera, const Studio& studio, const ToolAssembly& assembly, int assembly_index,
               ToolPicture& picture, Vec3 tip_mm, bool colliding);

// The soft shadow of cutter and shank on what lies below, which shows how far the tip is from it. ground_mm: level that the background
// stands for.
void draw_tool_shadow(Canvas& canvas, const Camera& camera, const Studio& studio, const ToolAssembly& assembly, Vec3 tip_mm,
                      double ground_mm);

}  // namespace proveout
