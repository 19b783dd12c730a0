// Straight moves, arcs, probes and threads; frames: from programmed coordinates to the machine and to the tip in the set-up frame.
#include <algorithm>
#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::bit;
using gcode::bits;
using gcode::Block;

constexpr double kDegree = kPi / 180;
// A turn whose end angle is this close to its start angle is a whole turn.
constexpr double kWholeTurn_rad = 1e-6, kGrblWholeTurn_rad = 5e-7;
// LinuxCNC: radii at start and end may differ by this much, or by 0.1 % up to a hundred times as much (then the arc is a spiral).
constexpr double kSpiral_mm = 0.02 * 1.4142135623730951, kSpiral_inch = 0.002 * 1.4142135623730951, kSpiralRatio = 0.001, kSpiralMost = 100;
constexpr double kSpiralRounding = 1e-9;
// GRBL gcode.c: 0.005 mm, or 0.1 % up to 0.5 mm.
constexpr double kGrblSpiral_mm = 0.005, kGrblSpiralMost_mm = 0.5;
// Fanuc, Haas, Mach3: a machine parameter decides; this is what posts and machines get along with.
constexpr double kOtherSpiral_mm = 0.1, kOtherSpiralRatio = 0.01;
constexpr double kRadiusSlack_mm = 0.00127;  // LinuxCNC: R may be this much too small for the chord
constexpr double kProbeDistance_mm = 0.254;  // LinuxCNC's standalone interpreter: the probe trips this much before its end
constexpr double kChordError_mm = 0.002;     // of chords that stand for an arc
constexpr double kMaxTurns = 1e6;            // P of an arc
constexpr int kRegistered = 1000;            // tool numbers below it are looked up by index

}  // namespace

void Interpreter::axes_of_plane(int& first, int& second, int& normal) const {
    switch (state_.plane) {
        case ArcPlane::kZX:
            first = kZ, second = kX, normal = kY;
            return;
        case ArcPlane::kYZ:
            first = kY, second = kZ, normal = kX;
            return;
        case ArcPlane::kXY:
            break;
    }
    first = kX, second = kY, normal = kZ;
}

void Interpreter::refresh_frame() {
    scale_ = state_.unit_mm();
    cos_ = state_.rotation_deg == 0 ? 1 : std::cos(state_.rotation_deg * kDegree);
    sin_ = state_.rotation_deg == 0 ? 0 : std::sin(state_.rotation_deg * kDegree);
    const Tool* tool = options_.tools && state_.tool > 0 ? find_tool(*options_.tools, state_.tool) : nullptr;
    tool_length_mm_ = tool && !options_.zero_start ? tool->length_offset_mm : 0;
    Vec3 zero = options_.machine.zero_mm;
    fixed_ = {};
    for (size_t i = 0; i < 3; ++i) fixed_[i] = scale_ * (state_.origin[i] + state_.length_offset[i]);
    if (state_.rotation_deg == 0)
        for (size_t i = 0; i < 3; ++i)
            fixed_[i] = scale_ * (state_.origin[i] + state_.length_offset[i] + state_.shift[i] + state_.local[i]);
    fixed_[0] += zero.x, fixed_[1] += zero.y, fixed_[2] += zero.z - tool_length_mm_;
}

Vec3 Interpreter::tip_of(const Axes& position) const {
    double x = position[kX], y = position[kY], z = position[kZ];
    if (state_.transform.active) {
        std::array<double, 3> q = state_.transform.apply(x, y, z);
        x = q[0], y = q[1], z = q[2];
    }
    if (state_.rotation_deg != 0) {
        double u = x + state_.shift[kX] + state_.local[kX], v = y + state_.shift[kY] + state_.local[kY];
        x = cos_ * u - sin_ * v;
        y = sin_ * u + cos_ * v;
        z += state_.shift[kZ] + state_.local[kZ];
    }
    return {scale_ * x + fixed_[kX], scale_ * y + fixed_[kY], scale_ * z + fixed_[kZ]};
}

