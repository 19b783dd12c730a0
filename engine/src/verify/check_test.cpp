// The adversarial set: nothing missed, nothing false. Each case says why in its name.
#include "verify/check.h"

#include <random>

#include "verify/verify_test_helpers.h"

namespace proveout {

namespace {

TestSetup block(Tool tool, double x = 110, double y = 40, double z = 20) {
    TestSetup setup;
    setup.tools = {std::move(tool)};
    setup.stock = Stock{box(0, 0, -z, x, y, z), ""};
    return setup;
}

Path above() { return Path({-20, 20, 30}); }

}  // namespace

TEST(Check, ThinWallsAreFoundWhereverTheGridLies) {
    // Two pockets leave a wall of 0.05 mm; a rapid of 100 mm crosses it. Cell 0.1.
    for (double shift : {0.0, 0.013, 0.031, 0.05, 0.077}) {
        TestSetup setup = block(flat(6, 25));
        Path path = above();
        double wall = 50 + shift;
        for (int side = 0; side < 2; ++side) {
            double x = side == 0 ? wall - 3 : wall + 3.05;
            path.rapid(x, -5, 5).cut(x, -5, -5).cut(x, 45, -5).cut(side == 0 ? -5 : 115, 45, -5);
            for (double y = 40; y >= 0; y -= 4) path.cut(side == 0 ? -5 : 115, y, -5).cut(x, y, -5).cut(side == 0 ? -5 : 115, y, -5);
            path.rapid(side == 0 ? -5 : 115, 0, 5);
        }
        ASSERT_EQ(run(setup, path).collisions, 0) << shift;
        path.rapid(5, 20, 5).rapid(5, 20, -4.9).rapid(105, 20, -4.9);
        Checked checked = run(setup, path);
        EXPECT_EQ(checked.collisions, 1) << shift << "\n" << checked.text();
        const Finding& finding = checked.first("RAPID_IN_STOCK");
        EXPECT_EQ(finding.line, path.line);
        EXPECT_NEAR(finding.point_mm.x, wall, 0.2);
        EXPECT_NEAR(finding.depth_mm, 4.9, 0.01);
    }
}

TEST(Check, ThinWallsAreFoundInAnyDirection) {
    std::mt19937 random(5);
    std::uniform_real_distribution<double> unit(0, 1);
    for (int i = 0; i < 12; ++i) {
        // A fin 0.05 mm thick and 20 mm long at any angle, left standing by two straight cuts beside it.
        double angle = 2 * kPi * unit(random), c = std::cos(angle), s = std::sin(angle), x = 50 + unit(random), y = 50 + unit(random);
        TestSetup setup = block(flat(10, 30), 100, 100, 20);
        Path path({x, y, 30});
        auto at = [&](double along, double across) {
            return std::array<double, 2>{x + c * along - s * across, y + s * along + c * across};
        };
        for (double side : {-5.025, 5.025}) {
            auto p = at(-20, side), q = at(20, side);
            path.rapid(p[0], p[1], 5).cut(p[0], p[1], -6).cut(q[0], q[1], -6).rapid(q[0], q[1], 5);
        }
        ASSERT_EQ(run(setup, path).collisions, 0) << i;
        auto p = at(0, -5.025), q = at(0, 5.025);
        path.rapid(p[0], p[1], 5).rapid(p[0], p[1], -5.9).rapid(q[0], q[1], -5.9);
        EXPECT_EQ(run(setup, path).of("RAPID_IN_STOCK"), 1) << i << " at " << angle;
    }
}

TEST(Check, TwoWallsInOneRapidAreTwoEvents) {
    TestSetup setup = block(flat(6, 25));
    Path path = above();
    for (double x : {10.0, 50.0, 90.0})
        path.rapid(x - 8, 20, 5).cut(x - 8, 20, -5).cut(x + 8, 20, -5).rapid(x + 8, 20, 5);
    path.rapid(10, 20, 5).rapid(10, 20, -4.5).rapid(90, 20, -4.5);
    Checked checked = run(setup, path);
    EXPECT_EQ(checked.collisions, 2) << checked.text();
    EXPECT_EQ(checked.findings[0].line, checked.findings[1].line);
    // The cutter fits the end of the slot: it meets the wall on its whole front.
    for (int i : {0, 1})
        EXPECT_NEAR(std::hypot(checked.findings[i].point_mm.x - (18 + 40 * i), checked.findings[i].point_mm.y - 20), 3, 0.1);
}

TEST(Check, OneContactOverManyBlocksIsOneEvent) {
    TestSetup setup = block(flat(6, 25));
    Path path = above();
    path.rapid(-10, 20, -2);
    for (int i = 0; i <= 100; ++i) path.rapid(-10 + i, 20, -2);
    Checked checked = run(setup, path);
    ASSERT_EQ(checked.collisions, 1) << checked.text();
    EXPECT_EQ(checked.findings[0].line, 10);       // from: the cutter's front passes the stock's side
    EXPECT_EQ(checked.findings[0].last_line, path.line);
    EXPECT_NEAR(checked.findings[0].depth_mm, 2, 0.01);
}

TEST(Check, AGapOfLessThanAMillimetreDoesNotEndAnEvent) {
    for (double gap : {0.5, 1.5}) {
        TestSetup setup = block(flat(2, 4), 60, 20, 20);
        Tool slot = flat(1, 25);
        slot.number = 2;
        setup.tools.push_back(slot);
        Path path({-20, 10, 30});
        path.tool = 2;
        // A slot across, 1 + gap wide: a rapid of the 2 mm cutter (half of it in front) is free for `gap` of its path.
        path.rapid(30, -5, 5).cut(30, -5, -5).cut(30, 25, -5).cut(30 + gap / 2, 25, -5).cut(30 + gap / 2, -5, -5);
        path.cut(30 + gap, -5, -5).cut(30 + gap, 25, -5).rapid(30 + gap, 25, 5);
        path.tool = 1;
        path.rapid(-5, 10, 5).rapid(-5, 10, -2).rapid(65, 10, -2);
        Checked checked = run(setup, path, 0.05);
        EXPECT_EQ(checked.of("RAPID_IN_STOCK"), gap < 1 ? 1 : 2) << gap << "\n" << checked.text();
    }
}

TEST(Check, RapidAboveTheFloorIsSilent) {
    TestSetup setup = block(flat(6, 25));
    Path path = above();
    path.rapid(10, 20, 5).cut(10, 20, -5).cut(90, 20, -5).rapid(90, 20, -4.999).rapid(10, 20, -4.999).rapid(10, 20, 5);
    EXPECT_EQ(run(setup, path).findings.size(), 0u) << run(setup, path).text();
}

TEST(Check, RapidBelowTheFloorIsFound) {
    TestSetup setup = block(flat(6, 25));
    Path path = above();
    path.rapid(10, 20, 5).cut(10, 20, -5).cut(90, 20, -5).rapid(90, 20, -5.01).rapid(10, 20, -5.01).rapid(10, 20, 5);
    Checked checked = run(setup, path);
    EXPECT_EQ(checked.collisions, 1);
    EXPECT_NEAR(checked.first("RAPID_IN_STOCK").depth_mm, 0.01, 0.003);
}

TEST(Check, RapidInItsOwnSlotAndRetractAlongTheCutAreSilent) {
    for (ToolType type : {ToolType::kFlat, ToolType::kBall}) {
        TestSetup setup = block(flat(6, 25));
        setup.tools[0].type = type;
        std::mt19937 random(2);
        std::uniform_real_distribution<double> place(10, 30);
        Path path = above();
        for (int i = 0; i < 20; ++i) {
            double x = 3 * place(random), y = place(random), u = 3 * place(random), v = place(random);
            path.rapid(x, y, 5).cut(x, y, -5).cut(u, v, -6).rapid(x, y, -5).rapid(u, v, -6).rapid(u, v, 5);
        }
        Checked checked = run(setup, path);
        EXPECT_EQ(checked.findings.size(), 0u) << checked.text();
    }
}

TEST(Check, HelicalEntryAndPecksAreSilent) {
    TestSetup setup = block(flat(6, 25, 30, 40));
    Path path = above();
    path.rapid(53.3, 20, 1);
    for (int turn = 0; turn < 5; ++turn) path.arc(53.3, 20, 1 - 2.0 * (turn + 1), 50, 20, 2 * kPi);
    path.arc(53.3, 20, -9, 50, 20, 2 * kPi).rapid(53.3, 20, 5);
    // Peck drilling with full retracts and rapids back to just above the last depth.
    path.rapid(20.017, 10.031, 2);
    double depth = 0;
    for (int peck = 0; peck < 6; ++peck) {
        if (peck > 0) path.rapid(20.017, 10.031, depth + 0.1);
        depth -= 2.5;
        path.cut(20.017, 10.031, depth).rapid(20.017, 10.031, 2);
    }
    Checked checked = run(setup, path);
    EXPECT_EQ(checked.findings.size(), 0u) << checked.text();
}

TEST(Check, PeckWithARapidBelowTheLastDepthIsFound) {
    TestSetup setup = block(flat(6, 25));
    Path path = above();
    path.rapid(20, 20, 2).cut(20, 20, -3).rapid(20, 20, 2).rapid(20, 20, -3.2);
    Checked checked = run(setup, path);
    EXPECT_EQ(checked.of("RAPID_IN_STOCK"), 1);
    EXPECT_NEAR(checked.first("RAPID_IN_STOCK").depth_mm, 0.2, 0.01);
}

TEST(Check, HolderGrazesByOneCell) {
    // Stickout 10, holder 40: at depth 9.95 it clears the top, at 10.05 it meets it.
    for (double depth : {9.95, 10.0, 10.05}) {
        TestSetup setup = block(flat(6, 10, 10, 40));
        Path path({55, -40, 30});
        path.rapid(55, -40, -depth).cut(55, 80, -depth);
        Checked checked = run(setup, path);
        EXPECT_EQ(checked.of("HOLDER_COLLISION"), depth > 10 ? 1 : 0) << depth << "\n" << checked.text();
        if (depth > 10) {
            EXPECT_NEAR(checked.first("HOLDER_COLLISION").depth_mm, 0.05, 0.005);
        }
    }
}

TEST(Check, HolderBesideAWallGrazesByOneCell) {
    // A step of the stock stands beside the holder: 0.05 mm of overlap sideways must be found, 0.05 mm of air must not.
    for (double air : {0.05, -0.05}) {
        TestSetup setup = block(flat(10, 15, 16, 30), 100, 60, 40);
        Tool wide = flat(20, 60);
        wide.number = 2;
        setup.tools.push_back(wide);
        Path path({-30, 30, 60});
        path.tool = 2;
        for (double y = 0; y <= 30; y += 10) path.rapid(-30, y, -20).cut(130, y, -20).rapid(130, y, 30).rapid(-30, y, 30);
        // The wall now stands at y = 40 from -20 up; the holder's nose is 16 above the tip.
        path.tool = 1;
        double y = 40 - 15 - air;
        path.rapid(-30, y, -25).cut(130, y, -25);
        Checked checked = run(setup, path, 0.05);
        EXPECT_EQ(checked.of("HOLDER_COLLISION"), air < 0 ? 1 : 0) << air << "\n" << checked.text();
    }
}

TEST(Check, ShankOfTheSameWidthInADeepSlotCutInOneStepRubs) {
    TestSetup setup = block(flat(6, 8, 30, 0));
    Path path({-10, 20, 30});
    path.rapid(-10, 20, -15).cut(130, 20, -15);
    Checked checked = run(setup, path);
    EXPECT_EQ(checked.of("FLUTE_LENGTH_EXCEEDED"), 1) << checked.text();
}

TEST(Check, ThinnerNeckInASlotCutInStepsIsSilent) {
    TestSetup setup = block(flat(6, 6, 30, 0));
    setup.tools[0].shank_diameter_mm = 5.5;
    Path path({-10, 20, 30});
    for (double z = -5; z >= -15; z -= 5) path.rapid(-10, 20, z).cut(130, 20, z).rapid(130, 20, 5).rapid(-10, 20, 5);
    Checked checked = run(setup, path);
    EXPECT_EQ(checked.findings.size(), 0u) << checked.text();
}

TEST(Check, WiderShankIsAShankCollisionOnly) {
    TestSetup setup = block(flat(3, 6, 30, 0));
    setup.tools[0].shank_diameter_mm = 6;
    Path path({-10, 20, 30});
    path.rapid(-10, 20, -10).cut(130, 20, -10);
    Checked checked = run(setup, path);
    EXPECT_EQ(checked.of("SHANK_COLLISION"), 1) << checked.text();
    EXPECT_EQ(checked.of("FLUTE_LENGTH_EXCEEDED"), 0);
}

TEST(Check, HolderOnlyHitsTheClampAndTwoClampsAreTwoEvents) {
    TestSetup setup = block(flat(6, 20, 25, 40));
    setup.fixtures = {{"left", box(0, 30, 0, 10, 10, 30)}, {"right", box(90, 30, 0, 10, 10, 30)}};
    Path path = above();
    path.rapid(-20, 20, -3).cut(120, 20, -3);
    Checked checked = run(setup, path);
    EXPECT_EQ(checked.collisions, 2) << checked.text();
    EXPECT_EQ(checked.findings[0].partner, "left");
    EXPECT_EQ(checked.findings[1].partner, "right");
    EXPECT_EQ(checked.findings[0].part, Part::kHolder);
    EXPECT_EQ(checked.findings[0].line, 2);
    EXPECT_NEAR(checked.findings[0].depth_mm, 8, 0.01);
}

TEST(Check, SpindleOffAndReversed) {
    TestSetup setup = block(flat(6, 25));
    Path path = above();
    path.rpm = 0;
    path.rapid(10, 20, 5).cut(10, 20, -1).cut(50, 20, -1);
    path.rpm = -500;
    path.cut(90, 20, -1);
    path.rpm = 500;
    path.rapid(90, 20, 5);
    Checked checked = run(setup, path);
    EXPECT_EQ(checked.of("SPINDLE_OFF_IN_CUT"), 1) << checked.text();
    EXPECT_EQ(checked.of("SPINDLE_REVERSED"), 1);
    EXPECT_EQ(checked.collisions, 0);
    EXPECT_EQ(checked.first("SPINDLE_OFF_IN_CUT").line, 2);
    EXPECT_EQ(checked.first("SPINDLE_REVERSED").line, 4);
}

TEST(Check, SpindleOffForAWholeProgramIsOneEvent) {
    TestSetup setup = block(flat(6, 25));
    Path path = above();
    path.rpm = 0;
    path.rapid(5, 5, 5);
    auto raster = [&](double z) {
        for (int i = 0; i <= 120; ++i) path.cut(i % 2 ? 105 : 5, 5 + i * 0.25, z).cut(i % 2 ? 5 : 105, 5 + i * 0.25, z);
    };
    raster(-2);
    int64_t last = path.line;
    path.rapid(path.at.x, path.at.y, 5).rapid(5, 5, 5).rapid(5, 5, -1.99);
    raster(-1.99);  // over its own floor: no cut
    Checked checked = run(setup, path);
    ASSERT_EQ(checked.findings.size(), 1u) << checked.text();
    EXPECT_EQ(checked.findings[0].code, "SPINDLE_OFF_IN_CUT");
    EXPECT_EQ(checked.findings[0].line, 2);
    EXPECT_LE(checked.findings[0].last_line, last);
}

TEST(Check, NearMissOfTheHolderOnlyWithAClearance) {
    TestSetup setup = block(flat(6, 10, 10, 40));
    Path path({55, -40, 30});
    path.rapid(55, -40, -9.5).cut(55, 80, -9.5);
    EXPECT_EQ(run(setup, path).findings.size(), 0u);
    setup.clearance_mm = 1;
    Checked checked = run(setup, path);
    EXPECT_EQ(checked.of("NEAR_MISS"), 1) << checked.text();
    EXPECT_EQ(checked.collisions, 0);
    EXPECT_EQ(checked.first("NEAR_MISS").part, Part::kHolder);
}

TEST(Check, UndercutterUnderARoofIsNoFluteFault) {
    Tool tool = flat(16, 4, 40);
    tool.type = ToolType::kTslot;
    tool.neck_diameter_mm = tool.shank_diameter_mm = 6;
    TestSetup setup = block(tool);
    Tool slot = flat(8, 25);
    slot.number = 2;
    setup.tools.push_back(slot);
    Path path({-20, 20, 30});
    path.tool = 2;
    path.rapid(-20, 20, -12).cut(130, 20, -12).rapid(130, 20, 30).rapid(-20, 20, 30);
    path.tool = 1;
    path.rapid(-20, 20, -12).cut(130, 20, -12);
    Checked checked = run(setup, path);
    EXPECT_EQ(checked.findings.size(), 0u) << checked.text();
}

TEST(Check, PlungeOfAFaceMill) {
    TestSetup setup = block(flat(20, 25));
    setup.tools[0].center_cutting = false;
    Path path = above();
    path.rapid(-20, 20, -1).cut(130, 20, -1);         // from outside: fine
    path.rapid(130, 20, 5).rapid(50, 20, 5).cut(50, 20, -2);
    Checked checked = run(setup, path);
    EXPECT_EQ(checked.of("PLUNGE_NOT_CENTER_CUTTING"), 1) << checked.text();
    EXPECT_EQ(checked.first("PLUNGE_NOT_CENTER_CUTTING").line, path.line);
}

TEST(Check, OvertravelOfAnArcIsItsTrueExtreme) {
    TestSetup setup = block(flat(6, 25));
    setup.machine.zero_mm = {100, 0, 0};
    setup.machine.travel_mm[0] = {-100, -5};    // machine X; set-up X 0..95
    Path path({20, 20, 30});
    path.rapid(80, 5, 5).arc(80, 35, 5, 80, 20, kPi);   // bulges to X 95: touches
    EXPECT_EQ(run(setup, path).of("OVERTRAVEL"), 0);
    path.rapid(81, 5, 5).arc(81, 35, 5, 81, 20, kPi);
    Checked checked = run(setup, path);
    EXPECT_EQ(checked.of("OVERTRAVEL"), 1) << checked.text();
    EXPECT_NEAR(checked.first("OVERTRAVEL").depth_mm, 1, 1e-6);
    EXPECT_EQ(checked.first("OVERTRAVEL").line, 4);
}

TEST(Check, SameFindingsForAnyNumberOfThreads) {
    TestSetup setup = block(flat(6, 8, 12, 40));
    setup.fixtures = {{"clamp", box(50, 30, 0, 10, 10, 30)}};
    std::mt19937 random(9);
    std::uniform_real_distribution<double> place(0, 1);
    Path path = above();
    for (int i = 0; i < 60; ++i) {
        double x = 110 * place(random), y = 40 * place(random), z = 4 - 18 * place(random);
        if (i % 7 == 0) path.rapid(x, y, z);
        else path.cut(x, y, z);
    }
    Checked one = run(setup, path, 0.1, 1), two = run(setup, path, 0.1, 2), four = run(setup, path, 0.1, 4);
    EXPECT_GT(one.findings.size(), 3u);
    EXPECT_EQ(one.text(), two.text());
    EXPECT_EQ(one.text(), four.text());
    EXPECT_EQ(one.removed_mm3, four.removed_mm3);
}

TEST(Check, UndefinedToolIsRefusedWithItsLine) {
    TestSetup setup = block(flat(6, 25));
    Toolbox toolbox = make_toolbox(setup.tools);
    auto grid = make_grid(setup.stock->solid, {2, 0.5, true, false}, 1e9);
    EventLog log(setup);
    Context context;
    Checker checker(setup, toolbox, *grid, log, [](const TimedMotion&, const Cut&) {}, context);
    Path path = above();
    path.tool = 7;
    path.rapid(0, 0, 5);
    Status status = checker.push(path.moves[0]);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().code, ErrorCode::kInvalidInput);
    EXPECT_EQ(status.error().line, 1);
}

