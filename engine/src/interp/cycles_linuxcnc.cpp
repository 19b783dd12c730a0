// Canned cycles as LinuxCNC makes them: G73, G74, G81 to G89. The plane's two axes are `first` and `second`, the tool stands along
// `normal`.
//
// R, the bottom, P, Q, I, J, K stay in force while the same cycle goes on from block to block. The initial level is that of the first
// cycle behind another kind of motion.
#include <algorithm>
#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::Block;

constexpr double kBackIn_mm = 0.254;  // above the bottom of the last peck, where the rapid back in ends
constexpr double kMaxRepeats = 1e6;
constexpr int kDrill = 810, kCounterbore = 820, kPeck = 830, kChipBreak = 730, kTap = 840, kLeftTap = 740, kBoreFeed = 850, kBoreStop = 860,
              kBackBore = 870, kBoreManual = 880, kBoreDwell = 890;

}  // namespace

bool Interpreter::do_linuxcnc_cycle(const Block& block, int code) {
    int first, second, normal;
    axes_of_plane(first, second, normal);
    if (block.has_any(gcode::bits("ABC"))) return refuse(0, "rotary words in a canned cycle");
    if (block.has_any(gcode::bits("UVW"))) return refuse(0, "U, V or W in a canned cycle of this plane");
    if (state_.feed_mode != FeedMode::kInverseTime && !(state_.feed > 0)) return refuse(22, "canned cycle without a feed");
    if (state_.feed_mode == FeedMode::kInverseTime) return refuse(0, "a canned cycle cannot be used with inverse-time feed (G93)");
    DrillCycle cycle;
    if (!read_linuxcnc_cycle(block, code, cycle)) return false;
    commit();
    in_general_ = false;
    size_t n = static_cast<size_t>(normal);
    double level = state_.position[n];
    bool done = true;
    if (cycle.initial < cycle.r) {
        done = cycle_move(MotionKind::kRapid, state_.position, normal, cycle.r);
        cycle.initial = level = cycle.r;
    }
    cycle.clear = state_.initial_level ? cycle.initial : cycle.r;
    PathMode path = state_.path_mode;
    if (path != PathMode::kExactPath) {
        state_.path_mode = PathMode::kExactPath;
        refresh_motion();
        canon("SET_MOTION_CONTROL_MODE(CANON_EXACT_PATH)");
    }
    Axes hole = state_.position;
    if (done && !state_.incremental) done = target_of(block, hole);
    for (int64_t k = 0; done && k < cycle.repeats && !over_; ++k) {
        if (k > 0 && !spend()) break;
        done = next_hole(block, hole) && approach_hole(hole, cycle, k == 0 && level > cycle.r ? level : cycle.clear) &&
               drill_hole(code, hole, cycle);
        state_.position = hole;
        state_.position[n] = cycle.clear;
    }
    in_general_ = true;
    if (!done) return false;
    if (path != PathMode::kExactPath) {
        state_.path_mode = path;
        canon_path_mode();
        if (path != PathMode::kContinuous) canon("SET_NAIVECAM_TOLERANCE(%.4f)", state_.naive_tolerance);
    }
    refresh_motion();
    return true;
}

