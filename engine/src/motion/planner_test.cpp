#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "proveout/plan.h"

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

// A square root of two: 141 mm/s on the diagonal of axes that do 100.
TEST(Limits, AreThoseOfTheAxes) {
    Machine m = *machine_profile("linuxcnc");
    Timed t = plan(m, Path().rapid_to(100, 100));
    EXPECT_NEAR(t.motions[0].peak_mm_per_s, 100 * std::sqrt(2.0), 1e-6);
    Timed z = plan(m, Path().rapid_to(0, 0, 100));
    EXPECT_NEAR(z.motions[0].peak_mm_per_s, 50, 1e-9);
    EXPECT_NEAR(plan(m, Path().rapid_to(100, 50, 20)).total_s(), 100 / 100.0 + 100 / 250.0,
                1e-9);  // a lone move in G64: half the acceleration
}

TEST(Limits, DogLegTakesTheTimeOfTheSlowestAxis) {
    Machine m = *machine_profile("haas");
    m.max_feed_mm_per_min = {6000, 6000, 3000};
    m.acceleration_mm_per_s2 = {1000, 1000, 500};
    Timed t = plan(m, Path().rapid_to(100, 20, 60).rapid_to(200, 20, 60));
    EXPECT_NEAR(t.motions[0].duration_s, 60 / 50.0 + 50 / 500.0, 1e-9);
    EXPECT_NEAR(t.motions[1].duration_s, 100 / 100.0 + 100 / 1000.0, 1e-9);
    EXPECT_EQ(t.motions[0].leave_mm_per_s, 0);
}

// d/v + v/a in exact path mode; half the acceleration where segments may blend; arcs use half along the path even in G61.
TEST(Linuxcnc, RulesOfTheRealPlanner) {
    Machine m = *machine_profile("linuxcnc");
    Path continuous, exact;
    continuous.feed = exact.feed = 3000;
    exact.path_mode = PathMode::kExactPath;
    EXPECT_NEAR(plan(m, Path(continuous).feed_to(100, 0)).total_s(), 2 + 2 * 50 / 500.0, 1e-9);
    EXPECT_NEAR(plan(m, Path(exact).feed_to(100, 0)).total_s(), 2 + 50 / 500.0, 1e-9);
    EXPECT_NEAR(plan(m, Path(exact).arc_to({0, 0, 0}, {0, 20, 0}, 2 * kPi)).total_s(), 2 * kPi * 20 / 50 + 50 / 250.0, 1e-6);
    // Curvature caps the speed at sqrt(0.866 a r).
    Timed small = plan(m, Path(exact).arc_to({0, 0, 0}, {0, 2, 0}, 2 * kPi));
    EXPECT_NEAR(small.motions[0].peak_mm_per_s, std::sqrt(0.5 * std::sqrt(3.0) * 500 * 2), 1e-6);
    // Square corners in G61: a stop at each, and a tenth of the acceleration kept back on both sides of a kink.
    EXPECT_NEAR(plan(m, Path(exact).feed_to(50, 0).feed_to(50, 50)).total_s(), 2 * (1 + 50 / 450.0), 1e-9);
}

