// tile_cutter.h -- all sweeps of a batch that come near one tile, in order.
#pragma once

#include <span>
#include <vector>

#include "stock/plans.h"

namespace proveout {

struct TileCut {
    int32_t owner = 0;
    double removed_mm3 = 0;
    float depth_mm = 0;
    float first_fraction = 2;
    float plunge_depth_mm = 0;
};

struct TileResult {
    std::vector<TileCut> cuts;             // at most one per owner, rising
    std::vector<ContactRecord> contacts;   // by sweep
};

double sweep_length(const Sweep& sweep);

// Adds a contact to stretches of one owner, kind and part, rising by first_fraction; stretches nearer than contact_gap_mm() to one another
// become one.
void add_stretch(std::vector<Contact>& stretches, Contact contact, double fraction_per_mm, double cell_mm);

// Ray positions within a tile, mm from its low corner; the same for all tiles but for the shifts.
struct TileGeometry {
    std::vector<float> column_x;           // kTile
    std::vector<float> row_y;              // kTile
    std::vector<float> column_dy;          // tiles_u * kTile
    std::vector<float> row_dx;             // tiles_v * kTile
};
TileGeometry tile_geometry(const DexelGrid& grid);

TileResult cut_tile(DexelGrid& grid, const TileGeometry& geometry, int tile_index, std::span<const SweepPlan> sweeps,
                    std::span<const int32_t> ids, const CutOptions& options);

}  // namespace proveout