bool Interpreter::read_linuxcnc_cycle(const Block& block, int code, DrillCycle& cycle) {
    int first, second, normal;
    axes_of_plane(first, second, normal);
    char bottom_letter = "XYZ"[normal];
    CycleWords& words = state_.cycle;
    bool goes_on = before_.motion == code;
    if (!block.has('R') && !goes_on) return refuse(28, "the cycle needs R");
    double repeats = block.get_or('L', 1);
    if (!(repeats >= 0.5 && repeats <= kMaxRepeats)) return refuse(39, "L of a cycle must be above 0");
    cycle.repeats = static_cast<int64_t>(repeats + 0.5);
    if (!block.has(bottom_letter) && !goes_on) return refuse(28, std::string("the cycle needs ") + bottom_letter);
    double r = block.get_or('R', words.r), bottom = block.get_or(bottom_letter, words.bottom);
    if (!words.active) words.initial_level = state_.position[static_cast<size_t>(normal)];
    words.active = true;
    cycle.initial = words.initial_level;
    cycle.r = state_.incremental ? cycle.initial + r : r;
    cycle.bottom = state_.incremental ? cycle.r + bottom : bottom;
    if (cycle.r < cycle.bottom) return refuse(54, "R lies below the bottom of the cycle");
    bool dwells = code == kCounterbore || code == kBoreStop || code == kBoreManual || code == kBoreDwell;
    if (dwells && !goes_on && !block.has('P')) return refuse(28, "the cycle needs P, the dwell");
    bool pecks = code == kPeck || code == kChipBreak;
    if (pecks && !goes_on && !block.has('Q')) return refuse(28, "the cycle needs Q, the depth of a peck");
    words.r = r, words.bottom = bottom;
    if (block.has('P')) words.dwell = block.get('P');
    if (block.has('Q')) words.peck = block.get('Q');
    if (code == kBackBore) {
        if (!goes_on && !(block.has('I') && block.has('J') && block.has('K'))) return refuse(28, "back boring needs I, J and K");
        words.i = block.get_or('I', words.i), words.j = block.get_or('J', words.j), words.k = block.get_or('K', words.k);
        const double by_axis[] = {words.i, words.j, words.k};
        cycle.middle = state_.incremental ? cycle.bottom + by_axis[normal] : by_axis[normal];
    }
    if (pecks && !(words.peck > 0)) return refuse(38, "Q, the depth of a peck, must be above 0");
    return true;
}

// In G91 each hole lies an increment on from the one before.
bool Interpreter::next_hole(const Block& block, Axes& hole) {
    if (!state_.incremental) return true;
    int first, second, normal;
    axes_of_plane(first, second, normal);
    for (int axis : {first, second}) hole[static_cast<size_t>(axis)] += block.get_or("XYZ"[axis], 0);
    if (!block.polar()) return true;
    double u = hole[static_cast<size_t>(first)], v = hole[static_cast<size_t>(second)];
    if (u == 0 && v == 0) return refuse(0, "polar increments (@ ^) have no direction at the origin");
    double radius = std::hypot(u, v) + (block.has_radius ? block.radius : 0);
    double angle = std::atan2(v, u) + (block.has_angle ? block.angle_deg * kPi / 180 : 0);
    hole[static_cast<size_t>(first)] = radius * std::cos(angle), hole[static_cast<size_t>(second)] = radius * std::sin(angle);
    return true;
}

// Over the hole at height `across`, then down to R.
bool Interpreter::approach_hole(Axes& hole, const DrillCycle& cycle, double across) {
    int first, second, normal;
    axes_of_plane(first, second, normal);
    hole[static_cast<size_t>(normal)] = across;
    if (!straight(MotionKind::kRapid, hole)) return false;
    return across <= cycle.r || cycle_move(MotionKind::kRapid, hole, normal, cycle.r);
}

bool Interpreter::drill_hole(int code, const Axes& hole, const DrillCycle& cycle) {
    int first, second, normal;
    axes_of_plane(first, second, normal);
    auto feed = [&](double level) { return cycle_move(MotionKind::kFeed, hole, normal, level); };
    auto rapid = [&](double level) { return cycle_move(MotionKind::kRapid, hole, normal, level); };
    double dwell = state_.cycle.dwell;
    switch (code) {
        case kDrill:
            return feed(cycle.bottom) && rapid(cycle.clear);
        case kCounterbore:
            return feed(cycle.bottom) && cycle_dwell(dwell) && rapid(cycle.clear);
        case kBoreFeed:
            return feed(cycle.bottom) && feed(cycle.r) && rapid(cycle.clear);
        case kBoreDwell:
            return feed(cycle.bottom) && cycle_dwell(dwell) && feed(cycle.clear);
        case kPeck:
        case kChipBreak: {
            for (double depth = cycle.r - state_.cycle.peck; depth > cycle.bottom; depth -= state_.cycle.peck) {
                if (!spend() || over_) return true;
                if (!feed(depth) || (code == kPeck && !rapid(cycle.r)) || !rapid(depth + kBackIn_mm / scale_)) return false;
            }
            return feed(cycle.bottom) && rapid(cycle.clear);
        }
        case kTap:
        case kLeftTap:
            return tap_hole(code, hole, cycle);
        default:
            break;
    }
    int direction = state_.spindle;
    if (direction == 0) return refuse(0, "the spindle must turn for " + spelling('G', code));
    if (code == kBackBore) return back_bore(hole, cycle);
    if (!feed(cycle.bottom) || !cycle_dwell(dwell)) return false;
    set_spindle_in_cycle(0);
    if (code == kBoreStop) {
        if (!rapid(cycle.clear)) return false;
    } else {
        canon("PROGRAM_STOP()");
        emit_event(MotionKind::kPause);
        find("PROGRAM_PAUSE", "G88 waits for the operator, who takes the tool out of the hole by hand");
    }
    set_spindle_in_cycle(direction);
    return true;
}

