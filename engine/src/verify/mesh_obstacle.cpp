#include "verify/mesh_obstacle.h"

#include <algorithm>
#include <cmath>

#include "verify/events.h"
#include "verify/gjk.h"

namespace proveout {

namespace {

constexpr int kLeafTriangles = 4;
// Ends of a stretch, as a share of its piece (at most 1 mm): 1e-5 mm.
constexpr int kBisectionSteps = 17;
// Depth of overlap by bisection of a lift, to this.
constexpr double kDepthStep_mm = 1e-3;
// A vertical ray is moved off the lattice of tidy coordinates, so that it meets no edge.
constexpr double kRayShiftX_mm = 1.2345e-6, kRayShiftY_mm = 2.7182e-6;

bool overlap(const Box3& a, const Box3& b) {
    return a.low.x <= b.high.x && b.low.x <= a.high.x && a.low.y <= b.high.y && b.low.y <= a.high.y && a.low.z <= b.high.z &&
           b.low.z <= a.high.z;
}

Box3 box_of(const Triangle& t) {
    Box3 box;
    box.add(t.a), box.add(t.b), box.add(t.c);
    return box;
}

Box3 swept_box(const ConvexBody& body, Vec3 a, Vec3 b) {
    Box3 box;
    for (Vec3 p : {a, b}) {
        box.add(p + Vec3{-body.radius_mm, -body.radius_mm, body.low_mm});
        box.add(p + Vec3{body.radius_mm, body.radius_mm, body.high_mm});
    }
    return box;
}

// Height at which the vertical line through (x, y) meets the triangle; false: it does not.
bool vertical_hit(const Triangle& t, double x, double y, double& z) {
    double d = (t.b.x - t.a.x) * (t.c.y - t.a.y) - (t.b.y - t.a.y) * (t.c.x - t.a.x);
    if (d == 0) return false;
    double u = ((x - t.a.x) * (t.c.y - t.a.y) - (y - t.a.y) * (t.c.x - t.a.x)) / d;
    double v = ((t.b.x - t.a.x) * (y - t.a.y) - (t.b.y - t.a.y) * (x - t.a.x)) / d;
    if (u < 0 || v < 0 || u + v > 1) return false;
    z = t.a.z + u * (t.b.z - t.a.z) + v * (t.c.z - t.a.z);
    return true;
}

}  // namespace

MeshObstacle::MeshObstacle(const std::vector<Triangle>& triangles) : triangles_(triangles) {
    for (const Triangle& t : triangles_) box_.add(box_of(t));
    nodes_.emplace_back();
    build(0, 0, static_cast<int32_t>(triangles_.size()));
}

void MeshObstacle::build(int32_t node, int32_t first, int32_t count) {
    Box3 box, centres;
    for (int32_t i = first; i < first + count; ++i) box.add(box_of(triangles_[i])), centres.add(box_of(triangles_[i]).centre());
    nodes_[node].box = box;
    if (count <= kLeafTriangles) {
        nodes_[node].leaf = true;
        nodes_[node].first = first, nodes_[node].count = count;
        return;
    }
    Vec3 size = centres.size();
    double Vec3::*axis = size.x >= size.y && size.x >= size.z ? &Vec3::x : size.y >= size.z ? &Vec3::y : &Vec3::z;
    int32_t half = count / 2;
    std::nth_element(triangles_.begin() + first, triangles_.begin() + first + half, triangles_.begin() + first + count,
                     [axis](const Triangle& p, const Triangle& q) { return box_of(p).centre().*axis < box_of(q).centre().*axis; });
    auto children = static_cast<int32_t>(nodes_.size());
    nodes_[node].first = children;
    nodes_.resize(nodes_.size() + 2);
    build(children, first, half);
    build(children + 1, first + half, count - half);
}

// on_triangle(triangle) returns false to end the visit.
template <class Visit>
void MeshObstacle::visit(const Box3& box, Visit&& on_triangle) const {
    std::vector<int32_t> stack{0};
    while (!stack.empty()) {
        const Node& node = nodes_[stack.back()];
        stack.pop_back();
        if (!overlap(node.box, box)) continue;
        if (!node.leaf) {
            stack.push_back(node.first);
            stack.push_back(node.first + 1);
            continue;
        }
        for (int32_t i = node.first; i < node.first + node.count; ++i)
            if (!on_triangle(triangles_[i])) return;
    }
}

bool MeshObstacle::contains(Vec3 point) const {
    double x = point.x + kRayShiftX_mm, y = point.y + kRayShiftY_mm;
    int above = 0;
    Box3 line;
    line.add(Vec3{x, y, point.z});
    line.add(Vec3{x, y, box_.high.z});
    if (line.empty() || point.z > box_.high.z) return false;
    visit(line, [&](const Triangle& t) {
        double z;
        if (vertical_hit(t, x, y, z) && z > point.z) ++above;
        return true;
    });
    return above % 2 == 1;
}

// Greatest overlap along Z of the body on its way from a to b: how far it must be lifted, no more than its own height.
double MeshObstacle::depth_of(const ConvexBody& full, Vec3 a, Vec3 b) const {
    double height = full.high_mm - full.low_mm, low = 0, high = height;
    auto clear = [&](double lift) {
        Vec3 up{0, 0, lift};
        SweptBody swept{&full, a + up, b + up, height - lift};
        Box3 box = swept_box(full, a + up, b + up);
        box.high.z += height - lift;
        bool hit = false;
        visit(box, [&](const Triangle& t) { return !(hit = meets(swept, t)); });
        return !hit;
    };
    while (high - low > kDepthStep_mm) {
        double middle = 0.5 * (low + high);
        (clear(middle) ? high : low) = middle;
    }
    return high;
}

void MeshObstacle::piece(const ConvexBody& body, const ConvexBody& full, Vec3 a, Vec3 b, double t_0, double t_1,
                         std::vector<Passage>& out) const {
    Vec3 way = b - a;
    double first = 2, last = -1;
    Vec3 point;
    auto at = [&](double t) { return a + t * way; };
    visit(swept_box(body, a, b), [&](const Triangle& t) {
        auto hits = [&](double from, double to) { return meets({&body, at(from), at(to)}, t); };
        if (first > 1 ? !hits(0, 1) : !(hits(0, first) || hits(last, 1))) return true;
        double low = 0, high = std::min(first, 1.0);
        if (!hits(0, 0)) {
            if (hits(0, high)) {
                for (int step = 0; step < kBisectionSteps; ++step) (hits(0, 0.5 * (low + high)) ? high : low) = 0.5 * (low + high);
                if (high < first) first = high, point = 1.0 / 3 * (t.a + t.b + t.c);
            }
        } else if (first > 0) {
            first = 0, point = 1.0 / 3 * (t.a + t.b + t.c);
        }
        low = std::max(last, 0.0), high = 1;
        if (hits(1, 1)) {
            last = 1;
        } else if (hits(low, 1)) {
            for (int step = 0; step < kBisectionSteps; ++step) (hits(0.5 * (low + high), 1) ? low : high) = 0.5 * (low + high);
            last = std::max(last, low);
        }
        return true;
    });
    if (first > 1) {
        Vec3 middle = at(0.5) + Vec3{0, 0, 0.5 * (body.low_mm + body.high_mm)};
        if (!contains(middle)) return;
        first = 0, last = 1, point = at(0) + Vec3{0, 0, body.low_mm};
    }
    last = std::max(last, first);
    Passage passage;
    passage.t_0 = t_0 + first * (t_1 - t_0);
    passage.t_1 = t_0 + last * (t_1 - t_0);
    passage.t_deepest = passage.t_1;
    passage.depth_mm = depth_of(full, at(first), at(last));
    // Where on the body: the point of its outline nearest to the triangle that was met first.
    Vec3 tip = at(first);
    double dx = point.x - tip.x, dy = point.y - tip.y, rho = std::hypot(dx, dy);
    if (rho > body.radius_mm) point.x = tip.x + dx * body.radius_mm / rho, point.y = tip.y + dy * body.radius_mm / rho;
    point.z = std::clamp(point.z, tip.z + lower_height(body, std::min(rho, body.radius_mm)),
                         tip.z + upper_height(body, std::min(rho, body.radius_mm)));
    passage.point = point;
    out.push_back(passage);
}

void MeshObstacle::pass(const ConvexBody& body, const ConvexBody& full, Vec3 a, Vec3 b, std::vector<Passage>& out) const {
    if (body.radius_mm <= 0) return;
    struct Stretch {
        double t_0, t_1;
    };
    std::vector<Stretch> stack{{0, 1}};
    double way = length(b - a);
    while (!stack.empty()) {
        Stretch s = stack.back();
        stack.pop_back();
        Vec3 p = a + s.t_0 * (b - a), q = a + s.t_1 * (b - a);
        if (!overlap(swept_box(body, p, q), box_)) continue;
        if ((s.t_1 - s.t_0) * way <= kEventGap_mm) {
            piece(body, full, p, q, s.t_0, s.t_1, out);
            continue;
        }
        double middle = 0.5 * (s.t_0 + s.t_1);
        stack.push_back({middle, s.t_1});
        stack.push_back({s.t_0, middle});
    }
}

}  // namespace proveout
