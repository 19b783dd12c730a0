// kernel.h -- the inner loops: height of a moving body above an 8 x 8 block of rays, and lowering the block to it.
//
// The same source (kernel_impl.h) is compiled twice, for the baseline processor and for AVX2; both give the same bits, because every lane
// does the same IEEE operations in the same order and nothing is contracted. All lengths are float, relative to a tile, so that a length
// stays small and its rounding far below a micrometre.
#pragma once

#include <cstdint>

namespace proveout {

enum class KernelShape : int { kFlat, kBall, kCone, kBull };
enum class KernelPath : int { kLevel, kSloped, kArc };

// One body on one sweep, seen from one tile. Positions are relative to the tile's low corner; the track of a straight sweep passes through
// (ref_x, ref_y), a point near the tile; heights are absolute.
struct KernelSweep {
    KernelShape shape;
    KernelPath path;
    float radius, radius_squared;
    float base;               // kLevel, kArc: tip height + lowest height of the body; kSloped: the same at the reference point
    // shape
    float ball, ball_squared; // kBall: radius of the sphere; kBull: corner radius
    float flat;               // kCone, kBull: radius of the flat in the middle
    float cone;               // kCone: slope k
    // straight
    float ref_x, ref_y, ux, uy;
    float s_offset;           // along-track position of the reference point from A
    float length;
    float slope;              // m
    float w_factor;           // kBall: |m| / sqrt(1 + m^2); kCone: |m| / sqrt(k^2 - m^2), or -1 if |m| >= k (the rim leads)
    // arc
    double centre_x, centre_y, arc_radius;
    double start_x, start_y, end_x, end_y;      // unit vectors from the centre
    double from_x, from_y, to_x, to_y;          // end points
    int arc_kind;                               // 0: up to half a turn, 1: more than half, 2: full
    double arc_sign;                            // +1 counter-clockwise
};

// The rays of one tile.
struct KernelTile {
    const float* column_x;    // 64: u * cell
    const float* column_dy;   // 64: shift_v of the column, mm
    const float* row_y;       // 64
    const float* row_dx;      // 64
    float* top;               // 64 * 64
    const float* bottom;      // 64 * 64 or nullptr
    float floor;
    uint8_t* colour;          // or nullptr
    uint8_t slot;
};

// A row of eight blocks, for the bound that skips blocks.
struct BlockRow {
    float first_x, step_x, y;  // centres, tile coordinates
    float half_diagonal, half_along, half_across;  // of a block: any direction; along and across a straight track
    const float* block_top;    // 8
    float z_low;               // lowest height of the body anywhere on this sweep near the tile
};

struct BlockCut {
    float removed;            // sum of height differences, mm
    float depth;              // greatest of them
    float top;                // highest ray afterwards
};

struct Kernels {
    // Bit b is set if the body may reach below block_top[b] in block b (0..7) of a block row: a bound, never missing one that it does.
    uint32_t (*candidates)(const KernelSweep&, const BlockRow& row);
    // heights[64], row-major; +infinity where the body does not pass.
    void (*heights)(const KernelSweep&, const KernelTile&, int block_u, int block_v, float* heights);
    // Lowers the block's rays to the body; rays never below their bottom.
    void (*cut)(const KernelSweep&, const KernelTile&, int block_u, int block_v, BlockCut& result);
    // Lowers the block to given heights.
    void (*lower)(const float* heights, const KernelTile&, int block_u, int block_v, BlockCut& result);
};

// The widest that this processor runs, and the baseline: the same bits.
const Kernels& kernels();
const Kernels& baseline_kernels();

}  // namespace proveout
