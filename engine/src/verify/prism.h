// prism.h -- a tool body moving in a straight line past an upright prism (box, cylinder, sector of a tube): exact, continuous, no steps.
//
// Why it is closed: the overlap along Z of a convex body of revolution with a prism is greatest where the prism's footprint is nearest to
// the axis. With rho(t) that distance at fraction t of the move (convex in t, because footprint and path are convex), the overlap is
//     min(z(t) + upper(rho(t)), top) - max(z(t) + lower(rho(t)), bottom)
// lower is convex and rising, upper concave and falling (body.h), so the overlap is concave in t: its maximum is found by golden section,
// and the stretch where it is positive is one interval whose ends are found by bisection.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "proveout/body.h"
#include "proveout/geometry.h"

namespace proveout {

struct Prism {
    bool disc = false;
    double centre_x = 0, centre_y = 0, radius = 0;          // disc
    std::vector<std::array<double, 2>> corners;             // else: convex, counter-clockwise
    double low = 0, high = 0;                               // Z
    Box3 box() const;
};

// Distance from (x, y) to the footprint, 0 inside.
double footprint_distance(const Prism& prism, double x, double y);
// The point of the footprint nearest to (x, y).
std::array<double, 2> nearest_in_footprint(const Prism& prism, double x, double y);

// Prisms that make up a solid to within kTouch_mm / 4: a box or cylinder is one, a tube is sectors. REQUIRES: not a mesh.
std::vector<Prism> prisms_of(const Solid& solid);

struct Passage {
    double t_0 = 0, t_1 = 0;     // stretch of contact, fractions of the move
    Vec3 point;                  // of the prism, at t_0
    double depth_mm = 0;         // greatest overlap along Z
    double t_deepest = 0;
};

// The stretch during which the body overlaps the prism, the tip going straight from a to b. An overlap of 0 is none.
std::optional<Passage> pass(const ConvexBody& body, const Prism& prism, Vec3 a, Vec3 b);

}  // namespace proveout
