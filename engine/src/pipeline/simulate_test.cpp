// Whole programs: the matrix of cases that users think of first, and the rules of the report's counters.
#include "proveout/simulate.h"

#include <gtest/gtest.h>

#include <cmath>

namespace proveout {

namespace {

using TestSetup = Setup;  // a GoogleTest fixture has a member of that name

TestSetup plate(double x = 60, double y = 40, double z = 10) {
    TestSetup setup;
    setup.dialect = Dialect::kLinuxcnc;
    setup.machine = *machine_profile("generic");
    Tool tool;
    tool.diameter_mm = tool.shank_diameter_mm = 6;
    tool.flute_length_mm = 20;
    tool.stickout_mm = 35;
    tool.holder = {{30, 20, 32}};
    setup.tools = {tool};
    Solid box;
    box.dims_mm = {x, y, z};
    box.origin_mm = {0, 0, -z};
    setup.stock = Stock{box, ""};
    setup.resolution_mm = 0.1;
    return setup;
}

Result<Simulation> run(const std::string& text, const Setup& setup, SimulateOptions options = {}, int threads = 1) {
    Program program;
    program.text = text;
    program.name = "test.nc";
    Context context;
    context.threads = threads;
    return simulate(program, setup, options, context);
}

int64_t of(const Simulation& simulation, std::string_view code) {
    int64_t count = 0;
    for (const Finding& finding : simulation.findings) count += finding.code == code;
    return count;
}

std::string told(const Simulation& simulation) {
    std::string out;
    for (const Finding& f : simulation.findings)
        out += std::string(f.code) + " line " + std::to_string(f.line) + " '" + f.block + "' at " + std::to_string(f.time_s) + ": " +
               f.message + "\n";
    return out;
}

const char* const kHead = "G21 G90 G94 G17\nT1 M6\nG43 H1\nS12000 M3\n";

}  // namespace

TEST(Simulate, PrismWithoutCollision) {
    auto result = run(std::string(kHead) + "G0 X-10 Y20 Z5\nG0 Z-2\nG1 X70 F800\nG0 Z20\nM30\n", plate());
    ASSERT_TRUE(result.ok()) << result.error().message;
    EXPECT_EQ(result->verdict, Severity::kInfo) << told(*result);
    EXPECT_EQ(result->collision_count, 0);
    EXPECT_NEAR(result->removed_mm3, 60 * 6 * 2, 60 * 6 * 2 * 0.001);
    EXPECT_LE(std::abs(result->removed_mm3 - 720), result->removed_error_mm3);
    EXPECT_GT(result->time.cutting_s, 80 / 800.0 * 60);
    ASSERT_EQ(result->tools.size(), 1u);
    EXPECT_NEAR(result->tools[0].cut_length_mm, 80, 1e-6);
    EXPECT_NEAR(result->tools[0].max_depth_mm, 2, 1e-4);
    EXPECT_NEAR(result->stock_volume_mm3, 24000, 1e-6);
}

TEST(Simulate, DeliberateCrashTellsLineBlockTimeAndPlace) {
    auto result = run(std::string(kHead) + "G0 X-10 Y20 Z5\nG0 Z-2\n  G0 X70 (oops)\nG0 Z20\nM30\n", plate());
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->verdict, Severity::kError);
    ASSERT_EQ(result->collision_count, 1) << told(*result);
    ASSERT_EQ(result->findings.size(), 1u);
    const Finding& finding = result->findings[0];
    EXPECT_EQ(finding.code, "RAPID_IN_STOCK");
    EXPECT_EQ(finding.line, 7);
    EXPECT_EQ(finding.block, "G0 X70 (oops)");
    EXPECT_EQ(finding.tool, 1);
    EXPECT_EQ(finding.part, Part::kCutter);
    EXPECT_EQ(finding.partner, "stock");
    EXPECT_NEAR(finding.depth_mm, 2, 0.003);
    EXPECT_NEAR(finding.volume_mm3, 720, 8);
    EXPECT_GT(finding.time_s, 5);            // after the tool change
    EXPECT_GT(finding.duration_s, 0);
    EXPECT_NEAR(result->removed_mm3, 720, 1);  // a rapid removes what it meets
}

