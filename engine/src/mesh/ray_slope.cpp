#include "mesh/ray_slope.h"

#include <algorithm>

namespace proveout {

namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();
constexpr int kBisections = 34;  // s to 6e-11 of the move; the value at a maximum is then exact to the last bits
constexpr double kLevel_mm = 1e-12;

// q2 s^2 + q1 s + q0
struct Quadratic {
    double q2 = 0, q1 = 0, q0 = 0;
    double at(double s) const { return (q2 * s + q1) * s + q0; }
};

// Where the best value of one end lies: move parameter, piece, and whether it is the piece's joint with its neighbour in the chain.
struct Best {
    double value = kNone;
    double s = 0;
    int piece = -1;
    int joint = 0;  // -1: with the piece before, +1: with the piece after, 0: inside the piece
};

// The s in [a, b] at which lin*s + k*sqrt(Q(s)) is greatest. REQUIRES: that function is concave there, a <= b.
double argmax(double lin, double k, const Quadratic& q, double a, double b) {
    auto value = [&](double s) { return lin * s + k * std::sqrt(std::max(0.0, q.at(s))); };
    double s = std::numeric_limits<double>::quiet_NaN();
    double bend = std::abs(q.q2), tilt = std::abs(q.q1), rest = std::abs(q.q0);
    if (bend > 1e-10 * (tilt + rest)) {
        double middle = -q.q1 / (2 * q.q2), apex = q.q0 - q.q1 * q.q1 / (4 * q.q2);
        double square = lin * lin * apex / (q.q2 * (k * k * q.q2 - lin * lin));
        if (square >= 0) s = middle - std::copysign(std::sqrt(square), lin * k * q.q2);
    } else if (tilt > 0 && lin != 0) {
        s = (q.q1 * q.q1 * k * k / (4 * lin * lin) - q.q0) / q.q1;
    }
    double best = value(a) >= value(b) ? a : b;
    if (s > a && s < b && value(s) > value(best)) best = s;
    return best;
}

// The s in [a, b] at which a concave function is greatest, from the sign of its slope.
template <class Slope>
double argmax_by_slope(double a, double b, Slope slope) {
    if (slope(a) <= 0) return a;
    if (slope(b) >= 0) return b;
    double low = a, high = b;
    for (int i = 0; i < kBisections; ++i) {
        double middle = 0.5 * (low + high);
        (slope(middle) > 0 ? low : high) = middle;
    }
    return 0.5 * (low + high);
}

Vec3 lift(const MeridianNormal& n, double ex, double ey) { return {n.radial * ex, n.radial * ey, n.axial}; }

// Outward normal of the swept volume at a contact. At a joint in mid-move it is the one direction of the joint's cone that is square to the
// move.
Vec3 contact_normal(const BodyChain& body, const RayMove& move, const Best& best, double rho, double height, double ex, double ey) {
    const ChainPiece& piece = body.pieces[best.piece];
    Vec3 own = lift(meridian_normal(piece, rho, height), ex, ey);
    int neighbour = best.piece + best.joint;
    if (best.joint == 0 || best.s <= 0 || best.s >= 1) return own;
    MeridianNormal beyond{0, best.joint < 0 ? -1.0 : 1.0};  // at the ends of the chain: the tip's or the top's plane
    if (neighbour >= 0 && neighbour < static_cast<int>(body.pieces.size()))
        beyond = best.joint < 0 ? body.pieces[neighbour].normal_1 : body.pieces[neighbour].normal_0;
    Vec3 other = lift(beyond, ex, ey);
    Vec3 sum = std::abs(dot(other, move.by)) * own + std::abs(dot(own, move.by)) * other;
    double size = length(sum);
    return size > 0 ? (1 / size) * sum : own;
}

// ---- rays along X -------------------------------------------------------------------------------------------------------------------

// One end of the stretch on the ray (y, z): greatest side * x.
struct XEnd {
    const BodyChain& body;
    const RayMove& move;
    double side, lin;  // lin: slope of side * x of the axis
    double dy_0;       // y less the tip's y at s = 0
    double height_0;   // height of the ray above the tip at s = 0
    Best best;