// Within 5 ms and 0.5 % of times that the real planner took (m05, m08, m15 of the measured micro programs).
TEST(Linuxcnc, MeasuredTimes) {
    Machine m = *machine_profile("linuxcnc");
    auto near = [&](const Path& path, double tolerance_mm, double measured_s) {
        Path with = path;
        for (Motion& motion : with.motions) motion.path_tolerance_mm = motion.naive_cam_tolerance_mm = tolerance_mm;
        EXPECT_NEAR(plan(m, with).total_s(), measured_s, 0.005 + 0.005 * measured_s);
    };
    Path square, tangent, feeds;
    square.feed = 3000;
    square.feed_to(50, 0).feed_to(50, 50).feed_to(0, 50).feed_to(0, 0);
    near(square, 0.01, 4.492);
    near(square, 0, 3.989);
    tangent.feed = 2000;
    tangent.feed_to(20, 0)
        .arc_to({30, 10, 0}, {20, 10, 0}, kPi / 2)
        .feed_to(30, 30)
        .arc_to({40, 40, 0}, {40, 30, 0}, -kPi / 2)
        .feed_to(60, 40);
    near(tangent, 0.01, 2.846);
    feeds.feed = 3000;
    feeds.feed_to(20, 0);
    feeds.feed = 600;
    feeds.feed_to(40, 0);
    feeds.feed = 3000;
    feeds.feed_to(60, 0);
    feeds.feed = 100;
    feeds.feed_to(60.1, 0);
    feeds.feed = 3000;
    feeds.feed_to(80, 0);
    near(feeds, 0.01, 3.616);
}

// Naive CAM: a wavy line within the tolerance takes the time of the straight one, and every motion still has its own.
TEST(Linuxcnc, MergesWithinTheTolerance) {
    Machine m = *machine_profile("linuxcnc");
    Path wavy, straight;
    wavy.feed = straight.feed = 3000;
    for (int i = 1; i <= 50; ++i) wavy.feed_to(i, i % 2 ? 0.004 : 0);
    straight.feed_to(50, 0);
    for (Motion& motion : wavy.motions) motion.path_tolerance_mm = motion.naive_cam_tolerance_mm = 0.01;
    Timed t = plan(m, wavy);
    ASSERT_EQ(t.motions.size(), 50u);
    EXPECT_NEAR(t.total_s(), plan(m, straight).total_s(), 1e-4);
    for (const TimedMotion& motion : t.motions) EXPECT_GT(motion.duration_s, 0.015);
}

TEST(Still, DwellToolChangeAndSpindle) {
    Machine m = *machine_profile("generic");
    Path path;
    path.spindle(12000).spindle(12000).spindle(-12000).dwell(1.5).other(MotionKind::kToolChange).spindle(12000).spindle(0);
    path.other(MotionKind::kPause).other(MotionKind::kProgramEnd);
    Timed t = plan(m, path);
    EXPECT_DOUBLE_EQ(t.totals.dwell_s, 1.5);
    EXPECT_DOUBLE_EQ(t.totals.tool_change_s, 5 + 3);  // M6 stops the spindle, so the third start ramps again
    Machine grbl = *machine_profile("grbl");
    EXPECT_DOUBLE_EQ(plan(grbl, path).totals.tool_change_s,
                     grbl.tool_change_s + 3 * grbl.spindle_ramp_s);  // reversal before M6, and after it
}

// GRBL comes to rest at a dwell and at a change of the spindle, but not at the same state again.
TEST(Grbl, StopsOnlyWhereTheFirmwareDoes) {
    Machine m = grbl_by_hand();
    m.spindle_ramp_s = 0;
    Path through = Path().feed_to(10, 0).feed_to(20, 0), same = Path().spindle(1000).feed_to(10, 0).spindle(1000).feed_to(20, 0);
    Path other = Path().spindle(1000).feed_to(10, 0).spindle(2000).feed_to(20, 0);
    EXPECT_DOUBLE_EQ(plan(m, through).total_s(), plan(m, same).total_s());
    EXPECT_NEAR(plan(m, other).total_s(), 2 * 2.0333, 1e-3);
    EXPECT_NEAR(plan(m, Path().feed_to(10, 0).dwell(0).feed_to(20, 0)).total_s(), 2 * 2.0333, 1e-3);
}

