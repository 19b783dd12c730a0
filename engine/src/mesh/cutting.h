// cutting.h -- sweeps taken out of the three ray families.
#pragma once

#include <span>

#include "mesh/rays.h"
#include "proveout/body.h"
#include "proveout/cut.h"

namespace proveout {

// Order of the sweeps decides only which colour a face keeps. Rows are independent: the result does not depend on context.threads.
void cut_rays(TriRays& rays, const Lattice& lattice, std::span<const ToolAssembly> assemblies, std::span<const Sweep> sweeps,
              const Context& context);

}  // namespace proveout