bool Interpreter::cycle_dwell(double dwell_s) {
    canon("DWELL(%.4f)", dwell_s);
    if (dwell_s > 0) emit_event(MotionKind::kDwell, dwell_s);
    return true;
}

bool Interpreter::tap_hole(int code, const Axes& hole, const DrillCycle& cycle) {
    int first, second, normal;
    axes_of_plane(first, second, normal);
    int direction = state_.spindle;
    if (direction == 0) return refuse(0, "the spindle must turn for " + spelling('G', code));
    if ((code == kTap) != (direction > 0)) return refuse(0, "the spindle turns the wrong way for " + spelling('G', code));
    canon("DISABLE_FEED_OVERRIDE()");
    canon("DISABLE_SPEED_OVERRIDE(0)");
    motion_.spindle_synchronized = true;
    // LinuxCNC 2.9 exchanges the coordinates of taps in G18 and G19 once too often; the machine goes where it says.
    auto feed = [&](double level) {
        if (state_.plane == ArcPlane::kXY) return cycle_move(MotionKind::kFeed, hole, normal, level);
        double u = hole[static_cast<size_t>(first)], v = hole[static_cast<size_t>(second)];
        Axes wrong = hole;
        wrong[kX] = state_.plane == ArcPlane::kZX ? level : v;
        wrong[kY] = state_.plane == ArcPlane::kZX ? u : level;
        wrong[kZ] = state_.plane == ArcPlane::kZX ? v : u;
        return straight(MotionKind::kFeed, wrong);
    };
    if (state_.plane != ArcPlane::kXY)
        note_once('G', code,
                  spelling('G', code) +
                      " outside of G17: LinuxCNC 2.9 mixes up the axes of the tapping moves; they are simulated as it makes them");
    bool done = feed(cycle.bottom);
    set_spindle_in_cycle(0);
    set_spindle_in_cycle(-direction);
    done = done && cycle_dwell(state_.cycle.dwell) && feed(cycle.clear);
    motion_.spindle_synchronized = false;
    set_spindle_in_cycle(0);
    set_spindle_in_cycle(direction);
    if (state_.feed_override) canon("ENABLE_FEED_OVERRIDE()");
    if (state_.speed_override) canon("ENABLE_SPEED_OVERRIDE(0)");
    return done;
}

// Beside the hole down to the bottom, in under the bore, up to the middle and back, out beside the hole again.
bool Interpreter::back_bore(const Axes& hole, const DrillCycle& cycle) {
    int first, second, normal;
    axes_of_plane(first, second, normal);
    int direction = state_.spindle;
    Axes beside = hole;
    const double by_axis[] = {state_.cycle.i, state_.cycle.j, state_.cycle.k};
    beside[static_cast<size_t>(first)] += by_axis[first];
    beside[static_cast<size_t>(second)] += by_axis[second];
    auto orient = [&] {
        set_spindle_in_cycle(0);
        canon("ORIENT_SPINDLE(0, 0.0000, %d)", direction > 0 ? 2 : 3);
    };
    auto rapid = [&](const Axes& at, double level) { return cycle_move(MotionKind::kRapid, at, normal, level); };
    if (!rapid(beside, cycle.r)) return false;
    orient();
    if (!rapid(beside, cycle.bottom) || !rapid(hole, cycle.bottom)) return false;
    set_spindle_in_cycle(direction);
    if (!cycle_move(MotionKind::kFeed, hole, normal, cycle.middle) || !cycle_move(MotionKind::kFeed, hole, normal, cycle.bottom))
        return false;
    orient();
    if (!rapid(beside, cycle.bottom) || !rapid(beside, cycle.clear) || !rapid(hole, cycle.clear)) return false;
    set_spindle_in_cycle(direction);
    return true;
}

}  // namespace proveout::interp
