// Cutter radius compensation on and off, and the moves that are held until the next one is known. See cutter_comp.h; the corners are in
// comp_moves.cpp.
#include "interp/cutter_comp.h"

#include <algorithm>
#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::Block;
using Kind = HeldMove::Kind;

constexpr double kSweepSlack_inch = 0.001, kSweepSlack_mm = 0.0254;  // rad; LinuxCNC's, which goes by the unit of length
constexpr double kRadiusSlack = 0.01;                                // of a shortened arc, program units
constexpr int kMaxOrientation = 9;

// Canonical calls that wait with the moves; the others act at once.
constexpr std::string_view kWaitingCalls[] = {"COMMENT(",        "SET_FEED_RATE(", "SET_FEED_MODE(",    "DWELL(",
                                              "MIST_",           "FLOOD_",         "START_SPINDLE_",    "STOP_SPINDLE_",
                                              "ORIENT_SPINDLE(", "WAIT_SPINDLE_",  "SET_SPINDLE_MODE(", "SET_SPINDLE_SPEED("};

bool waits(std::string_view call) {
    call.remove_prefix(std::min(call.find(' ') + 1, call.size()));
    for (std::string_view begin : kWaitingCalls)
        if (call.substr(0, begin.size()) == begin) return true;
    return false;
}

}  // namespace

double arc_sweep(PlanePoint from, PlanePoint centre, int turns, PlanePoint to) {
    double begin = std::atan2(from.v - centre.v, from.u - centre.u), end = std::atan2(to.v - centre.v, to.u - centre.u);
    if (turns > 0) return (end <= begin ? end + 2 * kPi : end) - begin + (turns - 1) * 2 * kPi;
    return end - (begin <= end ? begin + 2 * kPi : begin) + (turns + 1) * 2 * kPi;
}

bool Interpreter::do_cutter_side(const Block& block, int code) {
    if (code == 400) return comp_off();
    if (state_.plane == ArcPlane::kYZ) return refuse(0, "cutter radius compensation works in the planes XY and ZX only (G17, G18)");
    int side = code < 420 ? 1 : -1;
    if (comp_.side == side && fanuc_family() && !block.has('D')) return true;  // said again
    if (comp_.side != 0) return refuse(0, "cutter radius compensation is on already");
    double diameter = 0;
    int orientation = 0;
    if (code % 10 == 1) {
        if (!block.has('D')) return refuse(0, spelling('G', code) + " needs a D word with the diameter");
        diameter = block.get('D');
        if (block.has('L')) {
            if (state_.plane != ArcPlane::kZX) return refuse(0, spelling('G', code) + " with L (edge of a lathe tool) needs G18");
            orientation = static_cast<int>(block.get('L'));
        }
    } else if (!comp_tool(block, code, diameter, orientation)) {
        return false;
    }
    if (state_.transform.scaling) {  // the radius is not scaled: it is what is left of it before the map
        PlanePoint factor = in_plane({state_.transform.factor[0], state_.transform.factor[1], state_.transform.factor[2]});
        if (std::fabs(factor.u) != std::fabs(factor.v)) return refuse(0, "cutter radius compensation with unequal scaling of its plane");
        diameter /= std::fabs(factor.u);
    }
    if (diameter < 0) side = -side, diameter = -diameter;
    canon("COMMENT(\"interpreter: cutter radius compensation on %s\")", side > 0 ? "left" : "right");
    comp_.side = side;
    comp_.radius = diameter / 2;
    comp_.orientation = orientation >= 0 && orientation <= kMaxOrientation ? orientation : 0;
    comp_.entered = false;
    return true;
}

