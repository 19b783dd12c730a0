// Laws of cutting, analytic solids, and the vector kernels against the double-precision reference.
#include "proveout/cut.h"

#include <gtest/gtest.h>

#include <random>

#include "stock/ray_sweep.h"

namespace proveout {
namespace {

Solid box(double x, double y, double z, Vec3 origin = {}) {
    Solid solid;
    solid.dims_mm = {x, y, z};
    solid.origin_mm = origin;
    return solid;
}

Tool tool(ToolType type, double diameter, double flute = 30, double shank = 0, double stickout = 60) {
    Tool t;
    t.type = type;
    t.diameter_mm = diameter;
    t.flute_length_mm = flute;
    t.shank_diameter_mm = shank > 0 ? shank : diameter;
    t.stickout_mm = stickout;
    return t;
}

Motion line(Vec3 from, Vec3 to, MotionKind kind = MotionKind::kFeed) {
    Motion m;
    m.kind = kind;
    m.from = from;
    m.to = to;
    return m;
}

Motion arc(Vec3 from, Vec3 to, Vec3 centre, double sweep_rad) {
    Motion m = line(from, to, MotionKind::kArc);
    m.centre = centre;
    m.sweep_rad = sweep_rad;
    return m;
}

struct Bench {
    DexelGrid grid;
    std::vector<ToolAssembly> assemblies;
    CutOptions options;
    Context context;

    Bench(const Solid& solid, const Tool& t, double cell, bool jitter = true) {
        DexelSpec spec;
        spec.cell_mm = cell;
        spec.jitter = jitter;
        grid = make_grid(solid, spec, 2e9).value();
        assemblies.push_back(make_assembly(t));
    }

