// Lines and arcs beside which the centre of the cutter runs, and the corners between them. See cutter_comp.h.
//
// At a corner the path turns away from the cutter (outside corner: the cutter rolls round it on an arc), towards it (inside corner: both
// compensated pieces end where they cross) or goes on straight. The angle `away` of a corner lies in [-90, 270) degrees.
// Fanuc and Haas (start-up of type A) go round outside corners in straight lines, and their first move ends square to the second.
#include <algorithm>
#include <cmath>

#include "interp/cutter_comp.h"
#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::Block;
using Kind = HeldMove::Kind;

constexpr double kStraightOn_rad = 0.05;  // LinuxCNC: a corner flatter than this is none
constexpr double kFlat = 1e-4;            // cosine of the angle at which an entry arc has no centre

PlanePoint operator+(PlanePoint a, PlanePoint b) { return {a.u + b.u, a.v + b.v}; }
PlanePoint operator-(PlanePoint a, PlanePoint b) { return {a.u - b.u, a.v - b.v}; }
PlanePoint operator*(double s, PlanePoint a) { return {s * a.u, s * a.v}; }
double length(PlanePoint a) { return std::hypot(a.u, a.v); }
double angle(PlanePoint a) { return std::atan2(a.v, a.u); }
double dot(PlanePoint a, PlanePoint b) { return a.u * b.u + a.v * b.v; }
PlanePoint unit(double angle_rad) { return {std::cos(angle_rad), std::sin(angle_rad)}; }
PlanePoint left_of(PlanePoint a) { return {-a.v, a.u}; }

// How far the path turns away from the cutter where it goes on in direction `next`.
double turn_away(double before, double next, int side) {
    double away = side * (before - next);
    while (away < -kPi / 2) away += 2 * kPi;
    while (away >= 1.5 * kPi) away -= 2 * kPi;
    return away;
}

// On the circle about `centre` at height `height` (times its radius) left of the direction, ahead or behind.
PlanePoint on_circle(PlanePoint centre, double radius, PlanePoint direction, double height, bool ahead) {
    double along = std::sqrt(std::max(0.0, 1 - height * height));
    return centre + radius * ((ahead ? along : -along) * direction + height * left_of(direction));
}

bool in_circle(double ratio) { return ratio >= -1 && ratio <= 1; }

}  // namespace

bool Interpreter::comp_line(MotionKind kind, const Axes& target) {
    PlanePoint from = in_plane(state_.position), to = in_plane(target), way = to - from;
    Kind held = kind == MotionKind::kRapid ? Kind::kRapid : Kind::kFeed;
    if (!check_target(target)) return false;
    if (!comp_.entered && fanuc_family() && way.u == 0 && way.v == 0) return straight(kind, target);
    PlanePoint normal = comp_.side * left_of(unit(angle(way)));
    if (!comp_.entered) {
        if (length(way) <= comp_.radius && !fanuc_family())
            return refuse(0, "the move behind G41 or G42 is not longer than the radius of the cutter");
        comp_.starting = fanuc_family() && length(way) > 0;
        comp_.at = to + comp_.radius * normal;
        comp_.corner = from;
        comp_.corner_known = true;
        comp_hold(held, with_plane(target, comp_.at), {});
    } else if (way.u == 0 && way.v == 0) {
        comp_hold(held, with_plane(target, comp_.at), {});
    } else {
        if (!comp_corner_to_line(kind, target, way)) return false;
        comp_.at = to + comp_.radius * normal;
        comp_hold(held, with_plane(target, comp_.at), way);
    }
    state_.position = target;
    return true;
}

// From the end of the move before to the line that begins at the programmed point with direction `way`.
bool Interpreter::comp_corner_to_line(MotionKind kind, const Axes& target, PlanePoint way) {
    PlanePoint from = in_plane(state_.position);
    if (comp_.starting) return comp_start(from + comp_.radius * comp_.side * left_of(unit(angle(way))));
    double radius = comp_.radius, before = angle(comp_.at - from) - comp_.side * kPi / 2, next = angle(way);
    double away = turn_away(before, next, comp_.side);
    bool round = comp_.follows_arc(), outside = round && comp_.side * comp_.held.front().turns < 0;
    if (away < -kStraightOn_rad || away > kPi + kStraightOn_rad || (away > kPi - kStraightOn_rad && outside)) {
        if (!round) return comp_flush(comp_.at - radius * std::tan(-away / 2) * unit(before));
        return comp_arc_to_line(next);
    }
    if (away <= kStraightOn_rad) {
        comp_release();
        comp_.corner = comp_.at;
        comp_.corner_known = true;
        return true;
    }
    if (fanuc_family()) return comp_straight_corner(kind, before, next, away);
    PlanePoint begin = from + radius * comp_.side * left_of(unit(next));
    if (!comp_flush(comp_.at)) return false;
    int first, second, normal;
    axes_of_plane(first, second, normal);
    Axes end = with_plane(target, begin);
    end[static_cast<size_t>(normal)] = state_.position[static_cast<size_t>(normal)];
    if (kind == MotionKind::kRapid)
        comp_hold(Kind::kRapid, end, {});
    else
        comp_hold_arc(end, from, -comp_.side, 0);
    comp_release();
    comp_.corner = begin;
    comp_.corner_known = true;
    return true;
}