// Millimetres and degrees, tip at zero tool length.
Axes Interpreter::machine_of(const Axes& position) const {
    Axes machine = position;
    if (state_.transform.active) {
        std::array<double, 3> q = state_.transform.apply(position[kX], position[kY], position[kZ]);
        for (size_t i = 0; i < 3; ++i) machine[i] = q[i];
    }
    for (size_t i = 0; i < kAxes; ++i) machine[i] += state_.shift[i] + state_.local[i];
    double x = machine[kX], y = machine[kY];
    machine[kX] = cos_ * x - sin_ * y;
    machine[kY] = sin_ * x + cos_ * y;
    for (size_t i = 0; i < kAxes; ++i) {
        machine[i] += state_.origin[i] + state_.length_offset[i];
        if (!is_rotary(static_cast<int>(i))) machine[i] *= scale_;
    }
    return machine;
}

Axes Interpreter::position_of(const Axes& machine) const {
    Axes position;
    for (size_t i = 0; i < kAxes; ++i)
        position[i] = (is_rotary(static_cast<int>(i)) ? machine[i] : machine[i] / scale_) - state_.origin[i] - state_.length_offset[i];
    double x = position[kX], y = position[kY];
    position[kX] = cos_ * x + sin_ * y;
    position[kY] = -sin_ * x + cos_ * y;
    for (size_t i = 0; i < kAxes; ++i) position[i] -= state_.shift[i] + state_.local[i];
    if (state_.transform.active) {
        std::array<double, 3> p = state_.transform.undo(position[kX], position[kY], position[kZ]);
        for (size_t i = 0; i < 3; ++i) position[i] = p[i];
    }
    return position;
}

void Interpreter::refresh_motion() {
    motion_.plane = state_.plane;
    motion_.feed_mode = state_.feed_mode;
    motion_.path_mode = state_.path_mode;
    motion_.feed = state_.feed_mode == FeedMode::kInverseTime ? state_.feed : state_.feed * scale_;
    motion_.path_tolerance_mm = state_.path_tolerance * scale_;
    motion_.naive_cam_tolerance_mm = state_.naive_tolerance * scale_;
    motion_.tool = state_.tool;
    motion_.length_offset_mm = state_.length_offset[kZ] * scale_;
}

void Interpreter::commit() {
    for (const Motion& event : pending_)
        if (!observer_stopped_ && !observer_.on_motion(event)) observer_stopped_ = over_ = true;
    pending_.clear();
}

void Interpreter::emit_event(MotionKind kind, double dwell_s) {
    Motion event = motion_;
    event.kind = kind;
    event.line = report_line();
    event.from = event.to = tip_;
    event.dwell_s = dwell_s;
    if (comp_holds_event(event)) return;
    if (in_general_)
        pending_.push_back(event);
    else if (!observer_stopped_ && !observer_.on_motion(event))
        observer_stopped_ = over_ = true;
}

// Makes a move that nothing can refuse any more.
void Interpreter::emit(Motion& motion) {
    if (!pending_.empty()) commit();
    if (observer_stopped_) return;
    if (!length_checked_) check_length_offset(motion.from.z != motion.to.z, motion.kind != MotionKind::kRapid);
    bool still = motion.from == motion.to && motion.kind != MotionKind::kArc;
    tip_ = motion.to;
    if (!state_.has_moved) {
        state_.has_moved = true;
        if (!end_.units_given && !grbl_family())
            find("UNITS_MISSING",
                 std::string("no G20 or G21 before the first move; ") + (state_.inches ? "inches" : "millimetres") + " are taken");
    }
    if (still) return;
    if (state_.tool <= 0) {
        // no tool known
    } else if (state_.tool < kRegistered) {
        if (!tool_used_[static_cast<size_t>(state_.tool)])
            tool_used_[static_cast<size_t>(state_.tool)] = true, tools_used_.push_back(state_.tool);
    } else if (std::find(tools_used_.begin(), tools_used_.end(), state_.tool) == tools_used_.end()) {
        tools_used_.push_back(state_.tool);
    }
    if (!observer_.on_motion(motion)) observer_stopped_ = over_ = true;
}

