#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "proveout/simulate.h"

namespace proveout {
namespace {

Setup setup_with(Tool tool, Vec3 low, Vec3 size) {
    Setup setup;
    setup.dialect = Dialect::kLinuxcnc;
    setup.tools = {tool};
    setup.stock = Stock{{StockShape::kBox, {size.x, size.y, size.z}, low, {}}, ""};
    setup.machine = *machine_profile("generic");
    return setup;
}

Tool tool_of(ToolType type, double diameter, double flute) {
    Tool tool;
    tool.number = 1, tool.type = type, tool.diameter_mm = diameter, tool.flute_length_mm = flute, tool.shank_diameter_mm = diameter;
    return tool;
}

Result<Mesh> part_of(std::string_view text, const Setup& setup, const PartOptions& options, int threads = 2) {
    Program program;
    program.text = text, program.name = "part.nc";
    Context context;
    context.threads = threads;
    return make_part(program, setup, options, context);
}

constexpr std::string_view kSlot = "G21 G90 G17\nT1 M6\nS8000 M3\nG0 X-10 Y5 Z5\nG1 Z-3 F500\nG1 X40\nG0 Z5\nM30\n";

TEST(MakePart, SlotFromAProgram) {
    auto setup = setup_with(tool_of(ToolType::kFlat, 4, 12), {0, 0, -8}, {30, 10, 8});
    auto mesh = part_of(kSlot, setup, {});
    ASSERT_TRUE(mesh.ok()) << mesh.error().message;
    std::string why;
    EXPECT_TRUE(is_closed(triangles_of(*mesh), &why)) << why;
    EXPECT_NEAR(signed_volume_mm3(triangles_of(*mesh)), 30 * 10 * 8 - 30 * 4 * 3, 0.01);
    EXPECT_LT(mesh->triangles.size(), 60u);
    EXPECT_EQ(to_stl(*mesh), to_stl(*part_of(kSlot, setup, {}, 1)));
}

TEST(MakePart, MemoryLimitMakesTheAutomaticCellCoarser) {
    auto setup = setup_with(tool_of(ToolType::kFlat, 4, 12), {0, 0, -8}, {30, 10, 8});
    PartOptions options;
    options.memory_limit_bytes = 20e6;
    EXPECT_TRUE(part_of(kSlot, setup, options).ok());
    options.cell_mm = 0.01;
    auto refused = part_of(kSlot, setup, options);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kTooLarge);
}

TEST(MakePart, FaultsOfTheProgramComeThrough) {
    auto setup = setup_with(tool_of(ToolType::kFlat, 4, 12), {0, 0, -8}, {30, 10, 8});
    auto broken = part_of("G21\nG1 X[1/0] F100\n", setup, {});
    ASSERT_FALSE(broken.ok());
    EXPECT_EQ(broken.error().code, ErrorCode::kUnprocessableGcode);
    EXPECT_EQ(broken.error().line, 2);
    setup.stock.reset();
    EXPECT_EQ(part_of(kSlot, setup, {}).error().code, ErrorCode::kInvalidInput);
}

// The volume that an independent height field in closed form leaves of the CAMotics example (oracle/camotics_facts/volumes.tsv).
TEST(MakePart, BearAgreesWithAnIndependentHeightField) {
    std::ifstream file(PROVEOUT_SOURCE_DIR "/../shared/corpus/programs/camotics/mill/examples/bear/bear.nc");
    if (!file) GTEST_SKIP() << "shared/corpus is not there";
    std::stringstream text;
    text << file.rdbuf();
    std::string program = text.str();
    auto setup = setup_with(tool_of(ToolType::kBall, 3.175, 25.4), {0, 0, -20}, {80, 80, 20});
    PartOptions options;
    options.cell_mm = 0.5;
    auto mesh = part_of(program, setup, options);
    ASSERT_TRUE(mesh.ok()) << mesh.error().message;
    std::string why;
    EXPECT_TRUE(is_closed(triangles_of(*mesh), &why)) << why;
    constexpr double kStock = 80 * 80 * 20, kLeft = 39733.456;
    EXPECT_NEAR(signed_volume_mm3(triangles_of(*mesh)), kLeft, 0.0005 * kStock);
}

}  // namespace
}  // namespace proveout