TEST(Check, AGrazeThinnerThanTheCellIsOneEvent) {
    for (double overlap : {0.003, 0.02, 0.1}) {
        TestSetup setup = block(flat(6, 25), 400, 40, 20);
        Path path({-20, -3 + overlap, 30});
        path.rapid(-20, -3 + overlap, -10).rapid(420, -3 + overlap, -10);
        Checked checked = run(setup, path, overlap < 0.01 ? 0.04 : 0.25);
        EXPECT_EQ(checked.of("RAPID_IN_STOCK"), 1) << overlap << "\n" << checked.text();
    }
}

TEST(Check, AShankBesideOneWallDoesNotRub) {
    // Side milling round the outside, deeper than the flutes: the shank touches the wall that the flutes made, and nothing lies inside it.
    TestSetup setup = block(flat(6, 6, 35));
    Path path = above();
    for (double z : {-5.0, -10.0, -15.0}) path.rapid(-3, -20, 5).cut(-3, -20, z).cut(-3, 60, z).rapid(-3, 60, 5);
    EXPECT_EQ(run(setup, path).of("FLUTE_LENGTH_EXCEEDED"), 0);
    Path slot = above();
    for (double z : {-5.0, -10.0, -15.0}) slot.rapid(20, -20, 5).cut(20, -20, z).cut(20, 60, z).rapid(20, 60, 5);
    EXPECT_EQ(run(setup, slot).of("FLUTE_LENGTH_EXCEEDED"), 2);
}