// Diameter (program units) of the tool of the D word, or of the one in the spindle.
bool Interpreter::comp_tool(const Block& block, int code, double& diameter, int& orientation) {
    int number = state_.tool;
    if (block.has('D')) {
        double whole = std::floor(block.get('D') + 0.5);
        if (std::fabs(block.get('D') - whole) >= 1e-4) return refuse(0, spelling('G', code) + " needs a whole number in D");
        if (whole < 0) return refuse(4, "negative D word");
        if (whole > 0) number = static_cast<int>(whole);
        if (whole == 0 && fanuc_family()) return true;  // D0: no offset
    }
    if (auto given = changed_radius_mm_.find(number); given != changed_radius_mm_.end()) {
        diameter = 2 * given->second / state_.unit_mm();
        return true;
    }
    const Tool* tool = options_.tools ? find_tool(*options_.tools, number) : nullptr;
    if (tool) {
        ToolEntry entry = tool_entry(number);
        diameter = entry.diameter_mm / state_.unit_mm();
        orientation = entry.orientation;
        if (orientation != 0 && orientation != 9 && state_.plane != ArcPlane::kZX)
            return refuse(0, spelling('G', code) + " with a lathe tool needs G18");
        return true;
    }
    if (number == 0 && options_.tools_are_complete) return true;  // an empty spindle has no diameter
    if (options_.tools_are_complete || (options_.tools && !options_.tools->empty()))
        return refuse(
            0, "tool " + std::to_string(number) + " is not in the tool table (its diameter is needed for " + spelling('G', code) + ")");
    note_once('G', code,
              "the diameter of tool " + std::to_string(number) + " is not known; " + spelling('G', code) +
                  " is followed as if it were zero, on the programmed path");
    return true;
}

bool Interpreter::comp_off() {
    canon("COMMENT(\"interpreter: cutter radius compensation off\")");
    if (comp_.active() && comp_.entered) {
        if (!comp_flush(comp_.at)) return false;
        comp_release();
        comp_.straight_next = true;
    }
    comp_.side = 0;
    comp_.entered = comp_.starting = false;
    return true;
}

// Before a move that is not compensated (reference point, cycle): what is held is made, and the next move enters again.
bool Interpreter::comp_pause() {
    if (!comp_.active() || !comp_.entered) return true;
    if (!comp_flush(comp_.at)) return false;
    comp_release();
    comp_.entered = comp_.starting = false;
    return true;
}

// What else the block may not do while compensation is on. LinuxCNC's list; called where the block would do it.
bool Interpreter::without_comp(std::string_view what) {
    if (comp_.side == 0) return true;
    return refuse(0, std::string(what) + " while cutter radius compensation is on");
}

PlanePoint Interpreter::in_plane(const Axes& position) const {
    int first, second, normal;
    axes_of_plane(first, second, normal);
    return {position[static_cast<size_t>(first)], position[static_cast<size_t>(second)]};
}

// `position` with its two coordinates of the plane replaced.
Axes Interpreter::with_plane(Axes position, PlanePoint point) const {
    int first, second, normal;
    axes_of_plane(first, second, normal);
    position[static_cast<size_t>(first)] = point.u;
    position[static_cast<size_t>(second)] = point.v;
    return position;
}

void Interpreter::comp_hold(HeldMove::Kind kind, const Axes& target, PlanePoint direction) {
    commit();
    if (!comp_.entered) comp_.given = state_.position;
    HeldMove move;
    move.kind = kind;
    move.motion = motion_;
    move.motion.line = report_line();
    if (state_.feed_mode == FeedMode::kInverseTime) {  // the rate was worked out from the programmed path
        move.motion.feed_mode = FeedMode::kPerMinute;
        move.motion.feed = inverse_rate_ * scale_;
    }
    move.target = target;
    move.direction = direction;
    comp_.held.push_back(std::move(move));
    comp_.entered = true;
}

void Interpreter::comp_hold_arc(const Axes& target, PlanePoint centre, int turns, double sweep_rad) {
    comp_hold(Kind::kArc, target, {});
    HeldMove& move = comp_.held.back();
    move.centre = centre;
    move.turns = turns;
    move.sweep_rad = sweep_rad;
}

bool Interpreter::comp_holds_call(std::string_view call) {
    if (comp_.held.empty() || releasing_ || !waits(call)) return false;
    HeldMove held;
    held.kind = Kind::kCall;
    held.call = call;
    comp_.held.push_back(std::move(held));
    return true;
}

bool Interpreter::comp_holds_event(const Motion& event) {
    if (comp_.held.empty() || releasing_) return false;
    HeldMove held;
    held.kind = Kind::kEvent;
    held.motion = event;
    comp_.held.push_back(std::move(held));
    return true;
}

