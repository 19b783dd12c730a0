// Fine boring (G76), back boring (G87), boring with a manual retract (G88), and Haas's and Mach3's circular pockets (G12, G13).
#include <algorithm>
#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::Block;

constexpr double kMaxPasses = 10000;  // of a circular pocket

}  // namespace

// The tool, turned to its stop, moves off the wall by Q along the plane's first axis (or by I and J) and back. Away from the axis its
// point is clear while its circle is not: such moves are marked as oriented, so that nobody takes them for a cut.
bool Interpreter::bore_shift(double direction, bool inside) {
    int first, second, normal;
    axes_of_plane(first, second, normal);
    Axes target = state_.position;
    const CycleWords& cycle = state_.cycle;
    bool by_centre = cycle.i != 0 || cycle.j != 0;
    target[static_cast<size_t>(first)] += direction * (by_centre ? cycle.i : std::fabs(cycle.peck));
    if (by_centre) target[static_cast<size_t>(second)] += direction * cycle.j;
    motion_.oriented = inside;
    bool done = straight(MotionKind::kRapid, target);
    motion_.oriented = false;
    return done;
}

bool Interpreter::bore_lift(int axis, double value) {
    motion_.oriented = true;
    bool done = cycle_move(MotionKind::kRapid, state_.position, axis, value);
    motion_.oriented = false;
    return done;
}

// One hole; the tool stands above it at the level of the approach.
bool Interpreter::bore(int code, double r, double bottom, double clear) {
    int first, second, normal;
    axes_of_plane(first, second, normal);
    constexpr MotionKind kRapid = MotionKind::kRapid, kFeed = MotionKind::kFeed;
    Axes& at = state_.position;
    int direction = state_.spindle;
    double dwell = state_.cycle.dwell;
    auto turn = [&](int to) {
        in_general_ = false;  // in order with the moves
        set_spindle_in_cycle(to);
        return true;
    };
    auto pause = [&] {
        in_general_ = false;
        if (dwell > 0) emit_event(MotionKind::kDwell, dwell);
        return true;
    };
    bool done = false;
    if (code == 870) {
        double initial = at[static_cast<size_t>(normal)];
        done = turn(0) && bore_shift(1, false) && bore_lift(normal, r) && bore_shift(-1, true) && turn(direction) &&
               cycle_move(kFeed, at, normal, bottom) && pause() && turn(0) && bore_shift(1, true) && bore_lift(normal, initial) &&
               bore_shift(-1, false) && turn(direction);
    } else {
        if (at[static_cast<size_t>(normal)] != r && !cycle_move(kRapid, at, normal, r)) return false;
        done = cycle_move(kFeed, at, normal, bottom) && pause() && turn(0);
        if (code == 760) {
            done = done && bore_shift(1, true) && bore_lift(normal, clear) && bore_shift(-1, false);
        } else if (done) {  // G88
            emit_event(MotionKind::kPause);
            find("PROGRAM_PAUSE", "G88 waits for the operator to retract by hand; a rapid retract is simulated");
            done = cycle_move(kRapid, at, normal, clear);
        }
        done = done && turn(direction);
    }
    in_general_ = true;
    return done;
}

// G12 clockwise, G13 counter-clockwise, from the centre. Haas: I the only or first radius, K the last one with steps of Q, D the tool,
// Z the depth, L times (with G91). Mach3: I the radius of the tool's path.
bool Interpreter::do_circular_pocket(const Block& block, bool clockwise) {
    bool haas = is(Dialect::kHaas);
    if (state_.plane != ArcPlane::kXY) return refuse(42, "a circular pocket lies in the plane XY (G17)");
    if (!block.has('I') || !(block.get('I') > 0)) return refuse(28, "a circular pocket needs I, its radius, above 0");
    if (!feed_for_move(block)) return false;
    refresh_motion();
    double first = block.get('I'), last = haas ? block.get_or('K', first) : first, step = haas ? std::fabs(block.get_or('Q', 0)) : 0;
    if (last > first && !(step > 0)) return refuse(28, "a circular pocket with K needs Q, the step");
    double radius = 0;
    if (haas && block.has('D')) {
        int number = static_cast<int>(block.get('D') + 0.5);
        const Tool* tool = options_.tools ? find_tool(*options_.tools, number) : nullptr;
        if (tool)
            radius = tool->diameter_mm / 2 / state_.unit_mm();
        else if (number > 0)
            note_once('G', clockwise ? 120 : 130,
                      "the radius of tool D" + std::to_string(number) + " is not known; the pocket is cut on its outline");
    }
    if (first - radius < 0) return refuse(41, "the tool is larger than the circular pocket");
    if (!(last <= first || (last - first) / step <= kMaxPasses)) return refuse(38, "the pocket has too many passes");
    double times = haas ? block.get_or('L', 1) : 1;
    if (!(times >= 1 && times <= kMaxPasses)) return refuse(39, "the number of repeats is out of range");
    for (int64_t k = 0; k < static_cast<int64_t>(times) && !over_; ++k) {
        if (!spend()) return true;
        if (block.has('Z')) {
            double z = block.get('Z') + (state_.incremental ? state_.position[kZ] : 0);
            if (!cycle_move(MotionKind::kFeed, state_.position, kZ, z)) return false;
        }
        if (!pocket_pass(first - radius, last - radius, step, clockwise)) return false;
    }
    return true;
}

// Out from the centre in half circles, a whole circle at each radius, and back in a half circle (Mach3: straight).
bool Interpreter::pocket_pass(double first, double last, double step, bool clockwise) {
    Axes centre = state_.position;
    double sign = clockwise ? -1 : 1, at = 0;
    auto half = [&](double to) {
        Axes target = centre;
        target[kX] += to;
        if (is(Dialect::kMach3)) return straight(MotionKind::kFeed, target);
        return pocket_arc(target, centre[kX] + (at + to) / 2, centre[kY], sign * kPi);
    };
    for (double radius = first;; radius = std::min(radius + step, last)) {
        if (!spend() || over_) return true;
        if (at != radius && !half(radius)) return false;
        at = radius;
        if (radius > 0 && !pocket_arc(state_.position, centre[kX], centre[kY], sign * 2 * kPi)) return false;
        if (!(radius < last)) break;
    }
    if (at != 0 && !half(0)) return false;
    return true;
}

bool Interpreter::pocket_arc(const Axes& target, double centre_x, double centre_y, double sweep_rad) {
    Arc arc;
    arc.centre_first = centre_x, arc.centre_second = centre_y;
    arc.sweep_rad = sweep_rad;
    arc.turns = sweep_rad > 0 ? 1 : -1;
    return emit_arc(target, arc);
}

}  // namespace proveout::interp
