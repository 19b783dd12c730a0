// surface.h -- what camsim wrote: accepted or refused, cleaned, measured.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "proveout/context.h"
#include "proveout/geometry.h"
#include "proveout/mesh.h"
#include "proveout/result.h"

namespace proveout {

struct SurfaceRules {
    int64_t triangles = -1;    // as camsim's log counts them; -1: not known
    Box3 stock_mm;             // the part lies inside it
    bool whole_stock = false;  // and fills it: nothing was cut
    double cell_mm = 0;
};

struct BentEdge {               // between two triangles that are not in one plane
    std::array<float, 6> ends;  // lower end first
    float bend = 0;             // length times turn, mm * rad
};

struct Surface {
    Mesh mesh;  // without duplicates and triangles of no area
    double volume_mm3 = 0, area_mm2 = 0;
    std::vector<BentEdge> bent;  // sorted by place
    int64_t duplicates = 0;
    int64_t open_edges = 0;  // edges that two opposite triangles do not share; 0: closed
};

// Binary STL bytes of camsim. Errors (kEngineFailed): size is not 84 + 50 n, no triangles, not as many as the log says, a coordinate that
// is not finite, a box that is not the stock's.
Result<Surface> accept_surface(std::string_view bytes, const SurfaceRules& rules, const Context& context);

// What the difference of two surfaces' volumes may be off by, with marching cubes of this cell on one grid. Where both are the same, their
// errors are the same and cancel; left are the edges that only one of them has.
double volume_difference_error_mm3(const Surface& a, const Surface& b, double cell_mm);

}  // namespace proveout
