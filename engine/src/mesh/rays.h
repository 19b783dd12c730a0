// rays.h -- tri-dexel stock: rays along X, Y and Z through the points of one lattice, each with its stretches of material.
//
// The lattice covers the stock's box with a whole number of cells per axis, moved by a fraction of a cell so that the box's faces, and
// round numbers in programs, fall between lattice points. The first and the last point of each axis lie outside the stock.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "proveout/context.h"
#include "proveout/geometry.h"
#include "proveout/setup.h"

namespace proveout {

struct Lattice {
    std::array<int, 3> points{};     // per axis, >= 3
    std::array<double, 3> origin{};  // of point 0
    std::array<double, 3> cell{};    // mm
    double at(int axis, int i) const { return origin[axis] + i * cell[axis]; }
};
Lattice make_lattice(const Box3& box, double cell_mm);
// Bytes that the rays, the signs and the surface of a lattice take, for typical parts.
double estimate_bytes(const Box3& box, double cell_mm);

// Where a stretch of material ends: position on the ray, the material's outward normal, and the tool slot that made the face (0: uncut).
struct RayEnd {
    double at = 0;
    float nx = 0, ny = 0, nz = 0;
    uint8_t colour = 0;
};
struct RaySpan {
    RayEnd low, high;
};
using Ray = std::vector<RaySpan>;  // rising, disjoint

// All rays along one axis. Row and column are lattice indices: X: row j, column k; Y: row i, column k; Z: row j, column i.
struct RayFamily {
    int axis = 0;
    int rows = 0, columns = 0;
    std::vector<Ray> rays;
    Ray& at(int row, int column) { return rays[static_cast<size_t>(row) * columns + column]; }
    const Ray& at(int row, int column) const { return rays[static_cast<size_t>(row) * columns + column]; }
};
constexpr int row_axis(int axis) { return axis == 1 ? 0 : 1; }
constexpr int column_axis(int axis) { return axis == 2 ? 0 : 2; }

using TriRays = std::array<RayFamily, 3>;
TriRays make_rays(const Solid& stock, const Lattice& lattice);

// A stretch that is cut away less than this deep is left as it is: the same floor cut twice keeps its first colour and exact place.
constexpr double kSameFace_mm = 1e-7;
// Shorter remains of a stretch fall off: far below a cell and below what a float vertex can show.
constexpr double kSliver_mm = 1e-5;

// Index of the first stretch that ends above `at`; ray.size() if none does.
size_t first_above(const Ray& ray, double at);

// Takes [low.at, high.at] out of the ray. low and high carry the material's new outward normals.
void take_out(Ray& ray, const RayEnd& low, const RayEnd& high);

}  // namespace proveout