    double dy(double s) const { return dy_0 - s * move.by.y; }
    double height(double s) const { return height_0 - s * move.by.z; }
};

// Narrows [a, b] to the s at which p + q s >= 0.
void keep_positive(double p, double q, double& a, double& b) {
    if (q > 0)
        a = std::max(a, -p / q);
    else if (q < 0)
        b = std::min(b, -p / q);
    else if (p < 0)
        b = kNone;
}

// The squared half chord and the s at which there is one, for line and sphere pieces.
Quadratic half_chord(const XEnd& end, const ChainPiece& piece, double& a, double& b) {
    double dy_0 = end.dy_0, vy = end.move.by.y, vz = end.move.by.z;
    if (piece.shape == PieceShape::kLine) {
        double k = (piece.rho_1 - piece.rho_0) / (piece.height_1 - piece.height_0);
        double p = piece.rho_0 + k * (end.height_0 - piece.height_0), q = -k * vz;
        keep_positive(p - dy_0, q + vy, a, b);
        keep_positive(p + dy_0, q - vy, a, b);
        return {q * q - vy * vy, 2 * (p * q + dy_0 * vy), p * p - dy_0 * dy_0};
    }
    double off = end.height_0 - piece.centre_height;
    Quadratic chord{-(vz * vz + vy * vy), 2 * (off * vz + dy_0 * vy), piece.arc_radius * piece.arc_radius - off * off - dy_0 * dy_0};
    double middle = -chord.q1 / (2 * chord.q2), apex = chord.at(middle);
    if (apex <= 0) {
        b = kNone;
    } else {
        double half = std::sqrt(apex / -chord.q2);
        a = std::max(a, middle - half), b = std::min(b, middle + half);
    }
    return chord;
}

double torus_argmax(const XEnd& end, const ChainPiece& piece, double a, double b) {
    return argmax_by_slope(a, b, [&](double s) {
        double off = end.height(s) - piece.centre_height, dy = end.dy(s);
        double rise = std::sqrt(std::max(1e-300, piece.arc_radius * piece.arc_radius - off * off));
        double rho = piece.centre_rho + rise, d_rho = off / rise * end.move.by.z;
        if (rho < std::abs(dy)) return d_rho + (dy < 0 ? -end.move.by.y : end.move.by.y);  // towards where the ray meets the section at all
        return end.lin * std::sqrt(rho * rho - dy * dy) + rho * d_rho + dy * end.move.by.y;
    });
}

void try_piece(XEnd& end, int index) {
    const ChainPiece& piece = end.body.pieces[index];
    if (piece.height_1 - piece.height_0 < kLevel_mm) return;
    double at_0 = (end.height_0 - piece.height_0) / end.move.by.z, at_1 = (end.height_0 - piece.height_1) / end.move.by.z;
    double a = std::max(0.0, std::min(at_0, at_1)), b = std::min(1.0, std::max(at_0, at_1));
    double s = 0;
    if (piece.shape == PieceShape::kTorus) {
        if (a > b) return;
        s = torus_argmax(end, piece, a, b);
    } else {
        Quadratic chord = half_chord(end, piece, a, b);
        if (!(a <= b)) return;
        s = argmax(end.lin, 1, chord, a, b);
    }
    double rho = rho_on(piece, std::clamp(end.height(s), piece.height_0, piece.height_1)), dy = end.dy(s), c2 = rho * rho - dy * dy;
    if (c2 < -1e-12 * (1 + rho * rho)) return;
    double value = end.side * (end.move.from.x + s * end.move.by.x) + std::sqrt(std::max(0.0, c2));
    if (value > end.best.value) end.best = {value, s, index, s == at_0 ? -1 : s == at_1 ? 1 : 0};
}

// ---- rays along Z -------------------------------------------------------------------------------------------------------------------

// One end on the ray (x, y): greatest lin * s + sign * profile(rho(s)), sign -1 for the lower side.
struct ZEnd {
    const BodyChain& body;
    double lin, sign;
    double foot;    // s of the point of the move's line nearest to the ray
    double d2;      // squared distance there
    double level2;  // squared level length of the move
    double a, b;    // the s at which the ray is within the radius, on the side of the foot to which the function can rise
    Quadratic rho2;
    Best best;
};

double z_torus_argmax(const ZEnd& end, const ChainPiece& piece, double a, double b) {
    return argmax_by_slope(a, b, [&](double s) {
        double rho = std::sqrt(std::max(1e-300, end.rho2.at(s))), off = rho - piece.centre_rho;
        double rise = std::sqrt(std::max(1e-300, piece.arc_radius * piece.arc_radius - off * off));
        return end.lin - off / rise * end.level2 * (s - end.foot) / rho;
    });
}

double piece_value(const ZEnd& end, const ChainPiece& piece, double rho) {
    if (piece.shape == PieceShape::kLine) {
        double d_rho = piece.rho_1 - piece.rho_0;
        if (std::abs(d_rho) < kLevel_mm) return kNone;
        return end.sign * (piece.height_0 + (rho - piece.rho_0) * (piece.height_1 - piece.height_0) / d_rho);
    }
    double off = rho - piece.centre_rho;
    return end.sign * piece.centre_height + std::sqrt(std::max(0.0, piece.arc_radius * piece.arc_radius - off * off));
}

void try_piece(ZEnd& end, int index) {
    const ChainPiece& piece = end.body.pieces[index];
    double near = std::min(piece.rho_0, piece.rho_1), far = std::max(piece.rho_0, piece.rho_1);
    if (far * far < end.d2) return;
    double w_near = std::sqrt(std::max(0.0, near * near - end.d2) / end.level2), w_far = std::sqrt((far * far - end.d2) / end.level2);
    double s_near = end.lin > 0 ? end.foot + w_near : end.foot - w_near, s_far = end.lin > 0 ? end.foot + w_far : end.foot - w_far;
    double a = std::max(end.a, std::min(s_near, s_far)), b = std::min(end.b, std::max(s_near, s_far));
    if (!(a <= b)) return;
    double s = 0;
    if (piece.shape == PieceShape::kLine) {
        double d_rho = piece.rho_1 - piece.rho_0;
        if (std::abs(d_rho) < kLevel_mm) return;
        s = argmax(end.lin, end.sign * (piece.height_1 - piece.height_0) / d_rho, end.rho2, a, b);
    } else if (piece.shape == PieceShape::kSphere) {
        Quadratic rise{-end.rho2.q2, -end.rho2.q1, piece.arc_radius * piece.arc_radius - end.rho2.q0};
        s = argmax(end.lin, 1, rise, a, b);
    } else {
        s = z_torus_argmax(end, piece, a, b);
    }
    double rho = std::clamp(std::sqrt(std::max(0.0, end.rho2.at(s))), near, far);
    double value = end.lin * s + piece_value(end, piece, rho);
    if (!(value > end.best.value)) return;
    // Joints: the far end of a piece is its end in the chain on the lower side, its beginning on the upper side.
    int joint = s == s_far ? 1 : s == s_near && near * near > end.d2 ? -1 : 0;
    end.best = {value, s, index, end.sign < 0 ? joint : -joint};
}

// The move ends before its foot (or begins after it): the function falls all the way and is greatest where the ray is nearest.
void take_nearest(ZEnd& end, int first, int last) {
    double s = end.lin > 0 ? end.b : end.a, rho = std::sqrt(std::max(0.0, end.rho2.at(s)));
    for (int i = first; i < last; ++i) {
        const ChainPiece& piece = end.body.pieces[i];
        double value = end.lin * s + piece_value(end, piece, rho);
        bool there = std::min(piece.rho_0, piece.rho_1) <= rho && rho <= std::max(piece.rho_0, piece.rho_1);
        if (there && value > end.best.value) end.best = {value, s, i, 0};
    }
}

bool solve(ZEnd& end, const RayMove& move, double x, double y, double& at, Vec3& normal) {
    int first = end.sign < 0 ? 0 : end.body.upper_begin;
    int last = end.sign < 0 ? end.body.lower_count : static_cast<int>(end.body.pieces.size());
    if (end.lin > 0 ? end.foot >= end.b : end.foot <= end.a) {
        take_nearest(end, first, last);
    } else {
        for (int i = first; i < last; ++i) try_piece(end, i);
    }
    if (end.best.piece < 0) return false;
    const ChainPiece& piece = end.body.pieces[end.best.piece];
    double s = end.best.s;
    double dx = x - move.from.x - s * move.by.x, dy = y - move.from.y - s * move.by.y, rho = std::sqrt(dx * dx + dy * dy);
    double height = end.sign * piece_value(end, piece, rho);
    at = move.from.z + end.sign * end.best.value;
    normal = contact_normal(end.body, move, end.best, rho, height, rho > 0 ? dx / rho : 1, rho > 0 ? dy / rho : 0);
    return true;
}

}  // namespace

