#include <gtest/gtest.h>

#include "proveout/body.h"
#include "tool/outline.h"

namespace proveout {
namespace {

Tool tool(ToolType type, double diameter, double flute) {
    Tool t;
    t.type = type;
    t.diameter_mm = diameter;
    t.flute_length_mm = flute;
    t.shank_diameter_mm = diameter;
    t.stickout_mm = 40;
    return t;
}

TEST(Assembly, EnvelopesAreConvexAndMonotone) {
    Tool bull = tool(ToolType::kBull, 10, 20), taper = tool(ToolType::kTaper, 8, 15), vee = tool(ToolType::kVbit, 12, 10);
    bull.corner_radius_mm = 2;
    taper.taper_angle_deg = 7;
    taper.tip_diameter_mm = 3;
    taper.corner_radius_mm = 1.5;
    vee.tip_diameter_mm = 0.5;
    Tool dovetail = tool(ToolType::kDovetail, 14, 5), lollipop = tool(ToolType::kLollipop, 10, 10);
    for (const Tool& t : {tool(ToolType::kFlat, 6, 20), tool(ToolType::kBall, 6, 20), bull, taper, vee, tool(ToolType::kDrill, 6, 30),
                          dovetail, lollipop, tool(ToolType::kTslot, 14, 3)}) {
        for (const ConvexBody& body : make_assembly(t).cutter) {
            constexpr int kSteps = 400;
            double last = lower_height(body, 0), last_rise = 0, last_upper = upper_height(body, 0);
            for (int i = 1; i <= kSteps; ++i) {
                double height = lower_height(body, body.radius_mm * i / kSteps), rise = height - last;
                EXPECT_GE(rise, last_rise - 1e-9) << name_of(t.type);
                double upper = upper_height(body, body.radius_mm * i / kSteps);
                EXPECT_LE(upper, last_upper + 1e-9) << name_of(t.type);
                EXPECT_GE(upper, height - 1e-9) << name_of(t.type);
                last = height;
                last_rise = rise;
                last_upper = upper;
            }
        }
    }
}

TEST(Assembly, KnownHeights) {
    ConvexBody ball = make_assembly(tool(ToolType::kBall, 6, 20)).cutter[0];
    EXPECT_NEAR(lower_height(ball, 3), 3, 1e-12);
    EXPECT_NEAR(lower_height(ball, 1.5), 3 - std::sqrt(9 - 2.25), 1e-12);
    ConvexBody drill = make_assembly(tool(ToolType::kDrill, 6, 20)).cutter[0];
    EXPECT_NEAR(lower_height(drill, 3), 3 / std::tan(59 * kPi / 180), 1e-12);
    ConvexBody lollipop = make_assembly(tool(ToolType::kLollipop, 10, 10)).cutter[0];
    EXPECT_NEAR(upper_height(lollipop, 3), 5 + 4, 1e-12);
    EXPECT_NEAR(lower_height(lollipop, 3), 5 - 4, 1e-12);
}

TEST(Assembly, PartsFollowEachOther) {
    Tool t = tool(ToolType::kFlat, 6, 20);
    t.shank_diameter_mm = 8;
    t.holder = {{10, 20, 30}, {40, 50, 50}};
    ToolAssembly a = make_assembly(t);
    ASSERT_EQ(a.shank.size(), 1u);
    EXPECT_DOUBLE_EQ(a.shank[0].low_mm, 20);
    EXPECT_DOUBLE_EQ(a.shank[0].high_mm, 40);
    EXPECT_DOUBLE_EQ(a.shank[0].radius_mm, 4);
    ASSERT_EQ(a.holder.size(), 2u);
    EXPECT_DOUBLE_EQ(a.holder[0].low_mm, 40);
    EXPECT_DOUBLE_EQ(lower_height(a.holder[0], 12.5), 45);
    EXPECT_DOUBLE_EQ(a.holder[1].low_mm, 50);
    EXPECT_DOUBLE_EQ(a.top_mm, 90);
    EXPECT_FALSE(a.shank_as_wide_as_cutter);
}

TEST(Outline, StepsAndGroovesBecomeConvexBodies) {
    std::vector<ConvexBody> step = bodies_from_outline({{0, 0}, {1.5, 0}, {1.5, 4}, {3, 4}, {3, 20}}, Part::kCutter);
    ASSERT_EQ(step.size(), 2u);
    EXPECT_DOUBLE_EQ(step[0].radius_mm, 1.5);
    EXPECT_DOUBLE_EQ(step[1].radius_mm, 3);
    EXPECT_DOUBLE_EQ(step[1].low_mm, 4);
    std::vector<ConvexBody> waist = bodies_from_outline({{4, 0}, {2, 5}, {4, 10}}, Part::kCutter);
    ASSERT_EQ(waist.size(), 2u);
    EXPECT_DOUBLE_EQ(lower_height(waist[1], 3), 7.5);
    EXPECT_DOUBLE_EQ(upper_height(waist[0], 3), 2.5);
    ASSERT_EQ(bodies_from_outline({{1, 0}, {3, 5}, {3, 10}, {2, 12}}, Part::kCutter).size(), 1u);
}

TEST(Offset, GrownBodyIsTheParallelSurfaceAndShrunkLiesInside) {
    Tool bull = tool(ToolType::kBull, 10, 20);
    bull.corner_radius_mm = 2;
    for (const Tool& t : {tool(ToolType::kFlat, 10, 20), tool(ToolType::kBall, 10, 20), bull, tool(ToolType::kVbit, 10, 20)}) {
        ConvexBody body = make_assembly(t).cutter[0];
        for (double delta : {0.2, 0.5}) {
            ConvexBody more = offset_body(body, delta), less = offset_body(body, -delta);
            EXPECT_NEAR(more.radius_mm, body.radius_mm + delta, 1e-9);
            EXPECT_NEAR(less.radius_mm, body.radius_mm - delta, 1e-9);
            for (double share : {0.0, 0.3, 0.6, 0.9, 1.0}) {
                double rho = share * body.radius_mm, height = lower_height(body, rho);
                // Every point at distance delta from the surface: none of the grown body's outside is nearer.
                double grown = lower_height(more, rho);
                double nearest = 1e9;
                for (int i = 0; i <= 20000; ++i) {
                    double r = body.radius_mm * std::sin(0.5 * kPi * i / 20000.0);  // dense at the rim, where the surface is steep
                    nearest = std::min(nearest, std::hypot(rho - r, grown - lower_height(body, r)));
                }
                EXPECT_NEAR(nearest, delta, 0.02 * delta + 1e-5) << name_of(t.type) << ' ' << share;
                if (rho <= less.radius_mm) {
                    EXPECT_GE(lower_height(less, rho), height + delta - 1e-9);
                }
            }
        }
    }
}

}  // namespace
}  // namespace proveout
