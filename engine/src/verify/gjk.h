// gjk.h -- does a convex body, swept along a straight line, meet a triangle? Exact for the hull of the two end positions, which for a
// convex body is the whole swept volume.
// Source: Gilbert, Johnson, Keerthi, "A fast procedure for computing the distance between complex objects in three-dimensional space",
// IEEE J. Robotics and Automation 4(2), 1988.
#pragma once

#include "proveout/body.h"
#include "proveout/geometry.h"

namespace proveout {

// The point of the body farthest in direction d, tip at the origin.
Vec3 support_of(const ConvexBody& body, Vec3 d);

// A body swept from tip a to tip b, and each of those upwards by rise_mm as well.
struct SweptBody {
    const ConvexBody* body;
    Vec3 a, b;
    double rise_mm = 0;
};

// True if the swept volume and the triangle share a point (to within 1e-5 mm).
bool meets(const SweptBody& swept, const Triangle& triangle);

}  // namespace proveout
