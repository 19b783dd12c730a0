// G76 of LinuxCNC: an outside or inside thread along Z, cut in passes that grow shallower.
#include <algorithm>
#include <cmath>

#include "interp/interpreter.h"

namespace proveout::interp {

namespace {

using gcode::Block;

constexpr double kMaxSpringPasses = 1000;

}  // namespace

// X of all passes counts from the drive line, away from it into the material.
struct Thread {
    double side = 1;  // inside thread: away from the axis; outside: -1
    double drive_x = 0, start_z = 0, target_z = 0;
    double full_depth = 0;  // from the drive line to the root
    double height = 0;      // of the thread
    double pitch = 0, taper_pitch = 0, taper = 0;
    bool entry_taper = false, exit_taper = false;
};

bool Interpreter::do_threading(const Block& block) {
    if (!without_comp("G76")) return false;
    if (state_.spindle == 0) return refuse(0, "the spindle must turn for G76");
    double i = block.get('I'), j = block.get('J'), k = block.get('K'), scale = state_.diameter ? 0.5 : 1;
    Axes target, start = state_.position;
    if (!target_of(block, target)) return false;
    for (size_t axis = kA; axis < kAxes; ++axis)
        if (target[axis] != start[axis]) return refuse(0, "G76 moves X, Y and Z only");
    if (i == 0) return refuse(39, "I of G76 must not be 0");
    if (j <= 0) return refuse(39, "J of G76 must be above 0");
    if (k <= j) return refuse(39, "K of G76 must be greater than J");
    Thread thread;
    thread.side = i > 0 ? 1 : -1;
    thread.drive_x = start[kX], thread.start_z = start[kZ];
    double crest = std::fabs(i) * scale, first_cut = j * scale;
    thread.height = k * scale;
    thread.full_depth = crest + thread.height;
    thread.pitch = block.get('P');
    bool upward = target[kZ] > start[kZ];
    double angle = block.get_or('Q', 0) * kPi / 180 * (upward ? -1 : 1);
    double taper = std::max(0.0, block.get_or('E', 0));
    thread.taper_pitch = taper > 0 ? thread.pitch * std::hypot(taper, thread.height) / taper : thread.pitch;
    thread.taper = upward ? -taper : taper;
    int ends = static_cast<int>(std::clamp(block.get_or('L', 0), 0.0, 3.0));
    thread.entry_taper = taper > 0 && (ends & 1), thread.exit_taper = taper > 0 && (ends & 2);
    thread.target_z = target[kZ] + thread.height * std::tan(angle);
    double degression = block.has('R') ? std::max(1.0, block.get('R')) : 1;
    commit();
    in_general_ = false;
    bool done = true;
    double depth = crest + first_cut;
    for (int64_t pass = 1; done && depth < thread.full_depth && !over_;) {
        if (!spend()) return true;
        done = thread_pass(thread, depth, (depth - crest) * std::tan(angle));
        depth = crest + first_cut * std::pow(static_cast<double>(++pass), 1 / degression);
    }
    double springs = std::clamp(block.get_or('H', 0), 0.0, kMaxSpringPasses);
    for (int64_t pass = 0; done && pass <= static_cast<int64_t>(springs) && !over_; ++pass)
        done = thread_pass(thread, thread.full_depth, thread.height * std::tan(angle));
    done = done && straight(MotionKind::kRapid, target);
    in_general_ = true;
    return done;
}

bool Interpreter::thread_pass(const Thread& thread, double depth, double infeed) {
    Axes at = state_.position;
    auto go = [&](MotionKind kind, double x, double z) {
        at[kX] = thread.drive_x + thread.side * x;
        at[kZ] = z - infeed;
        return straight(kind, at);
    };
    auto synchronise = [&](double pitch) {
        canon("START_SPEED_FEED_SYNC(%f,0)", pitch);
        motion_.spindle_synchronized = true;
        motion_.feed_mode = FeedMode::kPerRevolution;
        motion_.feed = std::fabs(pitch) * scale_;
    };
    constexpr MotionKind kRapid = MotionKind::kRapid, kFeed = MotionKind::kFeed;
    bool done = go(kRapid, depth - thread.full_depth, thread.start_z);
    if (thread.entry_taper) {
        canon("DISABLE_FEED_OVERRIDE()");
        synchronise(thread.taper_pitch);
        done = done && go(kFeed, depth - thread.height, thread.start_z) && go(kFeed, depth, thread.start_z - thread.taper);
        synchronise(thread.pitch);
    } else {
        done = done && go(kRapid, depth, thread.start_z);
        canon("DISABLE_FEED_OVERRIDE()");
        synchronise(thread.pitch);
    }
    if (thread.exit_taper) {
        done = done && go(kFeed, depth, thread.target_z + thread.taper);
        synchronise(thread.taper_pitch);
        done = done && go(kFeed, depth - thread.height, thread.target_z);
    } else {
        done = done && go(kFeed, depth, thread.target_z);
    }
    canon("STOP_SPEED_FEED_SYNCH()");
    motion_.spindle_synchronized = false;
    refresh_motion();
    done = done && go(kRapid, depth - thread.full_depth, thread.target_z);
    canon("ENABLE_FEED_OVERRIDE()");
    return done;
}

}  // namespace proveout::interp
