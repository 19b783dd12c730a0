// ray_sweep.h -- one vertical ray and one moving convex body, in double precision: the reference that the vector kernels must agree with,
// and what is used wherever only a few rays are asked about.
//
// A straight move goes from A to B; a in [0, L] is the horizontal way from A, m = (zB - zA) / L its slope. For a ray at along-track
// position
// s and distance d from the track, the body at a covers the ray where |s - a| <= sqrt(R^2 - d^2), and its lower surface there is at
//     zA + m a + f(sqrt((s - a)^2 + d^2)),
// convex in a when f is convex and non-decreasing: one minimum, and clamping the minimiser to any interval of a is exact. The upper
// surface is the same with signs turned. Source: Maeng, Baek, Shin, Choi, CAD 35(11):995-1009, 2003.
#pragma once

#include <vector>

#include "proveout/cut.h"

namespace proveout {

// A moves-as-one straight piece. Steep moves (less horizontal way than kPlunge_mm) are treated as plunges at A.
struct Line {
    Vec3 from, to;
    double length = 0;   // horizontal; 0: plunge
    double ux = 1, uy = 0;
    double slope = 0;    // m
};
constexpr double kPlunge_mm = 1e-4;
Line make_line(Vec3 from, Vec3 to);

// Position of a ray relative to a line.
struct RayOnLine {
    double s = 0;  // along the track from A
    double d = 0;  // distance from the track
};
RayOnLine locate(const Line& line, double x, double y);

// Range of a in which a disc of `radius` about the axis covers the ray; false: never. For a plunge the range is the fraction 0..1 of the
// way.
bool cover_range(const Line& line, const RayOnLine& ray, double radius, double& a_low, double& a_high);

// Lowest lower surface and highest upper surface of `body` over a in [a_low, a_high], which must lie in its cover range.
double lowest(const Line& line, const RayOnLine& ray, const ConvexBody& body, double a_low, double a_high);
double highest(const Line& line, const RayOnLine& ray, const ConvexBody& body, double a_low, double a_high);

// The first a in [a_low, a_high] at which the lower surface is lowest.
double lowest_position(const Line& line, const RayOnLine& ray, const ConvexBody& body, double a_low, double a_high);

// Lower and upper surface of the body at one position a.
double lower_at(const Line& line, const RayOnLine& ray, const ConvexBody& body, double a);
double upper_at(const Line& line, const RayOnLine& ray, const ConvexBody& body, double a);

// Interval of the ray that the body sweeps in the whole move; false: none. Arcs: exact for planar arcs of up to one turn and more.
bool swept_interval(const Sweep& sweep, const ConvexBody& body, double x, double y, double& low, double& high);

// The sweep as straight pieces: itself, or chords of an arc within kChordTolerance_mm.
void lines_of(const Sweep& sweep, std::vector<Line>& out);

// Distance from (x, y) to the tip's planar path (segment or arc): rho of a level sweep.
double path_distance(const Sweep& sweep, double x, double y);

}  // namespace proveout
