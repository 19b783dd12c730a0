// Against the real camsim, when CAMOTICS_BIN names it: volumes of exact solids, stacked tool shapes, planes of arcs, round stock,
// agreement.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "camotics/second_engine.h"
#include "camotics/test_stock.h"

namespace proveout {
namespace {

constexpr double kVolumeTolerance = 0.005;  // of the removed volume, at CAMotics' "high"
constexpr double kCoarse_mm = 0.25;         // for everything else

class RealCamsim : public ::testing::Test {
  protected:
    void SetUp() override {
        const char* configured = std::getenv("CAMOTICS_BIN");
        if (!configured || !*configured) GTEST_SKIP() << "CAMOTICS_BIN is not set";
        auto found = find_camsim(configured);
        ASSERT_TRUE(found.ok()) << found.error().message;
        options.camsim = *found;
        Stock stock;
        stock.solid.dims_mm = {40, 30, 12};
        setup.stock = stock;
        setup.dialect = Dialect::kLinuxcnc;
        context.threads = 2;
    }
    void use(ToolType type, double diameter, double flute = 30) {
        Tool tool;
        tool.type = type;
        tool.diameter_mm = diameter;
        tool.flute_length_mm = flute;
        setup.tools = {tool};
    }
    CamoticsPart cut(const std::string& body) {
        Folder folder;
        text = "G21 G90 G17\nG0 X100 Y100 Z50\nT1 M6\nS1000 M3\nF500\n" + body + "G1 Z50\nM2\n";
        program.text = text;
        program.name = "solid.nc";
        options.directory = folder.path();
        CamsimRecord record;
        auto part = run_camotics(program, setup, options, record, context);
        EXPECT_TRUE(part.ok()) << part.error().message << "\n" << folder.read("camsim.log");
        return part.ok() ? std::move(*part) : CamoticsPart{};
    }
    // What camsim removes against an exact volume: within 0.5 %, and within its own band.
    void expect_volume(const char* name, const std::string& body, double exact) {
        CamoticsPart part = cut(body);
        double error = part.removed_mm3 - exact;
        std::printf("%-24s exact %9.3f camsim %9.3f  %+.4f %%  band %.4f %%\n", name, exact, part.removed_mm3, 100 * error / exact,
                    100 * part.removed_error_mm3 / exact);
        EXPECT_LE(std::abs(error), kVolumeTolerance * exact) << name;
        EXPECT_LE(std::abs(error), part.removed_error_mm3) << name;
        EXPECT_LT(part.removed_error_mm3, 0.05 * exact) << name;
    }
    // The two engines on one program: the same part.
    void expect_agreement(const char* name, const std::string& body) {
        options.resolution_mm = kCoarse_mm;
        CamoticsPart theirs = cut(body);
        options.resolution_mm = 0;
        auto simulation = simulate(program, setup, {}, context);
        auto ours = make_part(program, setup, {}, context);
        ASSERT_TRUE(simulation.ok() && ours.ok());
        ASSERT_FALSE(theirs.mesh.triangles.empty()) << name;
        Comparison c = *compare_parts(*ours, *simulation, theirs, context);
        std::printf("%-24s ours %9.3f theirs %+8.3f (%.3f)  max %.3f (%.3f)  p99 %.4f (%.3f)\n", name, simulation->removed_mm3,
                    c.volume_difference_mm3, c.volume_tolerance_mm3, c.max_mm, c.max_tolerance_mm, c.p99_mm, c.tolerance_mm);
        EXPECT_TRUE(c.agree) << name << ": " << c.message;
        EXPECT_GT(simulation->removed_mm3, 10) << name;
        EXPECT_LT(c.volume_tolerance_mm3, 0.08 * simulation->removed_mm3) << name;
    }

