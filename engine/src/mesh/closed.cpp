// Laws of closed triangle meshes: every edge has its opposite, and the volume follows from the surface (divergence theorem).
#include <algorithm>
#include <sstream>
#include <tuple>

#include "proveout/mesh.h"

namespace proveout {

namespace {

bool less(const Vec3& a, const Vec3& b) { return std::tie(a.x, a.y, a.z) < std::tie(b.x, b.y, b.z); }

// Number of each corner's point, 3 per triangle; points are numbered in rising order.
std::vector<uint32_t> number_corners(const std::vector<Triangle>& triangles, std::vector<Vec3>& points) {
    points.clear();
    points.reserve(3 * triangles.size());
    for (const Triangle& t : triangles) points.push_back(t.a), points.push_back(t.b), points.push_back(t.c);
    std::sort(points.begin(), points.end(), less);
    points.erase(std::unique(points.begin(), points.end()), points.end());
    std::vector<uint32_t> corners;
    corners.reserve(3 * triangles.size());
    auto number = [&](const Vec3& p) {
        corners.push_back(static_cast<uint32_t>(std::lower_bound(points.begin(), points.end(), p, less) - points.begin()));
    };
    for (const Triangle& t : triangles) number(t.a), number(t.b), number(t.c);
    return corners;
}

struct Edge {
    uint32_t low, high;
    bool forward;  // from low to high
};

std::string describe(const Vec3& a, const Vec3& b) {
    std::ostringstream text;
    text << "(" << a.x << ", " << a.y << ", " << a.z << ") - (" << b.x << ", " << b.y << ", " << b.z << ")";
    return text.str();
}

}  // namespace

bool is_closed(const std::vector<Triangle>& triangles, std::string* why) {
    auto fail = [&](std::string reason) {
        if (why) *why = std::move(reason);
        return false;
    };
    if (triangles.empty()) return fail("there are no triangles");
    std::vector<Vec3> points;
    std::vector<uint32_t> corners = number_corners(triangles, points);
    std::vector<Edge> edges;
    edges.reserve(corners.size());
    for (size_t t = 0; t < corners.size(); t += 3) {
        for (int i = 0; i < 3; ++i) {
            uint32_t from = corners[t + i], to = corners[t + (i + 1) % 3];
            if (from == to) return fail("a triangle has two equal corners");
            edges.push_back({std::min(from, to), std::max(from, to), from < to});
        }
    }
    std::sort(edges.begin(), edges.end(),
              [](const Edge& a, const Edge& b) { return std::tie(a.low, a.high, a.forward) < std::tie(b.low, b.high, b.forward); });
    for (size_t i = 0; i < edges.size();) {
        size_t end = i;
        while (end < edges.size() && edges[end].low == edges[i].low && edges[end].high == edges[i].high) ++end;
        auto where = [&] { return "the edge " + describe(points[edges[i].low], points[edges[i].high]); };
        if (end - i == 1) return fail(where() + " belongs to one triangle only: the surface has a hole");
        if (end - i > 2) return fail(where() + " belongs to " + std::to_string(end - i) + " triangles");
        if (edges[i].forward == edges[i + 1].forward) return fail(where() + " joins two triangles of opposite orientation");
        i = end;
    }
    return true;
}

double signed_volume_mm3(const std::vector<Triangle>& triangles) {
    if (triangles.empty()) return 0;
    Vec3 origin = triangles[0].a;  // near the mesh, so that nothing large cancels
    double sum = 0;
    for (const Triangle& t : triangles) sum += dot(t.a - origin, cross(t.b - origin, t.c - origin));
    return sum / 6;
}

std::vector<Triangle> triangles_of(const Mesh& mesh) {
    std::vector<Triangle> triangles;
    triangles.reserve(mesh.triangles.size());
    auto point = [&](uint32_t v) { return Vec3{mesh.vertices[v][0], mesh.vertices[v][1], mesh.vertices[v][2]}; };
    for (const auto& t : mesh.triangles) triangles.push_back({point(t[0]), point(t[1]), point(t[2])});
    return triangles;
}

}  // namespace proveout