TEST(Simulate, BothLegsOfG28AndRepeatsBelongToTheirBlock) {
    TestSetup setup = plate();
    setup.machine.home_mm = Vec3{0, 0, 100};
    auto result = run(std::string(kHead) + "G0 X30 Y20 Z5\nG1 Z-3 F300\nG28 X30 Y30 Z-3\nM30\n", setup);
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(of(*result, "RAPID_IN_STOCK"), 1) << told(*result);
    EXPECT_EQ(of(*result, "HOME_EXCURSION"), 1);
    auto holes = run(std::string(kHead) + "G0 X10 Y10 Z5\nG91 G81 X5 Y0 Z-8 R-3 L6 F200\nG80 G90\nM30\n", plate());
    ASSERT_TRUE(holes.ok());
    EXPECT_EQ(holes->collision_count, 0) << told(*holes);
    EXPECT_GT(holes->removed_mm3, 100);
}

TEST(Simulate, WrongLengthOffsetMovesTheTip) {
    TestSetup setup = plate();
    setup.tools.push_back(setup.tools[0]);
    setup.tools[0].length_offset_mm = 50;
    setup.tools[1].number = 2;
    setup.tools[1].length_offset_mm = 60;
    auto result = run("G21 G90\nT1 M6\nG43 H2\nS1000 M3\nG0 X-10 Y20 Z9\nG1 X70 F500\nM30\n", setup);
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(of(*result, "TOOL_OFFSET_MISMATCH"), 1) << told(*result);
    EXPECT_EQ(result->removed_mm3, 0);        // 10 mm too high
    auto low = run("G21 G90\nT2 M6\nG43 H1\nS1000 M3\nG0 X-10 Y20 Z9\nG1 X70 F500\nM30\n", setup);
    ASSERT_TRUE(low.ok());
    EXPECT_NEAR(low->removed_mm3, 60 * 6 * 1, 1);  // 10 mm too low: 1 mm deep
}

TEST(Simulate, HugeStockIsRefusedBeforeAllocation) {
    TestSetup setup = plate(10000, 10000, 100);
    setup.resolution_mm = 0.001;
    auto result = run(std::string(kHead) + "G0 X0 Y0 Z5\nM30\n", setup);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kTooLarge);
    size_t at = result.error().message.find("resolution of ");
    ASSERT_NE(at, std::string::npos) << result.error().message;
    double fits = std::stod(result.error().message.substr(at + 14));
    setup.resolution_mm = fits;
    DexelSpec spec;
    spec.cell_mm = fits;
    EXPECT_LE(estimate_grid(bounds_of(setup.stock->solid), spec).bytes, SimulateOptions{}.memory_limit_bytes);
}

TEST(Simulate, UndefinedToolAndBadGcodeNameTheirLine) {
    auto tool = run("G21\nT1 M6\nS100 M3\nG0 X0 Y0 Z5\nT9 M6\nG0 X1\nM30\n", plate());
    ASSERT_FALSE(tool.ok());
    EXPECT_EQ(tool.error().code, ErrorCode::kInvalidInput);
    EXPECT_EQ(tool.error().line, 6);
    EXPECT_EQ(tool.error().block, "G0 X1");
    auto bad = run(std::string(kHead) + "G1 X(\nM30\n", plate());
    ASSERT_FALSE(bad.ok());
    EXPECT_EQ(bad.error().code, ErrorCode::kUnprocessableGcode);
    EXPECT_EQ(bad.error().line, 5);
}

TEST(Simulate, LoosePieceNamesTheBlockThatFreedIt) {
    TestSetup setup = plate(60, 60, 8);
    std::string text =
        std::string(kHead) + "G0 X10 Y10 Z5\nG1 Z-9 F300\nG1 X50 F800\nG1 Y50\nG1 X10\nG1 Y30\nG1 Y10\nG0 Z20\nG0 X0 Y0\nM30\n";
    auto result = run(text, setup);
    ASSERT_TRUE(result.ok());
    ASSERT_EQ(of(*result, "LOOSE_PIECE"), 1) << told(*result);
    EXPECT_EQ(result->findings[0].line, 11);
    EXPECT_EQ(result->findings[0].block, "G1 Y10");
    EXPECT_NEAR(result->findings[0].volume_mm3, 34 * 34 * 8, 60);
    EXPECT_EQ(result->verdict, Severity::kWarning);
}

