// surface.h -- what camsim wrote: accepted or refused, cleaned, measured.
#pragma once

#include <cstdint>
#include <string>

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

struct Surface {
    Mesh mesh;  // without duplicates and triangles of no area
    double volume_mm3 = 0;
    double volume_error_mm3 = 0;  // what marching cubes of this cell may be off by, from the mesh's own edges
    int64_t duplicates = 0;
    int64_t open_edges = 0;  // edges that two opposite triangles do not share; 0: closed
};

// Binary STL bytes of camsim. Errors (kEngineFailed): size is not 84 + 50 n, no triangles, not as many as the log says, a coordinate that
// is not finite, a box that is not the stock's.
Result<Surface> accept_surface(std::string_view bytes, const SurfaceRules& rules, const Context& context);

}  // namespace proveout