// The first move in program coordinates that goes along Z or cuts must have the offset of the tool in the spindle.
void Interpreter::check_length_offset(bool moves_z, bool feed) {
    if (motion_.machine_coordinates || (!moves_z && !feed)) return;
    length_checked_ = true;
    if (state_.length_number <= 0 || state_.tool <= 0 || state_.length_number == state_.tool) return;
    find("TOOL_OFFSET_MISMATCH", "length offset H" + std::to_string(state_.length_number) + " is in force while tool " +
                                     std::to_string(state_.tool) + " is in the spindle");
}

bool Interpreter::check_target(const Axes& target) {
    double limit = kMaxCoordinate_mm / scale_;
    for (int axis = 0; axis < kAxes; ++axis) {
        size_t i = static_cast<size_t>(axis);
        if (!(std::fabs(target[i]) <= limit)) return refuse(38, "a coordinate is out of range");
        if (axis >= kA && target[i] != state_.position[i] && !rotary_noted_) {
            rotary_noted_ = true;
            find("UNSUPPORTED_CODE", std::string("the program moves axis ") + "XYZABCUVW"[axis] +
                                         "; only X, Y and Z are simulated, the rest of the program cannot be verified");
        }
    }
    return true;
}

bool Interpreter::straight(MotionKind kind, const Axes& target) {
    if (!check_target(target)) return false;
    if (options_.want_canon) canon_move(kind == MotionKind::kRapid ? "STRAIGHT_TRAVERSE" : "STRAIGHT_FEED", target);
    motion_.kind = kind;
    motion_.line = report_line();
    motion_.from = tip_;
    motion_.to = tip_of(target);
    state_.position = target;
    emit(motion_);
    return true;
}

// A move to machine coordinates (mm) in the axes of the mask; the others stay.
bool Interpreter::move_to_machine(const Axes& machine, uint32_t axes, MotionKind kind, bool reference) {
    Axes goal = machine_of(state_.position);
    for (size_t i = 0; i < kAxes; ++i)
        if (axes & (1u << i)) goal[i] = machine[i];
    Axes target = position_of(goal);
    for (size_t i = 0; i < kAxes; ++i)  // axes that stay keep their exact coordinate
        if (!(axes & (1u << i)) && (i > kY || state_.rotation_deg == 0) && !state_.transform.active) target[i] = state_.position[i];
    motion_.machine_coordinates = true;
    motion_.reference_return = reference;
    bool done = straight(kind, target);
    motion_.machine_coordinates = motion_.reference_return = false;
    return done;
}

// Programmed end point: absolute or incremental words on the present position.
bool Interpreter::target_of(const Block& block, Axes& target) {
    target = state_.position;
    constexpr char kLetters[] = "XYZABCUVW";
    bool incremental_letters = fanuc_family();  // U V W are increments of X Y Z on Fanuc
    for (int axis = 0; axis < kAxes; ++axis) {
        char letter = kLetters[axis];
        if (!block.has(letter)) continue;
        size_t i = static_cast<size_t>(axis);
        if (axis >= kU && incremental_letters) {
            target[i - kU] += block.get(letter);
            continue;
        }
        target[i] = state_.incremental ? target[i] + block.get(letter) : block.get(letter);
    }
    if (state_.polar.on) modal_polar_target(block, target);
    return !block.polar() || polar_target(block, target);
}

// "@" and "^" replace (G90) or add to (G91) radius and angle of the present place.
bool Interpreter::polar_target(const Block& block, Axes& target) {
    double radius = std::hypot(target[kX], target[kY]), angle = std::atan2(target[kY], target[kX]);
    if (block.has_radius)
        radius = state_.incremental ? radius + block.radius : block.radius;
    else if (radius == 0)
        return refuse(0, "the angle word ^ at the origin needs the radius word @");
    if (block.has_angle) angle = (state_.incremental ? angle : 0) + block.angle_deg * kDegree;
    target[kX] = radius * std::cos(angle);
    target[kY] = radius * std::sin(angle);
    return true;
}

