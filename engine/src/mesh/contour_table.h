// contour_table.h -- for each of the 256 inside/outside patterns of a cell: which crossed edges belong to one sheet of the surface.
//
// Corners: bit 0 x, bit 1 y, bit 2 z. Edge axis*4 + u + 2*v runs along `axis` at offset u on axis+1 and v on axis+2 (cyclic). Face axis*2 +
// side.
#pragma once

#include <array>
#include <cstdint>

namespace proveout {

constexpr int kMaxComponents = 4;

struct CellPattern {
    std::array<int8_t, 12> component;  // -1: the surface does not cross the edge
    int components = 0;
    // A face with two opposite corners inside is crossed by two sheets, each around one inside corner. True if both belong to one
    // component.
    std::array<bool, 6> joined{};
};

const std::array<CellPattern, 256>& contour_table();

// Moves a cell's index to the lattice point where its edge e starts.
inline void add_edge_start(int e, std::array<int, 3>& cell) {
    int axis = e / 4;
    cell[(axis + 1) % 3] += e & 1, cell[(axis + 2) % 3] += e >> 1 & 1;
}

}  // namespace proveout
