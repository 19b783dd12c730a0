// simplify.h -- fewer triangles for the same surface, by half-edge collapses that keep it a closed manifold.
#pragma once

#include "mesh/contour.h"

namespace proveout {

// Merges flats: vertices inside a plane and on straight edges between planes (or colours on a plane) go. The surface moves by at most
// kFlat_mm.
constexpr double kFlat_mm = 1e-4;
void merge_flats(Surface& surface, double cell_mm);

// Removes vertices whose neighbour lies within tolerance_mm of every plane that met in them and in what was merged into them before.
// Garland, Heckbert, "Surface simplification using quadric error metrics", SIGGRAPH 97, with the sum of squared distances as the bound.
void simplify(Surface& surface, double tolerance_mm, double cell_mm);

}  // namespace proveout
