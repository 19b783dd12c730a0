#include "camotics/surface.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <tuple>

namespace proveout {

namespace {

constexpr size_t kHeaderBytes = 84, kTriangleBytes = 50;
constexpr double kBoxShare = 0.01;    // of a cell: vertices are bisected to 1/256 of it
constexpr double kFloatShare = 1e-6;  // of a coordinate: STL holds floats
// Marching cubes replaces an edge of the part by a bevel inside one cell: of a right-angled one it takes between nothing and half a cell's
// face per length, by where the edge lies in its cells, and the bevel's two edges turn by a right angle together.
constexpr double kBevel = 1 / kPi;
// Vertices are the outer ends of the last interval of eight bisections.
constexpr double kBisection = 1.0 / 256;
constexpr double kLeastTurn_rad = 0.01;  // flatter edges are rounding

using Point = std::array<float, 3>;
using Corners = std::array<uint32_t, 3>;

Error refused(std::string why) { return make_error(ErrorCode::kEngineFailed, "camsim's surface is not accepted: " + std::move(why)); }

uint32_t stated_count(std::string_view bytes) {
    uint32_t count;
    std::memcpy(&count, bytes.data() + 80, sizeof count);
    return count;
}

// Triangle corners as numbers into the sorted points.
Result<Mesh> indexed(std::string_view bytes, size_t count) {
    std::vector<Point> all(3 * count);
    for (size_t i = 0; i < count; ++i) std::memcpy(all[3 * i].data(), bytes.data() + kHeaderBytes + kTriangleBytes * i + 12, 36);
    for (Point& p : all) {
        for (float& x : p) x += 0.0f;  // -0 and 0 are one place
        if (!(std::isfinite(p[0]) && std::isfinite(p[1]) && std::isfinite(p[2]))) return refused("a coordinate is not a number");
    }
    Mesh mesh;
    mesh.vertices = all;
    std::sort(mesh.vertices.begin(), mesh.vertices.end());
    mesh.vertices.erase(std::unique(mesh.vertices.begin(), mesh.vertices.end()), mesh.vertices.end());
    auto number = [&](const Point& p) {
        return static_cast<uint32_t>(std::lower_bound(mesh.vertices.begin(), mesh.vertices.end(), p) - mesh.vertices.begin());
    };
    mesh.triangles.reserve(count);
    for (size_t i = 0; i < count; ++i) mesh.triangles.push_back({number(all[3 * i]), number(all[3 * i + 1]), number(all[3 * i + 2])});
    return mesh;
}

// The same triangle begins with its lowest corner, in the same turn.
Corners turned(Corners t) {
    size_t first = std::min_element(t.begin(), t.end()) - t.begin();
    return {t[first], t[(first + 1) % 3], t[(first + 2) % 3]};
}

int64_t drop_duplicates(Mesh& mesh) {
    std::vector<std::pair<Corners, uint32_t>> order;
    for (size_t i = 0; i < mesh.triangles.size(); ++i) order.push_back({turned(mesh.triangles[i]), static_cast<uint32_t>(i)});
    std::sort(order.begin(), order.end());
    std::vector<uint8_t> drop(mesh.triangles.size());
    int64_t duplicates = 0;
    for (size_t i = 0; i < order.size(); ++i) {
        const Corners& t = order[i].first;
        bool duplicate = i > 0 && order[i - 1].first == t;
        duplicates += duplicate;
        drop[order[i].second] = duplicate || t[0] == t[1] || t[1] == t[2] || t[2] == t[0];
    }
    size_t kept = 0;
    for (size_t i = 0; i < mesh.triangles.size(); ++i)
        if (!drop[i]) mesh.triangles[kept++] = mesh.triangles[i];
    mesh.triangles.resize(kept);
    return duplicates;
}

Vec3 point(const Mesh& mesh, uint32_t v) { return {mesh.vertices[v][0], mesh.vertices[v][1], mesh.vertices[v][2]}; }

Vec3 normal_of(const Mesh& mesh, uint32_t triangle) {
    const Corners& t = mesh.triangles[triangle];
    return cross(point(mesh, t[1]) - point(mesh, t[0]), point(mesh, t[2]) - point(mesh, t[0]));
}

double turn_between(Vec3 a, Vec3 b) { return std::atan2(length(cross(a, b)), dot(a, b)); }

struct Edge {
    uint32_t low, high, triangle;
    bool forward;
};

// Open edges, and the bent ones.
void measure_edges(Surface& out) {
    const Mesh& mesh = out.mesh;
    std::vector<Edge> edges;
    edges.reserve(3 * mesh.triangles.size());
    for (uint32_t i = 0; i < mesh.triangles.size(); ++i) {
        const Corners& t = mesh.triangles[i];
        for (int k = 0; k < 3; ++k)
            edges.push_back({std::min(t[k], t[(k + 1) % 3]), std::max(t[k], t[(k + 1) % 3]), i, t[k] < t[(k + 1) % 3]});
    }
    auto key = [](const Edge& e) { return std::tie(e.low, e.high, e.forward, e.triangle); };
    std::sort(edges.begin(), edges.end(), [&](const Edge& a, const Edge& b) { return key(a) < key(b); });
    for (size_t i = 0, end; i < edges.size(); i = end) {
        int balance = 0;
        for (end = i; end < edges.size() && edges[end].low == edges[i].low && edges[end].high == edges[i].high; ++end)
            balance += edges[end].forward ? 1 : -1;
        // Four triangles may meet in an edge where two corners of the part touch: balanced, and the volume is right.
        out.open_edges += balance != 0;
        if (end - i != 2 || balance != 0) continue;
        double turn = turn_between(normal_of(mesh, edges[i].triangle), normal_of(mesh, edges[i + 1].triangle));
        if (turn < kLeastTurn_rad) continue;
        const Point &low = mesh.vertices[edges[i].low], &high = mesh.vertices[edges[i].high];
        double along = length(point(mesh, edges[i].high) - point(mesh, edges[i].low));
        out.bent.push_back({{low[0], low[1], low[2], high[0], high[1], high[2]}, static_cast<float>(along * turn)});
    }
}

Status check_box(const Mesh& mesh, const SurfaceRules& rules) {
    Box3 box;
    for (const Point& p : mesh.vertices) box.add(Vec3{p[0], p[1], p[2]});
    const double low[3] = {box.low.x, box.low.y, box.low.z}, high[3] = {box.high.x, box.high.y, box.high.z};
    const double stock_low[3] = {rules.stock_mm.low.x, rules.stock_mm.low.y, rules.stock_mm.low.z};
    const double stock_high[3] = {rules.stock_mm.high.x, rules.stock_mm.high.y, rules.stock_mm.high.z};
    for (int k = 0; k < 3; ++k) {
        double slack = kBoxShare * rules.cell_mm + kFloatShare * std::max(std::abs(stock_low[k]), std::abs(stock_high[k]));
        bool outside = low[k] < stock_low[k] - slack || high[k] > stock_high[k] + slack;
        bool short_of = rules.whole_stock && (low[k] > stock_low[k] + slack || high[k] < stock_high[k] - slack);
        if (!outside && !short_of) continue;
        char text[160];
        std::snprintf(text, sizeof text, "its box on %c is %.4f to %.4f, the stock's is %.4f to %.4f", "XYZ"[k], low[k], high[k],
                      stock_low[k], stock_high[k]);
        return refused(text);
    }
    return Unit{};
}

}  // namespace

Result<Surface> accept_surface(std::string_view bytes, const SurfaceRules& rules, const Context& context) {
    if (bytes.size() < kHeaderBytes) return refused("the file has " + std::to_string(bytes.size()) + " bytes");
    uint64_t count = stated_count(bytes);
    if (bytes.size() != kHeaderBytes + kTriangleBytes * count)
        return refused("the file states " + std::to_string(count) + " triangles and has " + std::to_string(bytes.size()) + " bytes");
    if (count == 0) return refused("it has no triangles");
    if (rules.triangles >= 0 && static_cast<int64_t>(count) != rules.triangles)
        return refused("it has " + std::to_string(count) + " triangles, its log counts " + std::to_string(rules.triangles));
    Surface out;
    out.mesh = TRY(indexed(bytes, count));
    TRY(check_box(out.mesh, rules));
    if (context.stop_reason() != StopReason::kNone) return stop_error(context.stop_reason());
    out.duplicates = drop_duplicates(out.mesh);
    measure_edges(out);
    Vec3 origin = rules.stock_mm.low;
    for (uint32_t i = 0; i < out.mesh.triangles.size(); ++i) {
        Vec3 normal = normal_of(out.mesh, i);
        out.area_mm2 += length(normal) / 2;
        out.volume_mm3 += dot(point(out.mesh, out.mesh.triangles[i][0]) - origin, normal) / 6;
    }
    out.mesh.tolerance_mm = rules.cell_mm;
    return out;
}

double volume_difference_error_mm3(const Surface& a, const Surface& b, double cell_mm) {
    double bend = 0;  // of the edges that only one has; both lists are sorted
    size_t i = 0, k = 0;
    while (i < a.bent.size() || k < b.bent.size()) {
        bool take_a = k == b.bent.size() || (i < a.bent.size() && a.bent[i].ends < b.bent[k].ends);
        bool take_b = i == a.bent.size() || (k < b.bent.size() && b.bent[k].ends < a.bent[i].ends);
        if (take_a)
            bend += a.bent[i++].bend;
        else if (take_b)
            bend += b.bent[k++].bend;
        else
            bend += std::abs(a.bent[i++].bend - b.bent[k++].bend);
    }
    return bend * cell_mm * cell_mm * kBevel + std::abs(a.area_mm2 - b.area_mm2) * cell_mm * kBisection;
}

}  // namespace proveout
