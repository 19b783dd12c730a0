#include "mesh/rays.h"

#include <algorithm>

namespace proveout {

namespace {

// Place of the box's faces within their cells: far from lattice points, different per axis, and no ratio of small numbers.
constexpr std::array<double, 3> kPhase{0.4637, 0.5411, 0.5177};

constexpr size_t kShortRay = 8;  // up to here looking at every stretch is quicker than halving

double component(Vec3 v, int axis) { return axis == 0 ? v.x : axis == 1 ? v.y : v.z; }

RayEnd end_of(double at, Vec3 normal) {
    return {at, static_cast<float>(normal.x), static_cast<float>(normal.y), static_cast<float>(normal.z), 0};
}

RaySpan span_along(int axis, double low, double high) {
    Vec3 n{axis == 0 ? 1.0 : 0, axis == 1 ? 1.0 : 0, axis == 2 ? 1.0 : 0};
    return {end_of(low, -1.0 * n), end_of(high, n)};
}

// Chord of a circle about (cx, cy) by a line along X (axis 0) or Y (axis 1) at the other coordinate `across`; outward 1, or -1 for a hole.
bool chord(int axis, Vec3 centre, double radius, double across, double outward, RaySpan& out) {
    double off = across - (axis == 0 ? centre.y : centre.x), c2 = radius * radius - off * off;
    if (c2 <= 0) return false;
    double c = std::sqrt(c2), middle = axis == 0 ? centre.x : centre.y;
    auto normal = [&](double along) {
        Vec3 n = axis == 0 ? Vec3{along, off, 0} : Vec3{off, along, 0};
        return (outward / radius) * n;
    };
    out = {end_of(middle - c, normal(-c)), end_of(middle + c, normal(c))};
    return true;
}

void fill_box(const Box3& box, const Lattice& lattice, RayFamily& family) {
    int ra = row_axis(family.axis), ca = column_axis(family.axis);
    auto inside = [&](int axis, int i) {
        double at = lattice.at(axis, i);
        return at > component(box.low, axis) && at < component(box.high, axis);
    };
    RaySpan span = span_along(family.axis, component(box.low, family.axis), component(box.high, family.axis));
    for (int r = 0; r < family.rows; ++r)
        for (int c = 0; c < family.columns; ++c)
            if (inside(ra, r) && inside(ca, c)) family.at(r, c).push_back(span);
}

void fill_round(Vec3 centre, double radius, double hole, double height, const Lattice& lattice, RayFamily& family) {
    for (int r = 0; r < family.rows; ++r) {
        for (int c = 0; c < family.columns; ++c) {
            Ray& ray = family.at(r, c);
            if (family.axis == 2) {
                double d = std::hypot(lattice.at(0, c) - centre.x, lattice.at(1, r) - centre.y);
                if (d < radius && d >= hole) ray.push_back(span_along(2, centre.z, centre.z + height));
                continue;
            }
            double z = lattice.at(2, c), across = lattice.at(row_axis(family.axis), r);
            RaySpan span, bore;
            if (!(z > centre.z && z < centre.z + height) || !chord(family.axis, centre, radius, across, 1, span)) continue;
            ray.push_back(span);
            if (hole > 0 && chord(family.axis, centre, hole, across, -1, bore)) take_out(ray, bore.low, bore.high);
        }
    }
}

// ---- mesh stock ---------------------------------------------------------------------------------------------------------------------

struct Point2 {
    double p, q;
};

// True if r, moved by an infinitesimal (e, e^2), lies to the left of a -> b. Both triangles at an edge compute the same number.
bool left_of(Point2 a, Point2 b, Point2 r) {
    bool forward = a.p < b.p || (a.p == b.p && a.q < b.q);
    const Point2 &from = forward ? a : b, &to = forward ? b : a;
    double dp = to.p - from.p, dq = to.q - from.q;
    double w = dp * (r.q - from.q) - dq * (r.p - from.p);
    if (w == 0) w = dq != 0 ? -dq : dp;
    return forward ? w > 0 : w < 0;
}

struct Hit {
    double at;
    Vec3 normal;
    bool enters;
};

void hit_rays(const Triangle& t, const Lattice& lattice, const RayFamily& family, std::vector<std::vector<Hit>>& hits) {
    int axis = family.axis, ra = row_axis(axis), ca = column_axis(axis);
    Vec3 normal = cross(t.b - t.a, t.c - t.a);
    double along = component(normal, axis), size = length(normal);
    if (along == 0 || !(size > 0)) return;
    std::array<Point2, 3> corner;
    std::array<Vec3, 3> points{t.a, t.b, t.c};
    double low[3] = {1e300, 1e300, 1e300}, high[3] = {-1e300, -1e300, -1e300};
    for (int i = 0; i < 3; ++i) {
        corner[i] = {component(points[i], ra), component(points[i], ca)};
        for (int a = 0; a < 3; ++a)
            low[a] = std::min(low[a], component(points[i], a)), high[a] = std::max(high[a], component(points[i], a));
    }
    double turn = (corner[1].p - corner[0].p) * (corner[2].q - corner[0].q) - (corner[1].q - corner[0].q) * (corner[2].p - corner[0].p);
    if (turn < 0) std::swap(corner[1], corner[2]);
    auto first = [&](int a) { return std::max(0, static_cast<int>(std::floor((low[a] - lattice.origin[a]) / lattice.cell[a]))); };
    auto last = [&](int a) {
        return std::min(lattice.points[a] - 1, static_cast<int>(std::ceil((high[a] - lattice.origin[a]) / lattice.cell[a])));
    };
    for (int r = first(ra); r <= last(ra); ++r) {
        for (int c = first(ca); c <= last(ca); ++c) {
            Point2 ray{lattice.at(ra, r), lattice.at(ca, c)};
            if (!left_of(corner[0], corner[1], ray) || !left_of(corner[1], corner[2], ray) || !left_of(corner[2], corner[0], ray)) continue;
            double at =
                component(t.a, axis) -
                (component(normal, ra) * (ray.p - component(t.a, ra)) + component(normal, ca) * (ray.q - component(t.a, ca))) / along;
            hits[static_cast<size_t>(r) * family.columns + c].push_back(
                {std::clamp(at, low[axis], high[axis]), (1 / size) * normal, along < 0});
        }
    }
}

void fill_mesh(const std::vector<Triangle>& triangles, const Lattice& lattice, RayFamily& family) {
    std::vector<std::vector<Hit>> hits(family.rays.size());
    for (const Triangle& t : triangles) hit_rays(t, lattice, family, hits);
    for (size_t i = 0; i < hits.size(); ++i) {
        std::vector<Hit>& list = hits[i];
        std::sort(list.begin(), list.end(), [](const Hit& a, const Hit& b) { return a.at != b.at ? a.at < b.at : a.enters > b.enters; });
        int depth = 0;  // shells may overlap
        Hit begin{};
        for (const Hit& hit : list) {
            if (hit.enters && depth++ == 0) begin = hit;
            if (!hit.enters && depth > 0 && --depth == 0 && hit.at - begin.at > kSliver_mm)
                family.rays[i].push_back({end_of(begin.at, begin.normal), end_of(hit.at, hit.normal)});
        }
    }
}

}  // namespace

Lattice make_lattice(const Box3& box, double cell_mm) {
    Lattice lattice;
    for (int axis = 0; axis < 3; ++axis) {
        double size = component(box.size(), axis);
        int cells = std::max(2, static_cast<int>(std::lround(size / cell_mm)));
        lattice.cell[axis] = size / cells;
        lattice.points[axis] = cells + 2;
        lattice.origin[axis] = component(box.low, axis) - kPhase[axis] * lattice.cell[axis];
    }
    return lattice;
}

double estimate_bytes(const Box3& box, double cell_mm) {
    double n[3], points = 1;
    for (int axis = 0; axis < 3; ++axis) n[axis] = std::max(2.0, component(box.size(), axis) / cell_mm) + 2, points *= n[axis];
    double rays = n[0] * n[1] + n[1] * n[2] + n[2] * n[0];
    // One byte of sign per point. A ray: its list (24 bytes) and on average three stretches. A surface cell (about two per ray): vertex,
    // two triangles, their planes and neighbours, twice for the simplified copy.
    return points + rays * (24 + 3 * sizeof(RaySpan)) + 2 * rays * 400;
}

TriRays make_rays(const Solid& stock, const Lattice& lattice) {
    TriRays all;
    for (int axis = 0; axis < 3; ++axis) {
        RayFamily& family = all[axis];
        family.axis = axis;
        family.rows = lattice.points[row_axis(axis)], family.columns = lattice.points[column_axis(axis)];
        family.rays.resize(static_cast<size_t>(family.rows) * family.columns);
        const auto& d = stock.dims_mm;
        switch (stock.shape) {
            case StockShape::kBox:
                fill_box(bounds_of(stock), lattice, family);
                break;
            case StockShape::kCylinder:
                fill_round(stock.origin_mm, d[0] / 2, 0, d[1], lattice, family);
                break;
            case StockShape::kTube:
                fill_round(stock.origin_mm, d[0] / 2, d[1] / 2, d[2], lattice, family);
                break;
            case StockShape::kMesh:
                fill_mesh(stock.mesh, lattice, family);
                break;
        }
    }
    return all;
}

size_t first_above(const Ray& ray, double at) {
    if (ray.size() <= kShortRay) {
        size_t i = 0;
        while (i < ray.size() && ray[i].high.at <= at) ++i;
        return i;
    }
    auto found = std::partition_point(ray.begin(), ray.end(), [at](const RaySpan& span) { return span.high.at <= at; });
    return static_cast<size_t>(found - ray.begin());
}

void take_out(Ray& ray, const RayEnd& low, const RayEnd& high) {
    for (size_t i = first_above(ray, low.at + kSameFace_mm); i < ray.size();) {
        RaySpan& span = ray[i];
        if (span.low.at >= high.at - kSameFace_mm) return;
        bool keeps_low = low.at - span.low.at > kSliver_mm, keeps_high = span.high.at - high.at > kSliver_mm;
        if (keeps_low && keeps_high) {
            RaySpan upper{high, span.high};
            span.high = low;
            ray.insert(ray.begin() + static_cast<std::ptrdiff_t>(i) + 1, upper);
            return;
        }
        if (keeps_low) {
            span.high = low;
            ++i;
        } else if (keeps_high) {
            span.low = high;
            return;
        } else {
            ray.erase(ray.begin() + static_cast<std::ptrdiff_t>(i));
        }
    }
}

}  // namespace proveout
