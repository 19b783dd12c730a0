// compare.h -- is it the same part? Symmetric surface distance and difference of the removed volumes, each against what both engines' cells
// explain.
#pragma once

#include <string>
#include <vector>

#include "camotics/camotics.h"
#include "proveout/mesh.h"
#include "proveout/report.h"

namespace proveout {

// Distances of points spread evenly over one surface to another surface, one way.
struct OneWay {
    double max_mm = 0, p99_mm = 0;
    double mean_mm = 0;
    Vec3 worst_mm;  // where the greatest one is
};
// REQUIRES: both meshes have triangles.
OneWay distances_to(const Mesh& from, const Mesh& to, const Context& context);

struct Comparison {
    double max_mm = 0, p99_mm = 0;  // of both ways
    Vec3 worst_mm;
    double volume_difference_mm3 = 0;               // theirs less ours
    double tolerance_mm = 0, max_tolerance_mm = 0;  // for p99, for the greatest one
    double volume_tolerance_mm3 = 0;
    bool agree = true;
    std::string message;  // for ENGINES_DISAGREE
};

Result<Comparison> compare_parts(const Mesh& ours, const Simulation& simulation, const CamoticsPart& theirs, const Context& context);

// A picture (PNG) of their part, coloured where it differs from ours, with a marker at the worst place.
// Errors: kTooLarge, kEngineFailed, kCancelled, kTimeout.
Result<std::string> picture_of_differences(const Mesh& ours, const CamoticsPart& theirs, const Comparison& comparison, const Setup& setup,
                                           const Context& context);

}  // namespace proveout