// The first move ends at `point`.
bool Interpreter::comp_start(PlanePoint point) {
    comp_.starting = false;
    return comp_flush(point);
}

// An outside corner in straight lines: to where the compensated lines (of an arc: its tangents) cross, or, at an acute corner, on by one
// radius and back by one.
bool Interpreter::comp_straight_corner(MotionKind kind, double before, double next, double away) {
    PlanePoint from = in_plane(state_.position);
    double radius = comp_.radius;
    PlanePoint first = from + radius * (comp_.side * left_of(unit(before))), second = from + radius * (comp_.side * left_of(unit(next)));
    if (!comp_flush(comp_.at)) return false;
    double on = away > kPi / 2 + kFlat ? radius : radius * std::tan(away / 2);
    HeldMove::Kind held = kind == MotionKind::kRapid ? Kind::kRapid : Kind::kFeed;
    PlanePoint corner = first + on * unit(before);
    comp_hold(held, with_plane(state_.position, corner), {});
    if (away > kPi / 2 + kFlat) {
        corner = second - on * unit(next);
        comp_hold(held, with_plane(state_.position, corner), {});
    }
    comp_release();
    comp_.corner = corner;
    comp_.corner_known = true;
    return true;
}

// Inside corner between the held arc and a line in direction `next`.
bool Interpreter::comp_arc_to_line(double next) {
    const HeldMove& arc = comp_.held.front();
    PlanePoint from = in_plane(state_.position), centre = arc.centre;
    double radius = length(in_plane(arc.target) - centre);
    bool inside = comp_.side * arc.turns > 0;
    // Distance of the programmed line from the arc's centre, then that of the compensated one.
    double programmed = inside ? radius + comp_.radius : radius - comp_.radius;
    PlanePoint direction = unit(next), across = (arc.turns > 0 ? 1 : -1) * left_of(direction);
    double height = programmed * dot(across, unit(angle(centre - from)));
    double ratio = (inside ? height - comp_.radius : height + comp_.radius) / radius;
    if (!in_circle(ratio)) return refuse(0, "the cutter does not fit into the corner between arc and line: it would gouge");
    return comp_flush(on_circle(centre, radius, direction, arc.turns > 0 ? -ratio : ratio, !inside));
}

bool Interpreter::comp_arc(const Block& block, bool clockwise) {
    Axes target;
    if (!target_of(block, target) || !check_target(target)) return false;
    PlanePoint from = in_plane(state_.position), to = in_plane(target);
    if (!comp_.entered && fanuc_family()) return refuse(0, "the move behind G41 or G42 must be straight, not an arc");
    if (!comp_.entered && length(to - from) <= comp_.radius)
        return refuse(0, "the arc behind G41 or G42 reaches no farther than the radius of the cutter");
    Arc arc;
    if (!(block.has('R') ? arc_from_radius(block, target, clockwise, arc) : arc_from_centre(block, target, clockwise, arc))) return false;
    PlanePoint centre{arc.centre_first, arc.centre_second};
    bool inside = comp_.side * arc.turns > 0;
    double arc_radius = !comp_.entered && block.has('R') ? std::fabs(block.get('R')) : length(centre - (comp_.entered ? to : from));
    if (inside && arc_radius <= comp_.radius) return refuse(0, "the radius of the arc is not larger than that of the cutter");
    if (state_.feed_mode == FeedMode::kInverseTime) {
        int first, second, normal;
        axes_of_plane(first, second, normal);
        canon_inverse_rate(target, std::fabs(arc_sweep(from, centre, arc.turns, to)), length(centre - from), normal);
    };
    PlanePoint outward = unit(inside ? angle(centre - to) : angle(to - centre));
    PlanePoint end = to + comp_.radius * outward;
    bool done = comp_.entered ? comp_corner_to_arc(target, arc, arc_radius, end) : comp_entry_arc(target, arc, end);
    if (!done) return false;
    comp_.at = end;
    state_.position = target;
    return true;
}