TEST(Check, RapidThatFollowsAProbeIsChecked) {
    TestSetup setup = block(flat(6, 25));
    auto probed = [&](Path path) {
        Motion probe = path.next(MotionKind::kFeed, {50, 20, -3});
        probe.probe = true;
        return path.rapid(50, 20, 5).add(probe);
    };
    Checked lifted = run(setup, probed(above()).rapid(50, 20, 5));
    EXPECT_TRUE(lifted.findings.empty()) << lifted.text();
    EXPECT_EQ(lifted.removed_mm3, 0);
    EXPECT_EQ(run(setup, probed(above()).rapid(60, 20, -3)).of("RAPID_IN_STOCK"), 1);
}

TEST(Check, ANearlyVerticalPlungeIsAPlunge) {
    TestSetup setup = block(flat(6, 25));
    setup.tools[0].center_cutting = false;
    Checked checked = run(setup, above().rapid(45, 20, 5).cut(45.0001, 20, -2));
    ASSERT_EQ(checked.of("PLUNGE_NOT_CENTER_CUTTING"), 1);
    EXPECT_EQ(run(setup, above().rapid(45, 20, 5).cut(45, 20, 0).cut(65, 20, -2)).of("PLUNGE_NOT_CENTER_CUTTING"), 0);
}

