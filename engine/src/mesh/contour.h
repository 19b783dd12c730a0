// contour.h -- the surface of tri-dexel stock by manifold dual contouring.
//
// Ju, Losasso, Schaefer, Warren, "Dual contouring of Hermite data", SIGGRAPH 2002; one vertex per surface component of a cell as in
// Nielson, "Dual marching cubes", IEEE Visualization 2004. A lattice point is inside if its Z ray says so; X and Y rays only place the
// crossings. Where two cells share a face with two opposite corners inside, and both join the two sheets that cross it, the two surface
// edges between them get a point of their own each (Wenger, "Isosurfaces", 2013, 5.4 shows the problem): the result is always a closed
// manifold.
#pragma once

#include <vector>

#include "mesh/rays.h"
#include "proveout/context.h"

namespace proveout {

// Plane of the exact surface under a face, and the slot of the tool that made it.
struct FacePlane {
    Vec3 normal;
    Vec3 point;
    uint8_t colour = 0;
};

struct Surface {
    std::vector<Vec3> vertices;
    std::vector<std::array<uint32_t, 3>> triangles;
    std::vector<FacePlane> planes;  // per triangle
    double deviation_mm = 0;        // greatest distance of an exact surface point (one per crossed lattice edge) from its face
};

Surface contour(const TriRays& rays, const Lattice& lattice, const Context& context);

}  // namespace proveout
