#include "render/solids.h"

namespace proveout {

namespace {

constexpr int kSides = 96;       // of a body of revolution
constexpr int kArcSteps = 12;    // of a profile's arc

Vec3 unit(Vec3 v) {
    double size = length(v);
    return size > 0 ? (1 / size) * v : Vec3{0, 0, 1};
}

void append_box(Vec3 low, Vec3 high, std::vector<Facet>& out) {
    const Vec3 size = high - low;
    for (int axis = 0; axis < 3; ++axis)
        for (int side = 0; side < 2; ++side) {
            Vec3 e[3] = {{size.x, 0, 0}, {0, size.y, 0}, {0, 0, size.z}};
            Vec3 a = e[(axis + 1) % 3], b = e[(axis + 2) % 3];
            Vec3 origin = side ? low + e[axis] : low;
            Vec3 n = (side ? 1.0 : -1.0) * unit(e[axis]);
            out.push_back({{origin, origin + a, origin + a + b}, {n, n, n}});
            out.push_back({{origin, origin + a + b, origin + b}, {n, n, n}});
        }
}

// The surface that the segment (rho_0, z_0) - (rho_1, z_1) sweeps about the vertical axis through `centre`; (n_rho, n_z) outward normals at
// its ends.
struct Profile {
    double rho_0, z_0, rho_1, z_1;
    double n_rho_0, n_z_0, n_rho_1, n_z_1;
};
void append_turned(const Profile& p, Vec3 centre, std::vector<Facet>& out) {
    for (int side = 0; side < kSides; ++side) {
        double a = 2 * kPi * side / kSides, b = 2 * kPi * (side + 1) / kSides;
        auto at = [&](double angle, double rho, double z) { return centre + Vec3{rho * std::cos(angle), rho * std::sin(angle), z}; };
        Vec3 p00 = at(a, p.rho_0, p.z_0), p01 = at(b, p.rho_0, p.z_0), p10 = at(a, p.rho_1, p.z_1), p11 = at(b, p.rho_1, p.z_1);
        auto n = [&](double angle, double n_rho, double n_z) { return unit(Vec3{n_rho * std::cos(angle), n_rho * std::sin(angle), n_z}); };
        Vec3 n00 = n(a, p.n_rho_0, p.n_z_0), n01 = n(b, p.n_rho_0, p.n_z_0), n10 = n(a, p.n_rho_1, p.n_z_1), n11 = n(b, p.n_rho_1, p.n_z_1);
        if (p.rho_0 > 0) out.push_back({{p00, p01, p11}, {n00, n01, n11}});
        if (p.rho_1 > 0) out.push_back({{p00, p11, p10}, {n00, n11, n10}});
    }
}

// A straight piece has one normal, to its right when walked from low to high along the outside.
Profile straight(double rho_0, double z_0, double rho_1, double z_1, double n_rho, double n_z) {
    return {rho_0, z_0, rho_1, z_1, n_rho, n_z, n_rho, n_z};
}

void append_cylinder(const Solid& solid, std::vector<Facet>& out) {
    bool tube = solid.shape == StockShape::kTube;
    double outer = solid.dims_mm[0] / 2, inner = tube ? solid.dims_mm[1] / 2 : 0, height = tube ? solid.dims_mm[2] : solid.dims_mm[1];
    append_turned(straight(outer, 0, outer, height, 1, 0), solid.origin_mm, out);
    append_turned(straight(inner, height, outer, height, 0, 1), solid.origin_mm, out);
    append_turned(straight(inner, 0, outer, 0, 0, -1), solid.origin_mm, out);
    if (inner > 0) append_turned(straight(inner, 0, inner, height, -1, 0), solid.origin_mm, out);
}

void append_piece(const ProfilePiece& piece, bool is_upper, std::vector<Facet>& out) {
    double sign = is_upper ? 1 : -1;
    if (!piece.arc) {
        double run = piece.rho_1 - piece.rho_0, rise = piece.height_1 - piece.height_0;
        if (run == 0 && rise == 0) return;
        append_turned(straight(piece.rho_0, piece.height_0, piece.rho_1, piece.height_1, -sign * rise, sign * run), {}, out);
        return;
    }
    double low = std::atan2(piece.height_0 - piece.centre_height, piece.rho_0 - piece.centre_rho);
    double high = std::atan2(piece.height_1 - piece.centre_height, piece.rho_1 - piece.centre_rho);
    if (high - low > kPi) high -= 2 * kPi;
    if (low - high > kPi) high += 2 * kPi;
    for (int step = 0; step < kArcSteps; ++step) {
        double a = low + (high - low) * step / kArcSteps, b = low + (high - low) * (step + 1) / kArcSteps;
        auto rho = [&](double angle) { return std::max(0.0, piece.centre_rho + piece.arc_radius * std::cos(angle)); };
        auto z = [&](double angle) { return piece.centre_height + piece.arc_radius * std::sin(angle); };
        append_turned({rho(a), z(a), rho(b), z(b), std::cos(a), std::sin(a), std::cos(b), std::sin(b)}, {}, out);
    }
}

}  // namespace

std::vector<Facet> facets_of(const Solid& solid) {
    std::vector<Facet> out;
    switch (solid.shape) {
        case StockShape::kBox: {
            Box3 box = bounds_of(solid);
            append_box(box.low, box.high, out);
            break;
        }
        case StockShape::kCylinder:
        case StockShape::kTube: append_cylinder(solid, out); break;
        case StockShape::kMesh:
            out.reserve(solid.mesh.size());
            for (const Triangle& t : solid.mesh) {
                Vec3 n = unit(cross(t.b - t.a, t.c - t.a));
                out.push_back({{t.a, t.b, t.c}, {n, n, n}});
            }
            break;
    }
    return out;
}

void append_facets(const ConvexBody& body, std::vector<Facet>& out) {
    for (const ProfilePiece& piece : body.lower) append_piece(piece, false, out);
    for (const ProfilePiece& piece : body.upper) append_piece(piece, true, out);
    if (body.lower.empty() || body.upper.empty()) return;
    double low = body.lower.back().height_1, high = body.upper.back().height_1;  // the rim between the two envelopes
    if (high > low) append_turned(straight(body.radius_mm, low, body.radius_mm, high, 1, 0), {}, out);
}

bool to_screen(const Facet& facet, const Camera& camera, const Studio& studio, ScreenFacet& out) {
    bool towards = false;
    for (int k = 0; k < 3; ++k) {
        ScreenPoint p = project(camera, facet.corner[k]);
        out.x[k] = static_cast<float>(p.x), out.y[k] = static_cast<float>(p.y), out.depth[k] = static_cast<float>(p.depth);
        out.normal[k] = normal_of(facet.normal[k]);
        towards = towards || dot(out.normal[k], studio.view) > 0;
    }
    return towards;
}

}  // namespace proveout
