#include "camotics/nearest.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace proveout {

namespace {

constexpr uint32_t kLeaf = 6;  // triangles
constexpr int kStack = 128;    // the tree is balanced: depth below 40 for any mesh

Vec3 corner(const Mesh& mesh, uint32_t triangle, int k) {
    const auto& v = mesh.vertices[mesh.triangles[triangle][k]];
    return {v[0], v[1], v[2]};
}

double squared_distance(Vec3 p, Vec3 a, Vec3 b, Vec3 c) {
    Vec3 ab = b - a, ac = c - a, ap = p - a;
    double d1 = dot(ab, ap), d2 = dot(ac, ap);
    auto to = [&](Vec3 q) { return dot(p - q, p - q); };
    if (d1 <= 0 && d2 <= 0) return to(a);
    Vec3 bp = p - b;
    double d3 = dot(ab, bp), d4 = dot(ac, bp);
    if (d3 >= 0 && d4 <= d3) return to(b);
    double vc = d1 * d4 - d3 * d2;
    if (vc <= 0 && d1 >= 0 && d3 <= 0) return to(a + (d1 / (d1 - d3)) * ab);
    Vec3 cp = p - c;
    double d5 = dot(ab, cp), d6 = dot(ac, cp);
    if (d6 >= 0 && d5 <= d6) return to(c);
    double vb = d5 * d2 - d1 * d6;
    if (vb <= 0 && d2 >= 0 && d6 <= 0) return to(a + (d2 / (d2 - d6)) * ac);
    double va = d3 * d6 - d5 * d4;
    if (va <= 0 && d4 - d3 >= 0 && d5 - d6 >= 0) return to(b + ((d4 - d3) / ((d4 - d3) + (d5 - d6))) * (c - b));
    double all = va + vb + vc;
    return to(a + (vb / all) * ab + (vc / all) * ac);
}

double squared_to_box(const float* low, const float* high, const double* p) {
    double sum = 0;
    for (int k = 0; k < 3; ++k) {
        double out = std::max({low[k] - p[k], 0.0, p[k] - high[k]});
        sum += out * out;
    }
    return sum;
}

}  // namespace

NearestTriangle::NearestTriangle(const Mesh& mesh) : mesh_(mesh) {
    CHECK(!mesh.triangles.empty());
    auto count = static_cast<uint32_t>(mesh.triangles.size());
    order_.resize(count);
    centres_.resize(count);
    for (uint32_t i = 0; i < count; ++i) {
        order_[i] = i;
        centres_[i] = (1.0 / 3) * (corner(mesh, i, 0) + corner(mesh, i, 1) + corner(mesh, i, 2));
    }
    nodes_.reserve(count / 2 + 2);
    nodes_.push_back({});
    build(0, 0, count);
    centres_ = {};
}

void NearestTriangle::build(uint32_t node, uint32_t from, uint32_t to) {
    float low[3], high[3];
    std::fill(low, low + 3, std::numeric_limits<float>::infinity());
    std::fill(high, high + 3, -std::numeric_limits<float>::infinity());
    Box3 centres;
    for (uint32_t i = from; i < to; ++i) {
        for (uint32_t v : mesh_.triangles[order_[i]])
            for (int k = 0; k < 3; ++k) low[k] = std::min(low[k], mesh_.vertices[v][k]), high[k] = std::max(high[k], mesh_.vertices[v][k]);
        centres.add(centres_[order_[i]]);
    }
    std::copy(low, low + 3, nodes_[node].low);
    std::copy(high, high + 3, nodes_[node].high);
    nodes_[node].first = from;
    nodes_[node].count = to - from;
    if (to - from <= kLeaf) return;
    Vec3 size = centres.size();
    double Vec3::*axis = size.x >= size.y && size.x >= size.z ? &Vec3::x : size.y >= size.z ? &Vec3::y : &Vec3::z;
    uint32_t middle = from + (to - from) / 2;
    std::nth_element(order_.begin() + from, order_.begin() + middle, order_.begin() + to,
                     [&](uint32_t a, uint32_t b) { return std::pair(centres_[a].*axis, a) < std::pair(centres_[b].*axis, b); });
    auto left = static_cast<uint32_t>(nodes_.size());
    nodes_.resize(nodes_.size() + 2);
    nodes_[node].first = left;
    nodes_[node].count = 0;
    build(left, from, middle);
    build(left + 1, middle, to);
}

double NearestTriangle::distance(Vec3 p) const {
    const double at[3] = {p.x, p.y, p.z};
    double best = std::numeric_limits<double>::infinity();
    uint32_t stack[kStack];
    int depth = 0;
    stack[depth++] = 0;
    while (depth > 0) {
        const Node& node = nodes_[stack[--depth]];
        if (squared_to_box(node.low, node.high, at) >= best) continue;
        if (node.count > 0) {
            for (uint32_t i = node.first; i < node.first + node.count; ++i)
                best = std::min(best,
                                squared_distance(p, corner(mesh_, order_[i], 0), corner(mesh_, order_[i], 1), corner(mesh_, order_[i], 2)));
            continue;
        }
        const Node &left = nodes_[node.first], &right = nodes_[node.first + 1];
        bool left_first = squared_to_box(left.low, left.high, at) <= squared_to_box(right.low, right.high, at);
        stack[depth++] = left_first ? node.first + 1 : node.first;
        stack[depth++] = left_first ? node.first : node.first + 1;
    }
    return std::sqrt(best);
}

}  // namespace proveout
