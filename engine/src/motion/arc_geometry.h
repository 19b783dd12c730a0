// arc_geometry.h -- what the planners need to know of an arc: directions at its ends, lengths, and radii, which limit speed. mm, rad.
#pragma once

#include "proveout/motion.h"

namespace proveout {

// First and second axis of the arc's plane, and its normal: members of Vec3 and indices 0..2.
struct ArcAxes {
    double Vec3::*first;
    double Vec3::*second;
    double Vec3::*normal;
    size_t first_index, second_index, normal_index;
};
ArcAxes axes_of(ArcPlane plane);

struct ArcGeometry {
    ArcAxes axes;
    Vec3 start_unit, end_unit;            // direction of travel, unit
    Vec3 start_to_centre, end_to_centre;  // in the plane, unit
    double start_radius_mm = 0, end_radius_mm = 0;
    double along_mm = 0;   // length of its projection on the plane
    double length_mm = 0;  // path length
    double planar = 1;     // along / length
    double rise = 0;       // share of the normal axis, signed: travel along it / length

    double least_radius_mm() const { return start_radius_mm < end_radius_mm ? start_radius_mm : end_radius_mm; }
};
ArcGeometry geometry_of(const Motion& arc);

}  // namespace proveout