TEST(Feed, InverseTimeAndPerRevolution) {
    Machine m = *machine_profile("generic");
    m.acceleration_mm_per_s2 = {1e6, 1e6, 1e6};
    Path inverse;
    inverse.feed = 30;  // two seconds a block
    inverse.feed_to(10, 0).feed_to(10, 40);
    for (Motion& motion : inverse.motions) motion.feed_mode = FeedMode::kInverseTime;
    EXPECT_NEAR(plan(m, inverse).total_s(), 4, 1e-3);
    Path revolution;
    revolution.feed = 0.5;
    revolution.feed_to(100, 0);
    revolution.motions[0].feed_mode = FeedMode::kPerRevolution;
    revolution.motions[0].spindle_rpm = -1200;  // 10 mm/s
    EXPECT_NEAR(plan(m, revolution).total_s(), 10, 1e-3);
}

// Greatest speed that any limit allows: the axes', and for a feed move the programmed one.
struct LimitsForTest {
    Machine machine;
    double most_mm_per_s(const Motion& m) const {
        const auto& v = machine.max_feed_mm_per_min;
        if (m.kind == MotionKind::kArc) return std::min(m.feed / 60, std::hypot(v[0], v[1], v[2]) / 60);
        Vec3 d = m.to - m.from;
        double mm = length(d);
        if (!(mm > 0)) return 0;
        double axes = mm / std::max({std::abs(d.x) / v[0], std::abs(d.y) / v[1], std::abs(d.z) / v[2]}) / 60;
        return m.kind == MotionKind::kFeed ? std::min(axes, m.feed / 60) : axes;
    }
};

Path random_path(uint64_t seed, int moves) {
    std::mt19937_64 random(seed);
    auto uniform = [&](double low, double high) { return low + (high - low) * static_cast<double>(random() >> 11) * 0x1p-53; };
    Path path;
    for (int i = 0; i < moves; ++i) {
        path.feed = uniform(50, 8000);
        Vec3 to = path.at + Vec3{uniform(-5, 5), uniform(-5, 5), uniform(-1, 1)};
        switch (random() % 8) {
            case 0:
                path.rapid_to(to.x, to.y, to.z);
                break;
            case 1: {
                double radius = uniform(0.01, 20), sweep = uniform(-7, 7), angle = uniform(0, 6.28);
                Vec3 centre = path.at - Vec3{radius * std::cos(angle), radius * std::sin(angle), 0};
                path.arc_to(centre + Vec3{radius * std::cos(angle + sweep), radius * std::sin(angle + sweep), uniform(-1, 1)}, centre,
                            sweep);
                break;
            }
            case 2:
                path.feed_to(path.at.x, path.at.y, path.at.z);
                break;  // nothing moves
            case 3:
                path.feed_to(path.at.x + 1e-5, path.at.y, path.at.z);
                break;
            case 4:
                if (i % 16 == 0) path.dwell(0.25);
                break;
            default:
                path.feed_to(to.x, to.y, to.z);
                break;
        }
    }
    for (Motion& motion : path.motions) motion.path_tolerance_mm = motion.naive_cam_tolerance_mm = 0.01;
    return path;
}

class Laws : public testing::TestWithParam<const char*> {};

TEST_P(Laws, MotionsKeepOrderTimeAndLimits) {
    Machine m = *machine_profile(GetParam());
    LimitsForTest limits{m};
    for (uint64_t seed = 1; seed <= 20; ++seed) {
        Path path = random_path(seed, 400);
        Timed t = plan(m, path);
        ASSERT_EQ(t.motions.size(), path.motions.size());
        double now = 0;
        for (size_t i = 0; i < t.motions.size(); ++i) {
            const TimedMotion& motion = t.motions[i];
            ASSERT_EQ(motion.motion.line, path.motions[i].line);
            ASSERT_EQ(motion.start_s, now);
            now += motion.duration_s;
            ASSERT_TRUE(std::isfinite(motion.duration_s));
            ASSERT_GE(motion.duration_s, 0);
            double most = limits.most_mm_per_s(motion.motion), mm = path_length_mm(motion.motion);
            if (m.profile == "linuxcnc") {
                // It cuts corners by the tolerance, and the blend at the end of a move may already run at the next one's feed
                if (mm < 1) continue;
                // (or at that of the one after a move too short to notice).
                for (size_t k = i + 1; k < std::min(i + 4, t.motions.size()); ++k)
                    most = std::max(most, limits.most_mm_per_s(t.motions[k].motion));
                most *= 1.05;
            }
            if (m.profile == "grbl" && motion.motion.kind == MotionKind::kArc) {
                // Its chords are shorter than the arc, much so where it makes one line of a tiny one.
                if (length(motion.motion.from - motion.motion.centre) < 1) continue;
                most *= 1.01;
            }
            ASSERT_LE(motion.peak_mm_per_s, most * (1 + 1e-6)) << motion.motion.line;
            ASSERT_GE(motion.peak_mm_per_s, std::max(motion.enter_mm_per_s, motion.leave_mm_per_s) * (1 - 1e-9));
            ASSERT_GE(motion.duration_s * most, mm * (1 - 1e-6)) << motion.motion.line;
        }
        ASSERT_NEAR(t.total_s(), now, 1e-9 * now);
    }
}

