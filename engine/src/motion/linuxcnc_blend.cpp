#include "motion/linuxcnc_blend.h"

namespace proveout {

namespace {

// ARC_BLEND_KINK_RATIO: acceleration that a kink may take before the planner prefers a blend.
constexpr double kKinkShare = 0.1;
// Segments that turn back by more than 178 degrees come to rest.
constexpr double kReversalAngle_rad = 2.0 / 180 * kPi;
// ARC_BLEND_GAP_CYCLES: a rest of a line shorter than this many periods is taken into the blend.
constexpr double kGapPeriods = 4;
// A blend consumes at most half of a line and departs from the corner by at most a quarter of the shorter one.
constexpr double kMostOfLine = 0.5;
constexpr double kMostDeviation = 0.25;
constexpr double kLeastAngle_rad = 1e-6;
constexpr double kLeastBlend_mm = 1e-6;
// A segment lasts a little more than one servo period, so that none is skipped.
constexpr double kLeastPeriods = 1.02;
// Between two arcs a corner with less than this between its halves gets no round blend.
constexpr double kSharpestArcCorner_rad = kPi / 12;
constexpr double kColinear = 1e-6;
// Turn up to which the tolerance limits a parabolic blend, and the one from which a corner counts as square: cosines.
constexpr double kLeastCosine = 1e-3;
constexpr double kLeastTurnCosine = 0.0314;  // 0.49 pi

// Half the angle between two legs: pi/2 straight on, 0 back again.
struct HalfAngle {
    double sine, cosine;
    double rad() const { return std::atan2(sine, cosine); }
};

HalfAngle half_angle(Vec3 unit_0, Vec3 unit_1) {
    double d = std::clamp(dot(unit_0, unit_1), -1.0, 1.0);
    return {std::sqrt(0.5 * (1 + d)), std::sqrt(0.5 * (1 - d))};
}

HalfAngle half_angle_of(double rad) { return {std::sin(rad), std::cos(rad)}; }

void clear_kink(TpSegment& before, TpSegment& next) {
    before.kink_mm_per_s = -1;
    before.kink_share = 0;
    next.kink_share_before = 0;
}

void set_joint(TpSegment& before, TpSegment& next, Joint joint) {
    before.joint = joint;
    next.parabolic_before = joint == Joint::kParabolic;
}

// Acceleration (or speed) that is available in every direction of the plane with this normal.
double inscribed(Vec3 normal, const std::array<double, 3>& bounds) {
    const double n[3] = {normal.x, normal.y, normal.z};
    double least = Machine::kNoLimit;
    for (size_t i = 0; i < 3; ++i) least = std::min(least, bounds[i] / std::sqrt(std::max(1 - n[i] * n[i], 1e-12)));
    return least;
}

// True: the joint is settled without a blend (tangent or a stop).
bool join_tangent(TpSegment& before, TpSegment& next, const AxisLimits& limits) {
    if (dot(before.end_unit, next.start_unit) < 0 && length(before.end_unit + next.start_unit) < kReversalAngle_rad) {
        set_joint(before, next, Joint::kStop);
        return true;
    }
    double speed = std::min(before.target_mm_per_s(), next.target_mm_per_s());
    double jump = speed / kServoPeriod_s + next.axes_mm_per_s2;
    Vec3 turn = jump * (next.start_unit - before.end_unit);
    double share = std::max({std::abs(turn.x) * limits.inverse_acceleration[0], std::abs(turn.y) * limits.inverse_acceleration[1],
                             std::abs(turn.z) * limits.inverse_acceleration[2]});
    if (before.arc || next.arc) share /= kLinuxcncTangentShare;
    bool settled = share < kKinkShare;
    before.kink_mm_per_s = settled ? speed : speed * kKinkShare / share;
    double kept = settled ? share : kKinkShare;
    before.kink_share = std::max(before.kink_share, kept);
    next.kink_share_before = std::max(next.kink_share_before, kept);
    if (settled) set_joint(before, next, Joint::kTangent);
    return settled;
}

struct Corner {
    Vec3 unit_0, unit_1, normal;                       // normal of the plane of the corner
    HalfAngle theta;                                   // between the legs
    double first_mm, second_mm;                        // what the blend may take of each
    double first_turn = kPi, second_turn = kPi;        // arcs: most angle it may take
    bool first_convex = false, second_convex = false;  // the arc bends the way the corner turns
};

// Where a leg is an arc that bends the same way as the corner, its secant stands for it.
bool corner_of(const TpSegment& before, const TpSegment& next, Corner& c) {
    c.unit_0 = before.end_unit, c.unit_1 = next.start_unit;
    c.theta = half_angle(c.unit_0, c.unit_1);
    if (c.theta.cosine < kLeastAngle_rad || c.theta.sine < kLeastAngle_rad) return false;
    c.normal = cross(c.unit_0, c.unit_1);
    double sine = length(c.normal);
    if (!(sine > 0)) return false;
    c.normal = (1 / sine) * c.normal;
    double theta = before.arc || next.arc ? c.theta.rad() : 0, least = theta;
    auto coplanar = [&](const TpSegment& s) { return length(cross(c.normal, s.plane_normal)) < kColinear; };
    if (before.arc) {
        if (!coplanar(before)) return false;
        bool convex = c.first_convex = dot(before.end_to_centre, next.start_unit) > 0;
        c.first_turn = std::min(before.angle_rad * 2 / 3, convex ? theta : kPi / 2);
        c.first_mm = (convex ? std::sin(c.first_turn / 4) : c.first_turn) * before.end_radius_mm;
        if (convex) least = std::min(least, theta - c.first_turn / 4);
    } else {
        c.first_mm = std::min(before.length_mm, before.whole_mm * kMostOfLine);
    }
    if (next.arc) {
        if (!coplanar(next)) return false;
        bool convex = c.second_convex = dot(next.start_to_centre, before.end_unit) < 0;
        c.second_turn = std::min(next.angle_rad / 3, convex ? theta : kPi / 2);
        c.second_mm = (convex ? std::sin(c.second_turn / 4) : c.second_turn) * next.start_radius_mm;
        if (convex) least = std::min(least, theta - c.second_turn / 4);
    } else {
        c.second_mm = next.length_mm * kMostOfLine;
    }
    if (before.arc && next.arc && least < kSharpestArcCorner_rad) return false;
    if (least < theta) c.theta = half_angle_of(least);
    return least >= 0 && c.theta.sine > kLeastAngle_rad;
}

double blend_tolerance(const TpSegment& before, const TpSegment& next) {
    double by_length = kMostDeviation * std::min(before.whole_mm, next.whole_mm);
    double p = std::min(before.tolerance_mm > 0 ? before.tolerance_mm : by_length, next.tolerance_mm > 0 ? next.tolerance_mm : by_length);
    return std::min(p, by_length);
}

// Greatest speed that both legs allow, taken along the corner.
double corner_speed(const TpSegment& before, const TpSegment& next, const Corner& c, const AxisLimits& limits) {
    // Cosine and sine of the turn, pi - 2 theta; the cosine is kept from 0 (turns of 90 degrees and more).
    double cosine = std::max(1 - 2 * c.theta.cosine * c.theta.cosine, kLeastTurnCosine), sine = 2 * c.theta.sine * c.theta.cosine;
    double v1 = std::min(before.most_mm_per_s, next.most_mm_per_s / cosine),
           v2 = std::min(next.most_mm_per_s, before.most_mm_per_s / cosine);
    double base = length(v2 * c.unit_1 - v1 * c.unit_0);
    double altitude = before.arc || next.arc || !(base > 0) ? 0 : v1 * v2 * sine / base;
    double wanted = std::max(before.target_mm_per_s(), next.target_mm_per_s());
    return altitude >= wanted ? wanted : std::min(wanted, std::max(altitude, inscribed(c.normal, limits.speed_mm_per_s)));
}

struct BlendArc {
    double speed_mm_per_s, length_mm, acceleration_mm_per_s2, wanted_mm_per_s;
    double first_trim_mm, second_trim_mm;  // what it takes of the two segments
};

// Centre of the circle of radius r that touches an arc (about c, radius d off) and a line through the corner: at x along the line's unit.
bool touch_line(Vec3 unit, Vec3 normal, Vec3 c, double d, double r, double& x) {
    double along = dot(c, unit), off = r - dot(c, normal), rest = d * d - off * off;
    if (!(rest >= 0)) return false;
    double root = std::sqrt(rest);
    x = std::abs(along + root) < std::abs(along - root) ? std::abs(along + root) : std::abs(along - root);
    return true;
}

// Centre at distance d1 from c1 and d2 from c2, on the side of the corner's inside; of the two the one nearer to the corner.
bool touch_arcs(Vec3 c1, double d1, Vec3 c2, double d2, Vec3 plane_normal, Vec3& centre) {
    Vec3 between = c2 - c1;
    double mm = length(between);
    if (!(mm > 0)) return false;
    double x = (d1 * d1 - d2 * d2 + mm * mm) / (2 * mm), rest = d1 * d1 - x * x;
    if (!(rest >= 0)) return false;
    Vec3 unit = (1 / mm) * between, side = std::sqrt(rest) * cross(plane_normal, unit), foot = c1 + x * unit;
    centre = length(foot + side) < length(foot - side) ? foot + side : foot - side;
    return true;
}

// Where one or both legs are arcs: the exact place of a blend of this radius. The corner is the origin.
bool place_on_arcs(const TpSegment& before, const TpSegment& next, const Corner& c, double radius, double tolerance_mm, BlendArc& out) {
    Vec3 c1 = before.end_radius_mm * before.end_to_centre, c2 = next.start_radius_mm * next.start_to_centre;
    double d1 = before.end_radius_mm + (c.first_convex ? -radius : radius),
           d2 = next.start_radius_mm + (c.second_convex ? -radius : radius);
    Vec3 in_1 = cross(c.normal, c.unit_0), in_2 = cross(c.normal, c.unit_1), centre;
    double x = 0;
    if (before.arc && next.arc) {
        if (!touch_arcs(c1, d1, c2, d2, c.normal, centre)) return false;
    } else if (next.arc) {
        if (!touch_line(c.unit_0, in_1, c2, d2, radius, x)) return false;
        centre = radius * in_1 - x * c.unit_0;
    } else {
        if (!touch_line(c.unit_1, in_2, c1, d1, radius, x)) return false;
        centre = radius * in_2 + x * c.unit_1;
    }
    if (length(centre) - radius > tolerance_mm) return false;
    auto angle = [](Vec3 a, Vec3 b) { return std::atan2(length(cross(a, b)), dot(a, b)); };
    double first_turn = before.arc ? angle(-1.0 * c1, centre - c1) : 0, second_turn = next.arc ? angle(-1.0 * c2, centre - c2) : 0;
    if (first_turn > c.first_turn || second_turn > c.second_turn) return false;
    out.first_trim_mm = before.arc ? first_turn * before.end_radius_mm : x;
    out.second_trim_mm = next.arc ? second_turn * next.start_radius_mm : x;
    Vec3 start = before.arc ? (c.first_convex ? 1.0 : -1.0) * (centre - c1) : -1.0 * in_1;
    Vec3 end = next.arc ? (c.second_convex ? 1.0 : -1.0) * (centre - c2) : -1.0 * in_2;
    out.length_mm = radius * angle(start, end);
    return true;
}

bool plan_blend_arc(const TpSegment& before, const TpSegment& next, const Corner& c, const AxisLimits& limits, BlendArc& out) {
    double phi = kPi - 2 * c.theta.rad(), tangent = c.theta.sine / c.theta.cosine;
    out.acceleration_mm_per_s2 = inscribed(c.normal, limits.acceleration_mm_per_s2);
    double across = out.acceleration_mm_per_s2 * kLinuxcncNormalShare;
    double tolerance_mm = blend_tolerance(before, next), by_tolerance_mm = c.theta.cosine * tolerance_mm / (1 - c.theta.sine);
    double reach_mm = std::min({c.first_mm, c.second_mm, by_tolerance_mm});
    double largest_mm = tangent * reach_mm;
    double speed = std::min(std::sqrt(across * largest_mm), corner_speed(before, next, c, limits));
    // As much of the lines as the parabolic blend of the same corner would take, no more.
    double half = 0.5 * out.acceleration_mm_per_s2;
    double time_s = std::min(std::sqrt(2 * half * reach_mm), speed) / half;
    double radius = std::max(speed * speed / across, std::min(time_s * speed / phi, largest_mm));
    out.speed_mm_per_s = speed;
    out.length_mm = radius * phi;
    out.first_trim_mm = out.second_trim_mm = radius / tangent;
    out.wanted_mm_per_s = std::max(before.target_mm_per_s(), next.target_mm_per_s());
    if (!(out.length_mm > kLeastBlend_mm) || !(speed > 0)) return false;
    return !(before.arc || next.arc) || place_on_arcs(before, next, c, radius, tolerance_mm, out);
}

TpSegment blend_segment(const Corner& corner, const BlendArc& arc) {
    TpSegment blend;
    blend.blend = true;
    blend.joint = Joint::kTangent;
    blend.start_unit = corner.unit_0, blend.end_unit = corner.unit_1;
    blend.length_mm = blend.whole_mm = arc.length_mm;
    blend.wanted_mm_per_s = arc.wanted_mm_per_s;
    blend.most_mm_per_s = arc.speed_mm_per_s;
    blend.axes_mm_per_s2 = arc.acceleration_mm_per_s2;
    return blend;
}

void shorten(TpSegment& s, double mm) {
    double left = std::max(s.length_mm - mm, 1e-9);
    if (s.arc) s.angle_rad *= left / s.length_mm;
    s.length_mm = left;
}

}  // namespace

double TpSegment::usable_mm_per_s2() const {
    double share = 1 - std::max(kink_share, kink_share_before);
    return axes_mm_per_s2 * (parabolic_before || joint == Joint::kParabolic ? 0.5 * share : share);
}

void TpSegment::limit_speed() { most_mm_per_s = std::min(most_mm_per_s, length_mm / (kLeastPeriods * kServoPeriod_s)); }

void TpSegment::limit_curve() {
    if (!arc || !(radius_mm > 0)) return;
    double a = usable_mm_per_s2(), needed = most_mm_per_s * most_mm_per_s / radius_mm;
    if (needed > kLinuxcncNormalShare * a) {
        most_mm_per_s = std::sqrt(kLinuxcncNormalShare * a * radius_mm);
        curve_share = kLinuxcncTangentShare;
    } else {
        curve_share = std::sqrt(1 - needed / a * needed / a);
    }
}

namespace {

// Direction in which a segment pulls at its start: along it, on an arc turned towards the centre by the curvature at half the speed.
Vec3 pull_of(const TpSegment& s) {
    if (!s.arc || !(s.start_radius_mm > 0)) return s.start_unit;
    double half = 0.5 * s.wanted_mm_per_s;
    Vec3 pull = s.usable_mm_per_s2() * s.start_unit + (half * half / s.start_radius_mm) * s.start_to_centre;
    return (1 / length(pull)) * pull;
}

// part: the share of the lengths that is certain to remain.
BlendSpeeds blend_speeds(const Segment& s, const Segment& next, double part, Vec3 end_unit, Vec3 start_pull, double tolerance_mm) {
    double a = s.acceleration_mm_per_s2, b = next.acceleration_mm_per_s2;
    double v = std::min(std::sqrt(a * s.length_mm * part), s.speed_mm_per_s);
    double w = std::min(std::sqrt(b * next.length_mm * part), next.speed_mm_per_s);
    double longest_s = std::min(s.length_mm / v, next.length_mm / w);
    double blend_s = std::min(longest_s, std::max(v / a, w / b));
    BlendSpeeds speeds{std::min(v, blend_s * a), std::min(w, blend_s * b), 0};
    HalfAngle theta = half_angle(end_unit, start_pull);
    if (tolerance_mm > 0 && theta.cosine > kLeastCosine) {
        double most = 2 * std::sqrt(a * tolerance_mm / theta.cosine);
        speeds.from_mm_per_s = std::min(speeds.from_mm_per_s, most);
        speeds.to_mm_per_s = std::min(speeds.to_mm_per_s, most);
    }
    speeds.net_mm_per_s = theta.sine * 0.5 * (speeds.from_mm_per_s + speeds.to_mm_per_s);
    return speeds;
}

// What a parabolic blend could do for two segments of which later blends may still take a half.
double parabolic_promise(const TpSegment& before, const TpSegment& next) {
    Segment s{before.length_mm, before.target_mm_per_s(), before.along_mm_per_s2()};
    Segment n{next.length_mm, next.target_mm_per_s(), next.along_mm_per_s2()};
    return blend_speeds(s, n, 0.5, before.end_unit, pull_of(next), before.tolerance_mm).net_mm_per_s;
}

}  // namespace

void TpSegment::finish() {
    limit_speed();
    speed_mm_per_s = std::max(target_mm_per_s(), kLeastLimit);
    acceleration_mm_per_s2 = along_mm_per_s2();
    start_pull = pull_of(*this);
}

BlendSpeeds parabolic_speeds(const QueuedSegment& s, const QueuedSegment& next) {
    return blend_speeds(s, next, 1, s.end_unit, next.start_pull, s.tolerance_mm);
}

Blend join(TpSegment& before, TpSegment& next, const AxisLimits& limits, TpSegment& blend) {
    if (before.rapid != next.rapid) set_joint(before, next, Joint::kStop);
    if (before.joint == Joint::kStop || join_tangent(before, next, limits)) return Blend::kNone;
    if (before.joint == Joint::kExact) return Blend::kNone;

    Corner corner;
    BlendArc arc{};
    bool possible = corner_of(before, next, corner) && plan_blend_arc(before, next, corner, limits, arc);
    // A parabolic blend halves the acceleration of both segments, so its speed counts half.
    double tangent = before.kink_mm_per_s, round = possible ? arc.speed_mm_per_s : 0;
    double parabolic_most = 0.5 * std::max(before.target_mm_per_s(), next.target_mm_per_s());
    double parabolic = round < parabolic_most ? 0.5 * parabolic_promise(before, next) : 0;
    if (parabolic >= tangent && parabolic >= round) {
        clear_kink(before, next);
        set_joint(before, next, Joint::kParabolic);
        return Blend::kNone;
    }
    set_joint(before, next, Joint::kTangent);
    if (tangent >= round) return Blend::kNone;
    clear_kink(before, next);
    blend = blend_segment(corner, arc);
    blend.rapid = next.rapid;
    double rest_mm = before.length_mm - arc.first_trim_mm;
    shorten(next, arc.second_trim_mm);
    if (!before.arc && !before.parabolic_before && rest_mm < kGapPeriods * kServoPeriod_s * arc.speed_mm_per_s) {
        blend.length_mm += std::max(rest_mm, 0.0);
        return Blend::kConsume;
    }
    shorten(before, arc.first_trim_mm);
    return Blend::kBetween;
}

}  // namespace proveout
