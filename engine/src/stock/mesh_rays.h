// mesh_rays.h -- where the rays of a grid run inside a closed mesh.
#pragma once

#include <functional>
#include <vector>

#include "proveout/dexel.h"

namespace proveout {

// Calls visit(u, v, intervals highest first) once for each ray that meets the mesh. REQUIRES: closed mesh, outward triangles.
void for_each_mesh_ray(const DexelGrid& grid, const std::vector<Triangle>& mesh,
                       const std::function<void(int, int, const std::vector<Interval>&)>& visit);

}  // namespace proveout
