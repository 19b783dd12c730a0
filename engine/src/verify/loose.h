// loose.h -- pieces of the remaining stock that nothing holds.
//
// Two intervals of neighbouring rays (4-neighbours of the grid) that overlap by more than kTouch_mm along the ray are one piece. Held is
// every
// piece that a fixture touches; where fixtures touch none, the largest piece. Lying on the table holds nothing: such a piece is thrown
// too.
#pragma once

#include <vector>

#include "proveout/dexel.h"
#include "proveout/setup.h"

namespace proveout {

struct LoosePiece {
    double volume_mm3 = 0;
    Vec3 point;            // in the piece: middle of its first ray's highest interval
    Box3 box;
};

// A piece with fewer rays that have both a left and a lower neighbour in the piece is a burr or a sliver, and noise of the grid.
constexpr int kMinCoreRays = 16;

// Rising by place (first ray, row by row). REQUIRES: grid.axis == 2. Cost: one pass over the rays, some ns each.
std::vector<LoosePiece> loose_pieces(const DexelGrid& grid, const std::vector<Fixture>& fixtures);

}  // namespace proveout