// The law of a move is a path: it starts at 0, ends at 1, never goes back, and elapsed_at undoes fraction_at.
TEST_P(Laws, FractionAndElapsedAreInverse) {
    Timed t = plan(*machine_profile(GetParam()), random_path(77, 400));
    for (const TimedMotion& motion : t.motions) {
        if (!(motion.duration_s > 0) || !(path_length_mm(motion.motion) > 0)) continue;
        double last = 0;
        for (int k = 0; k <= 20; ++k) {
            double elapsed = motion.duration_s * k / 20, fraction = fraction_at(motion, elapsed);
            ASSERT_GE(fraction, last - 1e-9);
            ASSERT_NEAR(fraction_at(motion, elapsed_at(motion, fraction)), fraction, 1e-6);
            last = fraction;
        }
        ASSERT_NEAR(last, 1, 1e-9);
        // Just before its end a move is just before its end: speeds and duration describe the same way.
        ASSERT_GT(fraction_at(motion, motion.duration_s * (1 - 1e-6)), 1 - 1e-3) << motion.motion.line;
    }
}

// A line cut in two where the controller keeps its speed takes the time of the whole.
TEST_P(Laws, SplittingAStraightLineChangesNothing) {
    Machine m = *machine_profile(GetParam());
    for (double feed : {200.0, 3000.0}) {
        Path whole, split;
        whole.feed = split.feed = feed;
        // The second line keeps both from being the last of LinuxCNC's queue, whose acceleration is halved.
        whole.feed_to(30, 40).feed_to(60, 80);
        split.feed_to(3, 4).feed_to(15, 20).feed_to(30, 40).feed_to(60, 80);
        EXPECT_NEAR(plan(m, whole).total_s(), plan(m, split).total_s(), 0.02) << feed;
    }
}

TEST_P(Laws, TheWayBackTakesTheSameTime) {
    Machine m = *machine_profile(GetParam());
    m.max_feed_mm_per_min = {5000, 5000, 5000};
    m.acceleration_mm_per_s2 = {400, 400, 400};
    Path there;
    there.feed = 2500;
    there.path_mode = PathMode::kExactPath;
    std::mt19937_64 random(5);
    for (int i = 0; i < 12; ++i)
        there.feed_to(static_cast<double>(random() % 40), static_cast<double>(random() % 40), static_cast<double>(random() % 9));
    Path back;
    back.path_mode = there.path_mode;
    back.feed = there.feed;
    back.at = there.motions.back().to;
    for (size_t i = there.motions.size(); i-- > 0;) back.feed_to(there.motions[i].from.x, there.motions[i].from.y, there.motions[i].from.z);
    double forward = plan(m, there).total_s();
    // LinuxCNC keeps the whole acceleration in the last segment only from one side.
    EXPECT_NEAR(plan(m, back).total_s(), forward, (m.profile == "linuxcnc" ? 0.01 : 1e-6) * forward);
}

