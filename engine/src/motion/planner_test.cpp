#include "proveout/plan.h"

#include <gtest/gtest.h>

#include <vector>

namespace proveout {
namespace {

// Builds motions one after the other from where the last one ended.
struct Path {
    std::vector<Motion> motions;
    Vec3 at;
    double feed = 500;  // mm/min
    PathMode path_mode = PathMode::kContinuous;

    Motion& add(MotionKind kind, Vec3 to) {
        Motion m;
        m.kind = kind;
        m.from = at;
        m.to = at = to;
        m.feed = feed;
        m.path_mode = path_mode;
        m.line = static_cast<int64_t>(motions.size()) + 1;
        motions.push_back(m);
        return motions.back();
    }
    Path& feed_to(double x, double y, double z = 0) { return add(MotionKind::kFeed, {x, y, z}), *this; }
    Path& rapid_to(double x, double y, double z = 0) { return add(MotionKind::kRapid, {x, y, z}), *this; }
    Path& arc_to(Vec3 to, Vec3 centre, double sweep_rad) {
        Motion& m = add(MotionKind::kArc, to);
        m.centre = centre;
        m.sweep_rad = sweep_rad;
        return *this;
    }
    Path& dwell(double seconds) {
        add(MotionKind::kDwell, at).dwell_s = seconds;
        return *this;
    }
    Path& spindle(double rpm) {
        add(MotionKind::kSpindle, at).spindle_rpm = rpm;
        return *this;
    }
    Path& other(MotionKind kind) { return add(kind, at), *this; }
};

struct Timed {
    std::vector<TimedMotion> motions;
    TimeTotals totals;
    double total_s() const { return totals.total_s(); }
};

Timed plan(const Machine& machine, const Path& path) {
    Timed timed;
    Planner planner(machine, [&](const TimedMotion& m) {
        timed.motions.push_back(m);
        return true;
    });
    for (const Motion& m : path.motions) EXPECT_TRUE(planner.push(m));
    EXPECT_TRUE(planner.finish());
    timed.totals = planner.totals();
    return timed;
}

Machine grbl_by_hand() {
    Machine m = *machine_profile("grbl");
    m.max_feed_mm_per_min = {500, 500, 500};
    m.acceleration_mm_per_s2 = {10, 10, 10};
    m.steps_per_mm = 250;
    return m;
}

// Times of the firmware itself for its defaults (10 ms segments cost it about 1 ms per move).
TEST(Grbl, ChecksByHand) {
    EXPECT_NEAR(plan(grbl_by_hand(), Path().feed_to(10, 0)).total_s(), 2.0333, 5e-4);
    EXPECT_NEAR(plan(grbl_by_hand(), Path().feed_to(10, 0).feed_to(10, 10)).total_s(), 3.9539, 5e-4);
    EXPECT_NEAR(plan(grbl_by_hand(), Path().feed_to(10, 0).feed_to(20, 0)).total_s(), 3.2333, 5e-4);
    EXPECT_NEAR(plan(grbl_by_hand(), Path().arc_to({0, 0, 0}, {10, 0, 0}, 2 * kPi)).total_s(), 8.373, 5e-3);
}

}  // namespace
}  // namespace proveout
