#include "verify/prism.h"

#include <algorithm>
#include <cmath>

#include "proveout/result.h"

namespace proveout {

namespace {

constexpr double kNone = -1e300;
// Golden-section steps: the bracket shrinks to 0.618^64 = 4e-14 of the move.
constexpr int kGoldenSteps = 64;
constexpr int kBisectionSteps = 48;
// Chords of a tube's walls lie within this of the circle.
constexpr double kSectorTolerance_mm = kTouch_mm / 4;
constexpr int kMaxSectors = 2048;

struct Path {
    const ConvexBody& body;
    const Prism& prism;
    Vec3 a, b;
    Vec3 at(double t) const { return a + t * (b - a); }
    double rho(double t) const {
        Vec3 p = at(t);
        return footprint_distance(prism, p.x, p.y);
    }
    double overlap(double t) const {
        double distance = rho(t), z = at(t).z;
        if (distance > body.radius_mm) return kNone;
        return std::min(z + upper_height(body, distance), prism.high) - std::max(z + lower_height(body, distance), prism.low);
    }
};

// Where a convex function is least.
template <class F>
double least(F&& f, double low, double high) {
    constexpr double kGolden = 0.6180339887498949;
    double p = high - kGolden * (high - low), q = low + kGolden * (high - low), fp = f(p), fq = f(q);
    for (int step = 0; step < kGoldenSteps && high - low > 0; ++step) {
        if (fp <= fq) {
            high = q, q = p, fq = fp;
            p = high - kGolden * (high - low), fp = f(p);
        } else {
            low = p, p = q, fp = fq;
            q = low + kGolden * (high - low), fq = f(q);
        }
    }
    double middle = 0.5 * (low + high), best = f(middle);
    for (double end : {low, high})
        if (f(end) < best) middle = end, best = f(end);
    return middle;
}

// The end, towards `far`, of the stretch around `inside` where holds() is true.
template <class F>
double edge(F&& holds, double inside, double far) {
    if (holds(far)) return far;
    for (int step = 0; step < kBisectionSteps; ++step) {
        double middle = 0.5 * (inside + far);
        (holds(middle) ? inside : far) = middle;
    }
    return inside;
}

// The least of a convex function, looked for at the ends too.
template <class F>
double least_with_ends(F&& f) {
    double t = least(f, 0, 1), best = f(t);
    for (double end : {0.0, 1.0})
        if (f(end) <= best) t = end, best = f(end);
    return t;
}

}  // namespace

Box3 Prism::box() const {
    Box3 out;
    if (disc) {
        out.add(Vec3{centre_x - radius, centre_y - radius, low});
        out.add(Vec3{centre_x + radius, centre_y + radius, high});
    }
    for (const auto& corner : corners) out.add(Vec3{corner[0], corner[1], low}), out.add(Vec3{corner[0], corner[1], high});
    return out;
}

std::array<double, 2> nearest_in_footprint(const Prism& prism, double x, double y) {
    if (prism.disc) {
        double dx = x - prism.centre_x, dy = y - prism.centre_y, distance = std::hypot(dx, dy);
        if (distance <= prism.radius) return {x, y};
        double scale = prism.radius / distance;
        return {prism.centre_x + dx * scale, prism.centre_y + dy * scale};
    }
    bool inside = true;
    double best = 1e300;
    std::array<double, 2> nearest{x, y};
    size_t n = prism.corners.size();
    for (size_t i = 0; i < n; ++i) {
        const auto &p = prism.corners[i], &q = prism.corners[(i + 1) % n];
        double ex = q[0] - p[0], ey = q[1] - p[1], dx = x - p[0], dy = y - p[1];
        if (ex * dy - ey * dx < 0) inside = false;
        double t = std::clamp((ex * dx + ey * dy) / (ex * ex + ey * ey), 0.0, 1.0);
        double cx = p[0] + t * ex, cy = p[1] + t * ey, distance = (x - cx) * (x - cx) + (y - cy) * (y - cy);
        if (distance < best) best = distance, nearest = {cx, cy};
    }
    return inside ? std::array<double, 2>{x, y} : nearest;
}

double footprint_distance(const Prism& prism, double x, double y) {
    auto nearest = nearest_in_footprint(prism, x, y);
    return std::hypot(x - nearest[0], y - nearest[1]);
}

std::vector<Prism> prisms_of(const Solid& solid) {
    CHECK(solid.shape != StockShape::kMesh);
    const auto& d = solid.dims_mm;
    const Vec3& o = solid.origin_mm;
    Prism prism;
    prism.low = o.z;
    if (solid.shape == StockShape::kBox) {
        prism.high = o.z + d[2];
        prism.corners = {{o.x, o.y}, {o.x + d[0], o.y}, {o.x + d[0], o.y + d[1]}, {o.x, o.y + d[1]}};
        return {prism};
    }
    if (solid.shape == StockShape::kCylinder) {
        prism.high = o.z + d[1];
        prism.disc = true;
        prism.centre_x = o.x, prism.centre_y = o.y, prism.radius = d[0] / 2;
        return {prism};
    }
    // Tube: the outer corners stand outside the circle and the inner ones on it, each by at most the tolerance.
    double outer = d[0] / 2, inner = d[1] / 2;
    prism.high = o.z + d[2];
    double half_turn = std::acos(1 - std::min(1.0, kSectorTolerance_mm / outer));
    int count = std::clamp(static_cast<int>(std::ceil(kPi / half_turn)), 8, kMaxSectors);
    double grown = outer / std::cos(kPi / count);
    std::vector<Prism> sectors;
    for (int i = 0; i < count; ++i) {
        double u = 2 * kPi * i / count, v = 2 * kPi * ((i + 1) % count) / count;
        Prism sector = prism;
        sector.corners = {{o.x + inner * std::cos(u), o.y + inner * std::sin(u)},
                          {o.x + grown * std::cos(u), o.y + grown * std::sin(u)},
                          {o.x + grown * std::cos(v), o.y + grown * std::sin(v)},
                          {o.x + inner * std::cos(v), o.y + inner * std::sin(v)}};
        if (inner <= 0) sector.corners.erase(sector.corners.begin());
        sectors.push_back(std::move(sector));
    }
    return sectors;
}

std::optional<Passage> pass(const ConvexBody& body, const Prism& prism, Vec3 a, Vec3 b) {
    if (body.radius_mm <= 0) return std::nullopt;
    Path path{body, prism, a, b};
    double nearest = least_with_ends([&](double t) { return path.rho(t); });
    if (path.rho(nearest) > body.radius_mm) return std::nullopt;
    auto beside = [&](double t) { return path.rho(t) <= body.radius_mm; };
    double from = edge(beside, nearest, 0), to = edge(beside, nearest, 1);
    double deepest = least([&](double t) { return -path.overlap(t); }, from, to);
    Passage passage;
    passage.depth_mm = path.overlap(deepest);
    if (passage.depth_mm <= 0) return std::nullopt;
    auto overlaps = [&](double t) { return path.overlap(t) > 0; };
    passage.t_0 = edge(overlaps, deepest, 0);
    passage.t_1 = edge(overlaps, deepest, 1);
    passage.t_deepest = deepest;
    Vec3 tip = path.at(passage.t_0);
    auto contact = nearest_in_footprint(prism, tip.x, tip.y);
    double z = std::max(tip.z + lower_height(body, std::min(path.rho(passage.t_0), body.radius_mm)), prism.low);
    passage.point = {contact[0], contact[1], std::min(z, prism.high)};
    return passage;
}

}  // namespace proveout
