// body.h -- a tool assembly as convex bodies of revolution about the spindle axis. Cutter, neck, shank, collet and holder are all of this
// form.
//
// Heights are above the tool tip. For distance rho from the axis (0 <= rho <= radius) the body occupies
//     lower(rho) <= height <= upper(rho),   lower convex and non-decreasing, upper concave and non-increasing.
// A body that is not convex (step drill, form tool) is several convex ones.
#pragma once

#include <vector>

#include "proveout/finding.h"
#include "proveout/setup.h"

namespace proveout {

// One piece of an envelope from rho_0 to rho_1: a straight line, or an arc of a circle about (centre_rho, centre_height) in the half plane.
struct ProfilePiece {
    double rho_0 = 0, height_0 = 0;
    double rho_1 = 0, height_1 = 0;
    bool arc = false;
    double centre_rho = 0, centre_height = 0, arc_radius = 0;
};

struct ConvexBody {
    Part part = Part::kCutter;
    double radius_mm = 0;                  // largest rho
    std::vector<ProfilePiece> lower;       // from rho 0 to radius; empty only if the body is a point
    std::vector<ProfilePiece> upper;       // from rho 0 to radius
    double low_mm = 0, high_mm = 0;        // lowest and highest height
};

double lower_height(const ConvexBody& body, double rho);   // REQUIRES: 0 <= rho <= radius
double upper_height(const ConvexBody& body, double rho);

struct ToolAssembly {
    int number = 0;
    std::vector<ConvexBody> cutter;        // removes stock
    std::vector<ConvexBody> shank;         // neck and shank, from the flutes to the holder
    std::vector<ConvexBody> holder;
    double flute_length_mm = 0;
    double cutter_radius_mm = 0;
    bool undercutting = false;
    bool shank_as_wide_as_cutter = false;  // same diameter within 0.002 mm: it rubs where it follows into the slot
    bool center_cutting = true;
    double length_offset_mm = 0;
    double top_mm = 0;                     // highest point of the assembly above the tip
};

// Builds and validates. REQUIRES: tool has passed validation (job/); undefined lengths get their documented defaults here.
ToolAssembly make_assembly(const Tool& tool);

// The same body grown (delta > 0) or shrunk (delta < 0) by delta in all directions; shrinking below nothing gives radius 0 and is empty.
ConvexBody offset_body(const ConvexBody& body, double delta_mm);

}  // namespace proveout
