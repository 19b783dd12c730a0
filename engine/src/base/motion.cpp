// Geometry of one motion and the time law of one timed motion.
#include "proveout/motion.h"

#include "proveout/path.h"

namespace proveout {

namespace {

// Coordinates of the arc's plane: first axis, second axis, and the one along its normal.
struct PlaneAxes {
    double Vec3::*first;
    double Vec3::*second;
    double Vec3::*normal;
};

PlaneAxes axes_of(ArcPlane plane) {
    switch (plane) {
        case ArcPlane::kZX: return {&Vec3::z, &Vec3::x, &Vec3::y};
        case ArcPlane::kYZ: return {&Vec3::y, &Vec3::z, &Vec3::x};
        case ArcPlane::kXY: break;
    }
    return {&Vec3::x, &Vec3::y, &Vec3::z};
}

struct ArcFrame {
    PlaneAxes axes;
    double radius_0, radius_1, start_rad;
};

ArcFrame arc_frame(const Motion& motion) {
    PlaneAxes axes = axes_of(motion.plane);
    double du = motion.from.*axes.first - motion.centre.*axes.first, dv = motion.from.*axes.second - motion.centre.*axes.second;
    double eu = motion.to.*axes.first - motion.centre.*axes.first, ev = motion.to.*axes.second - motion.centre.*axes.second;
    return {axes, std::hypot(du, dv), std::hypot(eu, ev), std::atan2(dv, du)};
}

}  // namespace

bool is_move(const Motion& motion) {
    return motion.kind == MotionKind::kRapid || motion.kind == MotionKind::kFeed || motion.kind == MotionKind::kArc;
}

double path_length_mm(const Motion& motion) {
    if (!is_move(motion)) return 0;
    if (motion.kind != MotionKind::kArc) return length(motion.to - motion.from);
    ArcFrame frame = arc_frame(motion);
    double along = 0.5 * (frame.radius_0 + frame.radius_1) * std::abs(motion.sweep_rad);
    return std::hypot(along, frame.radius_1 - frame.radius_0, motion.to.*frame.axes.normal - motion.from.*frame.axes.normal);
}

Vec3 point_at(const Motion& motion, double fraction) {
    if (fraction <= 0) return motion.from;
    if (fraction >= 1) return motion.to;
    if (motion.kind != MotionKind::kArc) return motion.from + fraction * (motion.to - motion.from);
    ArcFrame frame = arc_frame(motion);
    double radius = frame.radius_0 + fraction * (frame.radius_1 - frame.radius_0);
    double angle = frame.start_rad + fraction * motion.sweep_rad;
    Vec3 point;
    point.*frame.axes.first = motion.centre.*frame.axes.first + radius * std::cos(angle);
    point.*frame.axes.second = motion.centre.*frame.axes.second + radius * std::sin(angle);
    point.*frame.axes.normal =
        motion.from.*frame.axes.normal + fraction * (motion.to.*frame.axes.normal - motion.from.*frame.axes.normal);
    return point;
}

Box3 bounds_of(const Motion& motion) {
    Box3 box;
    if (!is_move(motion)) return box;
    box.add(motion.from);
    box.add(motion.to);
    if (motion.kind != MotionKind::kArc) return box;
    // The extremes of an arc lie where its angle is a multiple of a quarter turn.
    ArcFrame frame = arc_frame(motion);
    double first = frame.start_rad, last = frame.start_rad + motion.sweep_rad;
    double low = std::min(first, last), high = std::max(first, last);
    int quarter = static_cast<int>(std::ceil(low / (kPi / 2)));
    for (int count = 0; count < 5 && quarter * (kPi / 2) <= high; ++count, ++quarter)
        box.add(point_at(motion, (quarter * (kPi / 2) - first) / motion.sweep_rad));
    return box;
}

double fraction_at(const TimedMotion& move, double elapsed_s) {
    double total = path_length_mm(move.motion);
    if (elapsed_s <= 0) return 0;
    if (elapsed_s >= move.duration_s || total <= 0) return 1;
    double a = move.acceleration_mm_per_s2, v0 = move.enter_mm_per_s, vp = move.peak_mm_per_s, v1 = move.leave_mm_per_s;
    if (a <= 0 || vp <= 0) return elapsed_s / move.duration_s;
    double up_s = (vp - v0) / a, down_s = (vp - v1) / a;
    double hold_s = std::max(0.0, move.duration_s - up_s - down_s);
    double s;
    if (elapsed_s < up_s) {
        s = v0 * elapsed_s + 0.5 * a * elapsed_s * elapsed_s;
    } else if (elapsed_s < up_s + hold_s) {
        s = v0 * up_s + 0.5 * a * up_s * up_s + vp * (elapsed_s - up_s);
    } else {
        double left = move.duration_s - elapsed_s;
        s = total - (v1 * left + 0.5 * a * left * left);
    }
    return std::clamp(s / total, 0.0, 1.0);
}

double elapsed_at(const TimedMotion& move, double fraction) {
    double total = path_length_mm(move.motion);
    if (fraction <= 0) return 0;
    if (fraction >= 1 || total <= 0) return move.duration_s;
    double a = move.acceleration_mm_per_s2, v0 = move.enter_mm_per_s, vp = move.peak_mm_per_s, v1 = move.leave_mm_per_s;
    if (a <= 0 || vp <= 0) return fraction * move.duration_s;
    // Time to cover s from speed v at acceleration a, without cancellation for small s.
    auto ramp_s = [a](double v, double s) { return 2 * s / (v + std::sqrt(v * v + 2 * a * s)); };
    double s = fraction * total, left = total - s;
    double up_mm = (vp - v0) * (vp + v0) / (2 * a), down_mm = (vp - v1) * (vp + v1) / (2 * a);
    double elapsed = s <= up_mm      ? ramp_s(v0, s)
                     : left < down_mm ? move.duration_s - ramp_s(v1, left)
                                      : (vp - v0) / a + (s - up_mm) / vp;
    return std::clamp(elapsed, 0.0, move.duration_s);
}

}  // namespace proveout
