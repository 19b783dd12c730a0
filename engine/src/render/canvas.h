// canvas.h -- the frame that is being composed: the drawn scene below, and on top of it what moves. Only tiles that something is drawn on
// are copied and coded again.
#pragma once

#include <string_view>
#include <vector>

#include "proveout/frame.h"
#include "render/font.h"
#include "render/shade.h"

namespace proveout {

constexpr int kPixelTile = 8;  // even, so that a tile owns its chroma samples

// The scene without what moves: colour and depth per pixel, and the same colours as a frame.
struct Layer {
    int width = 0, height = 0;
    int tiles_x = 0, tiles_y = 0;
    std::vector<uint32_t> rgb;
    std::vector<float> depth;    // mm along the view; kFar where there is only background
    Frame frame;
};
constexpr float kFar = 1e30f;

// Codes the pixels of one tile of `rgb` into frame.
void code_tile(const uint32_t* rgb, int width, int height, int tile_x, int tile_y, Frame& frame);

struct Canvas {
    const Layer* below = nullptr;
    std::vector<uint32_t> rgb;
    std::vector<float> depth;
    std::vector<uint8_t> touched;  // per tile
    std::vector<int> touched_list;
    struct Mask {
        uint8_t line = 0, halo = 0;
    };
    std::vector<Mask> mask;        // of the path being drawn
};

Canvas make_canvas(const Layer& below);
// Makes the tiles of the rectangle [x_low, x_high) x [y_low, y_high) ready for drawing; clips the rectangle to the picture.
struct PixelRect {
    int x_low, x_high, y_low, y_high;
    bool empty() const { return x_low >= x_high || y_low >= y_high; }
};
PixelRect touch(Canvas& canvas, PixelRect rect);
// The finished frame; the canvas is clean again afterwards.
void finish(Canvas& canvas, Frame& out);

// Depth-tested line through projected points, `pen` pixels wide, with a halo; nearer_mm lifts it off the surface that it lies on. Its alpha
// rises from alpha_0 at the first point to alpha_1 at the last.
struct PathStyle {
    double pen, halo_pen;       // pixels
    uint32_t colour, halo;
    double halo_alpha;          // of the line's own
    double alpha_0, alpha_1;
};
void draw_path(Canvas& canvas, const std::vector<ScreenPoint>& points, const PathStyle& style, float nearer_mm);
void draw_disc(Canvas& canvas, double x, double y, double radius, uint32_t colour, double alpha);
void draw_ring(Canvas& canvas, double x, double y, double radius, double pen, uint32_t colour, double alpha);
void draw_panel(Canvas& canvas, PixelRect rect, double corner, uint32_t colour, double alpha);
void draw_text(Canvas& canvas, const Font& font, int x, int base_line, std::string_view text, uint32_t colour, double alpha = 1);

}  // namespace proveout
