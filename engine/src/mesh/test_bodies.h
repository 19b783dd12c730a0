// test_bodies.h -- cutters for tests, written as the header body.h describes them.
#pragma once

#include "proveout/body.h"

namespace proveout::test {

inline ConvexBody body_of(std::vector<ProfilePiece> lower, std::vector<ProfilePiece> upper) {
    ConvexBody body;
    body.lower = std::move(lower), body.upper = std::move(upper);
    body.radius_mm = body.lower.back().rho_1;
    body.low_mm = body.lower.front().height_0, body.high_mm = body.upper.front().height_0;
    return body;
}

inline ProfilePiece line(double rho_0, double height_0, double rho_1, double height_1) { return {rho_0, height_0, rho_1, height_1}; }
inline ProfilePiece arc(double rho_0, double height_0, double rho_1, double height_1, double centre_rho, double centre_height,
                        double radius) {
    return {rho_0, height_0, rho_1, height_1, true, centre_rho, centre_height, radius};
}

inline ConvexBody flat(double radius, double flute) { return body_of({line(0, 0, radius, 0)}, {line(0, flute, radius, flute)}); }
inline ConvexBody ball(double radius, double flute) {
    return body_of({arc(0, 0, radius, radius, 0, radius, radius)}, {line(0, flute, radius, flute)});
}
inline ConvexBody bull(double radius, double corner, double flute) {
    double r0 = radius - corner;
    return body_of({line(0, 0, r0, 0), arc(r0, 0, radius, corner, r0, corner, corner)}, {line(0, flute, radius, flute)});
}
// V-bit or drill: cone from a flat tip to the radius, then a wall.
inline ConvexBody cone(double tip, double radius, double cone_height, double flute) {
    std::vector<ProfilePiece> lower;
    if (tip > 0) lower.push_back(line(0, 0, tip, 0));
    lower.push_back(line(tip, 0, radius, cone_height));
    return body_of(lower, {line(0, flute, radius, flute)});
}
inline ConvexBody lollipop(double radius) {
    return body_of({arc(0, 0, radius, radius, 0, radius, radius)}, {arc(0, 2 * radius, radius, radius, 0, radius, radius)});
}
inline ConvexBody dovetail(double bottom, double top, double height) {
    // Widest at the bottom.
    return body_of({line(0, 0, bottom, 0)}, {line(0, height, top, height), line(top, height, bottom, 0)});
}

inline ToolAssembly assembly_of(ConvexBody cutter) {
    ToolAssembly assembly;
    assembly.cutter_radius_mm = cutter.radius_mm;
    assembly.flute_length_mm = assembly.top_mm = cutter.high_mm;
    assembly.cutter.push_back(std::move(cutter));
    return assembly;
}

}  // namespace proveout::test