TEST(Simulate, InchAndMillimetreAreTheSamePart) {
    auto mm = run(std::string(kHead) + "G0 X-12.7 Y25.4 Z5.08\nG0 Z-2.54\nG1 X76.2 F508\nG0 Z25.4\nM30\n", plate());
    auto inch = run("G20 G90 G94 G17\nT1 M6\nG43 H1\nS12000 M3\nG0 X-0.5 Y1 Z0.2\nG0 Z-0.1\nG1 X3 F20\nG0 Z1\nM30\n", plate());
    ASSERT_TRUE(mm.ok() && inch.ok());
    EXPECT_NEAR(mm->removed_mm3, inch->removed_mm3, 1e-3);
    EXPECT_NEAR(mm->time.total_s(), inch->time.total_s(), 1e-6);
}

TEST(Simulate, TenThousandsOfLinesAndThreadsGiveTheSame) {
    std::string text = std::string(kHead) + "G0 X5 Y5 Z2\nG1 Z-1 F300\n";
    for (int i = 0; i < 40000; ++i) {
        char line[80];
        std::snprintf(line, sizeof line, "%s X%.3f Y%.3f Z%.3f\n", i % 997 == 0 ? "G0" : "G1", 30 + 25 * std::cos(i * 0.01),
                      20 + 15 * std::sin(i * 0.013), -1 - 4.0 * i / 40000);
        text += line;
    }
    text += "G0 Z20\nM30\n";
    SimulateOptions options;
    options.want_timeline = true;
    auto one = run(text, plate(), options, 1), two = run(text, plate(), options, 2), four = run(text, plate(), options, 4);
    ASSERT_TRUE(one.ok() && two.ok() && four.ok());
    EXPECT_GT(one->collision_count, 10);
    EXPECT_EQ(told(*one), told(*two));
    EXPECT_EQ(told(*one), told(*four));
    EXPECT_EQ(one->removed_mm3, four->removed_mm3);
    EXPECT_EQ(one->timeline.size(), four->timeline.size());
    EXPECT_GT(one->timeline.size(), 40000u);
}

TEST(Simulate, CancelStopsIt) {
    std::atomic<int> stop{static_cast<int>(StopReason::kCancelled)};
    std::string text = std::string(kHead) + "G0 X0 Y0 Z5\nG1 Z-1 F100\nM30\n";
    Program program;
    program.text = text;
    Context context;
    context.stop = &stop;
    auto result = simulate(program, plate(), {}, context);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, ErrorCode::kCancelled);
}

TEST(Survey, BoundsLeaveOutTheApproachAndMachineMoves) {
    std::string text = "G21 G90\n(a plate)\nT1 M6\nG0 X10 Y10 Z5\nG1 Z-2 F100\nG1 X50\nG53 G0 Z0\nG0 X0 Y0\nM30\n";
    Program program;
    program.text = text;
    auto survey = survey_program(program, plate(), {});
    ASSERT_TRUE(survey.ok());
    EXPECT_EQ(survey->cutting_bounds_mm.low, (Vec3{10, 10, -2}));
    EXPECT_EQ(survey->cutting_bounds_mm.high, (Vec3{50, 10, 5}));
    EXPECT_EQ(survey->motion_bounds_mm.low.x, 0);
    EXPECT_NEAR(survey->feed_length_mm, 47, 1e-9);
    ASSERT_EQ(survey->comments.size(), 1u);
    EXPECT_EQ(survey->comments[0].line, 2);
}

TEST(Cell, IsFineForShortProgramsAndFitsTheMemory) {
    TestSetup setup = plate();
    SimulateOptions options;
    double brief = automatic_cell_mm(setup, options);
    EXPECT_LE(brief, std::sqrt(60 * 40 / 4e6));
    options.survey_moves = 10'000'000;
    options.survey_feed_length_mm = 5e6;
    double lengthy = automatic_cell_mm(setup, options);
    EXPECT_GT(lengthy, brief);
    setup = plate(3000, 2000, 30);
    options.memory_limit_bytes = 5e7;
    DexelSpec spec;
    spec.cell_mm = automatic_cell_mm(setup, options);
    EXPECT_LE(estimate_grid(bounds_of(setup.stock->solid), spec).bytes, 5e7);
}

}  // namespace proveout
