#include "verify/gjk.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace proveout {

namespace {

// Two sets nearer than this meet. Well below kTouch_mm, well above the rounding of coordinates up to 10 m.
constexpr double kMeet_mm = 1e-5;
constexpr int kMaxIterations = 96;

// A simplex of up to 4 points, reduced to the face nearest to the origin.
struct Simplex {
    std::array<Vec3, 4> p;
    int size = 0;
};

Vec3 nearest_of_segment(Simplex& s) {
    Vec3 a = s.p[0], ab = s.p[1] - a;
    double t = -dot(a, ab), n = dot(ab, ab);
    if (t <= 0 || n <= 0) return s.size = 1, a;
    if (t >= n) return s.p[0] = s.p[1], s.size = 1, s.p[0];
    return a + (t / n) * ab;
}

// Ericson, "Real-Time Collision Detection", 5.1.5.
Vec3 nearest_of_triangle(Simplex& s) {
    Vec3 a = s.p[0], b = s.p[1], c = s.p[2], ab = b - a, ac = c - a;
    double d1 = -dot(ab, a), d2 = -dot(ac, a), d3 = -dot(ab, b), d4 = -dot(ac, b), d5 = -dot(ab, c), d6 = -dot(ac, c);
    auto keep1 = [&](Vec3 x) { return s.p[0] = x, s.size = 1, x; };
    auto keep2 = [&](Vec3 x, Vec3 y) { return s.p[0] = x, s.p[1] = y, s.size = 2, nearest_of_segment(s); };
    if (d1 <= 0 && d2 <= 0) return keep1(a);
    if (d3 >= 0 && d4 <= d3) return keep1(b);
    double vc = d1 * d4 - d3 * d2;
    if (vc <= 0 && d1 >= 0 && d3 <= 0) return keep2(a, b);
    if (d6 >= 0 && d5 <= d6) return keep1(c);
    double vb = d5 * d2 - d1 * d6;
    if (vb <= 0 && d2 >= 0 && d6 <= 0) return keep2(a, c);
    double va = d3 * d6 - d5 * d4;
    if (va <= 0 && d4 - d3 >= 0 && d5 - d6 >= 0) return keep2(b, c);
    double sum = va + vb + vc;
    if (!(sum > 0)) return keep2(a, b);
    return a + (vb / sum) * ab + (vc / sum) * ac;
}

// size becomes 4 with distance 0 if the origin lies inside.
Vec3 nearest_of_tetrahedron(Simplex& s) {
    static constexpr int kFaces[4][4] = {{0, 1, 2, 3}, {0, 2, 3, 1}, {0, 3, 1, 2}, {1, 3, 2, 0}};
    Simplex best;
    Vec3 nearest;
    double least = 1e300;
    for (const auto& face : kFaces) {
        Vec3 a = s.p[face[0]], n = cross(s.p[face[1]] - a, s.p[face[2]] - a);
        double origin_side = -dot(n, a), inner_side = dot(n, s.p[face[3]] - a);
        if (origin_side * inner_side > 0) continue;  // the origin lies on the inner side of this face
        Simplex candidate;
        candidate.size = 3;
        for (int i = 0; i < 3; ++i) candidate.p[i] = s.p[face[i]];
        Vec3 point = nearest_of_triangle(candidate);
        if (dot(point, point) < least) least = dot(point, point), nearest = point, best = candidate;
    }
    if (least == 1e300) return {0, 0, 0};
    s = best;
    return nearest;
}

Vec3 nearest_of(Simplex& s) {
    switch (s.size) {
        case 1: return s.p[0];
        case 2: return nearest_of_segment(s);
        case 3: return nearest_of_triangle(s);
        default: return nearest_of_tetrahedron(s);
    }
}

Vec3 support_of(const Triangle& t, Vec3 d) {
    double a = dot(t.a, d), b = dot(t.b, d), c = dot(t.c, d);
    return a >= b && a >= c ? t.a : b >= c ? t.b : t.c;
}

Vec3 support_of(const SweptBody& s, Vec3 d) {
    Vec3 end = dot(s.a, d) >= dot(s.b, d) ? s.a : s.b;
    if (d.z > 0) end.z += s.rise_mm;
    return end + support_of(*s.body, d);
}

// Farthest point of a profile in direction (r, z), r >= 0, in the half plane.
void better(double r, double z, double rho, double height, double& best, double& best_rho, double& best_height) {
    double value = r * rho + z * height;
    if (value > best) best = value, best_rho = rho, best_height = height;
}

}  // namespace

Vec3 support_of(const ConvexBody& body, Vec3 d) {
    double r = std::hypot(d.x, d.y), norm = std::hypot(r, d.z);
    double best = -1e300, rho = 0, height = body.low_mm;
    const auto& pieces = d.z > 0 ? body.upper : body.lower;
    for (const ProfilePiece& piece : pieces) {
        better(r, d.z, piece.rho_0, piece.height_0, best, rho, height);
        better(r, d.z, piece.rho_1, piece.height_1, best, rho, height);
        if (!piece.arc || norm <= 0) continue;
        double at = piece.centre_rho + piece.arc_radius * r / norm;
        if (at > piece.rho_0 && at < piece.rho_1)
            better(r, d.z, at, piece.centre_height + piece.arc_radius * d.z / norm, best, rho, height);
    }
    if (r <= 0) return {rho, 0, height};
    return {rho * d.x / r, rho * d.y / r, height};
}

bool meets(const SweptBody& swept, const Triangle& triangle) {
    Vec3 start = triangle.a - swept.a;
    Vec3 v = support_of(swept, start) - support_of(triangle, -1 * start);
    Simplex simplex;
    for (int iteration = 0; iteration < kMaxIterations; ++iteration) {
        double distance = length(v);
        if (distance <= kMeet_mm) return true;
        Vec3 w = support_of(swept, -1 * v) - support_of(triangle, v);
        double apart = dot(v, w);
        if (apart > 0 && apart / distance > kMeet_mm) return false;  // a plane lies between them
        if (distance * distance - apart <= 1e-12 * distance * distance) return distance <= kMeet_mm;
        simplex.p[simplex.size++] = w;
        v = nearest_of(simplex);
        if (simplex.size == 4) return true;
    }
    return length(v) <= 10 * kMeet_mm;
}

}  // namespace proveout