    CutResult cut(const std::vector<Motion>& motions, bool flutes = true) {
        std::vector<Sweep> sweeps;
        for (size_t i = 0; i < motions.size(); ++i) {
            size_t first = sweeps.size();
            append_sweeps(motions[i], 0, static_cast<int32_t>(i), sweeps);
            for (; first < sweeps.size(); ++first) {
                sweeps[first].forbids_cutting = motions[i].kind == MotionKind::kRapid;
                sweeps[first].checks_flutes = flutes && motions[i].kind != MotionKind::kRapid;
            }
        }
        return cut_batch(grid, assemblies, sweeps, static_cast<int32_t>(motions.size()), options, context);
    }
};

double removed(const CutResult& result) {
    double sum = 0;
    for (const Cut& cut : result.cuts) sum += cut.removed_mm3;
    return sum;
}

double contact_depth(const CutResult& result, ContactKind kind) {
    double depth = 0;
    for (const ContactRecord& record : result.contacts)
        if (record.kind == kind) depth = std::max<double>(depth, record.contact.depth_mm);
    return depth;
}

std::vector<Motion> random_path(unsigned seed, int count, double size, double z_low, double z_high) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<double> place(0, size), height(z_low, z_high);
    std::vector<Motion> path;
    Vec3 at{place(random), place(random), z_high};
    for (int i = 0; i < count; ++i) {
        Vec3 next{place(random), place(random), height(random)};
        if (i % 5 == 0) next.z = at.z;
        if (i % 7 == 0) next = {at.x, at.y, next.z};
        path.push_back(line(at, next));
        at = next;
    }
    return path;
}

TEST(CutLaws, VolumeNeverGrowsAndRemovedPlusLeftIsWhole) {
    for (ToolType type : {ToolType::kFlat, ToolType::kBall, ToolType::kVbit, ToolType::kDrill}) {
        Bench bench(box(40, 40, 20), tool(type, 8), 0.25);
        double before = volume_mm3(bench.grid);
        for (const Motion& motion : random_path(3, 30, 40, 5, 22)) {
            double gone = removed(bench.cut({motion}));
            double after = volume_mm3(bench.grid);
            EXPECT_GE(gone, 0);
            EXPECT_NEAR(before - after, gone, 1e-3 + 1e-5 * before);
            before = after;
        }
    }
}

TEST(CutLaws, CuttingTwiceRemovesNothingMore) {
    Tool bull = tool(ToolType::kBull, 8);
    bull.corner_radius_mm = 1.5;
    for (const Tool& t : {tool(ToolType::kFlat, 8), tool(ToolType::kBall, 8), tool(ToolType::kVbit, 8), bull}) {
        Bench bench(box(40, 40, 20), t, 0.25);
        std::vector<Motion> path = random_path(5, 40, 40, 5, 22);
        path.push_back(arc({10, 20, 8}, {30, 20, 8}, {20, 20, 8}, kPi));
        bench.cut(path);
        uint64_t hash = hash_of(bench.grid);
        EXPECT_EQ(removed(bench.cut(path)), 0);
        EXPECT_EQ(hash_of(bench.grid), hash);
    }
}

TEST(CutLaws, HalvesAreTheWhole) {
    Tool bull = tool(ToolType::kBull, 8);
    bull.corner_radius_mm = 2;
    for (const Tool& t : {tool(ToolType::kFlat, 8), tool(ToolType::kBall, 8), tool(ToolType::kVbit, 8), bull}) {
        Bench whole(box(40, 40, 20), t, 0.25), halves(box(40, 40, 20), t, 0.25);
        std::vector<Motion> path = random_path(7, 30, 40, 5, 22);
        std::vector<Motion> split;
        for (const Motion& m : path) {
            Vec3 middle = point_at(m, 0.4);
            split.push_back(line(m.from, middle));
            split.push_back(line(middle, m.to));
        }
        double a = removed(whole.cut(path)), b = removed(halves.cut(split));
        EXPECT_NEAR(a, b, 1e-4 * a);
        for (int v = 0; v < whole.grid.count_v; ++v)
            for (int u = 0; u < whole.grid.count_u; ++u) ASSERT_NEAR(whole.grid.top(u, v), halves.grid.top(u, v), 2e-3) << u << ' ' << v;
    }
}

// Within a batch a move skips what the move before it has cut at their common point; move by move nothing is skipped.
TEST(CutLaws, AChainCutsWhatItsMovesCutOneByOne) {
    constexpr double kNoise_mm = 1e-3;  // near the equator of a ball a float step of the distance is so much height
    std::mt19937 random(41);
    std::uniform_real_distribution<double> place(2, 38), height(3, 11), small(-0.6, 0.6);
    for (ToolType type : {ToolType::kFlat, ToolType::kBall, ToolType::kVbit, ToolType::kBull, ToolType::kTslot}) {
        Tool t = tool(type, 6, type == ToolType::kTslot ? 2 : 5, type == ToolType::kTslot ? 3 : 6);
        t.corner_radius_mm = type == ToolType::kBull ? 1 : 0;
        Bench together(box(40, 40, 10), t, 0.2), apart(box(40, 40, 10), t, 0.2);
        std::vector<Motion> motions;
        Vec3 at{20, 20, 12};
        for (int i = 0; i < 300; ++i) {
            Vec3 to{std::clamp(at.x + 3 * small(random), 2.0, 38.0), std::clamp(at.y + 3 * small(random), 2.0, 38.0),
                    std::clamp(at.z + small(random), 3.0, 11.0)};
            if (i % 7 == 0) to.z = at.z;
            if (i % 11 == 0) to = {at.x, at.y, height(random)};
            if (i % 11 == 5) to = {at.x + 5e-5, at.y, height(random)};
            if (i % 13 == 0) to = {place(random), place(random), height(random)};
            const Vec3 centre{at.x + 2, at.y, at.z};
            const bool curved = i % 17 == 3;
            if (curved) to = {centre.x, centre.y + 2, at.z};
            motions.push_back(curved ? arc(at, to, centre, -kPi / 2) : line(at, to));
            at = to;
        }
        const CutResult whole = together.cut(motions, false);
        double sum = 0;
        for (const Motion& motion : motions) sum += removed(apart.cut({motion}, false));
        EXPECT_NEAR(removed(whole), sum, 1e-3) << name_of(type);
        for (int v = 0; v < together.grid.count_v; ++v)
            for (int u = 0; u < together.grid.count_u; ++u)
                ASSERT_NEAR(together.grid.top(u, v), apart.grid.top(u, v), kNoise_mm) << name_of(type) << " ray " << u << ' ' << v;
    }
}

TEST(CutLaws, ThreadsDoNotChangeBytes) {
    uint64_t first_hash = 0;
    double first_removed = 0;
    for (int threads : {1, 2, 4}) {
        Bench bench(box(60, 60, 20), tool(ToolType::kBall, 8), 0.1);
        bench.context.threads = threads;
        double gone = removed(bench.cut(random_path(11, 200, 60, 5, 22)));
        if (threads == 1) {
            first_hash = hash_of(bench.grid);
            first_removed = gone;
        }
        EXPECT_EQ(hash_of(bench.grid), first_hash);
        EXPECT_EQ(gone, first_removed);
    }
}

TEST(CutKernels, AgreeWithTheReferencePerRay) {
    Tool bull = tool(ToolType::kBull, 8), taper = tool(ToolType::kTaper, 8), chamfer = tool(ToolType::kChamfer, 8);
    bull.corner_radius_mm = 1.5;
    taper.taper_angle_deg = 10;
    taper.tip_diameter_mm = 3;
    taper.corner_radius_mm = 1;
    chamfer.tip_diameter_mm = 2;
    for (const Tool& t : {tool(ToolType::kFlat, 8), tool(ToolType::kBall, 8), tool(ToolType::kVbit, 8), bull, taper, chamfer}) {
        ToolAssembly assembly = make_assembly(t);
        int seed = 100;
        std::vector<Motion> motions = random_path(seed, 40, 30, -5, 8);
        motions.push_back(arc({10, 10, 2}, {20, 10, 2}, {15, 10, 2}, kPi));
        motions.push_back(arc({10, 10, 2}, {15, 5, 2}, {15, 10, 2}, kPi / 2));
        motions.push_back(arc({10, 10, 2}, {15, 5, 2}, {15, 10, 2}, -1.5 * kPi));
        for (const Motion& motion : motions) {
            Bench bench(box(30, 30, 20, {0, 0, -10}), t, 0.5);
            bench.cut({motion});
            std::vector<Sweep> sweeps;
            append_sweeps(motion, 0, 0, sweeps);
            for (int v = 0; v < bench.grid.count_v; v += 3)
                for (int u = 0; u < bench.grid.count_u; u += 3) {
                    double expected = 10, low, high;
                    double x = bench.grid.ray_u(u, v), y = bench.grid.ray_v(u, v);
                    if (swept_interval(sweeps[0], assembly.cutter[0], x, y, low, high)) expected = std::clamp(low, -10.0, 10.0);
                    double got = bench.grid.top(u, v);
                    // Beside a vertical wall a float may fall on the other side of it.
                    bool at_rim = std::abs(path_distance(sweeps[0], x, y) - assembly.cutter_radius_mm) < 1e-4;
                    if (at_rim) continue;
                    ASSERT_NEAR(got, expected, 2e-4) << name_of(t.type) << " at " << x << ',' << y;
                }
        }
    }
}

struct Analytic {
    const char* name;
    double exact, measured, bound;
};

void expect_exact(const Analytic& a) {
    EXPECT_NEAR(a.measured, a.exact, 0.001 * a.exact) << a.name;
    EXPECT_LE(std::abs(a.measured - a.exact), a.bound) << a.name;
}

TEST(CutAnalytic, SlotHoleGrooveConeAndTorus) {
    Solid stock = box(40, 30, 12);
    double cell = 0.02;
    {
        Bench bench(stock, tool(ToolType::kFlat, 6.35), cell);
        double gone = removed(bench.cut({line({10.013, 15.037, 7}, {29.313, 15.037, 7})}));
        expect_exact({"slot", 5 * (6.35 * 19.3 + kPi * 3.175 * 3.175), gone, volume_error_mm3(bench.grid)});
    }
    {
        Bench bench(stock, tool(ToolType::kFlat, 3), cell);
        double gone = removed(bench.cut({line({10.0131, 15.0371, 15}, {10.0131, 15.0371, -1})}));
        expect_exact({"hole", 12 * kPi * 1.5 * 1.5, gone, volume_error_mm3(bench.grid)});
    }
    {
        Bench bench(stock, tool(ToolType::kBall, 6), cell);
        double gone = removed(bench.cut({line({-5, 15.011, 9}, {45, 15.011, 9})}));
        expect_exact({"ball groove", 40 * 0.5 * kPi * 9, gone, volume_error_mm3(bench.grid)});
    }
    {
        Bench bench(stock, tool(ToolType::kVbit, 10), cell);
        double gone = removed(bench.cut({line({-10, 15.011, 8}, {50, 15.011, 8})}));
        expect_exact({"vee groove", 40 * 16.0, gone, volume_error_mm3(bench.grid)});
    }
    {
        Bench bench(stock, tool(ToolType::kFlat, 5), cell);
        double gone = removed(bench.cut({arc({25.5, 15.2, 10}, {25.5, 15.2, 10}, {20.5, 15.2, 10}, 2 * kPi)}));
        expect_exact({"ring", 2 * kPi * (7.5 * 7.5 - 2.5 * 2.5), gone, volume_error_mm3(bench.grid)});
    }
    {
        // A ramp of a flat cutter: the lower surface of the swept body is the trailing half disc's edge; removed volume by integration.
        Bench bench(stock, tool(ToolType::kFlat, 6), cell);
        double gone = removed(bench.cut({line({10, 15.01, 12}, {30, 15.01, 7})}));
        double exact = 0, m = 5.0 / 20;
        int n = 4000;
        for (int i = 0; i < n; ++i) {
            double d = -3 + 6 * (i + 0.5) / n, reach = std::sqrt(9 - d * d);
            // depth rises with slope m from the start disc's front to the end, then stays at 5 over the end disc
            double slab = 0.5 * m * 20 * 20 + 5 * 2 * reach;
            exact += slab * 6 / n;
        }
        EXPECT_NEAR(gone, exact, 0.001 * exact);
    }
}

TEST(CutAnalytic, UndercutsKeepTheRoofAbove) {
    Tool t = tool(ToolType::kTslot, 12, 3, 6);
    t.neck_diameter_mm = 6;
    Bench bench(box(40, 30, 12), t, 0.05);
    // Starts outside the stock, so that the neck's slot is not there: the roof stays, and the neck meets it.
    CutResult result = bench.cut({line({-10, 15.01, 4}, {50, 15.01, 4})});
    EXPECT_NEAR(removed(result), 40 * 12 * 3, 0.001 * 40 * 12 * 3);
    EXPECT_GT(contact_depth(result, ContactKind::kShankInStock), 4.9);
    EXPECT_EQ(contact_depth(result, ContactKind::kAboveFlutes), 0);
}

TEST(CutChecks, RapidThroughAThinWall) {
    for (double shift : {0.0, 0.013, 0.027, 0.049}) {
        Bench bench(box(110, 20, 10), tool(ToolType::kFlat, 6), 0.1);
        double left = 50 + shift;
        std::vector<Motion> motions;
        for (double y : {2.0, 6.0, 10.0, 14.0, 18.0}) {
            motions.push_back(line({-5, y, 5}, {left - 3, y, 5}));
            motions.push_back(line({left + 0.05 + 3, y, 5}, {115, y, 5}));
        }
        motions.push_back(line({left - 3, -5, 5}, {left - 3, 25, 5}));
        motions.push_back(line({left + 3.05, -5, 5}, {left + 3.05, 25, 5}));
        bench.cut(motions);
        CutResult rapid = bench.cut({line({3, 10, 5}, {103, 10, 5}, MotionKind::kRapid)});
        EXPECT_NEAR(contact_depth(rapid, ContactKind::kCutterInStock), 5, 0.01) << shift;
        EXPECT_NEAR(rapid.contacts.at(0).contact.first_point.x, left, 0.12);
        CutResult again = bench.cut({line({3, 10, 5}, {103, 10, 5}, MotionKind::kRapid)});
        EXPECT_TRUE(again.contacts.empty());
    }
}

TEST(CutChecks, TouchIsNoContact) {
    Bench bench(box(60, 30, 10), tool(ToolType::kFlat, 6), 0.05);
    bench.cut({line({-5, 15, 5}, {65, 15, 5})});
    EXPECT_TRUE(bench.cut({line({-5, 15, 5.001}, {65, 15, 5.001}, MotionKind::kRapid)}).contacts.empty());
    EXPECT_TRUE(bench.cut({line({-5, 15.001, 5}, {65, 15.001, 4.999}, MotionKind::kRapid)}).contacts.empty());
    EXPECT_FALSE(bench.cut({line({-5, 15, 4.99}, {65, 15, 4.99}, MotionKind::kRapid)}).contacts.empty());
}

TEST(CutChecks, HolderIsCreditedWithWhatTheFlutesRemovedBefore) {
    Tool t = tool(ToolType::kFlat, 10, 20, 10, 20);
    t.holder = {{30, 9.9, 9.9}};  // as slim as the cutter: it may follow
    Bench bench(box(40, 40, 40), t, 0.1);
    EXPECT_EQ(contact_depth(bench.cut({line({20, 20, 45}, {20, 20, 5})}, false), ContactKind::kHolderInStock), 0);
    Tool wide = t;
    wide.holder = {{30, 20, 20}};
    Bench crash(box(40, 40, 40), wide, 0.1);
    CutResult result = crash.cut({line({20, 20, 45}, {20, 20, 5})}, false);
    EXPECT_NEAR(contact_depth(result, ContactKind::kHolderInStock), 15, 0.01);
    ASSERT_EQ(result.contacts.size(), 1u);
    EXPECT_NEAR(result.contacts[0].contact.first_fraction, 25.0 / 40, 0.001);
    EXPECT_NEAR(result.contacts[0].contact.volume_mm3, 15 * kPi * (100 - 25), 0.01 * 15 * kPi * 75);
}

TEST(CutChecks, FlutesTooShort) {
    // 20 mm of flutes, 25 mm deep in one pass: stock stands above the flutes, and the equally wide shank runs into it.
    Bench bench(box(60, 30, 30), tool(ToolType::kFlat, 6, 20, 6, 50), 0.1);
    CutResult deep = bench.cut({line({-10, 15, 5}, {70, 15, 5})});
    EXPECT_GT(contact_depth(deep, ContactKind::kAboveFlutes), 4.9);
    EXPECT_GT(contact_depth(deep, ContactKind::kShankInStock), 4.9);
    // The same slot in two steps: nothing uncut above the flutes, but the shank rubs.
    Bench steps(box(60, 30, 30), tool(ToolType::kFlat, 6, 20, 6, 50), 0.1);
    steps.cut({line({-10, 15, 15}, {70, 15, 15})});
    CutResult second = steps.cut({line({-10, 15, 5}, {70, 15, 5})});
    EXPECT_EQ(contact_depth(second, ContactKind::kAboveFlutes), 0);
    EXPECT_EQ(contact_depth(second, ContactKind::kShankInStock), 0);
    EXPECT_GT(contact_depth(second, ContactKind::kRubbing), 4.9);
    // A thinner neck is silent there.
    Bench neck(box(60, 30, 30), tool(ToolType::kFlat, 6, 20, 5, 50), 0.1);
    neck.cut({line({-10, 15, 15}, {70, 15, 15})});
    EXPECT_TRUE(neck.cut({line({-10, 15, 5}, {70, 15, 5})}).contacts.empty());
}

TEST(CutChecks, HelicalEntryIsSilent) {
    Tool t = tool(ToolType::kFlat, 10, 12, 9, 25);
    t.holder = {{30, 30, 40}};
    Bench bench(box(60, 60, 20), t, 0.1);
    std::vector<Motion> motions;
    Vec3 at{34, 30, 21};
    motions.push_back(line({34, 30, 30}, at, MotionKind::kRapid));
    for (int turn = 0; turn < 10; ++turn) {
        Vec3 next{34, 30, at.z - 1};
        motions.push_back(arc(at, next, {30, 30, at.z}, 2 * kPi));
        at = next;
    }
    motions.push_back(line(at, {34, 30, 30}, MotionKind::kRapid));
    EXPECT_TRUE(bench.cut(motions).contacts.empty());
}

TEST(Grid, RefusesBeforeItAllocates) {
    DexelSpec spec;
    spec.cell_mm = 0.001;
    Result<DexelGrid> grid = make_grid(box(10000, 10000, 10000), spec, 2e9);
    ASSERT_FALSE(grid.ok());
    EXPECT_EQ(grid.error().code, ErrorCode::kTooLarge);
    EXPECT_NE(grid.error().message.find("resolution of"), std::string::npos);
}

TEST(Grid, RoundStockHasItsVolume) {
    Solid cylinder;
    cylinder.shape = StockShape::kCylinder;
    cylinder.dims_mm = {50, 20, 0};
    for (int axis : {0, 1, 2}) {
        DexelSpec spec;
        spec.axis = axis;
        spec.cell_mm = 0.1;
        DexelGrid grid = make_grid(cylinder, spec, 1e9).value();
        EXPECT_NEAR(volume_mm3(grid), kPi * 625 * 20, 0.001 * kPi * 625 * 20);
    }
}

std::vector<Triangle> box_mesh(Vec3 a, Vec3 b) {
    Vec3 p[8];
    for (int i = 0; i < 8; ++i) p[i] = {i & 1 ? b.x : a.x, i & 2 ? b.y : a.y, i & 4 ? b.z : a.z};
    std::vector<Triangle> out;
    const int faces[6][4] = {{0, 2, 3, 1}, {4, 5, 7, 6}, {0, 1, 5, 4}, {2, 6, 7, 3}, {0, 4, 6, 2}, {1, 3, 7, 5}};
    for (const auto& f : faces) {
        out.push_back({p[f[0]], p[f[1]], p[f[2]]});
        out.push_back({p[f[0]], p[f[2]], p[f[3]]});
    }
    return out;
}

TEST(Grid, MeshStockAlongEveryAxisAndWithOverhangs) {
    // Two boxes with a gap between them: rays along Z have two intervals.
    Solid solid;
    solid.shape = StockShape::kMesh;
    solid.mesh = box_mesh({0, 0, 0}, {30, 20, 5});
    std::vector<Triangle> roof = box_mesh({0, 0, 10}, {30, 20, 14});
    solid.mesh.insert(solid.mesh.end(), roof.begin(), roof.end());
    for (int axis : {0, 1, 2})
        for (bool jitter : {false, true}) {
            DexelSpec spec;
            spec.axis = axis;
            spec.cell_mm = 0.25;
            spec.jitter = jitter;
            DexelGrid grid = make_grid(solid, spec, 1e9).value();
            EXPECT_NEAR(volume_mm3(grid), 30 * 20 * 9, 0.02 * 30 * 20 * 9) << axis;
        }
    DexelSpec spec;
    spec.cell_mm = 0.25;
    DexelGrid grid = make_grid(solid, spec, 1e9).value();
    std::vector<Interval> ray;
    intervals_of(grid, 10, 10, ray);
    ASSERT_EQ(ray.size(), 2u);
    EXPECT_FLOAT_EQ(ray[0].high, 14);
    EXPECT_FLOAT_EQ(ray[1].high, 5);
    // A cutter through both: the gap is no material.
    std::vector<ToolAssembly> assemblies{make_assembly(tool(ToolType::kFlat, 6))};
    std::vector<Sweep> sweeps;
    append_sweeps(line({-5, 10, 3}, {35, 10, 3}), 0, 0, sweeps);
    double gone = removed(cut_batch(grid, assemblies, sweeps, 1, CutOptions{}, Context{}));
    EXPECT_NEAR(gone, 30 * 6 * (2 + 4), 0.01 * 30 * 6 * 6);
}

TEST(CutChecks, HolderUnderARoofIsNoContact) {
    // A holder that stays below an overhang touches nothing: the material above it is no obstacle to what is lower.
    Tool t = tool(ToolType::kFlat, 6, 4, 6, 6);
    t.holder = {{3, 10, 10}};
    Solid solid;
    solid.shape = StockShape::kMesh;
    solid.mesh = box_mesh({0, 0, 0}, {30, 20, 5});
    std::vector<Triangle> roof = box_mesh({0, 0, 20}, {30, 20, 24});
    solid.mesh.insert(solid.mesh.end(), roof.begin(), roof.end());
    Bench bench(solid, t, 0.2);
    EXPECT_TRUE(bench.cut({line({-10, 10, 4}, {40, 10, 4})}).contacts.empty());
    EXPECT_FALSE(bench.cut({line({-10, 10, 13}, {40, 10, 13})}).contacts.empty());
}

}  // namespace
}  // namespace proveout
