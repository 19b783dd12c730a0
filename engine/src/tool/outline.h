// outline.h -- convex bodies of revolution from their outline, and the pieces of an envelope.
#pragma once

#include <array>
#include <vector>

#include "proveout/body.h"

namespace proveout {

ProfilePiece line_piece(double rho_0, double height_0, double rho_1, double height_1);
ProfilePiece arc_piece(double rho_0, double height_0, double rho_1, double height_1, double centre_rho, double centre_height,
                       double arc_radius);

// Outline points {radius, height} with rising heights; radius is a concave function of height (a frustum stack that is convex).
ConvexBody body_from_outline(const std::vector<std::array<double, 2>>& outline, Part part);

// Any outline {radius, height} with non-falling heights, cut into convex bodies where it is not convex (steps, grooves).
std::vector<ConvexBody> bodies_from_outline(const std::vector<std::array<double, 2>>& outline, Part part);

// Height of an envelope at rho; REQUIRES: rho within the pieces.
double envelope_height(const std::vector<ProfilePiece>& pieces, double rho);

}  // namespace proveout
