// height_field.h -- the dexels as the renderer reads them: one padded raster of heights with a pyramid, and rays through it.
//
// The raster is a copy, so that the renderer can see by itself which rays changed since the last picture.
// Everything that a ray or a normal answers is a function of the heights alone, not of what was skipped on the way: a picture drawn in
// parts is the same, to the bit, as one drawn at once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "proveout/dexel.h"
#include "render/camera.h"
#include "render/shade.h"

namespace proveout {

constexpr int kBlockSide = 8;           // columns per side of a block of the pyramid
constexpr int kPad = 16;                // cells around the raster that are always empty: neighbourhoods need no bounds checks
constexpr int kOcclusionRadius = 15;    // cells, below kPad
constexpr int kWallWalk = 12;           // cells along a wall, to each side, from which its normal is taken; below kOcclusionRadius
constexpr float kEmptyTop = -1e30f;
constexpr float kSteepest = 3.5f;  // height per width of a cell up to which neighbours are one sloping surface (74 degrees), not a step

struct RayHit {
    float t = 0;              // mm along the ray
    float z = 0;
    int u = 0, v = 0;         // the column that was hit
    int front_u = 0, front_v = 0;  // wall: the column before it
    int8_t axis = -1;         // 2: top of the column; 0, 1: its side, met while crossing along u or v; -1: nothing hit
};

// Columns that differ from the last picture, and the heights between which something may look different.
struct ChangedPatch {
    int u_low, u_high, v_low, v_high;   // columns, inclusive
    float z_low, z_high;                // mm
};

struct HeightField {
    const DexelGrid* grid = nullptr;
    int count_u = 0, count_v = 0;
    int stride = 0;
    std::vector<float> top;             // kEmptyTop: no material
    std::vector<uint8_t> colour;
    std::vector<uint8_t> several;       // 1: the ray does not reach down to the floor, or has several intervals: ask the grid
    int blocks_u = 0, blocks_v = 0;
    std::vector<float> block_top;
    float highest = 0;
    std::vector<uint64_t> detail_hash;  // per block of 16 x 16: state of the rays with several intervals
    // Ray direction in columns and mm per mm of t, and the inverses.
    float du = 0, dv = 0, dz = 0, inv_du = 0, inv_dv = 0;
    int step_u = 1, step_v = 1;
    // Samples of the neighbourhood for occlusion.
    struct Sample {
        int offset;
        float per_mm;                   // occlusion per mm that the neighbour stands higher
        float dx, dy;
        float weight;
    };
    std::vector<Sample> samples;

    int index(int u, int v) const { return (v + kPad) * stride + u + kPad; }
};

HeightField make_height_field(const DexelGrid& grid, const Camera& camera);

// Takes over what changed in the grid within `changed` and appends the patches.
void update(HeightField& field, const Box3& changed, std::vector<ChangedPatch>& patches);

// A box of blocks of the height field; empty while low > high.
struct BlockBox {
    uint16_t u_low = 0xffff, u_high = 0, v_low = 0xffff, v_high = 0;
    void add(uint32_t block, int blocks_u) {
        uint16_t u = static_cast<uint16_t>(block % blocks_u), v = static_cast<uint16_t>(block / blocks_u);
        u_low = std::min(u_low, u), u_high = std::max(u_high, u), v_low = std::min(v_low, v), v_high = std::max(v_high, v);
    }
    bool empty() const { return u_low > u_high; }
};

// First material along start + t * direction; start in columns (u, v) and mm (z). free_before: the ray is known to meet nothing before it
// enters this box; empty: nothing is known. The answer does not depend on it.
RayHit cast(const HeightField& field, float start_u, float start_v, float start_z, const BlockBox& free_before = {});

struct Surface {
    Normal normal;
    float occlusion;  // 1 open, 0 closed
    int slot;         // tool slot
};
Surface surface_at(const HeightField& field, const RayHit& hit);

}  // namespace proveout
