// The meridian chain, arcs, and the moves at constant height; sloped moves are in ray_slope.cpp.
#include "mesh/ray_body.h"

#include <algorithm>

#include "mesh/ray_slope.h"

namespace proveout {

namespace {

constexpr double kNoLength_mm = 1e-9;  // pieces and moves shorter than this are points

MeridianNormal line_normal(double d_rho, double d_height) {
    double length = std::hypot(d_rho, d_height);
    return {d_height / length, -d_rho / length};
}

void add_piece(BodyChain& chain, const ProfilePiece& from, bool reversed) {
    if (std::hypot(from.rho_1 - from.rho_0, from.height_1 - from.height_0) < kNoLength_mm) return;
    ChainPiece piece{PieceShape::kLine, from.rho_0, from.height_0, from.rho_1, from.height_1};
    if (reversed) std::swap(piece.rho_0, piece.rho_1), std::swap(piece.height_0, piece.height_1);
    if (from.arc) {
        piece.shape = from.centre_rho == 0 ? PieceShape::kSphere : PieceShape::kTorus;
        piece.centre_rho = from.centre_rho, piece.centre_height = from.centre_height, piece.arc_radius = from.arc_radius;
    }
    piece.normal_0 = meridian_normal(piece, piece.rho_0, piece.height_0);
    piece.normal_1 = meridian_normal(piece, piece.rho_1, piece.height_1);
    chain.pieces.push_back(piece);
}

// Piece of the lower (upper) side at distance rho from the axis.
const ChainPiece& piece_at_rho(const BodyChain& body, bool lower, double rho) {
    if (lower) {
        for (int i = 0; i < body.lower_count - 1; ++i)
            if (rho <= body.pieces[i].rho_1) return body.pieces[i];
        return body.pieces[body.lower_count - 1];
    }
    for (size_t i = body.upper_begin; i + 1 < body.pieces.size(); ++i)
        if (rho >= body.pieces[i].rho_1) return body.pieces[i];
    return body.pieces.back();
}

double height_on(const ChainPiece& piece, bool lower, double rho) {
    if (piece.shape == PieceShape::kLine) {
        double d_rho = piece.rho_1 - piece.rho_0;
        if (std::abs(d_rho) < kNoLength_mm)
            return lower ? std::min(piece.height_0, piece.height_1) : std::max(piece.height_0, piece.height_1);
        return piece.height_0 + (rho - piece.rho_0) * (piece.height_1 - piece.height_0) / d_rho;
    }
    double off = rho - piece.centre_rho;
    double rise = std::sqrt(std::max(0.0, piece.arc_radius * piece.arc_radius - off * off));
    return lower ? piece.centre_height - rise : piece.centre_height + rise;
}

// The stretch on a Z ray at distance rho from the nearest axis position, `e` away from it, whose tip height spans [z_low, z_high].
int stretch_at_rho(const BodyChain& body, double rho, double ex, double ey, double z_low, double z_high, Stretch& out) {
    if (rho >= body.radius || body.lower_count == 0 || body.upper_begin >= static_cast<int>(body.pieces.size())) return 0;
    for (bool lower : {true, false}) {
        const ChainPiece& piece = piece_at_rho(body, lower, rho);
        double height = height_on(piece, lower, rho);
        MeridianNormal n = meridian_normal(piece, rho, height);
        (lower ? out.low : out.high) = height + (lower ? z_low : z_high);
        (lower ? out.low_normal : out.high_normal) = {n.radial * ex, n.radial * ey, n.axial};
    }
    return out.low < out.high;
}

bool angle_within(const RayMove& move, double angle) {
    if (std::abs(move.sweep_rad) >= 2 * kPi) return true;
    double along = move.sweep_rad > 0 ? angle - move.start_rad : move.start_rad - angle;
    along -= 2 * kPi * std::floor(along / (2 * kPi));
    return along <= std::abs(move.sweep_rad);
}

Vec3 arc_point(const RayMove& move, double angle) {
    return {move.centre_x + move.arc_radius * std::cos(angle), move.centre_y + move.arc_radius * std::sin(angle), move.from.z};
}

// The point of the arc nearest to (x, y).
Vec3 nearest_on_arc(const RayMove& move, double x, double y) {
    double angle = std::atan2(y - move.centre_y, x - move.centre_x);
    if (angle_within(move, angle)) return arc_point(move, angle);
    Vec3 first = arc_point(move, move.start_rad), last = arc_point(move, move.start_rad + move.sweep_rad);
    return std::hypot(x - first.x, y - first.y) <= std::hypot(x - last.x, y - last.y) ? first : last;
}

// Radius and normal of the body at a height strictly between low and high.
bool section_at(const BodyChain& body, double height, double& radius, MeridianNormal& normal) {
    if (!(height > body.low && height < body.high)) return false;
    for (const ChainPiece& piece : body.pieces) {
        if (height > piece.height_1 || piece.height_1 - piece.height_0 < kNoLength_mm) continue;
        radius = rho_on(piece, height);
        normal = meridian_normal(piece, radius, height);
        return radius > 0;
    }
    return false;
}

Vec3 tilt(const MeridianNormal& n, double ex, double ey) { return {n.radial * ex, n.radial * ey, n.axial}; }

// A place where the ray may enter or leave the disc-swept area, with the outward direction there.
struct Crossing {
    double x, ex, ey;
};

void add_circle(std::vector<Crossing>& crossings, double cx, double cy, double radius, double y, double outward) {
    double c2 = radius * radius - (y - cy) * (y - cy);
    if (c2 <= 0 || radius <= 0) return;
    for (double c : {-std::sqrt(c2), std::sqrt(c2)}) crossings.push_back({cx + c, outward * c / radius, outward * (y - cy) / radius});
}

int meet_x_arc(const RayMove& move, double y, double radius, const MeridianNormal& normal, Stretch out[kMaxStretches]) {
    thread_local std::vector<Crossing> crossings;
    crossings.clear();
    add_circle(crossings, move.centre_x, move.centre_y, move.arc_radius + radius, y, 1);
    add_circle(crossings, move.centre_x, move.centre_y, move.arc_radius - radius, y, -1);
    for (double angle : {move.start_rad, move.start_rad + move.sweep_rad}) {
        Vec3 end = arc_point(move, angle);
        add_circle(crossings, end.x, end.y, radius, y, 1);
    }
    std::sort(crossings.begin(), crossings.end(), [](const Crossing& a, const Crossing& b) { return a.x < b.x; });
    int count = 0;
    bool open = false;
    for (size_t i = 0; i + 1 < crossings.size(); ++i) {
        const Crossing &a = crossings[i], &b = crossings[i + 1];
        if (b.x - a.x < kNoLength_mm) continue;
        double middle = 0.5 * (a.x + b.x);
        Vec3 near = nearest_on_arc(move, middle, y);
        bool inside = std::hypot(middle - near.x, y - near.y) < radius;
        if (inside && !open) {
            if (count == kMaxStretches) break;
            out[count++] = {a.x, b.x, tilt(normal, a.ex, a.ey), tilt(normal, b.ex, b.ey)};
        } else if (inside) {
            out[count - 1].high = b.x, out[count - 1].high_normal = tilt(normal, b.ex, b.ey);
        }
        open = inside;
    }
    return count;
}

// One end of the capsule that a disc sweeps in a straight move of constant height; side -1 or +1.
double capsule_end(const RayMove& move, double y, double radius, double side, double& ex, double& ey) {
    // Greatest side * x over the discs: either a rim that slides along the move, or the disc at one end.
    double length = std::sqrt(move.by.x * move.by.x + move.by.y * move.by.y);
    double nx = -move.by.y / length, ny = move.by.x / length;
    if (nx * side < 0) nx = -nx, ny = -ny;
    // On the sliding rim the contact is `radius` away along n; s tells for which disc.
    double best = -std::numeric_limits<double>::infinity();
    if (std::abs(move.by.y) > 0) {
        double s = (y - radius * ny - move.from.y) / move.by.y;
        if (s >= 0 && s <= 1) {
            ex = nx, ey = ny;
            return move.from.x + s * move.by.x + radius * nx;
        }
    }
    for (double s : {0.0, 1.0}) {
        double dy = y - move.from.y - s * move.by.y, c2 = radius * radius - dy * dy;
        if (c2 <= 0) continue;
        double x = side * (move.from.x + s * move.by.x) + std::sqrt(c2);
        if (x > best) best = x, ex = side * std::sqrt(c2) / radius, ey = dy / radius;
    }
    return side * best;
}

int meet_x_level(const RayMove& move, double y, double radius, const MeridianNormal& normal, Stretch& out) {
    double low_y = std::min(move.from.y, move.from.y + move.by.y) - radius,
           high_y = std::max(move.from.y, move.from.y + move.by.y) + radius;
    if (!(y > low_y && y < high_y)) return 0;
    double ex = 0, ey = 0;
    out.low = capsule_end(move, y, radius, -1, ex, ey);
    out.low_normal = tilt(normal, ex, ey);
    out.high = capsule_end(move, y, radius, 1, ex, ey);
    out.high_normal = tilt(normal, ex, ey);
    return out.low < out.high;
}

// Plunge and retract: the widest section that passes the ray's height.
int meet_x_plunge(const BodyChain& body, const RayMove& move, double y, double z, Stretch& out) {
    double first = z - move.from.z, last = first - move.by.z;
    double low = std::max(std::min(first, last), body.low), high = std::min(std::max(first, last), body.high);
    if (!(low < body.high && high > body.low) || low > high) return 0;
    double radius = body.radius;
    MeridianNormal normal{1, 0};
    if (high < body.widest_low || low > body.widest_high) {
        if (!section_at(body, high < body.widest_low ? high : low, radius, normal)) return 0;
    }
    double dy = y - move.from.y, c2 = radius * radius - dy * dy;
    if (c2 <= 0) return 0;
    double c = std::sqrt(c2);
    out = {move.from.x - c, move.from.x + c, tilt(normal, -c / radius, dy / radius), tilt(normal, c / radius, dy / radius)};
    return 1;
}

}  // namespace

MeridianNormal meridian_normal(const ChainPiece& piece, double rho, double height) {
    if (piece.shape == PieceShape::kLine) return line_normal(piece.rho_1 - piece.rho_0, piece.height_1 - piece.height_0);
    return {(rho - piece.centre_rho) / piece.arc_radius, (height - piece.centre_height) / piece.arc_radius};
}

double rho_on(const ChainPiece& piece, double height) {
    if (piece.shape == PieceShape::kLine)
        return piece.rho_0 + (height - piece.height_0) * (piece.rho_1 - piece.rho_0) / (piece.height_1 - piece.height_0);
    double off = height - piece.centre_height;
    return piece.centre_rho + std::sqrt(std::max(0.0, piece.arc_radius * piece.arc_radius - off * off));
}

BodyChain make_chain(const ConvexBody& body) {
    BodyChain chain;
    chain.radius = body.radius_mm, chain.low = body.low_mm, chain.high = body.high_mm;
    if (body.radius_mm <= 0 || body.lower.empty() || body.upper.empty()) return chain;
    for (const ProfilePiece& piece : body.lower) add_piece(chain, piece, false);
    chain.lower_count = static_cast<int>(chain.pieces.size());
    const ProfilePiece &last_low = body.lower.back(), &last_up = body.upper.back();
    chain.widest_low = last_low.height_1, chain.widest_high = last_up.height_1;
    add_piece(chain, {last_low.rho_1, last_low.height_1, last_up.rho_1, last_up.height_1}, false);
    chain.upper_begin = static_cast<int>(chain.pieces.size());
    for (size_t i = body.upper.size(); i-- > 0;) add_piece(chain, body.upper[i], true);
    return chain;
}

RayMove move_of(const Sweep& sweep) {
    RayMove move{sweep.from, sweep.to - sweep.from, sweep.arc};
    move.centre_x = sweep.centre_x, move.centre_y = sweep.centre_y, move.arc_radius = sweep.arc_radius;
    move.start_rad = sweep.start_rad, move.sweep_rad = sweep.sweep_rad;
    return move;
}

RayMove mirrored(const RayMove& move) {
    RayMove m = move;
    std::swap(m.from.x, m.from.y), std::swap(m.by.x, m.by.y), std::swap(m.centre_x, m.centre_y);
    m.start_rad = kPi / 2 - move.start_rad, m.sweep_rad = -move.sweep_rad;
    return m;
}

int meet_z_ray(const BodyChain& body, const RayMove& move, double x, double y, double top, Stretch& out) {
    if (body.lower_count == 0) return 0;
    double z_low = std::min(move.from.z, move.from.z + move.by.z), z_high = std::max(move.from.z, move.from.z + move.by.z);
    Vec3 axis = move.from;
    if (move.arc) {
        axis = nearest_on_arc(move, x, y);
        z_low = z_high = move.from.z;
    } else {
        double level2 = move.by.x * move.by.x + move.by.y * move.by.y;
        if (level2 > kNoLength_mm * kNoLength_mm) {
            if (std::abs(move.by.z) > kNoLength_mm) return meet_z_slope(body, move, x, y, top, out);
            double s = ((x - move.from.x) * move.by.x + (y - move.from.y) * move.by.y) / level2;
            axis = move.from + std::clamp(s, 0.0, 1.0) * move.by;
        }
    }
    double dx = x - axis.x, dy = y - axis.y, rho = std::sqrt(dx * dx + dy * dy);
    double ex = rho > 0 ? dx / rho : 1, ey = rho > 0 ? dy / rho : 0;
    return stretch_at_rho(body, rho, ex, ey, z_low, z_high, out);
}

int meet_x_ray(const BodyChain& body, const RayMove& move, double y, double z, Stretch out[kMaxStretches]) {
    bool level = move.arc || std::abs(move.by.z) <= kNoLength_mm;
    bool travels = move.arc || std::abs(move.by.x) > kNoLength_mm || std::abs(move.by.y) > kNoLength_mm;
    if (!travels) return meet_x_plunge(body, move, y, z, out[0]);
    if (!level) {
        // Where the ray meets nothing but the wall all along, the section is one disc, as in a level move.
        double first = z - move.from.z, last = first - move.by.z;
        bool wall = std::min(first, last) > body.widest_low && std::max(first, last) < body.widest_high;
        return wall ? meet_x_level(move, y, body.radius, {1, 0}, out[0]) : meet_x_slope(body, move, y, z, out[0]);
    }
    double radius = 0;
    MeridianNormal normal;
    if (!section_at(body, z - move.from.z, radius, normal)) return 0;
    return move.arc ? meet_x_arc(move, y, radius, normal, out) : meet_x_level(move, y, radius, normal, out[0]);
}

Box3 swept_box(const BodyChain& body, const RayMove& move) {
    Box3 box;
    box.add(move.from);
    if (move.arc) {
        box = {};
        for (double angle : {move.start_rad, move.start_rad + move.sweep_rad}) box.add(arc_point(move, angle));
        for (double angle : {0.0, kPi / 2, kPi, -kPi / 2})
            if (angle_within(move, angle)) box.add(arc_point(move, angle));
    } else {
        box.add(move.from + move.by);
    }
    Vec3 low{body.radius, body.radius, -body.low}, high{body.radius, body.radius, body.high};
    return {box.low - low, box.high + high};
}

}  // namespace proveout
