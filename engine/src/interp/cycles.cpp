// Canned cycles G73, G74, G81-G86, G89 in any plane, with repeats, G98 and G99. Boring with a shift: cycles_bore.cpp.
#include <algorithm>
#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::Block;

// Distance above the bottom of the last peck at which the rapid back in ends (LinuxCNC: 0.010 in; Fanuc, Haas: a parameter of about that).
constexpr double kPeckClearance_mm = 0.254;
constexpr double kMaxRepeats = 1e6;
constexpr double kLeastPeck_mm = 1e-4;  // smaller ones are a fault of the program

}  // namespace

// R, the bottom, Q, P, I, J stay in force from hole to hole.
bool Interpreter::read_cycle_words(const Block& block, int code) {
    int first, second, normal;
    axes_of_plane(first, second, normal);
    char bottom_letter = "XYZ"[normal];
    CycleWords& cycle = state_.cycle;
    bool is_new = !cycle.active;
    if (is_new) {
        double level = state_.position[static_cast<size_t>(normal)];
        cycle = {};
        cycle.active = true;
        cycle.initial_level = level;
    }
    // Fanuc, Haas, Mach3 keep levels: "G91 X10 K3" repeats the same hole. LinuxCNC and grblHAL keep the words and read them in the new
    // mode.
    bool levels = keeps_levels() && state_.incremental;
    if (block.has('R')) cycle.r = block.get('R') + (levels ? cycle.initial_level : 0), cycle.has_r = true;
    if (block.has(bottom_letter)) cycle.bottom = block.get(bottom_letter) + (levels ? cycle.r : 0), cycle.has_bottom = true;
    if (block.has('Q')) cycle.peck = block.get('Q'), cycle.has_peck = true;
    if (block.has('P')) cycle.dwell = dwell_seconds(block, 'P');
    if (!cycle.has_r) return refuse(28, "the cycle needs R");
    if (!cycle.has_bottom) return refuse(28, std::string("the cycle needs ") + bottom_letter);
    if (block.has_any(gcode::bits("IJ")) && (code == 760 || code == 870)) cycle.i = block.get_or('I', 0), cycle.j = block.get_or('J', 0);
    if (code == 870 && !cycle.has_peck && cycle.i == 0 && cycle.j == 0) return refuse(28, "back boring needs Q, the shift");
    if (is(Dialect::kHaas) && code == 830 && block.has('I')) {  // first peck, less each time, least
        cycle.i = block.get('I'), cycle.j = std::fabs(block.get_or('J', 0)), cycle.least_peck = std::fabs(block.get_or('K', 0));
        cycle.peck = std::fabs(cycle.i), cycle.has_peck = true;
    }
    if (code == 730 || code == 830) {
        if (!cycle.has_peck) {
            if (!fanuc_family() && !is(Dialect::kMach3)) return refuse(28, "the cycle needs Q, the depth of a peck");
        } else if (!(std::fabs(cycle.peck) * scale_ >= kLeastPeck_mm)) {
            if (cycle.peck != 0 || !fanuc_family()) return refuse(38, "Q, the depth of a peck, must be above 0");
        }
    }
    return true;
}

bool Interpreter::do_cycle(const Block& block, int code) {
    if (is(Dialect::kLinuxcnc)) return do_linuxcnc_cycle(block, code);
    int first, second, normal;
    axes_of_plane(first, second, normal);
    size_t n = static_cast<size_t>(normal);
    bool spindle_needed = code == 740 || code == 840;
    if (is(Dialect::kLinuxcnc) && block.has_any(gcode::bits("ABC"))) return refuse(0, "rotary words in a canned cycle");
    if (!(state_.feed > 0) && !is(Dialect::kMach3)) return refuse(22, "canned cycle without a feed");
    if (state_.feed_mode == FeedMode::kInverseTime && is(Dialect::kLinuxcnc))
        return refuse(0, "a canned cycle cannot be used with inverse-time feed (G93)");
    if (!read_cycle_words(block, code)) return false;
    if (spindle_needed && state_.spindle == 0 && is(Dialect::kLinuxcnc)) return refuse(0, "the spindle must turn for a tapping cycle");
    CycleWords& cycle = state_.cycle;
    double level = state_.position[n];
    bool increments = state_.incremental && !keeps_levels();
    double r = increments ? cycle.initial_level + cycle.r : cycle.r;
    double bottom = increments ? r + cycle.bottom : cycle.bottom;
    if (code == 870 ? r > bottom : r < bottom) return refuse(54, "R lies below the bottom of the cycle");
    double repeats = 1;
    char repeat_letter = block.has('K') && is(Dialect::kFanuc) ? 'K' : 'L';
    if (block.has(repeat_letter) && !(fanuc_family() && is(Dialect::kFanuc) && repeat_letter == 'L')) repeats = block.get(repeat_letter);
    if (!(repeats >= 0 && repeats <= kMaxRepeats)) return refuse(39, "the number of repeats is out of range");
    repeats = std::floor(repeats + 1e-4);
    if (repeats == 0) {
        if (is(Dialect::kLinuxcnc)) return refuse(39, "L of a cycle must be above 0");
        return true;  // only stores the values
    }
    double initial = fanuc_family() || is(Dialect::kMach3) ? cycle.initial_level : std::max(level, cycle.initial_level);
    double clear = state_.initial_level && initial > r ? initial : r;
    Axes target;
    if (!target_of(block, target)) return false;
    target[n] = level;
    commit();
    if (level < r && !cycle_move(MotionKind::kRapid, state_.position, normal, r)) return false;
    PathMode path = state_.path_mode;
    if (path != PathMode::kExactPath) state_.path_mode = PathMode::kExactPath, canon_path_mode();
    refresh_motion();
    bool done = true;
    for (int64_t k = 0; done && k < static_cast<int64_t>(repeats) && !over_; ++k) {
        if (k > 0) {
            if (!spend()) return true;
            Axes next = state_.position;
            if (state_.incremental)
                for (int axis : {first, second}) next[static_cast<size_t>(axis)] += block.get_or("XYZ"[axis], 0);
            if (state_.polar.on) modal_polar_target(block, next);
            if (state_.incremental && block.polar() && !polar_target(block, next)) return false;
            target = next;
        }
        target[n] = state_.position[n];
        done = straight(MotionKind::kRapid, target) && run_cycle(code, target, r, bottom, clear);
    }
    if (state_.path_mode != path) state_.path_mode = path, canon_path_mode();
    refresh_motion();
    return done;
}