int meet_x_slope(const BodyChain& body, const RayMove& move, double y, double z, Stretch& out) {
    for (double side : {-1.0, 1.0}) {
        XEnd end{body, move, side, side * move.by.x, y - move.from.y, z - move.from.z, {}};
        for (int i = 0; i < static_cast<int>(body.pieces.size()); ++i) try_piece(end, i);
        if (end.best.piece < 0) return 0;
        const ChainPiece& piece = body.pieces[end.best.piece];
        double s = end.best.s, height = std::clamp(end.height(s), piece.height_0, piece.height_1), rho = rho_on(piece, height);
        double dy = end.dy(s), c = std::sqrt(std::max(0.0, rho * rho - dy * dy));
        double ex = rho > 0 ? side * c / rho : side, ey = rho > 0 ? dy / rho : 0;
        (side < 0 ? out.low : out.high) = side * end.best.value;
        (side < 0 ? out.low_normal : out.high_normal) = contact_normal(body, move, end.best, rho, height, ex, ey);
    }
    return out.low < out.high;
}

int meet_z_slope(const BodyChain& body, const RayMove& move, double x, double y, double top, Stretch& out) {
    double level2 = move.by.x * move.by.x + move.by.y * move.by.y;
    double px = x - move.from.x, py = y - move.from.y;
    double foot = (px * move.by.x + py * move.by.y) / level2;
    double across = (px * move.by.y - py * move.by.x);
    double d2 = across * across / level2;
    if (d2 >= body.radius * body.radius) return 0;
    double half = std::sqrt((body.radius * body.radius - d2) / level2);
    double a = std::max(0.0, foot - half), b = std::min(1.0, foot + half);
    if (a > b) return 0;
    Quadratic rho2{level2, -2 * foot * level2, d2 + foot * foot * level2};
    for (double sign : {-1.0, 1.0}) {
        double lin = sign * move.by.z;
        ZEnd end{body, lin, sign, foot, d2, level2, lin > 0 ? std::clamp(foot, a, b) : a, lin > 0 ? b : std::clamp(foot, a, b), rho2, {}};
        if (!solve(end, move, x, y, sign < 0 ? out.low : out.high, sign < 0 ? out.low_normal : out.high_normal)) return 0;
        if (sign < 0 && out.low >= top) return 0;
    }
    return out.low < out.high;
}

}  // namespace proveout
