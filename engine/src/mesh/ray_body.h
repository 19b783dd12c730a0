// ray_body.h -- where a ray along an axis meets the volume that a convex body of revolution sweeps in one move. Nothing is stepped.
//
// The swept volume of a straight move is the body plus a segment (a Minkowski sum): convex, so one stretch per ray. Its end is the greatest
// value over the move's parameter s of a concave function, "linear + profile", which has a closed form on every straight or spherical piece
// of the profile and a bisection on torus pieces. A planar arc gives up to kMaxStretches stretches on rays that lie in its plane.
// Source of the Z case: Maeng, Baek, Shin, Choi, "A Z-map update method for linearly moving tools", CAD 35(11), 2003.
//
// Frame: rays along Z are given by (x, y); rays along X by (y, z). Rays along Y are rays along X of the mirrored move, see mirrored().
#pragma once

#include <vector>

#include "proveout/body.h"
#include "proveout/cut.h"

namespace proveout {

// Normal of a body in its meridian plane.
struct MeridianNormal {
    double radial = 0, axial = 0;
};

enum class PieceShape : uint8_t { kLine, kSphere, kTorus };

// One piece of the meridian, walked from the axis at the bottom over the widest place to the axis at the top.
struct ChainPiece {
    PieceShape shape = PieceShape::kLine;
    double rho_0 = 0, height_0 = 0, rho_1 = 0, height_1 = 0;
    double centre_rho = 0, centre_height = 0, arc_radius = 0;
    MeridianNormal normal_0, normal_1;  // outward, at both ends
};

struct BodyChain {
    std::vector<ChainPiece> pieces;
    int lower_count = 0;  // pieces [0, lower_count) face down
    int upper_begin = 0;  // pieces [upper_begin, end) face up; between them the wall, if there is one
    double radius = 0, low = 0, high = 0;
    double widest_low = 0, widest_high = 0;  // heights between which rho is the radius
};
BodyChain make_chain(const ConvexBody& body);

// A move, straight or planar arc; see Sweep.
struct RayMove {
    Vec3 from, by;
    bool arc = false;
    double centre_x = 0, centre_y = 0, arc_radius = 0, start_rad = 0, sweep_rad = 0;
};
RayMove move_of(const Sweep& sweep);
RayMove mirrored(const RayMove& move);  // x and y exchanged

// The swept volume on a ray: from low to high, with the outward normals of the volume there (unit length).
struct Stretch {
    double low = 0, high = 0;
    Vec3 low_normal, high_normal;
};
constexpr int kMaxStretches = 4;

// Both return the number of stretches, rising. A stretch on a Z ray that begins at `top` (the highest material there) or above may be left
// out.
int meet_z_ray(const BodyChain& body, const RayMove& move, double x, double y, double top, Stretch& out);
int meet_x_ray(const BodyChain& body, const RayMove& move, double y, double z, Stretch out[kMaxStretches]);

// Box of the swept volume.
Box3 swept_box(const BodyChain& body, const RayMove& move);

}  // namespace proveout