bool Interpreter::cycle_move(MotionKind kind, const Axes& at, int axis, double value) {
    Axes target = at;
    target[static_cast<size_t>(axis)] = value;
    return straight(kind, target);
}

// One hole: the tool stands above it.
bool Interpreter::run_cycle(int code, Axes hole, double r, double bottom, double clear) {
    int first, second, normal;
    axes_of_plane(first, second, normal);
    constexpr MotionKind kRapid = MotionKind::kRapid, kFeed = MotionKind::kFeed;
    Axes& at = state_.position;
    if (code == 760 || code == 870 || code == 880) return bore(code, r, bottom, clear);
    if (hole[static_cast<size_t>(normal)] != r && !cycle_move(kRapid, at, normal, r)) return false;
    bool tap = code == 740 || code == 840;
    int direction = state_.spindle;
    if (tap) canon("DISABLE_FEED_OVERRIDE()"), canon("DISABLE_SPEED_OVERRIDE(0)");
    motion_.spindle_synchronized = tap;
    bool pecks = (code == 730 || code == 830) && state_.cycle.has_peck && state_.cycle.peck != 0;
    bool done = pecks ? peck(code, at, normal, r, bottom) : cycle_move(kFeed, at, normal, bottom);
    if (!done) return false;
    double dwell = state_.cycle.dwell;
    bool dwells = code == 820 || code == 890 || code == 860 || code == 740 || code == 840;
    in_general_ = false;  // events are in order with the moves from here
    if (tap) {
        set_spindle_in_cycle(0);
        set_spindle_in_cycle(-direction);
    }
    if (dwells) {
        canon("DWELL(%.4f)", dwell);
        if (dwell > 0) emit_event(MotionKind::kDwell, dwell);
    }
    if (code == 860) {
        set_spindle_in_cycle(0);
        done = cycle_move(kRapid, at, normal, clear);
        set_spindle_in_cycle(direction);
    } else if (tap) {
        done = cycle_move(kFeed, at, normal, r);
        if (done && fanuc_family() && dwell > 0) emit_event(MotionKind::kDwell, dwell);
        set_spindle_in_cycle(0);
        set_spindle_in_cycle(direction);
        motion_.spindle_synchronized = false;
        canon("ENABLE_FEED_OVERRIDE()"), canon("ENABLE_SPEED_OVERRIDE(0)");
        if (done && clear != r) done = cycle_move(kRapid, at, normal, clear);
    } else {
        bool feed_out = code == 850 || code == 890;
        if (feed_out && fanuc_family() && clear != r) {  // at feed to R only
            done = cycle_move(kFeed, at, normal, r) && cycle_move(kRapid, at, normal, clear);
        } else {
            done = cycle_move(feed_out ? kFeed : kRapid, at, normal, clear);
        }
    }
    motion_.spindle_synchronized = false;
    in_general_ = true;
    return done;
}

void Interpreter::set_spindle_in_cycle(int direction) {
    canon(direction == 0 ? "STOP_SPINDLE_TURNING(0)" : direction > 0 ? "START_SPINDLE_CLOCKWISE(0)" : "START_SPINDLE_COUNTERCLOCKWISE(0)");
    state_.spindle = direction;
    double rpm = direction * state_.speed;
    if (rpm == motion_.spindle_rpm) return;
    motion_.spindle_rpm = rpm;
    emit_event(MotionKind::kSpindle);
}

// G83: out of the hole after each peck. G73: back by a little.
bool Interpreter::peck(int code, Axes& at, int normal, double r, double bottom) {
    constexpr MotionKind kRapid = MotionKind::kRapid, kFeed = MotionKind::kFeed;
    double step = std::fabs(state_.cycle.peck), clearance = kPeckClearance_mm / scale_;
    const CycleWords& cycle = state_.cycle;
    bool shrinks = is(Dialect::kHaas) && cycle.i != 0;
    for (double depth = r - step; depth > bottom; depth -= step) {
        if (shrinks) step = std::max({step - cycle.j, cycle.least_peck, kLeastPeck_mm / scale_});
        if (!spend()) return true;
        if (over_) return true;
        if (!cycle_move(kFeed, at, normal, depth)) return false;
        if (code == 830) {
            if (!cycle_move(kRapid, at, normal, r) || !cycle_move(kRapid, at, normal, depth + clearance)) return false;
        } else if (!cycle_move(kRapid, at, normal, depth + clearance)) {
            return false;
        }
    }
    return cycle_move(kFeed, at, normal, bottom);
}

}  // namespace proveout::interp