bool Interpreter::feed_for_move(const Block& block) {
    bool per_block = state_.feed_mode == FeedMode::kInverseTime;
    if (is(Dialect::kLinuxcnc) && state_.feed_mode == FeedMode::kPerRevolution && state_.feed > 0 && state_.speed == 0)
        return refuse(0, "feed per revolution (G95) with spindle speed zero");
    if (per_block && !block.has('F')) return refuse(22, "F is missing: every block with a feed move needs it in G93");
    if (state_.feed > 0) return true;
    if (is(Dialect::kMach3)) {
        find("FEED_MISSING", "feed move without a feed; the control takes its own default");
        return true;
    }
    return refuse(22, "feed move without a feed: no F before it, or F0");
}

bool Interpreter::do_motion(const Block& block, const Request& request) {
    if (request[Group::kMotion] >= 0) {
        state_.motion = request[Group::kMotion];
        if (state_.motion == kNoMotion) canon("COMMENT(\"interpreter: motion mode set to none\")");
    }
    int code = request.motion;
    bool cycle = code >= 730 && code != kNoMotion && !(code == 760 && is(Dialect::kLinuxcnc));
    if (!cycle && (code >= 0 || state_.motion < 730 || state_.motion == kNoMotion)) state_.cycle.active = false;
    if (request.machine_coordinates) {
        if (code > 10) return refuse(30, "G53 needs G0 or G1");
    }
    if (code < 0) return true;
    if (code != 0 && code <= 30 && !feed_for_move(block)) return false;
    refresh_motion();
    bool beside = request.machine_coordinates || cycle || code > 30;
    if (beside && !is(Dialect::kLinuxcnc) && !comp_pause()) return false;
    if (request.machine_coordinates) {
        if (state_.incremental && is(Dialect::kLinuxcnc)) return refuse(30, "G53 cannot be used in incremental mode (G91)");
        Axes machine{};
        uint32_t mask = 0;
        constexpr char kLetters[] = "XYZABCUVW";
        for (int axis = 0; axis < kAxes; ++axis) {
            if (!block.has(kLetters[axis])) continue;
            mask |= 1u << axis;
            machine[static_cast<size_t>(axis)] = block.get(kLetters[axis]) * (is_rotary(axis) ? 1 : scale_);
        }
        if (!move_to_machine(machine, mask, code == 0 ? MotionKind::kRapid : MotionKind::kFeed, false)) return false;
        find("HOME_EXCURSION", "move in machine coordinates (G53)");
        return true;
    }
    if (code == 20 || code == 30) {
        if (comp_.straight_next) return refuse(0, "the move behind G40 must be straight, not an arc");
        return comp_.active() ? comp_arc(block, code == 20) : do_arc(block, code == 20);
    }
    if (code >= 382 && code <= 385) return do_probe(block, code);
    if (code == 330 || code == 331) return do_synchronised(block, code);
    if (code == 50 || code == 51) {
        state_.motion = before_.motion;  // not modal
        return do_spline(block, code);
    }
    if (code == 52) return do_nurbs_point(block);
    if (code == 760 && is(Dialect::kLinuxcnc)) return do_threading(block);
    if (cycle) return do_cycle(block, code);
    Axes target;
    if (!target_of(block, target)) return false;
    if (state_.feed_mode == FeedMode::kInverseTime && code == 10) canon_inverse_rate(target);
    comp_.straight_next = false;
    MotionKind kind = code == 0 ? MotionKind::kRapid : MotionKind::kFeed;
    return comp_.active() ? comp_line(kind, target) : straight(kind, target);
}

bool Interpreter::do_arc(const Block& block, bool clockwise) {
    Axes target;
    if (!target_of(block, target)) return false;
    if (state_.transform.active) return do_mapped_arc(block, target, clockwise);
    Arc arc;
    bool radius = block.has('R');
    if (radius && block.has_any(bits("IJK")) && is(Dialect::kLinuxcnc)) return refuse(36, "arc with both R and a centre (I J K)");
    if (!(radius ? arc_from_radius(block, target, clockwise, arc) : arc_from_centre(block, target, clockwise, arc))) return false;
    return emit_arc(target, arc);
}

