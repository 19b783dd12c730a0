#include "mesh/collapse.h"

#include <algorithm>

namespace proveout {

namespace {

constexpr size_t kMaxValence = 48;  // more triangles at one vertex make slivers and slow every later step

}  // namespace

CollapsibleSurface::CollapsibleSurface(Surface& s) : surface(s), faces_of(s.vertices.size()), dead_(s.triangles.size(), 0) {
    std::vector<uint32_t> count(s.vertices.size(), 0);
    for (const auto& t : s.triangles)
        for (uint32_t v : t) ++count[v];
    for (size_t v = 0; v < count.size(); ++v) faces_of[v].reserve(count[v]);
    for (uint32_t t = 0; t < s.triangles.size(); ++t)
        for (uint32_t v : s.triangles[t]) faces_of[v].push_back(t);
}

void CollapsibleSurface::neighbours(uint32_t v, std::vector<uint32_t>& out) const {
    out.clear();
    for (uint32_t t : faces_of[v])
        for (uint32_t other : surface.triangles[t])
            if (other != v) out.push_back(other);
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
}

bool CollapsibleSurface::keeps_manifold(uint32_t v, uint32_t u) {
    neighbours(v, first_ring_);
    neighbours(u, second_ring_);
    int common = 0;
    for (size_t i = 0, j = 0; i < first_ring_.size() && j < second_ring_.size();) {
        if (first_ring_[i] < second_ring_[j])
            ++i;
        else if (second_ring_[j] < first_ring_[i])
            ++j;
        else {
            // A corner with three triangles would be left with two on the same edge pair.
            if (faces_of[first_ring_[i]].size() <= 3) return false;
            ++common, ++i, ++j;
        }
    }
    return common == 2 && first_ring_.size() >= 3;
}

double CollapsibleSurface::shape_after(uint32_t v, uint32_t u, double max_turn, double least_altitude_mm) const {
    if (faces_of[v].size() + faces_of[u].size() - 4 > kMaxValence) return -1;
    double worst = 1;
    for (uint32_t t : faces_of[v]) {
        if (has(t, u)) continue;
        Vec3 p[3];
        for (int i = 0; i < 3; ++i) p[i] = surface.vertices[surface.triangles[t][i] == v ? u : surface.triangles[t][i]];
        Vec3 a = p[1] - p[0], b = p[2] - p[0], c = p[2] - p[1], n = cross(a, b);
        double twice_area = length(n), longest = std::sqrt(std::max({dot(a, a), dot(b, b), dot(c, c)}));
        if (!(twice_area >= least_altitude_mm * longest)) return -1;
        if (dot(n, surface.planes[t].normal) < max_turn * twice_area) return -1;
        worst = std::min(worst, twice_area / (longest * longest));
    }
    return worst;
}

void CollapsibleSurface::collapse(uint32_t v, uint32_t u) {
    for (uint32_t t : faces_of[v]) {
        if (!has(t, u)) {
            for (uint32_t& corner : surface.triangles[t])
                if (corner == v) corner = u;
            faces_of[u].push_back(t);
            continue;
        }
        dead_[t] = 1;
        for (uint32_t corner : surface.triangles[t]) {
            if (corner == v) continue;
            auto& list = faces_of[corner];
            list.erase(std::find(list.begin(), list.end(), t));
        }
    }
    faces_of[v].clear();
}

void CollapsibleSurface::compact() {
    std::vector<uint32_t> number(surface.vertices.size());
    uint32_t vertices = 0;
    for (uint32_t v = 0; v < faces_of.size(); ++v) {
        if (faces_of[v].empty()) continue;
        number[v] = vertices;
        surface.vertices[vertices++] = surface.vertices[v];
    }
    surface.vertices.resize(vertices);
    size_t triangles = 0;
    for (size_t t = 0; t < dead_.size(); ++t) {
        if (dead_[t]) continue;
        auto corners = surface.triangles[t];
        for (uint32_t& c : corners) c = number[c];
        surface.triangles[triangles] = corners;
        surface.planes[triangles++] = surface.planes[t];
    }
    surface.triangles.resize(triangles);
    surface.planes.resize(triangles);
}

}  // namespace proveout