TEST_P(Laws, LongerIsNeverFaster) {
    Machine m = *machine_profile(GetParam());
    double last = 0;
    for (double mm : {0.001, 0.01, 0.1, 1.0, 5.0, 50.0, 500.0}) {
        Path path;
        path.feed = 4000;
        double t = plan(m, path.feed_to(mm, mm / 3)).total_s();
        EXPECT_GT(t, last);
        last = t;
    }
}

// The sink stops the planner, and nothing is delivered after that.
TEST_P(Laws, TheSinkCanStop) {
    int delivered = 0;
    Planner planner(*machine_profile(GetParam()), [&](const TimedMotion&) { return ++delivered < 3; });
    Path path = random_path(3, 3000);
    bool going = true;
    for (const Motion& motion : path.motions) going = going && planner.push(motion);
    EXPECT_FALSE(going);
    EXPECT_FALSE(planner.finish());
    EXPECT_EQ(delivered, 3);
}

// Moves that go nowhere, without end: what waits stays bounded, so the first is delivered long before the last is pushed.
TEST_P(Laws, MemoryIsBounded) {
    Machine m = *machine_profile(GetParam());
    m.steps_per_mm = 100;
    int64_t delivered = 0, most_waiting = 0;
    Planner planner(m, [&](const TimedMotion&) { return ++delivered, true; });
    Motion motion;
    motion.kind = MotionKind::kFeed;
    motion.feed = 1000;
    motion.to = {1, 0, 0};
    planner.push(motion);
    motion.from = motion.to;
    for (int64_t i = 2; i < 50000; ++i) {
        planner.push(motion);
        most_waiting = std::max(most_waiting, i - delivered);
    }
    planner.finish();
    EXPECT_LT(most_waiting, 10000);
    EXPECT_EQ(delivered, 49999);
}

TEST_P(Laws, NonsenseDoesNotHang) {
    Machine m = *machine_profile(GetParam());
    Path path;
    path.feed = 0;
    path.feed_to(1, 0).arc_to({1, 0, 0}, {1, 0, 0}, 1e6).arc_to({2, 0, 0}, {1e9, 0, 0}, 1e-9).arc_to({2, 0, 0}, {1.5, 0, 0}, 1e7);
    path.feed = 1e-9;
    path.feed_to(3, 0);
    path.feed = 1e300;
    path.feed_to(4, 1e9);
    Timed t = plan(m, path);
    EXPECT_EQ(t.motions.size(), path.motions.size());
    EXPECT_TRUE(std::isfinite(t.total_s()));
    m.acceleration_mm_per_s2 = {0, 0, 0};
    m.max_feed_mm_per_min = {0, 0, 0};
    EXPECT_TRUE(std::isfinite(plan(m, Path().feed_to(1, 1)).total_s()));
}

INSTANTIATE_TEST_SUITE_P(Profiles, Laws, testing::Values("generic", "grbl", "linuxcnc", "haas", "fanuc"),
                         [](const auto& profile) { return std::string(profile.param); });

TEST(Profiles, KnownByName) {
    for (const char* name : {"generic", "grbl", "linuxcnc", "haas", "fanuc"}) {
        ASSERT_TRUE(machine_profile(name).has_value());
        EXPECT_EQ(machine_profile(name)->profile, name);
    }
    EXPECT_FALSE(machine_profile("bridgeport").has_value());
    EXPECT_EQ(machine_profile("generic")->rapid, RapidMode::kLinear);
    EXPECT_EQ(machine_profile("haas")->rapid, RapidMode::kDogleg);
    EXPECT_EQ(machine_profile("fanuc")->rapid, RapidMode::kDogleg);
    EXPECT_EQ(machine_profile("generic")->tool_change_s, 5);
    EXPECT_EQ(machine_profile("generic")->spindle_ramp_s, 1);
}

}  // namespace
}  // namespace proveout