bool Interpreter::radii_agree(double start_radius, double end_radius) const {
    double difference = std::fabs(start_radius - end_radius) * (is(Dialect::kLinuxcnc) ? 1 : scale_),
           larger = std::max(start_radius, end_radius);
    double ratio = larger > 0 ? std::fabs(start_radius - end_radius) / larger : 0;
    if (is(Dialect::kLinuxcnc)) {
        double allowed = (state_.inches ? kSpiral_inch : kSpiral_mm) + kSpiralRounding;
        return difference <= allowed || (ratio <= kSpiralRatio && difference <= allowed * kSpiralMost);
    }
    if (grbl_family())
        return difference <= kGrblSpiral_mm || (difference <= kGrblSpiralMost_mm && difference <= 0.001 * start_radius * scale_);
    return difference <= kOtherSpiral_mm || ratio <= kOtherSpiralRatio;
}

bool Interpreter::arc_from_centre(const Block& block, const Axes& target, bool clockwise, Arc& arc) {
    int first, second, normal;
    axes_of_plane(first, second, normal);
    char first_letter = "IJK"[first], second_letter = "IJK"[second], other_letter = "IJK"[normal];
    if (block.has(other_letter) && is(Dialect::kLinuxcnc))
        return refuse(36, std::string(1, other_letter) + " word for an arc in a plane that has no such axis");
    if (!block.has(first_letter) && !block.has(second_letter)) return refuse(35, "arc without R and without a centre in its plane (I J K)");
    size_t f = static_cast<size_t>(first), s = static_cast<size_t>(second);
    if (state_.absolute_centres) {
        if (is(Dialect::kLinuxcnc) && !(block.has(first_letter) && block.has(second_letter)))
            return refuse(35, "G90.1 needs both coordinates of the centre");
        arc.centre_first = block.get_or(first_letter, state_.position[f]);
        arc.centre_second = block.get_or(second_letter, state_.position[s]);
    } else {
        arc.centre_first = state_.position[f] + block.get_or(first_letter, 0);
        arc.centre_second = state_.position[s] + block.get_or(second_letter, 0);
    }
    double start_radius = std::hypot(state_.position[f] - arc.centre_first, state_.position[s] - arc.centre_second);
    double end_radius = std::hypot(target[f] - arc.centre_first, target[s] - arc.centre_second);
    if (!(start_radius > 0) && !(end_radius > 0)) {
        if (grbl_family()) {  // accepted, moves nothing in the plane
            arc.sweep_rad = 0;
            return true;
        }
        return refuse(33, "arc with radius zero");
    }
    if ((start_radius == 0 || end_radius == 0) && is(Dialect::kLinuxcnc)) return refuse(33, "arc with radius zero at one end");
    if (!radii_agree(start_radius, end_radius)) {
        char text[160];
        std::snprintf(text, sizeof text, "the arc's radius is %.4f at its start and %.4f at its end (difference %.4f)", start_radius,
                      end_radius, std::fabs(start_radius - end_radius));
        return refuse(33, text);
    }
    double turns = block.get_or('P', 1);
    if (!block.has('P') || fanuc_family() || is(Dialect::kMach3)) turns = 1;
    if (!(turns >= 1 && turns <= kMaxTurns) || turns != std::floor(turns))
        return refuse(39, "P of an arc (number of turns) must be a whole number above 0");
    return finish_arc(target, clockwise, static_cast<int>(turns), arc);
}

bool Interpreter::arc_from_radius(const Block& block, const Axes& target, bool clockwise, Arc& arc) {
    int first, second, normal;
    axes_of_plane(first, second, normal);
    size_t f = static_cast<size_t>(first), s = static_cast<size_t>(second);
    double radius = block.get('R');
    double du = target[f] - state_.position[f], dv = target[s] - state_.position[s];
    double half = std::hypot(du, dv) / 2;
    if (half == 0) return refuse(33, "arc with R whose end is its start: the centre is not defined");
    double slack = grbl_family() ? 0 : kRadiusSlack_mm / scale_;
    if (half > std::fabs(radius) + slack) return refuse(34, "R is too small to reach the end of the arc");
    double height = std::sqrt(std::max(0.0, radius * radius - half * half));
    bool centre_right = clockwise == (radius > 0);  // of the chord, seen along it
    double side = centre_right ? -1 : 1;
    arc.centre_first = (state_.position[f] + target[f]) / 2 - side * height * dv / (2 * half);
    arc.centre_second = (state_.position[s] + target[s]) / 2 + side * height * du / (2 * half);
    double turns = block.has('P') && is(Dialect::kLinuxcnc) ? block.get('P') : 1;
    if (!(turns >= 1 && turns <= kMaxTurns) || turns != std::floor(turns))
        return refuse(39, "P of an arc (number of turns) must be a whole number above 0");
    return finish_arc(target, clockwise, static_cast<int>(turns), arc);
}

