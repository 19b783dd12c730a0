// PartBuilder: lattice and rays, cutting, and the way from the surface to a mesh of floats.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "mesh/contour.h"
#include "mesh/cutting.h"
#include "mesh/rays.h"
#include "mesh/simplify.h"
#include "proveout/mesh.h"

namespace proveout {

namespace {

// Curved faces are thinned to this part of a cell: about the distance by which their facets miss a ball of three cells' radius anyway.
constexpr double kSmooth_cells = 0.01;
constexpr double kCoarser = 2;  // factor by which the tolerance grows until the mesh is small enough
constexpr double kMaxTolerance_cells = 64;

std::array<float, 3> as_floats(Vec3 p) {
    // No negative zero: it equals zero but has other bytes.
    return {static_cast<float>(p.x) + 0.0f, static_cast<float>(p.y) + 0.0f, static_cast<float>(p.z) + 0.0f};
}

// Vertices of the surface are apart as doubles; where two become the same float, the later one moves on by the smallest step.
void separate(std::vector<std::array<float, 3>>& vertices) {
    std::vector<uint32_t> order(vertices.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    for (int round = 0; round < 64; ++round) {
        std::sort(order.begin(), order.end(),
                  [&](uint32_t a, uint32_t b) { return vertices[a] != vertices[b] ? vertices[a] < vertices[b] : a < b; });
        bool moved = false;
        for (size_t i = order.size(); i-- > 1;) {
            if (vertices[order[i]] != vertices[order[i - 1]]) continue;
            float& x = vertices[order[i]][0];
            x = std::nextafter(x, std::numeric_limits<float>::infinity());
            moved = true;
        }
        if (!moved) return;
    }
}

Mesh mesh_of(const Surface& surface) {
    Mesh mesh;
    mesh.vertices.reserve(surface.vertices.size());
    for (const Vec3& v : surface.vertices) mesh.vertices.push_back(as_floats(v));
    separate(mesh.vertices);
    mesh.triangles = surface.triangles;
    mesh.colour.reserve(surface.planes.size());
    for (const FacePlane& plane : surface.planes) mesh.colour.push_back(plane.colour);
    return mesh;
}

std::string shown(double value) {
    char text[32];
    return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::general, 3).ptr};
}

}  // namespace

struct PartBuilder::State {
    Lattice lattice;
    TriRays rays;
    double cell_mm = 0;
};

PartBuilder::PartBuilder() = default;
PartBuilder::PartBuilder(PartBuilder&&) noexcept = default;
PartBuilder& PartBuilder::operator=(PartBuilder&&) noexcept = default;
PartBuilder::~PartBuilder() = default;

Result<PartBuilder> PartBuilder::create(const Solid& stock, double cell_mm, double limit_bytes) {
    Box3 box = bounds_of(stock);
    Vec3 size = box.size();
    if (box.empty() || !(size.x > 0 && size.y > 0 && size.z > 0))
        return make_error(ErrorCode::kInvalidInput, "the stock has no volume; give it a positive size along each axis");
    if (!(cell_mm > 0)) return make_error(ErrorCode::kInvalidInput, "the part's resolution must be a positive length in mm");
    double bytes = estimate_bytes(box, cell_mm);
    if (!(bytes <= limit_bytes)) {
        double fits = cell_mm;
        while (fits < 1e6 && estimate_bytes(box, fits) > limit_bytes) fits *= 1.1;
        return make_error(ErrorCode::kTooLarge, "a part mesh at " + shown(cell_mm) + " mm needs about " + shown(bytes / 1e6) +
                                                    " MB, the limit is " + shown(limit_bytes / 1e6) + " MB; " + shown(fits) + " mm fits");
    }
    PartBuilder builder;
    builder.state_ = std::make_unique<State>();
    builder.state_->lattice = make_lattice(box, cell_mm);
    builder.state_->rays = make_rays(stock, builder.state_->lattice);
    const auto& cell = builder.state_->lattice.cell;
    builder.state_->cell_mm = std::max({cell[0], cell[1], cell[2]});
    return builder;
}

void PartBuilder::cut(std::span<const ToolAssembly> assemblies, std::span<const Sweep> sweeps, const Context& context) {
    cut_rays(state_->rays, state_->lattice, assemblies, sweeps, context);
}

Result<Mesh> PartBuilder::build(size_t max_triangles, const Context& context) const {
    auto stopped = [&] { return context.stop_reason() != StopReason::kNone; };
    if (stopped()) return stop_error(context.stop_reason());
    double cell = state_->cell_mm;
    Surface surface = contour(state_->rays, state_->lattice, context);
    if (stopped()) return stop_error(context.stop_reason());
    merge_flats(surface, cell);
    double tolerance = kSmooth_cells * cell, moved = kFlat_mm + tolerance;
    if (stopped()) return stop_error(context.stop_reason());
    simplify(surface, tolerance, cell);
    while (surface.triangles.size() > max_triangles && tolerance < kMaxTolerance_cells * cell) {
        if (stopped()) return stop_error(context.stop_reason());
        tolerance *= kCoarser;
        moved += tolerance;
        simplify(surface, tolerance, cell);
    }
    if (surface.triangles.size() > max_triangles)
        return make_error(ErrorCode::kResourceLimit, "the part cannot be shown with " + std::to_string(max_triangles) +
                                                         " triangles; allow more or use a coarser resolution");
    Mesh mesh = mesh_of(surface);
    mesh.tolerance_mm = surface.deviation_mm + moved;
    return mesh;
}

}  // namespace proveout