    CamoticsOptions options;
    proveout::Setup setup;
    Program program;
    Context context;
    std::string text;
};

// Off every grid.
constexpr const char* kX = "10.0137";
constexpr const char* kY = "15.0371";
std::string at() { return std::string("X") + kX + " Y" + kY; }
std::string through(const char* z) { return std::string("G0 X-20 Y") + kY + "\nG1 Z" + z + "\nG1 X60\n"; }

TEST_F(RealCamsim, VolumesOfExactSolids) {
    use(ToolType::kFlat, 6.35);
    expect_volume("slot through", through("7"), 40 * 6.35 * 5);
    expect_volume("blind slot", "G0 " + at() + "\nG1 Z7\nG1 X29.3137\n", 5 * (6.35 * 19.3 + kPi * 3.175 * 3.175));
    expect_volume("hole 6.35 mm", "G0 " + at() + "\nG1 Z-1\n", 12 * kPi * 3.175 * 3.175);
    expect_volume("stock faced", "G0 X-10 Y0\nG1 Z10\nX50\nY5\nX-10\nY10\nX50\nY15\nX-10\nY20\nX50\nY25\nX-10\nY30\nX50\n", 40 * 30 * 2);
    use(ToolType::kFlat, 4);
    expect_volume("slot at 30 degrees",
                  std::string("G0 X10.0137 Y9\nG1 Z8\nG1 X") + std::to_string(10.0137 + 17 * std::cos(kPi / 6)) + " Y17.5\n",
                  4 * (4 * 17 + kPi * 4));
    use(ToolType::kFlat, 3);
    expect_volume("hole 3 mm", "G0 " + at() + "\nG1 Z-1\n", 12 * kPi * 2.25);
    use(ToolType::kBall, 6);
    expect_volume("ball groove", through("9"), 40 * kPi * 4.5);
    use(ToolType::kVbit, 10, 5);
    setup.tools[0].included_angle_deg = 90;
    expect_volume("vee groove 90", through("8"), 640);
    use(ToolType::kFlat, 5);
    expect_volume("ring", "G0 X25.5 Y15.0371\nG1 Z10\nG2 X25.5 Y15.0371 I-7 J0\n", 2 * kPi * (9.5 * 9.5 - 4.5 * 4.5));
}

TEST_F(RealCamsim, StackedShapesAreTheTool) {
    use(ToolType::kDrill, 8);
    setup.tools[0].included_angle_deg = 118;
    double cone = 4 / std::tan(59 * kPi / 180);
    expect_volume("drill", "G0 " + at() + "\nG1 Z2\n", kPi * 16 * (10 - cone) + kPi * 16 * cone / 3);
    expect_agreement("drill", "G0 " + at() + "\nG1 Z2\n");
    use(ToolType::kBull, 10);
    setup.tools[0].corner_radius_mm = 2.5;
    expect_agreement("bull nose", through("6"));
    use(ToolType::kTaper, 3, 8);
    setup.tools[0].taper_angle_deg = 5;
    expect_agreement("taper", through("6"));
    use(ToolType::kTslot, 12, 3);
    setup.tools[0].neck_diameter_mm = 5;
    expect_agreement("T-slot", through("4"));
    use(ToolType::kDovetail, 12, 5);
    setup.tools[0].included_angle_deg = 60;
    setup.tools[0].neck_diameter_mm = 4;
    expect_agreement("dovetail", through("7"));
    use(ToolType::kLollipop, 8, 8);
    setup.tools[0].neck_diameter_mm = 3;
    expect_agreement("lollipop", through("5"));
    use(ToolType::kForm, 10);
    setup.tools[0].profile = {{0, 0}, {1, 0}, {3, 1}, {3, 2}, {5, 3}, {5, 12}};
    expect_agreement("form", through("6"));
    use(ToolType::kVbit, 4, 10);
    setup.tools[0].included_angle_deg = 60;
    expect_agreement("vee with a body", through("5"));
}

TEST_F(RealCamsim, ArcsOfEveryPlaneAndHelices) {
    use(ToolType::kBall, 4);
    expect_agreement("G17 helix", "G0 X15 Y15\nG1 Z13\nG3 X15 Y15 Z6 I5 J0 P3\n");
    expect_agreement("G18 G2", "G0 X5 Y15\nG1 Z10\nG18 G2 X25 Z10 I10 K8\nG17\n");
    expect_agreement("G18 G3", "G0 X5 Y15\nG1 Z10\nG18 G3 X25 Z10 I10 K8\nG17\n");
    expect_agreement("G19 G2", "G0 X15 Y5\nG1 Z10\nG19 G2 Y22 Z9 J8.5 K-0.5\nG17\n");
    expect_agreement("G19 G3", "G0 X15 Y5\nG1 Z10\nG19 G3 Y22 Z9 J8.5 K-0.5\nG17\n");
    expect_agreement("R arc", "G0 X5 Y15\nG1 Z9\nG2 X30 Y15 R-14\n");
    setup.machine.rapid = RapidMode::kDogleg;
    expect_agreement("dog-leg rapid", "G0 X-5 Y5 Z8\nG0 X30 Y25\n");
}

TEST_F(RealCamsim, RoundStockIsCarvedFromABox) {
    use(ToolType::kFlat, 6);
    setup.stock->solid.shape = StockShape::kCylinder;
    setup.stock->solid.dims_mm = {40, 12, 0};
    setup.stock->solid.origin_mm = {20, 15, 0};
    options.resolution_mm = kCoarse_mm;
    CamoticsPart round = cut("G0 X20 Y15\nG1 Z-1\n");
    EXPECT_NEAR(round.stock_volume_mm3, kPi * 400 * 12, 0.003 * kPi * 400 * 12);
    EXPECT_NEAR(round.removed_mm3, kPi * 9 * 12, 0.005 * kPi * 9 * 12);
    expect_agreement("cylinder", through("6"));
    setup.stock->solid.shape = StockShape::kTube;
    setup.stock->solid.dims_mm = {40, 20, 12};
    expect_agreement("tube", through("6"));
}

TEST_F(RealCamsim, NothingIsGougedOnTheWay) {
    use(ToolType::kFlat, 6);
    setup.work_offsets[0] = {20, 15, 12};  // the program's zero is on top of the stock; machine zero is inside of its corner
    Folder folder;
    text = "G21 G90 G54\nT1 M6\nS1000 M3\nG0 X0 Y0\nG0 Z5\nG1 Z-2 F100\nG1 X10\nG0 Z5\nM2\n";
    for (bool raw : {false, true}) {
        program.text = text;
        options.directory = folder.path();
        options.raw = raw;
        options.resolution_mm = kCoarse_mm;
        CamsimRecord record;
        auto part = run_camotics(program, setup, options, record, context);
        ASSERT_TRUE(part.ok()) << part.error().message;
        EXPECT_NEAR(part->removed_mm3, 2 * (60 + kPi * 9), 0.005 * 2 * (60 + kPi * 9)) << (raw ? "raw" : "flattened");
        std::filesystem::remove_all(folder.path());
        std::filesystem::create_directory(folder.path());
    }
}

TEST_F(RealCamsim, StepsForAFilmEndInThePart) {
    use(ToolType::kFlat, 6);
    options.film_steps = 4;
    options.resolution_mm = kCoarse_mm;
    CamoticsPart part = cut(through("6"));
    ASSERT_EQ(part.steps.size(), 4u);
    FilmOptions film;
    film.fps = 10;
    film.seconds = 1;
    film.scene.width = 320;
    film.scene.height = 180;
    std::vector<std::vector<uint8_t>> pictures;
    auto sink = [&](const Frame& frame, int index) {
        EXPECT_EQ(index, static_cast<int>(pictures.size()));
        pictures.push_back(frame.y);
        return true;
    };
    auto made = make_step_film(setup, {}, part, film, sink, context);
    ASSERT_TRUE(made.ok()) << made.error().message;
    EXPECT_EQ(pictures.size(), 10u);
    EXPECT_NE(pictures.front(), pictures.back());
    EXPECT_EQ(made->snapshot.width, 320);
}

TEST_F(RealCamsim, StoppedByTheHost) {
    use(ToolType::kFlat, 6);
    options.resolution_mm = 0.05;
    std::atomic<int> stop{0};
    context.stop = &stop;
    context.progress = [&](std::string_view, double fraction) {
        if (fraction > 0.02) stop = static_cast<int>(StopReason::kTimeout);
    };
    Folder folder;
    text = "G21 G90\nT1 M6\nG0 X0 Y0 Z20\nG1 Z6 F100\nX30\nM2\n";
    program.text = text;
    options.directory = folder.path();
    CamsimRecord record;
    auto part = run_camotics(program, setup, options, record, context);
    ASSERT_FALSE(part.ok());
    EXPECT_EQ(static_cast<int>(part.error().code), static_cast<int>(ErrorCode::kTimeout));
}

}  // namespace
}  // namespace proveout
