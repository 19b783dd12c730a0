// Removed volume against exact solids, off the grid on purpose, at three cells. PROVEOUT_TABLE=1 prints the table.
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>

#include "proveout/cut.h"

namespace proveout {
namespace {

struct Case {
    const char* name;
    Solid stock;
    std::vector<Tool> tools;
    std::vector<std::pair<int, Motion>> moves;  // tool index, motion
    double exact_mm3;
};

Solid box(double x, double y, double z) {
    Solid solid;
    solid.dims_mm = {x, y, z};
    return solid;
}

Tool tool(ToolType type, double diameter, double flute = 30) {
    Tool t;
    t.type = type;
    t.diameter_mm = diameter;
    t.flute_length_mm = flute;
    t.shank_diameter_mm = diameter;
    t.stickout_mm = 60;
    return t;
}

Motion feed(Vec3 from, Vec3 to) {
    Motion m;
    m.kind = MotionKind::kFeed;
    m.from = from;
    m.to = to;
    return m;
}

Motion arc(Vec3 from, Vec3 to, Vec3 centre, double sweep_rad) {
    Motion m = feed(from, to);
    m.kind = MotionKind::kArc;
    m.centre = centre;
    m.sweep_rad = sweep_rad;
    return m;
}

double integrate(double from, double to, const std::function<double(double)>& f) {
    constexpr int kSteps = 20000;
    double sum = 0, step = (to - from) / kSteps;
    for (int i = 0; i < kSteps; ++i) sum += f(from + (i + 0.5) * step);
    return sum * step;
}

std::vector<std::pair<int, Motion>> path(int tool_index, const std::vector<Vec3>& points) {
    std::vector<std::pair<int, Motion>> out;
    for (size_t i = 1; i < points.size(); ++i) out.emplace_back(tool_index, feed(points[i - 1], points[i]));
    return out;
}

std::vector<std::pair<int, Motion>> join(std::vector<std::pair<int, Motion>> a, const std::vector<std::pair<int, Motion>>& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

// Tool centre fills the rectangle a x b at (x, y) turned by `angle`, at height z.
std::vector<std::pair<int, Motion>> fill(double x, double y, double a, double b, double angle, double z, double stepover) {
    auto at = [&](double u, double v) {
        return Vec3{x + u * std::cos(angle) - v * std::sin(angle), y + u * std::sin(angle) + v * std::cos(angle), z};
    };
    std::vector<Vec3> points{at(0, 0), at(a, 0), at(a, b), at(0, b), at(0, 0)};
    for (double v = stepover; v < b; v += stepover) {
        points.push_back(at(0, v));
        points.push_back(at(a, v));
    }
    return path(0, points);
}

constexpr double kX = 10.0137, kY = 15.0371;  // off every grid

std::vector<Case> slots() {
    Solid stock = box(40, 30, 12);
    std::vector<Case> cases;
    double r = 3.175;
    cases.push_back({"slot along x", stock, {tool(ToolType::kFlat, 2 * r)}, path(0, {{-5, kY, 7}, {45, kY, 7}}), 40 * 2 * r * 5});
    cases.push_back({"slot along y", stock, {tool(ToolType::kFlat, 3.175)}, path(0, {{kX, -5, 9}, {kX, 35, 9}}), 30 * 3.175 * 3});
    cases.push_back({"blind slot", stock, {tool(ToolType::kFlat, 2 * r)}, path(0, {{kX, kY, 7}, {kX + 19.3, kY, 7}}),
                     5 * (2 * r * 19.3 + kPi * r * r)});
    Vec3 end{kX + 17 * std::cos(0.5236), 9 + 17 * std::sin(0.5236), 8};
    cases.push_back({"blind slot at 30 degrees", stock, {tool(ToolType::kFlat, 4)}, path(0, {{kX, 9, 8}, end}), 4 * (4 * 17 + kPi * 4)});
    Vec3 diagonal{kX + 12, 9 + 12, 8};
    cases.push_back({"blind slot at 45 degrees", stock, {tool(ToolType::kFlat, 4)}, path(0, {{kX, 9, 8}, diagonal}),
                     4 * (4 * 12 * std::sqrt(2.0) + kPi * 4)});
    cases.push_back({"crossing slots", stock, {tool(ToolType::kFlat, 5)},
                     join(path(0, {{-5, kY, 7}, {45, kY, 7}}), path(0, {{kX, -5, 9}, {kX, 35, 9}})),
                     5.0 * 5 * 40 + 3.0 * 5 * 30 - 3.0 * 25});
    cases.push_back({"quarter ring", stock, {tool(ToolType::kFlat, 5)},
                     {{0, arc({27.5, kY - 8, 9}, {19.5, kY, 9}, {19.5, kY - 8, 9}, kPi / 2)}}, 3 * (kPi / 2 * 8 * 5 + kPi * 6.25)});
    cases.push_back({"three-quarter ring", stock, {tool(ToolType::kFlat, 3)},
                     {{0, arc({27.5, kY, 9}, {19.5, kY - 8, 9}, {19.5, kY, 9}, 1.5 * kPi)}}, 3 * (1.5 * kPi * 8 * 3 + kPi * 2.25)});
    cases.push_back({"ring", stock, {tool(ToolType::kFlat, 5)}, {{0, arc({25.5, kY, 10}, {25.5, kY, 10}, {18.5, kY, 10}, -2 * kPi)}},
                     2 * kPi * (9.5 * 9.5 - 4.5 * 4.5)});
    double m = 5.0 / 20;
    cases.push_back({"flat ramp", stock, {tool(ToolType::kFlat, 6)}, path(0, {{kX, kY, 12}, {kX + 20, kY, 7}}),
                     integrate(-3, 3, [&](double d) { return 0.5 * m * 400 + 5 * 2 * std::sqrt(9 - d * d); })});
    return cases;
}

std::vector<Case> pockets() {
    Solid stock = box(60, 40, 15);
    std::vector<Case> cases;
    auto area = [](double a, double b, double r) { return (a + 2 * r) * (b + 2 * r) - (4 - kPi) * r * r; };
    cases.push_back({"pocket", stock, {tool(ToolType::kFlat, 6)}, fill(kX, 9.013, 30.3, 17.7, 0, 9, 3), 6 * area(30.3, 17.7, 3)});
    cases.push_back({"pocket turned by 20 degrees", stock, {tool(ToolType::kFlat, 6)}, fill(16.1, 7.77, 25, 13, 0.349, 9, 3),
                     6 * area(25, 13, 3)});
    cases.push_back({"two-level pocket", stock, {tool(ToolType::kFlat, 6)},
                     join(fill(kX, 9.013, 30.3, 17.7, 0, 11, 3), fill(kX + 7.1, 13.3, 12.2, 8.9, 0, 5, 3)),
                     4 * area(30.3, 17.7, 3) + 6 * area(12.2, 8.9, 3)});
    Tool bull = tool(ToolType::kBull, 6);
    bull.corner_radius_mm = 1;
    // A bull-nosed pocket is the flat one less the fillet: per mm of straight wall c^2 (1 - pi/4), and the corners by revolution.
    double straight = 2 * (30.3 + 17.7) * (1 - kPi / 4);
    double corner = integrate(2, 3, [](double rho) { return 2 * kPi * rho * (1 - std::sqrt(1 - (rho - 2) * (rho - 2))); });
    cases.push_back(
        {"bull-nosed pocket", stock, {bull}, fill(kX, 9.013, 30.3, 17.7, 0, 9, 1.9), 6 * area(30.3, 17.7, 3) - straight - corner});
    std::vector<std::pair<int, Motion>> bore;
    Vec3 at{kX + 20 + 2, kY, 15};
    for (int turn = 0; turn < 5; ++turn) {
        Vec3 next{at.x, at.y, at.z - 2};
        bore.emplace_back(0, arc(at, next, {kX + 20, kY, at.z}, 2 * kPi));
        at = next;
    }
    bore.emplace_back(0, arc(at, at, {kX + 20, kY, at.z}, 2 * kPi));
    cases.push_back({"helically bored hole", stock, {tool(ToolType::kFlat, 6)}, bore, 10 * kPi * 25});
    Solid round;
    round.shape = StockShape::kCylinder;
    round.dims_mm = {50, 20, 0};
    cases.push_back({"facing a cylinder", round, {tool(ToolType::kFlat, 20)}, fill(-30, -30, 60, 60, 0, 18, 15), kPi * 625 * 2});
    Solid tube;
    tube.shape = StockShape::kTube;
    tube.dims_mm = {50, 30, 20};
    cases.push_back({"facing a tube", tube, {tool(ToolType::kFlat, 20)}, fill(-30, -30, 60, 60, 0, 18, 15), kPi * (625 - 225) * 2});
    return cases;
}

std::vector<Case> holes() {
    Solid stock = box(40, 30, 12);
    std::vector<Case> cases;
    auto plunge = [](double z) { return path(0, {{kX, kY, 15}, {kX, kY, z}}); };
    for (double d : {2.0, 3.0, 6.35})
        cases.push_back({d == 2 ? "through hole 2" : d == 3 ? "through hole 3" : "through hole 6.35", stock, {tool(ToolType::kFlat, d)},
                         plunge(-1), 12 * kPi * d * d / 4});
    double tip = 3 / std::tan(59 * kPi / 180);
    cases.push_back({"drilled blind hole", stock, {tool(ToolType::kDrill, 6)}, plunge(3), kPi * 9 * (9 - tip) + kPi * 9 * tip / 3});
    cases.push_back({"ball plunge", stock, {tool(ToolType::kBall, 8)}, plunge(5), kPi * 16 * 3 + 2.0 / 3 * kPi * 64});
    cases.push_back({"spot by a 90 degree cone", stock, {tool(ToolType::kVbit, 10)}, plunge(8), kPi * 64 / 3});
    Tool step = tool(ToolType::kForm, 6);
    step.profile = {{0, 0}, {1.5, 0}, {1.5, 4}, {3, 4}, {3, 20}};
    cases.push_back({"step drill", stock, {step}, plunge(3), kPi * 2.25 * 4 + kPi * 9 * 5});
    Tool bull = tool(ToolType::kBull, 10);
    bull.corner_radius_mm = 2;
    double fillet = integrate(3, 5, [](double rho) { return 2 * kPi * rho * (2 - std::sqrt(4 - (rho - 3) * (rho - 3))); });
    cases.push_back({"bull-nosed plunge", stock, {bull}, plunge(6), kPi * 25 * 6 - fillet});
    return cases;
}

std::vector<Case> grooves() {
    Solid stock = box(40, 30, 12);
    std::vector<Case> cases;
    auto through = [](double z) { return path(0, {{-20, kY, z}, {60, kY, z}}); };
    cases.push_back({"ball groove", stock, {tool(ToolType::kBall, 6)}, through(9), 40 * kPi * 9 / 2});
    cases.push_back({"blind ball groove", stock, {tool(ToolType::kBall, 6)}, path(0, {{kX, kY, 9}, {kX + 15, kY, 9}}),
                     15 * kPi * 9 / 2 + 2.0 / 3 * kPi * 27});
    // Sections across a sloped cylinder are ellipses: half width R, half height R sqrt(1 + m^2).
    double m = 2.0 / 80, high = 3 * std::sqrt(1 + m * m);
    cases.push_back({"ball ramp", stock, {tool(ToolType::kBall, 6)}, path(0, {{-20, kY, 11}, {60, kY, 9}}), integrate(0, 40, [&](double x) {
                         double centre = 11 + 3 - m * (x + 20), below = 12 - centre;  // of the ellipse; top of the stock above it
                         double t = std::clamp(below / high, -1.0, 1.0);
                         return 3 * high * (t * std::sqrt(1 - t * t) + std::asin(t) + kPi / 2);
                     })});
    cases.push_back({"vee groove 90", stock, {tool(ToolType::kVbit, 10)}, through(8), 40.0 * 16});
    Tool sixty = tool(ToolType::kVbit, 10);
    sixty.included_angle_deg = 60;
    cases.push_back({"vee groove 60", stock, {sixty}, through(6), 40 * 36 * std::tan(kPi / 6)});
    Tool chamfer = tool(ToolType::kChamfer, 10);
    chamfer.tip_diameter_mm = 2;
    cases.push_back({"chamfer groove", stock, {chamfer}, through(9), 40 * (2 * 3 + 9)});
    Tool taper = tool(ToolType::kTaper, 8, 15);
    taper.tip_diameter_mm = 3;
    taper.taper_angle_deg = 5;
    cases.push_back({"tapered groove", stock, {taper}, through(4), 40 * (3 * 8 + 64 * std::tan(5 * kPi / 180))});
    Tool bull = tool(ToolType::kBull, 10);
    bull.corner_radius_mm = 2;
    cases.push_back({"bull-nosed groove", stock, {bull}, through(8), 40 * (10 * 4 - 2 * 4 * (1 - kPi / 4))});
    return cases;
}

std::vector<Case> undercuts() {
    Solid stock = box(40, 30, 12);
    std::vector<Case> cases;
    auto both = [](double slot_z, double z) {
        return join(path(0, {{-20, kY, slot_z}, {60, kY, slot_z}}), path(1, {{-20, kY, z}, {60, kY, z}}));
    };
    Tool tslot = tool(ToolType::kTslot, 14, 3);
    tslot.neck_diameter_mm = 6;
    cases.push_back({"T-slot", stock, {tool(ToolType::kFlat, 6.5), tslot}, both(4, 4), 40 * (6.5 * 8 + (14 - 6.5) * 3)});
    Tool dovetail = tool(ToolType::kDovetail, 14, 5);
    dovetail.included_angle_deg = 60;
    dovetail.neck_diameter_mm = 6;
    double side = integrate(3.25, 7, [](double y) { return std::min(5.0, (7 - y) / std::tan(kPi / 6)); });
    cases.push_back({"dovetail", stock, {tool(ToolType::kFlat, 6.5), dovetail}, both(4, 4), 40 * (6.5 * 8 + 2 * side)});
    Tool lollipop = tool(ToolType::kLollipop, 10, 10);
    lollipop.neck_diameter_mm = 5;
    double lobe = integrate(2.75, 5, [](double y) { return 2 * std::sqrt(25 - y * y); });
    double under = integrate(-2.75, 2.75, [](double y) { return 5 - (5 - std::sqrt(25 - y * y)); });
    cases.push_back({"lollipop groove", stock, {tool(ToolType::kFlat, 5.5), lollipop}, both(6, 1), 40 * (5.5 * 6 + 2 * lobe + under)});
    return cases;
}

double removed_at(const Case& c, double cell, double* bound) {
    DexelSpec spec;
    spec.cell_mm = cell;
    DexelGrid grid = make_grid(c.stock, spec, 4e9).value();
    std::vector<ToolAssembly> assemblies;
    for (const Tool& t : c.tools) assemblies.push_back(make_assembly(t));
    std::vector<Sweep> sweeps;
    for (size_t i = 0; i < c.moves.size(); ++i) append_sweeps(c.moves[i].second, c.moves[i].first, static_cast<int32_t>(i), sweeps);
    CutOptions options;
    options.check_contacts = false;
    CutResult result = cut_batch(grid, assemblies, sweeps, static_cast<int32_t>(c.moves.size()), options, Context{});
    *bound = volume_error_mm3(grid);
    double sum = 0;
    for (const Cut& cut : result.cuts) sum += cut.removed_mm3;
    return sum;
}

TEST(AnalyticSolids, RemovedVolumeIsRightAndItsBoundHoldsTheTruth) {
    std::vector<Case> cases;
    for (auto group : {slots(), pockets(), holes(), grooves(), undercuts()}) cases.insert(cases.end(), group.begin(), group.end());
    ASSERT_GE(cases.size(), 25u);
    bool table = std::getenv("PROVEOUT_TABLE") != nullptr;
    const double cells[3] = {0.16, 0.04, 0.02};
    double worst[3] = {};
    for (const Case& c : cases) {
        if (table) std::printf("%-28s %12.3f", c.name, c.exact_mm3);
        for (int i = 0; i < 3; ++i) {
            double bound, measured = removed_at(c, cells[i], &bound);
            double error = measured - c.exact_mm3;
            EXPECT_LE(std::abs(error), bound) << c.name << " at " << cells[i];
            worst[i] = std::max(worst[i], std::abs(error) / c.exact_mm3);
            if (i == 2) {
                EXPECT_LE(std::abs(error), 0.001 * c.exact_mm3) << c.name;
            }
            if (table) std::printf("   %+8.4f %% (bound %.4f)", 100 * error / c.exact_mm3, 100 * bound / c.exact_mm3);
        }
        if (table) std::printf("\n");
    }
    if (table) std::printf("worst %.4f %% %.4f %% %.4f %%\n", 100 * worst[0], 100 * worst[1], 100 * worst[2]);
    EXPECT_LT(worst[1], worst[0]);
    EXPECT_LT(worst[2], worst[1]);
}

}  // namespace
}  // namespace proveout
