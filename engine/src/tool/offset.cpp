// Bodies grown by a clearance or shrunk by the touch tolerance.
#include "proveout/body.h"
#include "tool/outline.h"

namespace proveout {

namespace {

struct Normal {
    double rho, height;  // unit, outward
};

Normal normal_at(const ProfilePiece& piece, double rho, double height, double side) {
    double x, y;
    if (piece.arc) {
        x = rho - piece.centre_rho;
        y = height - piece.centre_height;
    } else {
        double dx = piece.rho_1 - piece.rho_0, dy = piece.height_1 - piece.height_0;
        x = -side * dy;
        y = side * dx;
    }
    double size = std::hypot(x, y);
    return size > 0 ? Normal{x / size, y / size} : Normal{0, side};
}

// Outer parallel curve of an envelope. side -1: lower, +1: upper. Every convex corner becomes an arc of radius delta.
std::vector<ProfilePiece> grown(const std::vector<ProfilePiece>& pieces, double delta, double side) {
    std::vector<ProfilePiece> out;
    Normal from{0, side};
    auto corner = [&](double rho, double height, Normal to) {
        if (std::abs(from.rho - to.rho) + std::abs(from.height - to.height) > 1e-9)
            out.push_back(arc_piece(rho + delta * from.rho, height + delta * from.height, rho + delta * to.rho,
                                    height + delta * to.height, rho, height, delta));
        from = to;
    };
    for (const ProfilePiece& piece : pieces) {
        Normal start = normal_at(piece, piece.rho_0, piece.height_0, side), end = normal_at(piece, piece.rho_1, piece.height_1, side);
        corner(piece.rho_0, piece.height_0, start);
        ProfilePiece moved = piece;
        moved.rho_0 += delta * start.rho;
        moved.height_0 += delta * start.height;
        moved.rho_1 += delta * end.rho;
        moved.height_1 += delta * end.height;
        if (moved.arc) moved.arc_radius += delta;
        out.push_back(moved);
        from = end;
    }
    if (!pieces.empty()) corner(pieces.back().rho_1, pieces.back().height_1, {1, 0});
    return out;
}

// The envelope shifted by delta towards the axis and by delta into the body: at least delta inside everywhere.
std::vector<ProfilePiece> shrunk(const std::vector<ProfilePiece>& pieces, double delta, double side) {
    std::vector<ProfilePiece> out;
    for (ProfilePiece piece : pieces) {
        piece.height_0 -= side * delta;
        piece.height_1 -= side * delta;
        piece.centre_height -= side * delta;
        if (piece.rho_1 <= delta) continue;
        if (piece.rho_0 < delta) {
            piece.height_0 = envelope_height({piece}, delta);
            piece.rho_0 = delta;
        }
        piece.rho_0 -= delta;
        piece.rho_1 -= delta;
        piece.centre_rho -= delta;
        out.push_back(piece);
    }
    return out;
}

}  // namespace

ConvexBody offset_body(const ConvexBody& body, double delta_mm) {
    ConvexBody out = body;
    double delta = std::abs(delta_mm);
    if (delta == 0) return out;
    if (delta_mm > 0) {
        out.lower = grown(body.lower, delta, -1);
        out.upper = grown(body.upper, delta, 1);
        out.radius_mm += delta;
    } else {
        out.lower = shrunk(body.lower, delta, -1);
        out.upper = shrunk(body.upper, delta, 1);
        out.radius_mm = std::max(0.0, body.radius_mm - delta);
    }
    if (out.lower.empty() || out.upper.empty()) out.radius_mm = 0;
    out.low_mm += delta_mm > 0 ? -delta : delta;
    out.high_mm += delta_mm > 0 ? delta : -delta;
    if (!out.lower.empty()) out.low_mm = out.lower.front().height_0;
    if (!out.upper.empty()) out.high_mm = out.upper.front().height_0;
    return out;
}

}  // namespace proveout
