// dexel.h -- stock as rays on a regular grid, each with a sorted list of material intervals.
//
// A grid has one axis (0 X, 1 Y, 2 Z). For axis Z the plane coordinates are u = x, v = y and the ray runs along w = z; for X: u = y, v = z,
// w = x; for Y: u = z, v = x, w = y (cyclic, right-handed).
//
// Rays are stored in square tiles of kTile x kTile, tile-major, so that a tile is one contiguous 16 KiB block owned by one thread at a
// time. The common ray is one interval [bottom, top]: `top` is the highest material of the ray, `bottom` the low end of that interval. Rays
// with more intervals keep the lower ones in `more`. An empty ray has top <= bottom.
//
//   for (int v = 0; v < grid.count_v; ++v)
//     for (int u = 0; u < grid.count_u; ++u)
//       if (grid.top(u, v) > grid.bottom(u, v)) ...
//
// Ray (u, v) stands at u0 + (u + 0.5 + shift_u[v]) * cell_u, v0 + (v + 0.5 + shift_v[u]) * cell_v. The shifts lie in (-0.5, 0.5): rays are
// a stratified low-discrepancy sample of the plane, so that a wall parallel to an axis is not rounded to whole cells (docs/decisions).
// Grids for pictures and meshes have all shifts 0. Invariants: intervals of a ray are disjoint and rising; material only ever shrinks;
// volume_mm3 is exact for a box because cells divide it.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "proveout/context.h"
#include "proveout/geometry.h"
#include "proveout/result.h"
#include "proveout/setup.h"

namespace proveout {

struct Interval {
    float low, high;  // mm along the ray
};

constexpr int kTile = 64;
constexpr int kBlock = 8;                          // a tile has 8 x 8 blocks of 8 x 8 rays
constexpr int kBlocksPerTile = (kTile / kBlock) * (kTile / kBlock);

struct DexelTile {
    std::vector<float> top;                        // kTile*kTile, index v*kTile + u (local)
    std::vector<float> bottom;                     // kTile*kTile, or empty: all rays end at DexelGrid::floor_mm
    std::vector<uint8_t> colour;                   // kTile*kTile tool slot that cut the top surface last, 0: uncut; or empty (not kept)
    std::map<int, std::vector<Interval>> more;     // ray index -> further intervals below `bottom`, highest first
    float block_top[kBlocksPerTile];               // highest top of each block
    float tile_top = 0;                            // highest of all; floor if the tile is empty
};

struct DexelSpec {
    int axis = 2;
    double cell_mm = 0.1;      // wish; the actual cells divide the stock's box exactly
    bool jitter = true;
    bool keep_colour = false;
};

struct DexelGrid {
    int axis = 2;
    int count_u = 0, count_v = 0;                  // rays
    int tiles_u = 0, tiles_v = 0;
    double u0 = 0, v0 = 0;                         // low corner of the stock's box
    double cell_u = 0, cell_v = 0;                 // mm
    double floor_mm = 0;                           // low end of the stock's box along the ray
    double ceiling_mm = 0;                         // high end
    std::vector<float> shift_u;                    // count_v entries, cells
    std::vector<float> shift_v;                    // count_u entries, cells
    std::vector<DexelTile> tiles;                  // tiles_u * tiles_v, index tv*tiles_u + tu

    DexelTile& tile_of(int u, int v) { return tiles[(v / kTile) * tiles_u + u / kTile]; }
    const DexelTile& tile_of(int u, int v) const { return tiles[(v / kTile) * tiles_u + u / kTile]; }
    static int local(int u, int v) { return (v % kTile) * kTile + u % kTile; }
    float top(int u, int v) const { return tile_of(u, v).top[local(u, v)]; }
    float bottom(int u, int v) const {
        const DexelTile& tile = tile_of(u, v);
        return tile.bottom.empty() ? static_cast<float>(floor_mm) : tile.bottom[local(u, v)];
    }
    uint8_t colour(int u, int v) const {
        const DexelTile& tile = tile_of(u, v);
        return tile.colour.empty() ? 0 : tile.colour[local(u, v)];
    }
    double ray_u(int u, int v) const { return u0 + (u + 0.5 + shift_u[v]) * cell_u; }
    double ray_v(int u, int v) const { return v0 + (v + 0.5 + shift_v[u]) * cell_v; }
    double cell_area_mm2() const { return cell_u * cell_v; }
};

// All material intervals of ray (u, v), highest first.
void intervals_of(const DexelGrid& grid, int u, int v, std::vector<Interval>& out);

// Bytes and rays that make_grid would allocate; computed in long double, never overflows.
struct GridEstimate {
    double rays = 0;
    double bytes = 0;
};
GridEstimate estimate_grid(const Box3& bounds, const DexelSpec& spec);

// Stock as dexels. Errors: kTooLarge if estimate_grid says more than limit_bytes; kInvalidInput for an empty solid.
Result<DexelGrid> make_grid(const Solid& solid, const DexelSpec& spec, double limit_bytes);

// Sum of all intervals times cell area, in fixed order.
double volume_mm3(const DexelGrid& grid);

// Honest half-width of the error of (initial volume - volume_mm3): rim rays sampled, not measured. See docs/decisions.
double volume_error_mm3(const DexelGrid& grid);

// 64-bit hash of all intervals (FNV-1a over the float bits), for determinism tests.
uint64_t hash_of(const DexelGrid& grid);

}  // namespace proveout
