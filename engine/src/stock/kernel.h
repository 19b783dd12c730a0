// kernel.h -- the inner loops: height of a moving body above an 8 x 8 block of rays, and lowering the block to it.
//
// The same source (kernel_impl.h) is compiled for the baseline processor, for AVX2 and for AVX-512; all give the same bits, because every
// lane does the same IEEE operations in the same order and nothing is contracted. All lengths are float, relative to a tile, so that a
// length stays small and its rounding far below a micrometre.
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
    float base;  // kLevel, kArc: tip height + lowest height of the body; kSloped: the same at the reference point
    // shape
    float ball, ball_squared;  // kBall: radius of the sphere; kBull: corner radius
    float flat;                // kCone, kBull: radius of the flat in the middle
    float cone;                // kCone: slope k
    // straight
    float ref_x, ref_y, ux, uy;
    float s_offset;  // along-track position of the reference point from A
    float length;
    float slope;     // m
    float w_factor;  // kBall: |m| / sqrt(1 + m^2); kCone: |m| / sqrt(k^2 - m^2), or -1 if |m| >= k (the rim leads)
    bool continues;  // the same body has just come to where this sweep starts: rays over which it is lowest there are cut already
    // arc
    double centre_x, centre_y, arc_radius;
    double start_x, start_y, end_x, end_y;  // unit vectors from the centre
    double from_x, from_y, to_x, to_y;      // end points
    int arc_kind;                           // 0: up to half a turn, 1: more than half, 2: full
    double arc_sign;                        // +1 counter-clockwise
};

// The rays of one tile.
struct KernelTile {
    const float* column_x;   // 64: u * cell
    const float* column_dy;  // 64: shift_v of the column, mm
    const float* row_y;      // 64
    const float* row_dx;     // 64
    float* top;              // 64 * 64
    const float* bottom;     // 64 * 64 or nullptr
    float floor;
    uint8_t* colour;  // or nullptr
    uint8_t slot;
};

// The blocks of a tile, for the bound that skips blocks.
struct BlockBounds {
    float block_u, block_v;                        // size of a block
    float half_diagonal, half_along, half_across;  // of a block, a little more: any direction; along and across a straight track
    const float* block_top;                        // 8 x 8
    float z_low;                                   // lowest height of the body anywhere on this sweep near the tile
    int v_low, v_high;                             // rows of blocks that are asked for
};

struct BlockCut {
    float removed;  // sum of height differences, mm
    float depth;    // greatest of them
    float top;      // highest ray afterwards
};

struct Kernels {
    // Bit 8 v + u is set if the body may reach below the top of block (u, v): a bound, never missing one that it does. Rows next to those
    // asked for may be told too.
    uint64_t (*reached)(const KernelSweep&, const BlockBounds&);
    // heights[64], row-major; +infinity where the body does not pass.
    void (*heights)(const KernelSweep&, const KernelTile&, int block_u, int block_v, float* heights);
    // Lowers the rays of these blocks to the body, never below their bottom; one result per bit, rising.
    void (*cut)(const KernelSweep&, const KernelTile&, uint64_t blocks, BlockCut* results);
    // Lowers the block to given heights.
    void (*lower)(const float* heights, const KernelTile&, int block_u, int block_v, BlockCut& result);
};

enum class InstructionSet { kBaseline, kAvx2, kAvx512 };

// nullptr: not in this build, or not run by this processor. All give the same bits; kernels() is the widest that there is.
const Kernels* kernels_of(InstructionSet set);
const Kernels& kernels();

}  // namespace proveout
