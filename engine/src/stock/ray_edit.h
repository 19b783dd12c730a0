// ray_edit.h -- taking an interval out of a ray's list of material intervals.
#pragma once

#include "proveout/dexel.h"

namespace proveout {

// Removes [low, high] from ray `at` (local index) of the tile; returns the length removed, mm. Keeps block_top untouched.
double remove_interval(DexelTile& tile, int at, float floor, float low, float high, uint8_t colour);

// Recomputes block_top and tile_top.
void update_tops(DexelTile& tile);

}  // namespace proveout