// The held moves end at `point`, and leave. Refused where one of them would have to run backwards.
bool Interpreter::comp_flush(PlanePoint point) {
    if (comp_.held.empty()) return true;
    for (HeldMove& move : comp_.held) {
        if (move.kind == Kind::kCall || move.kind == Kind::kEvent) continue;
        if (move.kind == Kind::kArc) {
            PlanePoint end = in_plane(move.target);
            double before = std::hypot(end.u - move.centre.u, end.v - move.centre.v);
            double after = std::hypot(point.u - move.centre.u, point.v - move.centre.v);
            if (std::fabs(before - after) > kRadiusSlack) return refuse(33, "the compensated arc does not end on its circle");
            double slack = state_.inches ? kSweepSlack_inch : kSweepSlack_mm;
            double sweep = arc_sweep(comp_.corner, move.centre, move.turns, point);
            if (move.sweep_rad != 0 && comp_.corner_known && std::fabs(sweep) > std::fabs(move.sweep_rad) + slack)
                return refuse(0, "the cutter is too large for the inside corner at this arc: it would gouge");
        } else if (comp_.corner_known) {
            double along = move.direction.u * (point.u - comp_.corner.u) + move.direction.v * (point.v - comp_.corner.v);
            if (along < 0) return refuse(0, "the cutter is too large for the inside corner at this line: it would gouge");
        }
        move.target = with_plane(move.target, point);
    }
    comp_release();
    comp_.corner = point;
    comp_.corner_known = true;
    return true;
}

// Gives out what is held, in order.
void Interpreter::comp_release() {
    comp_.corner_known = false;
    if (comp_.held.empty()) return;
    std::vector<HeldMove> held = std::move(comp_.held);
    comp_.held.clear();
    Axes programmed = state_.position;
    Motion now = motion_;
    bool general = in_general_;
    commit();
    releasing_ = true;
    in_general_ = false;
    for (HeldMove& move : held) comp_give(move);
    releasing_ = false;
    in_general_ = general;
    held_line_ = 0;
    state_.position = programmed;
    double spindle = motion_.spindle_rpm;
    motion_ = now;
    motion_.spindle_rpm = spindle;
}

void Interpreter::comp_give(HeldMove& move) {
    if (move.kind == Kind::kCall) {
        observer_.on_canon(move.call);
        return;
    }
    if (move.kind == Kind::kEvent) {
        move.motion.from = move.motion.to = tip_;
        if (!observer_stopped_ && !observer_.on_motion(move.motion)) observer_stopped_ = over_ = true;
        return;
    }
    PlanePoint nose = nose_shift();
    PlanePoint end = in_plane(move.target);
    Axes target = with_plane(move.target, {end.u + nose.u, end.v + nose.v});
    state_.position = comp_.given;
    motion_ = move.motion;
    held_line_ = move.motion.line;
    if (move.kind == Kind::kArc) {
        Arc arc;
        arc.centre_first = move.centre.u + nose.u;
        arc.centre_second = move.centre.v + nose.v;
        finish_arc(target, move.turns < 0, std::abs(move.turns), arc);
        emit_arc(target, arc);
    } else {
        straight(move.kind == Kind::kRapid ? MotionKind::kRapid : MotionKind::kFeed, target);
    }
    comp_.given = target;
}

// A lathe tool is programmed by the corner of its nose's square, see the tool table's Q; the centre of the nose is compensated.
PlanePoint Interpreter::nose_shift() const {
    if (state_.plane != ArcPlane::kZX) return {};
    constexpr int kZSign[] = {0, 1, -1, -1, 1, 1, 0, -1, 0, 0}, kXSign[] = {0, -1, -1, 1, 1, 0, -1, 0, 1, 0};
    size_t edge = static_cast<size_t>(comp_.orientation);
    return {kZSign[edge] * comp_.radius, kXSign[edge] * comp_.radius};
}

void Interpreter::comp_scale(double factor) {
    comp_.radius *= factor;
    comp_.at = {comp_.at.u * factor, comp_.at.v * factor};
    for (size_t i = 0; i < kAxes; ++i)
        if (!is_rotary(static_cast<int>(i))) comp_.given[i] *= factor;
    comp_.corner = {comp_.corner.u * factor, comp_.corner.v * factor};
    for (HeldMove& move : comp_.held) {
        for (size_t i = 0; i < kAxes; ++i)
            if (!is_rotary(static_cast<int>(i))) move.target[i] *= factor;
        move.centre = {move.centre.u * factor, move.centre.v * factor};
    }
}

}  // namespace proveout::interp