TEST(Check, NearMissOfTheCutterAcrossButNotOutOfItsOwnCut) {
    TestSetup setup = block(flat(6, 25));
    setup.clearance_mm = 0.5;
    EXPECT_EQ(run(setup, above().rapid(-20, 20, 50).rapid(-20, 20, 0.3).rapid(120, 20, 0.3)).of("NEAR_MISS"), 1);
    EXPECT_EQ(run(setup, above().rapid(-20, 20, 50).rapid(-20, 20, 0.6).rapid(120, 20, 0.6)).of("NEAR_MISS"), 0);
    Checked slot = run(setup, above().rapid(50, 20, 5).cut(50, 20, -5).cut(70, 20, -5).rapid(70, 20, 5));
    EXPECT_TRUE(slot.findings.empty()) << slot.text();
}

TEST(Check, SpindleFasterThanTheToolAllows) {
    TestSetup setup = block(flat(6, 25));
    setup.tools[0].max_rpm = 800;
    Checked checked = run(setup, above().rapid(50, 20, 5).cut(50, 20, -5).cut(70, 20, -5));
    ASSERT_EQ(checked.of("SPINDLE_SPEED_EXCEEDED"), 1);
    EXPECT_EQ(checked.first("SPINDLE_SPEED_EXCEEDED").line, 2);
}

}  // namespace proveout
