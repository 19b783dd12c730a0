// verify_test_helpers.h -- small programs of motions, without an interpreter or planner.
#pragma once

#include <gtest/gtest.h>

#include "proveout/result.h"
#include "verify/check.h"

namespace proveout {

using TestSetup = Setup;  // a GoogleTest fixture has a member of the name Setup

struct Path {
    int tool = 1;
    double rpm = 1000, feed = 600;
    Vec3 at;
    int64_t line = 0;
    std::vector<TimedMotion> moves;
    double now_s = 0;

    explicit Path(Vec3 start) : at(start) {}
    Motion next(MotionKind kind, Vec3 to) {
        Motion motion;
        motion.kind = kind;
        motion.from = at, motion.to = to;
        motion.line = ++line;
        motion.tool = tool;
        motion.spindle_rpm = rpm;
        motion.feed = feed;
        return motion;
    }
    Path& add(const Motion& motion) {
        TimedMotion move;
        move.motion = motion;
        move.start_s = now_s;
        move.duration_s = path_length_mm(motion) / 10;
        move.enter_mm_per_s = move.peak_mm_per_s = move.leave_mm_per_s = 10;
        now_s += move.duration_s;
        at = motion.to;
        moves.push_back(move);
        return *this;
    }
    Path& rapid(double x, double y, double z) { return add(next(MotionKind::kRapid, {x, y, z})); }
    Path& cut(double x, double y, double z) { return add(next(MotionKind::kFeed, {x, y, z})); }
    Path& arc(double x, double y, double z, double centre_x, double centre_y, double sweep_rad) {
        Motion motion = next(MotionKind::kArc, {x, y, z});
        motion.centre = {centre_x, centre_y, at.z};
        motion.sweep_rad = sweep_rad;
        return add(motion);
    }
};

inline Tool flat(double diameter, double flute, double stickout = 0, double holder = 0) {
    Tool tool;
    tool.type = ToolType::kFlat;
    tool.diameter_mm = diameter;
    tool.shank_diameter_mm = diameter;
    tool.flute_length_mm = flute;
    tool.stickout_mm = stickout;
    if (holder > 0) tool.holder = {{30, holder, holder}};
    return tool;
}

inline Solid box(double x, double y, double z, double dx, double dy, double dz) {
    Solid solid;
    solid.origin_mm = {x, y, z};
    solid.dims_mm = {dx, dy, dz};
    return solid;
}

struct Checked {
    std::vector<Finding> findings;
    int64_t collisions = 0;
    double removed_mm3 = 0;
    int64_t of(std::string_view code) const {
        int64_t count = 0;
        for (const Finding& finding : findings) count += finding.code == code;
        return count;
    }
    const Finding& first(std::string_view code) const {
        for (const Finding& finding : findings)
            if (finding.code == code) return finding;
        ADD_FAILURE() << "no " << code;
        static const Finding none;
        return none;
    }
    std::string text() const {
        std::string out;
        for (const Finding& f : findings)
            out += std::string(f.code) + " " + std::to_string(f.line) + "-" + std::to_string(f.last_line) + " " + f.message + "\n";
        return out;
    }
};

// Cuts and checks as simulate() does.
inline Checked run(const Setup& setup, const Path& path, double cell_mm = 0.1, int threads = 1) {
    Toolbox toolbox = make_toolbox(setup.tools);
    Context context;
    context.threads = threads;
    Checked out;
    auto grid = make_grid(setup.stock->solid, {2, cell_mm, true, false}, 1e9);
    EXPECT_TRUE(grid.ok());
    EventLog log(setup);
    Checker checker(setup, toolbox, *grid, log, [&](const TimedMotion&, const Cut& cut) { out.removed_mm3 += cut.removed_mm3; }, context);
    for (const TimedMotion& move : path.moves) EXPECT_TRUE(checker.push(move).ok());
    EXPECT_TRUE(checker.flush().ok());
    log.finish();
    out.collisions = log.collision_count();
    out.findings = log.take();
    return out;
}

}  // namespace proveout
