// scene.h -- all that stands still: background with the shadow on the ground, fixtures and stock, drawn into a layer and kept up to date.
#pragma once

#include <vector>

#include "proveout/frame.h"
#include "render/canvas.h"
#include "render/height_field.h"

namespace proveout {

// Samples per pixel. Sample 0 stands in the middle; where neighbouring pixels differ, the mean of the others is drawn.
constexpr int kSubSamples = 9;
extern const float kSampleX[kSubSamples];
extern const float kSampleY[kSubSamples];

// Fixtures, drawn once for every sample.
struct FixturePlanes {
    PixelRect rect{0, 0, 0, 0};
    struct Texel {
        float depth = kFar;
        uint32_t rgb = 0;
    };
    std::vector<Texel> samples[kSubSamples];  // of the rectangle's pixels
    const Texel& at(int sample, int x, int y) const {
        return samples[sample][static_cast<size_t>(y - rect.y_low) * (rect.x_high - rect.x_low) + (x - rect.x_low)];
    }
    bool covers(int x, int y) const { return x >= rect.x_low && x < rect.x_high && y >= rect.y_low && y < rect.y_high; }
};

// Where something stands on the ground, mm.
struct Footprint {
    double x_low, x_high, y_low, y_high;
    bool round;
};

constexpr uint32_t kNoBlock = 0xffffffff;

struct Scene {
    Camera camera;
    Studio studio;
    HeightField field;
    FixturePlanes fixtures;
    std::vector<Footprint> feet;
    std::vector<uint32_t> background;
    std::vector<uint32_t> middle;        // colour of sample 0
    std::vector<uint32_t> middle_block;  // block of the height field that sample 0 shows; kNoBlock: fixture or background
    std::vector<BlockBox> seen;          // anti-aliased pixels: blocks that their samples show
    std::vector<uint8_t> fresh;          // while drawing; 0 otherwise
    Layer layer;
    float start_depth = 0;               // rays start here
    double ray_u[3], ray_v[3], ray_z[3]; // start of a ray: [0] + [1] x + [2] y, columns, columns, mm
    double ground_mm = 0;                // lowest point of stock and fixtures
    bool drawn = false;
};

Scene make_scene(const DexelGrid& grid, const std::vector<Fixture>& fixtures, const Box3& bounds, int width, int height);

// Takes over what changed in the stock and draws it again.
void update(Scene& scene, const Box3& changed, const Context& context);

}  // namespace proveout