bool Interpreter::finish_arc(const Axes& target, bool clockwise, int turns, Arc& arc) {
    int first, second, normal;
    axes_of_plane(first, second, normal);
    size_t f = static_cast<size_t>(first), s = static_cast<size_t>(second);
    double begin = std::atan2(state_.position[s] - arc.centre_second, state_.position[f] - arc.centre_first);
    double end = std::atan2(target[s] - arc.centre_second, target[f] - arc.centre_first);
    double whole = grbl_family() ? kGrblWholeTurn_rad : kWholeTurn_rad;
    double sweep = end - begin;
    if (clockwise) {
        if (sweep >= -whole) sweep -= 2 * kPi;
        if (sweep >= -whole) sweep -= 2 * kPi;
        sweep -= 2 * kPi * (turns - 1);
    } else {
        if (sweep <= whole) sweep += 2 * kPi;
        if (sweep <= whole) sweep += 2 * kPi;
        sweep += 2 * kPi * (turns - 1);
    }
    arc.sweep_rad = sweep;
    arc.turns = clockwise ? -turns : turns;
    return true;
}

bool Interpreter::emit_arc(const Axes& target, const Arc& arc) {
    if (arc.sweep_rad == 0) return straight(MotionKind::kFeed, target);
    if (!check_target(target)) return false;
    if (std::hypot(arc.centre_first, arc.centre_second) > kMaxCoordinate_mm / scale_) return refuse(38, "the arc's centre is out of range");
    int first, second, normal;
    axes_of_plane(first, second, normal);
    Axes centre = state_.position;
    centre[static_cast<size_t>(first)] = arc.centre_first;
    centre[static_cast<size_t>(second)] = arc.centre_second;
    if (state_.feed_mode == FeedMode::kInverseTime && !releasing_) {
        PlanePoint start = in_plane(state_.position);
        canon_inverse_rate(target, std::fabs(arc.sweep_rad), std::hypot(start.u - arc.centre_first, start.v - arc.centre_second), normal);
    }
    canon_arc(target, arc);
    if (state_.rotation_deg != 0 && state_.plane != ArcPlane::kXY) return emit_chords(target, arc);
    motion_.kind = MotionKind::kArc;
    motion_.line = report_line();
    motion_.from = tip_;
    motion_.to = tip_of(target);
    motion_.centre = tip_of(centre);
    motion_.sweep_rad = arc.sweep_rad;
    if (state_.transform.active) {  // only rigid maps come here; one that turns the plane over turns the arc over
        const auto& a = state_.transform.matrix;
        size_t f = static_cast<size_t>(first), s = static_cast<size_t>(second);
        if (a[f][f] * a[s][s] - a[f][s] * a[s][f] < 0) motion_.sweep_rad = -arc.sweep_rad;
    }
    state_.position = target;
    emit(motion_);
    return true;
}

// An arc in a plane that the work offset has turned away from the machine's planes.
bool Interpreter::emit_chords(const Axes& target, const Arc& arc) {
    int first, second, normal;
    axes_of_plane(first, second, normal);
    size_t f = static_cast<size_t>(first), s = static_cast<size_t>(second), n = static_cast<size_t>(normal);
    Axes start = state_.position;
    double u = start[f] - arc.centre_first, v = start[s] - arc.centre_second, radius = std::hypot(u, v), begin = std::atan2(v, u);
    double end_radius = std::hypot(target[f] - arc.centre_first, target[s] - arc.centre_second);
    double step = 2 * std::acos(std::max(0.0, 1 - kChordError_mm / std::max(radius * scale_, kChordError_mm)));
    int64_t count = std::max<int64_t>(1, static_cast<int64_t>(std::ceil(std::fabs(arc.sweep_rad) / step)));
    if (!spend(count / 16)) return true;
    quiet_canon_ = true;
    for (int64_t k = 1; k <= count && !over_; ++k) {
        double t = static_cast<double>(k) / static_cast<double>(count), angle = begin + t * arc.sweep_rad,
               r = radius + t * (end_radius - radius);
        Axes point = target;
        if (k < count) {
            point[f] = arc.centre_first + r * std::cos(angle), point[s] = arc.centre_second + r * std::sin(angle);
            point[n] = start[n] + t * (target[n] - start[n]);
        }
        straight(MotionKind::kFeed, point);
    }
    quiet_canon_ = false;
    return true;
}

