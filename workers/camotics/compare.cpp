#include "camotics/compare.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/parallel.h"
#include "camotics/nearest.h"

namespace proveout {

namespace {

constexpr size_t kSamples = 200'000;  // over each surface
constexpr int kPiece = 4096;          // samples of one piece of work
// CAMotics' own chords of arcs (0.01 mm), and the rounding of our program for it.
constexpr double kCamPath_mm = 0.011;
// Marching cubes cuts edges off by up to 1/sqrt(3) of a cell's diagonal, and loses what is thinner than a cell: a wall, or the foot of a
// chamfer, may be missing over a width of a few cells. The greatest distance is allowed so many cells, 99 of 100 points one.
constexpr double kCellsOfP99 = 1, kCellsOfMax = 3;
// Chords lie on both sides of what they stand for: their mean distance is well below the greatest one.
constexpr double kVolumeShare = 0.5;

Vec3 corner(const Mesh& mesh, const std::array<uint32_t, 3>& t, int k) {
    const auto& v = mesh.vertices[t[k]];
    return {v[0], v[1], v[2]};
}

// Evenly by area, the same points in every run: equal steps along the running sum of areas, and inside a triangle a sequence of low
// discrepancy (M. Roberts' R2).
std::vector<Vec3> samples_of(const Mesh& mesh) {
    std::vector<double> sums;
    sums.reserve(mesh.triangles.size());
    double area = 0;
    for (const auto& t : mesh.triangles) {
        Vec3 a = corner(mesh, t, 0);
        area += length(cross(corner(mesh, t, 1) - a, corner(mesh, t, 2) - a)) / 2;
        sums.push_back(area);
    }
    std::vector<Vec3> out;
    out.reserve(kSamples);
    size_t triangle = 0;
    for (size_t i = 0; i < kSamples; ++i) {
        double at = area * (static_cast<double>(i) + 0.5) / kSamples;
        while (triangle + 1 < sums.size() && sums[triangle] < at) ++triangle;
        constexpr double kR1 = 0.7548776662466927, kR2 = 0.5698402909980532;
        double u = std::fmod(0.5 + kR1 * static_cast<double>(i), 1), v = std::fmod(0.5 + kR2 * static_cast<double>(i), 1);
        if (u + v > 1) u = 1 - u, v = 1 - v;
        const auto& t = mesh.triangles[triangle];
        Vec3 a = corner(mesh, t, 0);
        out.push_back(a + u * (corner(mesh, t, 1) - a) + v * (corner(mesh, t, 2) - a));
    }
    return out;
}

// Of what was cut: everything that does not lie on the stock's box.
double cut_area_mm2(const Mesh& mesh, double cell_mm) {
    Box3 box;
    for (const auto& v : mesh.vertices) box.add(Vec3{v[0], v[1], v[2]});
    double area = 0;
    for (const auto& t : mesh.triangles) {
        Vec3 a = corner(mesh, t, 0), b = corner(mesh, t, 1), c = corner(mesh, t, 2), centre = (1.0 / 3) * (a + b + c);
        Vec3 low = centre - box.low, high = box.high - centre;
        bool rim = std::min({low.x, low.y, low.z, high.x, high.y, high.z}) < cell_mm;
        if (!rim) area += length(cross(b - a, c - a)) / 2;
    }
    return area;
}

std::string text_of(const char* pattern, double a, double b = 0, double c = 0) {
    char text[200];
    std::snprintf(text, sizeof text, pattern, a, b, c);
    return text;
}

}  // namespace

OneWay distances_to(const Mesh& from, const Mesh& to, const Context& context) {
    std::vector<Vec3> points = samples_of(from);
    NearestTriangle nearest(to);
    std::vector<float> distances(points.size());
    int pieces = static_cast<int>((points.size() + kPiece - 1) / kPiece);
    parallel_for(context.threads, pieces, [&](int piece) {
        if (context.stop_reason() != StopReason::kNone) return;
        size_t end = std::min(points.size(), static_cast<size_t>(piece + 1) * kPiece);
        for (size_t i = static_cast<size_t>(piece) * kPiece; i < end; ++i) distances[i] = static_cast<float>(nearest.distance(points[i]));
    });
    OneWay out;
    size_t worst = std::max_element(distances.begin(), distances.end()) - distances.begin();
    out.max_mm = distances[worst];
    out.worst_mm = points[worst];
    for (float d : distances) out.mean_mm += d / static_cast<double>(distances.size());
    size_t rank = distances.size() * 99 / 100;
    std::nth_element(distances.begin(), distances.begin() + static_cast<std::ptrdiff_t>(rank), distances.end());
    out.p99_mm = distances[rank];
    return out;
}

Result<Comparison> compare_parts(const Mesh& ours, const Simulation& simulation, const CamoticsPart& theirs, const Context& context) {
    Comparison out;
    if (ours.triangles.empty() || theirs.mesh.triangles.empty())
        return make_error(ErrorCode::kEngineFailed, "the parts cannot be compared: one of them is cut away completely");
    OneWay there = distances_to(ours, theirs.mesh, context), back = distances_to(theirs.mesh, ours, context);
    if (context.stop_reason() != StopReason::kNone) return stop_error(context.stop_reason());
    const OneWay& worse = there.max_mm >= back.max_mm ? there : back;
    out.max_mm = worse.max_mm;
    out.worst_mm = worse.worst_mm;
    out.p99_mm = std::max(there.p99_mm, back.p99_mm);
    out.volume_difference_mm3 = theirs.removed_mm3 - simulation.removed_mm3;
    double own = ours.tolerance_mm + kCamPath_mm + theirs.tool_deviation_mm;
    out.tolerance_mm = kCellsOfP99 * theirs.resolution_mm + own;
    out.max_tolerance_mm = kCellsOfMax * theirs.resolution_mm + own;
    out.volume_tolerance_mm3 = simulation.removed_error_mm3 + theirs.removed_error_mm3;
    double off_mm = kCamPath_mm + theirs.tool_deviation_mm;
    out.volume_tolerance_mm3 += kVolumeShare * off_mm * cut_area_mm2(theirs.mesh, theirs.resolution_mm);
    bool far = out.p99_mm > out.tolerance_mm || out.max_mm > out.max_tolerance_mm;
    bool volume = std::abs(out.volume_difference_mm3) > out.volume_tolerance_mm3;
    out.agree = !far && !volume;
    out.message = "CAMotics' part differs from ours by up to " + text_of("%.3f mm (99 %% within %.3f mm", out.max_mm, out.p99_mm) +
                  text_of("; allowed %.3f and %.3f), at", out.max_tolerance_mm, out.tolerance_mm) +
                  text_of(" X%.3f Y%.3f Z%.3f;", out.worst_mm.x, out.worst_mm.y, out.worst_mm.z) +
                  text_of(" it removes %+.3f mm3 against ours (allowed %.3f)", out.volume_difference_mm3, out.volume_tolerance_mm3);
    return out;
}

}  // namespace proveout
