// ray_slope.h -- rays against straight moves that change height and place at once, and what both files of ray_body.h share.
#pragma once

#include "mesh/ray_body.h"

namespace proveout {

// Outward normal at (rho, height) of a piece.
MeridianNormal meridian_normal(const ChainPiece& piece, double rho, double height);
// Distance from the axis on a piece at a height. REQUIRES: the piece is not level.
double rho_on(const ChainPiece& piece, double height);

int meet_z_slope(const BodyChain& body, const RayMove& move, double x, double y, double top, Stretch& out);
int meet_x_slope(const BodyChain& body, const RayMove& move, double y, double z, Stretch& out);

}  // namespace proveout
