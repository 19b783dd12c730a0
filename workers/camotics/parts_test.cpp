// Laws of the pieces: log, surface, shapes, flattened program, distances.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "camotics/camsim_log.h"
#include "camotics/compare.h"
#include "camotics/nearest.h"
#include "camotics/shapes.h"
#include "camotics/test_stock.h"

namespace proveout {
namespace {

TEST(CamsimLog, ReadsPhasesCountsAndPlaces) {
    CamsimLog log;
    std::string text =
        "WARNING:/tmp/x/program.nc:12:Not implemented: G5 (Cubic spline)\n"
        "\033[91mERROR:Invalid word 'root'\033[0m\n"
        "ERROR:While executing GCode block:X\n"
        "ERROR:       At: /tmp/x/program.nc:7:3\n"
        "ERROR:Caused by: more\n"
        "Computing surface at 5 mins 0 secs\n"
        "Computing surface bounded by ((-0.4,-0.3,-1e-05), (40.4,30.3,12.3)) at 0.25 grid resolution\n"
        "Progress: 44.14% Time: 2 secs ETA: 2 secs\n";
    for (char c : text) log.add({&c, 1});
    EXPECT_EQ(log.warning_count, 1);
    ASSERT_EQ(log.error_count, 1);
    EXPECT_EQ(log.errors[0].text, "Invalid word 'root'");
    EXPECT_EQ(log.errors[0].file, "program.nc");
    EXPECT_EQ(log.errors[0].line, 7);
    EXPECT_EQ(log.warnings[0].line, 12);
    EXPECT_EQ(log.warnings[0].text, "Not implemented: G5 (Cubic spline)");
    ASSERT_TRUE(log.bounds_mm && log.cell_mm);
    EXPECT_EQ(log.bounds_mm->high.z, 12.3);
    EXPECT_EQ(log.bounds_mm->low.z, -1e-05);
    EXPECT_EQ(*log.cell_mm, 0.25);
    EXPECT_EQ(log.surface_fraction, 0.4414);
    EXPECT_FALSE(log.triangles);
    log.add("Progress: 12% Time: 2 secs ETA: 2 secs\nTime: 5 secs Triangles: 567736 Triangles/sec: 102351.71");
    log.finish();
    EXPECT_EQ(log.triangles, 567736);
    EXPECT_EQ(log.surface_fraction, 0.4414);
    EXPECT_EQ(static_cast<int>(log.phase), static_cast<int>(CamPhase::kWriting));
    EXPECT_FALSE(log.time_is_nan);
}

TEST(CamsimLog, KeepsBoundsOnAnyBytes) {
    CamsimLog log;
    std::string error = "ERROR:" + std::string(100000, 'x') + "\n";
    for (int k = 0; k < 500; ++k) log.add(error);
    EXPECT_EQ(log.error_count, 500);
    EXPECT_EQ(log.errors.size(), kMaxCamMessages);
    EXPECT_LE(log.errors[0].text.size(), kMaxCamLine);
    log.add("Computing surface bounded by ((1,2\nComputing surface bounded by ((1,2,3),(4,5))\nProgress: x%\nTime: Triangles: \n");
    EXPECT_FALSE(log.bounds_mm);
    EXPECT_FALSE(log.triangles);
}

Tool tool_of(ToolType type, double diameter) {
    Tool tool;
    tool.type = type;
    tool.diameter_mm = diameter;
    tool.flute_length_mm = 12;
    return tool;
}

TEST(Shapes, CamoticsOwnShapesAreExact) {
    auto shape = [](const Tool& tool) { return *cam_tool(tool, false); };
    Tool vbit = tool_of(ToolType::kVbit, 6), lollipop = tool_of(ToolType::kLollipop, 5);
    vbit.included_angle_deg = 90;
    vbit.flute_length_mm = 3;
    lollipop.flute_length_mm = 5;
    for (const Tool& tool : {tool_of(ToolType::kFlat, 6), tool_of(ToolType::kBall, 6), vbit, lollipop}) {
        CamTool cam = shape(tool);
        EXPECT_EQ(cam.pieces.size(), 1u);
        EXPECT_EQ(cam.deviation_mm, 0);
        EXPECT_FALSE(cam.approximated);
        EXPECT_EQ(cam.pieces[0].diameter_mm, tool.diameter_mm);
    }
    EXPECT_EQ(shape(vbit).pieces[0].shape, CamShape::kConical);
    EXPECT_NEAR(shape(vbit).pieces[0].length_mm, 3, 1e-9);
    EXPECT_EQ(shape(lollipop).pieces[0].shape, CamShape::kSpheroid);
}

TEST(Shapes, OthersAreStackedAndSayHowFarTheyAreOff) {
    Tool drill = tool_of(ToolType::kDrill, 6), bull = tool_of(ToolType::kBull, 10);
    drill.included_angle_deg = 118;
    bull.corner_radius_mm = 2;
    CamTool cone = *cam_tool(drill, false);
    ASSERT_EQ(cone.pieces.size(), 2u);
    EXPECT_TRUE(cone.approximated);
    EXPECT_EQ(cone.deviation_mm, 0);  // a cone and a cylinder are all of it
    EXPECT_NEAR(cone.pieces[0].length_mm, 3 / std::tan(59 * kPi / 180), 1e-9);
    EXPECT_NEAR(cone.pieces[1].offset_mm, cone.pieces[0].length_mm, 1e-9);
    CamTool torus = *cam_tool(bull, false);
    EXPECT_GT(torus.pieces.size(), 3u);
    EXPECT_GT(torus.deviation_mm, 0);
    EXPECT_LT(torus.deviation_mm, 0.03);
    // One shape alone: a cylinder, off by what its corner has too much.
    CamTool one = *cam_tool(bull, true), flat = *cam_tool(drill, true);
    ASSERT_EQ(one.pieces.size(), 1u);
    EXPECT_NEAR(one.deviation_mm, 2 * (std::sqrt(2.0) - 1), 0.01);
    EXPECT_NEAR(flat.deviation_mm, 3 * std::sin(31 * kPi / 180), 0.01);
    EXPECT_FALSE(cam_tool(tool_of(ToolType::kFlat, 0.1), false).ok());
}

struct Written {
    std::string text;
    double time_s;
    int64_t moves;
};

Written write(const std::vector<Motion>& motions, const Tool& tool) {
    Folder folder;
    CamTool cam = *cam_tool(tool, false);
    std::vector<CamSlot> slots;
    for (size_t k = 0; k < cam.pieces.size(); ++k) slots.push_back({k == 0 ? tool.number : 100 + static_cast<int>(k), cam.pieces[k], ""});
    auto created = FlatProgram::create(folder.path("p.nc"), {cam}, {slots});
    FlatProgram& flat = *created;
    for (const Motion& motion : motions) flat.add(motion, true);
    EXPECT_TRUE(flat.finish().ok());
    return {folder.read("p.nc"), flat.time_s(), flat.moves()};
}

Motion line_to(Vec3 from, Vec3 to, int64_t line, double feed) {
    Motion motion;
    motion.kind = feed > 0 ? MotionKind::kFeed : MotionKind::kRapid;
    motion.from = from;
    motion.to = to;
    motion.line = line;
    motion.feed = feed;
    motion.tool = 1;
    return motion;
}

TEST(FlatProgram, IsPlainAndKeepsTheLines) {
    Written out = write({line_to({0, 0, 5}, {10, 0, 5}, 3, 0), line_to({10, 0, 5}, {10, 0, -1.25}, 4, 300),
                         line_to({10, 0, -1.25}, {10, 20, -1.25}, 4, 300)},
                        tool_of(ToolType::kFlat, 6));
    EXPECT_EQ(out.text, "G21 G90 G17\nG0 X0 Y0 Z5\nT1 M6\nN3 X10\nN4 G1 Z-1.25 F300\nY20\nM2\n");
    EXPECT_EQ(out.moves, 4);
    EXPECT_NEAR(out.time_s, 10 / 10000.0 * 60 + 26.25 / 300 * 60, 1e-9);
}

TEST(FlatProgram, ArcsNeverCloseByRounding) {
    Motion arc = line_to({10, 0, 0}, {10, 0, 0}, 1, 100);
    arc.kind = MotionKind::kArc;
    arc.centre = {0, 0, 0};
    arc.sweep_rad = 2 * kPi;
    Written full = write({arc}, tool_of(ToolType::kFlat, 6));
    EXPECT_EQ(std::count(full.text.begin(), full.text.end(), 'I'), 4);  // four quarters
    EXPECT_NE(full.text.find("N1 G3 X0 Y10 Z0 I-10 J0 F100\n"), std::string::npos) << full.text;
    Motion tiny = arc;  // a hundredth of a millimetre of a large circle
    tiny.centre = {-1e4, 0, 0};
    tiny.sweep_rad = 1e-6;
    tiny.to = {-1e4 + (1e4 + 10) * std::cos(1e-6), (1e4 + 10) * std::sin(1e-6), 0};
    Written flat = write({tiny}, tool_of(ToolType::kFlat, 6));
    EXPECT_EQ(flat.text.find("G3"), std::string::npos) << flat.text;
    EXPECT_NE(flat.text.find("G1 Y0.01001"), std::string::npos) << flat.text;
}

TEST(FlatProgram, StackedShapesFollowTheSamePathAndJumpWithoutATool) {
    Tool drill = tool_of(ToolType::kDrill, 6);
    Written out = write({line_to({0, 0, 5}, {0, 0, -3}, 2, 100)}, drill);
    EXPECT_NE(out.text.find("T1 M6\nN2 G1 Z-3 F100\n#5400=-1\nG0 X0 Y0 Z6.80258\nT101 M6\n"), std::string::npos) << out.text;
}

double brute_distance(Vec3 p, const Mesh& mesh) {  // by fine sampling of each triangle: never nearer than the truth
    double best = 1e300;
    for (const Triangle& t : triangles_of(mesh))
        for (int i = 0; i <= 60; ++i)
            for (int k = 0; k + i <= 60; ++k)
                best = std::min(best, length(p - (t.a + (i / 60.0) * (t.b - t.a) + (k / 60.0) * (t.c - t.a))));
    return best;
}

Mesh mesh_of(const std::vector<Triangle>& triangles) {
    Mesh mesh;
    for (const Triangle& t : triangles) {
        auto first = static_cast<uint32_t>(mesh.vertices.size());
        for (Vec3 p : {t.a, t.b, t.c}) mesh.vertices.push_back({static_cast<float>(p.x), static_cast<float>(p.y), static_cast<float>(p.z)});
        mesh.triangles.push_back({first, first + 1, first + 2});
    }
    return mesh;
}

TEST(NearestTriangle, IsTheLeastOverAllTriangles) {
    std::mt19937_64 random(7);
    std::uniform_real_distribution<double> place(-10, 10), size(-2, 2);
    std::vector<Triangle> triangles;
    for (int k = 0; k < 60; ++k) {
        Vec3 a{place(random), place(random), place(random)};
        triangles.push_back({a, a + Vec3{size(random), size(random), size(random)}, a + Vec3{size(random), size(random), size(random)}});
    }
    Mesh mesh = mesh_of(triangles);
    NearestTriangle nearest(mesh);
    for (int k = 0; k < 60; ++k) {
        Vec3 p{place(random), place(random), place(random)};
        double found = nearest.distance(p), brute = brute_distance(p, mesh);
        EXPECT_LE(found, brute + 1e-6);
        EXPECT_GT(found, brute - 0.1);
    }
}

TEST(Compare, DistanceOfShiftedBoxesIsTheShift) {
    Mesh a = mesh_of(box_triangles(box_of({0, 0, 0}, {40, 30, 12}))), b = mesh_of(box_triangles(box_of({0, 0, 0}, {40, 30, 12.25})));
    Context context;
    OneWay way = distances_to(b, a, context);
    EXPECT_NEAR(way.max_mm, 0.25, 1e-6);
    EXPECT_NEAR(way.worst_mm.z, 12.25, 0.25);
    EXPECT_NEAR(way.p99_mm, 0.25, 1e-6);  // a quarter of the surface is that far
    EXPECT_NEAR(distances_to(a, a, context).max_mm, 0, 1e-6);
    context.threads = 3;
    EXPECT_EQ(distances_to(b, a, context).mean_mm, way.mean_mm);
}

TEST(Compare, DisagreementHasAPlaceAndAPicture) {
    Mesh ours = mesh_of(box_triangles(box_of({0, 0, 0}, {40, 30, 12})));
    CamoticsPart theirs;
    theirs.mesh = mesh_of(box_triangles(box_of({0, 0, 0}, {40, 30, 11})));
    theirs.resolution_mm = theirs.mesh.tolerance_mm = 0.2;
    theirs.removed_mm3 = 1200;
    Simulation simulation;
    simulation.removed_error_mm3 = 1;
    proveout::Setup setup;
    setup.stock.emplace();
    setup.stock->solid.dims_mm = {40, 30, 12};
    Comparison far = *compare_parts(ours, simulation, theirs, {});
    EXPECT_FALSE(far.agree);
    EXPECT_NEAR(far.max_mm, 1, 1e-5);
    EXPECT_NEAR(far.volume_difference_mm3, 1200, 1e-9);
    std::string png = *picture_of_differences(ours, theirs, far, setup, {});
    EXPECT_EQ(png.substr(0, 8), "\x89PNG\r\n\x1a\n");
    EXPECT_GT(png.size(), 20000u);
    theirs.mesh = ours;
    theirs.removed_mm3 = 0.5;
    EXPECT_TRUE(compare_parts(ours, simulation, theirs, {})->agree);
    theirs.removed_mm3 = 2;
    EXPECT_FALSE(compare_parts(ours, simulation, theirs, {})->agree);  // by the volume alone
}

}  // namespace
}  // namespace proveout