// A move that a signal may end, to its programmed end, which the program then reads as the place of the signal. The note is told once.
bool Interpreter::probe_move(const Axes& target, std::string note) {
    if (!probe_noted_) {
        probe_noted_ = true;
        find("PROBE_MOVE", std::move(note));
    }
    motion_.probe = true;
    bool done = straight(MotionKind::kFeed, target);
    motion_.probe = false;
    for (size_t i = 0; i < kAxes; ++i) probed_[i] = state_.position[i];
    probed_[9] = 0;
    return done;
}

// G38.2 to G38.5: nothing is touched in a simulation; the move goes to its end.
bool Interpreter::do_probe(const Block& block, int code) {
    uint32_t axes = block.words & bits("XYZABCUVW");
    if (axes == 0) return refuse(26, "probing move without axis words");
    if (!(state_.feed > 0)) return refuse(22, "probing move without a feed");
    Axes target;
    if (!target_of(block, target)) return false;
    double distance =
        std::hypot(target[kX] - state_.position[kX], target[kY] - state_.position[kY], target[kZ] - state_.position[kZ]) * scale_;
    bool strict = !is(Dialect::kLinuxcnc) || code == 382 || code == 384;
    if (strict && target == state_.position) return refuse(33, "probing move to where the tool is");
    if (is(Dialect::kLinuxcnc) && state_.feed_mode == FeedMode::kPerRevolution)
        return refuse(0, "probing move with feed per revolution (G95)");
    Axes start = state_.position;
    canon("TURN_PROBE_ON()");
    canon_move("STRAIGHT_PROBE", target);
    canon("TURN_PROBE_OFF()");
    quiet_canon_ = true;
    bool done = probe_move(target, spelling('G', code) + " is simulated to its programmed end, as if nothing was touched");
    quiet_canon_ = false;
    if (options_.want_canon && is(Dialect::kLinuxcnc) && distance > 0) {  // the standalone interpreter plays a probe that trips just before
        for (size_t i = 0; i < 3; ++i) state_.position[i] += (start[i] - target[i]) / (distance / scale_) * kProbeDistance_mm / scale_;
        tip_ = tip_of(state_.position);
    }
    return done;
}

// G33: one move at K per turn; G33.1: in and out again.
bool Interpreter::do_synchronised(const Block& block, int code) {
    if (!block.has('K')) return refuse(28, "G33 needs K, the distance per turn");
    if (state_.spindle == 0) return refuse(0, "the spindle must turn for G33");
    Axes target, start = state_.position;
    if (!target_of(block, target)) return false;
    motion_.spindle_synchronized = true;
    motion_.feed_mode = FeedMode::kPerRevolution;
    motion_.feed = std::fabs(block.get('K')) * scale_;
    bool done = true;
    if (code == 330) {
        canon("START_SPEED_FEED_SYNC(%.6f,0)", block.get('K'));
        done = straight(MotionKind::kFeed, target);
        canon("STOP_SPEED_FEED_SYNCH()");
    } else {
        canon("START_SPEED_FEED_SYNC(%.6f,0)", block.get('K'));
        canon("RIGID_TAP(%.4f, %.4f, %.4f)", target[kX], target[kY], target[kZ]);
        canon("STOP_SPEED_FEED_SYNCH()");
        quiet_canon_ = true;
        done = straight(MotionKind::kFeed, target) && straight(MotionKind::kFeed, start);
        quiet_canon_ = false;
    }
    motion_.spindle_synchronized = false;
    refresh_motion();
    return done;
}

}  // namespace proveout::interp