// The first move: an arc from the programmed point that ends tangential to the compensated one.
bool Interpreter::comp_entry_arc(const Axes& target, const Arc& programmed, PlanePoint end) {
    PlanePoint from = in_plane(state_.position), centre{programmed.centre_first, programmed.centre_second};
    PlanePoint inward = unit(angle(centre - end)), chord = from - end;
    double cosine = dot(inward, chord) / length(chord);
    if (std::fabs(cosine) < kFlat) return refuse(0, "the radius of the arc is not larger than that of the cutter");
    centre = end + length(chord) / 2 / cosine * inward;
    bool nose = comp_.orientation != 0 && comp_.orientation != 9;
    if (nose) comp_hold(Kind::kFeed, with_plane(target, from), {});
    if (nose) {
        int first, second, normal;
        axes_of_plane(first, second, normal);
        size_t n = static_cast<size_t>(normal);
        comp_.held.back().target[n] = state_.position[n];
        comp_.corner = from;
        comp_.corner_known = true;
    }
    comp_hold_arc(with_plane(target, end), centre, programmed.turns, arc_sweep(from, centre, programmed.turns, end));
    return true;
}

bool Interpreter::comp_corner_to_arc(const Axes& target, const Arc& arc, double arc_radius, PlanePoint end) {
    PlanePoint from = in_plane(state_.position), centre{arc.centre_first, arc.centre_second};
    bool inside = comp_.side * arc.turns > 0;
    double radius = inside ? arc_radius - comp_.radius : arc_radius + comp_.radius;
    if (comp_.starting) {
        if (!comp_start(from + comp_.radius * unit(inside ? angle(centre - from) : angle(from - centre)))) return false;
        comp_hold_arc(with_plane(target, end), centre, arc.turns, arc_sweep(from, centre, arc.turns, in_plane(target)));
        return true;
    }
    double before = angle(comp_.at - from) - comp_.side * kPi / 2;
    double next = angle(centre - from) + (arc.turns > 0 ? -kPi / 2 : kPi / 2);
    double away = turn_away(before, next, comp_.side);
    if (away < -kStraightOn_rad || away > kPi + kStraightOn_rad || (std::fabs(away - kPi) < kStraightOn_rad && !inside)) {
        if (comp_.follows_arc() ? !comp_arc_to_arc(centre, radius, arc.turns)
                                : !comp_line_to_arc(centre, arc_radius, radius, before, away, inside))
            return false;
    } else if (away > kStraightOn_rad) {  // round the outside corner
        int first, second, normal;
        axes_of_plane(first, second, normal);
        PlanePoint begin = from + comp_.radius * unit(inside ? angle(centre - from) : angle(from - centre));
        Axes corner = with_plane(target, begin);
        corner[static_cast<size_t>(normal)] = state_.position[static_cast<size_t>(normal)];
        if (fanuc_family()) {
            if (!comp_straight_corner(MotionKind::kFeed, before, next, away)) return false;
            comp_hold(Kind::kFeed, corner, {});
        } else {
            comp_release();
            comp_hold_arc(corner, from, -comp_.side, 0);
        }
        comp_release();
        comp_.corner = begin;
        comp_.corner_known = true;
    } else {
        comp_release();
        comp_.corner = comp_.at;
        comp_.corner_known = true;
    }
    comp_hold_arc(with_plane(target, end), centre, arc.turns, arc_sweep(from, centre, arc.turns, in_plane(target)));
    return true;
}

// Inside corner between a line in direction `before` and an arc of programmed and compensated radius.
bool Interpreter::comp_line_to_arc(PlanePoint centre, double arc_radius, double radius, double before, double away, bool inside) {
    double from_line = -arc_radius * std::cos(away);
    double ratio = (inside ? from_line + comp_.radius : from_line - comp_.radius) / radius;
    if (!in_circle(ratio)) return refuse(0, "the cutter does not fit into the corner between line and arc: it would gouge");
    double height = comp_.side * (inside ? ratio : -ratio);
    return comp_flush(on_circle(centre, radius, unit(before), height, inside));
}

// Inside corner between the held arc and another one: one of the two points where the compensated circles cross.
bool Interpreter::comp_arc_to_arc(PlanePoint centre, double radius, int turns) {
    const HeldMove& arc = comp_.held.front();
    double old_radius = length(in_plane(arc.target) - arc.centre), apart = length(centre - arc.centre);
    if (old_radius == 0 || apart == 0) return refuse(0, "two arcs behind each other about the same centre cannot be compensated");
    double cosine = (old_radius * old_radius + apart * apart - radius * radius) / (2 * old_radius * apart);
    if (!in_circle(cosine)) return refuse(0, "the cutter does not fit into the corner between two arcs: it would gouge");
    bool left = (comp_.side * arc.turns > 0) == (turns > 0);
    double direction = angle(centre - arc.centre) + (left ? std::acos(cosine) : -std::acos(cosine));
    return comp_flush(arc.centre + old_radius * unit(direction));
}

}  // namespace proveout::interp
