#include "stock/ray_sweep.h"

#include <cmath>

#include "tool/outline.h"

namespace proveout {

namespace {

double slope_at(const ProfilePiece& piece, double rho, double turn) {
    if (!piece.arc) {
        double width = piece.rho_1 - piece.rho_0;
        return width > 0 ? turn * (piece.height_1 - piece.height_0) / width : 0;
    }
    double x = (rho - piece.centre_rho) / piece.arc_radius;
    x = std::clamp(x, -1.0, 1.0);
    double rise = std::sqrt(1 - x * x);
    return rise > 0 ? x / rise : std::numeric_limits<double>::infinity();
}

// G(rho) = f'(rho) sqrt(rho^2 - d^2) / rho, non-decreasing; the minimiser has G = |m|.
double pull(const ProfilePiece& piece, double rho, double d, double turn) {
    if (rho <= 0) return 0;
    double reach = std::sqrt(std::max(0.0, rho * rho - d * d));
    double slope = slope_at(piece, rho, turn);
    return reach == 0 ? 0 : slope * reach / rho;
}

// |w| of the unclamped minimiser of -|m| w + turn * f(sqrt(w^2 + d^2)), at most reach = sqrt(R^2 - d^2).
double minimiser(const std::vector<ProfilePiece>& pieces, double m, double d, double reach, double turn) {
    for (const ProfilePiece& piece : pieces) {
        double start = std::max(piece.rho_0, d);
        if (piece.rho_1 <= start) continue;
        if (pull(piece, piece.rho_1, d, turn) < m) continue;
        if (pull(piece, start, d, turn) >= m) return std::min(reach, std::sqrt(std::max(0.0, start * start - d * d)));
        double low = start, high = piece.rho_1;
        if (!piece.arc) {
            double k = slope_at(piece, start, turn);
            return std::min(reach, m * d / std::sqrt(k * k - m * m));
        }
        if (piece.centre_rho == 0)  // a ball: closed form
            return std::min(reach, m * std::sqrt(std::max(0.0, piece.arc_radius * piece.arc_radius - d * d) / (1 + m * m)));
        for (int step = 0; step < 60 && high - low > 1e-13 * high; ++step) {
            double middle = 0.5 * (low + high);
            (pull(piece, middle, d, turn) < m ? low : high) = middle;
        }
        return std::min(reach, std::sqrt(std::max(0.0, high * high - d * d)));
    }
    return reach;
}

// turn +1: lowest of the lower envelope; -1: minus the highest of the upper one.
double extreme(const Line& line, const RayOnLine& ray, const std::vector<ProfilePiece>& pieces, double radius, double a_low, double a_high,
               double turn) {
    if (line.length == 0) {
        double z = turn > 0 ? std::min(line.from.z, line.to.z) : std::max(line.from.z, line.to.z);
        double z_0 = line.from.z + a_low * (line.to.z - line.from.z), z_1 = line.from.z + a_high * (line.to.z - line.from.z);
        if (a_low > 0 || a_high < 1) z = turn > 0 ? std::min(z_0, z_1) : std::max(z_0, z_1);
        return turn * (z + envelope_height(pieces, ray.d));
    }
    double m = turn * line.slope;
    double reach = std::sqrt(std::max(0.0, radius * radius - ray.d * ray.d));
    double w = line.slope == 0 || a_low == a_high ? 0 : minimiser(pieces, std::abs(m), ray.d, reach, turn);
    if (m < 0) w = -w;
    double a = std::clamp(ray.s - w, a_low, a_high);
    double ahead = ray.s - a, rho = std::min(radius, std::sqrt(ahead * ahead + ray.d * ray.d));
    return turn * (line.from.z + line.slope * a + envelope_height(pieces, rho));
}

bool on_arc(const Sweep& sweep, double x, double y) {
    if (std::abs(sweep.sweep_rad) >= 2 * kPi) return true;
    double angle = std::atan2(y - sweep.centre_y, x - sweep.centre_x) - sweep.start_rad;
    if (sweep.sweep_rad < 0) angle = -angle;
    angle -= std::floor(angle / (2 * kPi)) * 2 * kPi;
    return angle <= std::abs(sweep.sweep_rad);
}

}  // namespace

Line make_line(Vec3 from, Vec3 to) {
    Line line{from, to};
    double way = std::hypot(to.x - from.x, to.y - from.y);
    if (way < kPlunge_mm) return line;
    line.length = way;
    line.ux = (to.x - from.x) / way;
    line.uy = (to.y - from.y) / way;
    line.slope = (to.z - from.z) / way;
    return line;
}

RayOnLine locate(const Line& line, double x, double y) {
    double dx = x - line.from.x, dy = y - line.from.y;
    if (line.length == 0) return {0, std::hypot(dx, dy)};
    return {dx * line.ux + dy * line.uy, std::abs(dy * line.ux - dx * line.uy)};
}

bool cover_range(const Line& line, const RayOnLine& ray, double radius, double& a_low, double& a_high) {
    if (ray.d > radius) return false;
    if (line.length == 0) {
        a_low = 0;
        a_high = 1;
        return true;
    }
    double reach = std::sqrt(radius * radius - ray.d * ray.d);
    a_low = std::max(0.0, ray.s - reach);
    a_high = std::min(line.length, ray.s + reach);
    return a_low <= a_high;
}

double lowest(const Line& line, const RayOnLine& ray, const ConvexBody& body, double a_low, double a_high) {
    return extreme(line, ray, body.lower, body.radius_mm, a_low, a_high, 1);
}

double highest(const Line& line, const RayOnLine& ray, const ConvexBody& body, double a_low, double a_high) {
    return -extreme(line, ray, body.upper, body.radius_mm, a_low, a_high, -1);
}

double lowest_position(const Line& line, const RayOnLine& ray, const ConvexBody& body, double a_low, double a_high) {
    if (line.length == 0) return line.to.z < line.from.z ? a_high : a_low;
    double w;
    if (line.slope == 0) {
        // Level: lowest where the axis is nearest, and before that while the ray is under a flat bottom.
        const ProfilePiece& first = body.lower.front();
        double flat = !first.arc && first.height_0 == first.height_1 ? first.rho_1 : 0;
        w = std::sqrt(std::max(0.0, flat * flat - ray.d * ray.d));
    } else {
        double reach = std::sqrt(std::max(0.0, body.radius_mm * body.radius_mm - ray.d * ray.d));
        w = minimiser(body.lower, std::abs(line.slope), ray.d, reach, 1);
        if (line.slope < 0) w = -w;
    }
    return std::clamp(ray.s - w, a_low, a_high);
}

double lower_at(const Line& line, const RayOnLine& ray, const ConvexBody& body, double a) {
    return extreme(line, ray, body.lower, body.radius_mm, a, a, 1);
}

double upper_at(const Line& line, const RayOnLine& ray, const ConvexBody& body, double a) {
    return -extreme(line, ray, body.upper, body.radius_mm, a, a, -1);
}

double path_distance(const Sweep& sweep, double x, double y) {
    if (!sweep.arc) {
        Line line = make_line(sweep.from, sweep.to);
        RayOnLine ray = locate(line, x, y);
        return std::hypot(ray.s - std::clamp(ray.s, 0.0, line.length), ray.d);
    }
    if (on_arc(sweep, x, y)) return std::abs(std::hypot(x - sweep.centre_x, y - sweep.centre_y) - sweep.arc_radius);
    return std::min(std::hypot(x - sweep.from.x, y - sweep.from.y), std::hypot(x - sweep.to.x, y - sweep.to.y));
}

bool swept_interval(const Sweep& sweep, const ConvexBody& body, double x, double y, double& low, double& high) {
    if (sweep.arc) {
        double rho = path_distance(sweep, x, y);
        if (rho > body.radius_mm) return false;
        low = sweep.from.z + envelope_height(body.lower, rho);
        high = sweep.from.z + envelope_height(body.upper, rho);
        return true;
    }
    Line line = make_line(sweep.from, sweep.to);
    RayOnLine ray = locate(line, x, y);
    double a_low, a_high;
    if (!cover_range(line, ray, body.radius_mm, a_low, a_high)) return false;
    low = lowest(line, ray, body, a_low, a_high);
    high = highest(line, ray, body, a_low, a_high);
    return true;
}

void lines_of(const Sweep& sweep, std::vector<Line>& out) {
    out.clear();
    if (!sweep.arc) {
        out.push_back(make_line(sweep.from, sweep.to));
        return;
    }
    double step = 2 * std::acos(std::max(0.0, 1 - kChordTolerance_mm / std::max(sweep.arc_radius, kChordTolerance_mm)));
    int count = std::max(1, static_cast<int>(std::ceil(std::abs(sweep.sweep_rad) / step)));
    Vec3 last = sweep.from;
    for (int i = 1; i <= count; ++i) {
        double angle = sweep.start_rad + sweep.sweep_rad * i / count;
        Vec3 next{sweep.centre_x + sweep.arc_radius * std::cos(angle), sweep.centre_y + sweep.arc_radius * std::sin(angle), sweep.from.z};
        if (i == count) next = sweep.to;
        out.push_back(make_line(last, next));
        last = next;
    }
}

}  // namespace proveout
