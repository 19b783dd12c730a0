#include "stock/mesh_rays.h"

#include <algorithm>
#include <cmath>

namespace proveout {

namespace {

// Rays through edges or vertices would be counted twice or not at all: every ray is moved by this share of a cell, too little to matter.
constexpr double kNudge_u = 1.234567e-7, kNudge_v = 0.765432e-7;

struct Crossing {
    int64_t ray;
    double height;
    bool entering;  // the ray, running upwards, enters the solid
};

struct Flat {
    double u, v, w;
};

Flat flatten(Vec3 p, int axis) {
    if (axis == 0) return {p.y, p.z, p.x};
    if (axis == 1) return {p.z, p.x, p.y};
    return {p.x, p.y, p.z};
}

double side(const Flat& a, const Flat& b, double u, double v) { return (b.u - a.u) * (v - a.v) - (b.v - a.v) * (u - a.u); }

int clamp_index(double x, int count) { return static_cast<int>(std::clamp(x, 0.0, static_cast<double>(count - 1))); }

void add_triangle(const DexelGrid& grid, const Triangle& triangle, std::vector<Crossing>& out) {
    Flat a = flatten(triangle.a, grid.axis), b = flatten(triangle.b, grid.axis), c = flatten(triangle.c, grid.axis);
    double area = side(a, b, c.u, c.v);
    if (area == 0) return;
    // Rays stand anywhere in their cells: one cell of margin on each side.
    int u_low = clamp_index((std::min({a.u, b.u, c.u}) - grid.u0) / grid.cell_u - 1, grid.count_u);
    int u_high = clamp_index((std::max({a.u, b.u, c.u}) - grid.u0) / grid.cell_u + 1, grid.count_u);
    int v_low = clamp_index((std::min({a.v, b.v, c.v}) - grid.v0) / grid.cell_v - 1, grid.count_v);
    int v_high = clamp_index((std::max({a.v, b.v, c.v}) - grid.v0) / grid.cell_v + 1, grid.count_v);
    for (int v = v_low; v <= v_high; ++v)
        for (int u = u_low; u <= u_high; ++u) {
            double ray_u = grid.ray_u(u, v) + kNudge_u * grid.cell_u, ray_v = grid.ray_v(u, v) + kNudge_v * grid.cell_v;
            double wa = side(b, c, ray_u, ray_v) / area, wb = side(c, a, ray_u, ray_v) / area, wc = side(a, b, ray_u, ray_v) / area;
            if (wa < 0 || wb < 0 || wc < 0) continue;
            // Counter-clockwise seen from above (area > 0): the face looks up, so the ray leaves the solid there.
            out.push_back({static_cast<int64_t>(v) * grid.count_u + u, wa * a.w + wb * b.w + wc * c.w, area < 0});
        }
}

}  // namespace

void for_each_mesh_ray(const DexelGrid& grid, const std::vector<Triangle>& mesh,
                       const std::function<void(int, int, const std::vector<Interval>&)>& visit) {
    std::vector<Crossing> crossings;
    for (const Triangle& triangle : mesh) add_triangle(grid, triangle, crossings);
    std::sort(crossings.begin(), crossings.end(), [](const Crossing& x, const Crossing& y) {
        if (x.ray != y.ray) return x.ray < y.ray;
        if (x.height != y.height) return x.height < y.height;
        return x.entering && !y.entering;
    });
    std::vector<Interval> intervals;
    for (size_t first = 0; first < crossings.size();) {
        size_t last = first;
        while (last < crossings.size() && crossings[last].ray == crossings[first].ray) ++last;
        intervals.clear();
        int depth = 0;
        double low = 0;
        for (size_t i = first; i < last; ++i) {
            int before = depth;
            depth += crossings[i].entering ? 1 : -1;
            if (before <= 0 && depth > 0) low = crossings[i].height;
            if (before > 0 && depth <= 0 && crossings[i].height > low)
                intervals.push_back({static_cast<float>(low), static_cast<float>(crossings[i].height)});
        }
        std::reverse(intervals.begin(), intervals.end());
        int64_t ray = crossings[first].ray;
        if (!intervals.empty()) visit(static_cast<int>(ray % grid.count_u), static_cast<int>(ray / grid.count_u), intervals);
        first = last;
    }
}

}  // namespace proveout
