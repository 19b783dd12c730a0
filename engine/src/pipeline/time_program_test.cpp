#include <gtest/gtest.h>

#include <string>

#include "proveout/plan.h"
#include "proveout/time_table.h"

namespace proveout {
namespace {

double sum_of(const std::vector<TimeRow>& rows) {
    double sum = 0;
    for (const TimeRow& row : rows) sum += row.time.total_s();
    return sum;
}

Setup setup_of(const char* profile) {
    Setup setup;
    setup.dialect = Dialect::kLinuxcnc;
    setup.machine = *machine_profile(profile);
    setup.machine.home_mm = Vec3{};
    return setup;
}

TEST(TimeProgram, TellsByToolAndByLines) {
    const std::string text = "G21 G90 G17\nT1 M6\nM3 S1000\nG0 X10\nG1 X110 F1000\nG4 P2\nT2 M6\nM3 S2000\nG1 X10 F500\nM5\nM2\n";
    Result<TimeTable> table = time_program({text, "two tools", {}}, setup_of("generic"), Context{});
    ASSERT_TRUE(table.ok()) << table.error().message;
    ASSERT_EQ(table->by_tool.size(), 2u);
    EXPECT_EQ(table->by_tool[0].tool, 1);
    EXPECT_EQ(table->by_tool[1].tool, 2);
    EXPECT_EQ(table->by_tool[0].time.tool_change_s, 6);  // a change and a spindle start each
    EXPECT_EQ(table->by_tool[1].time.tool_change_s, 6);
    EXPECT_EQ(table->by_tool[0].time.dwell_s, 2);
    EXPECT_NEAR(table->by_tool[0].cut_length_mm, 100, 1e-9);
    EXPECT_NEAR(table->by_tool[1].cut_length_mm, 100, 1e-9);
    EXPECT_NEAR(table->by_tool[1].time.cutting_s, 12, 0.1);
    EXPECT_NEAR(sum_of(table->by_tool), table->total.total_s(), 1e-9);
    EXPECT_NEAR(sum_of(table->by_lines), table->total.total_s(), 1e-9);
    EXPECT_EQ(table->by_lines.front().first_line, 2);
    EXPECT_EQ(table->by_lines.back().last_line, 11);
    EXPECT_EQ(table->error_s, time_error_s(setup_of("generic").machine, table->total));
    EXPECT_TRUE(table->end.ended);
}

TEST(TimeProgram, LongProgramsHaveFewRangesThatRise) {
    std::string text = "G21 G90 F600\n";
    for (int i = 1; i <= 5000; ++i) text += "G1 X" + std::to_string(i % 7) + "\n";
    Result<TimeTable> table = time_program({text + "M2\n", "long", {}}, setup_of("linuxcnc"), Context{});
    ASSERT_TRUE(table.ok()) << table.error().message;
    EXPECT_LE(table->by_lines.size(), 2u * kTimeRanges);
    EXPECT_GE(table->by_lines.size(), static_cast<size_t>(kTimeRanges));
    EXPECT_NEAR(sum_of(table->by_lines), table->total.total_s(), 1e-6);
    for (size_t i = 1; i < table->by_lines.size(); ++i) EXPECT_GT(table->by_lines[i].first_line, table->by_lines[i - 1].last_line);
}

TEST(TimeProgram, PassesOnWhatTheReaderSays) {
    EXPECT_FALSE(time_program({"G1 X1 F100\nG2 X5 R0.1\n", "bad", {}}, setup_of("linuxcnc"), Context{}).ok());
    std::atomic<int> stop{static_cast<int>(StopReason::kCancelled)};
    Context context;
    context.stop = &stop;
    std::string text = "F100\n";
    for (int i = 0; i < 3000; ++i) text += "G1 X" + std::to_string(i) + "\n";
    Result<TimeTable> stopped = time_program({text, "stopped", {}}, setup_of("linuxcnc"), context);
    ASSERT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace proveout
