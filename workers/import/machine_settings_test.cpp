#include "import/machine_settings.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace proveout {
namespace {

constexpr std::string_view kDump = R"(Grbl 1.1h ['$' for help]
$0=10
$11=0.020
$12 = 0.005 (arc tolerance, mm)
$20=1
$22=1
$30=24000
$100=250.000
$101=250.000 (y, step/mm)
$102=250.000
$110=5000.000
$111=6000.000, mm/min
$112=1500.000
$120=400.000
$121=300.000
$122=100.000
$130=300.000
$131=400.000
$132=80.000
ok
[G54:-300.000,-200.000,-50.000]
[G28:-10.000,-20.500,-1.000]
)";

TEST(GrblSettings, ReadsADump) {
    Result<Machine> m = machine_from_grbl_settings(kDump);
    ASSERT_TRUE(m.ok()) << m.error().message;
    EXPECT_EQ(m->profile, "grbl");
    EXPECT_EQ(m->max_feed_mm_per_min, (std::array<double, 3>{5000, 6000, 1500}));
    EXPECT_EQ(m->acceleration_mm_per_s2, (std::array<double, 3>{400, 300, 100}));
    EXPECT_EQ(m->junction_deviation_mm, 0.02);
    EXPECT_EQ(m->arc_tolerance_mm, 0.005);
    EXPECT_EQ(m->steps_per_mm, 250);
    EXPECT_EQ(m->max_rpm, 24000);
    EXPECT_EQ(m->travel_mm[2][0], -80);
    EXPECT_EQ(m->travel_mm[2][1], 0);
    ASSERT_TRUE(m->home_mm.has_value());
    EXPECT_EQ(m->home_mm->y, -20.5);
}

TEST(GrblSettings, WithoutHomingThereIsNoTravelAndUnequalStepsAreNotRounded) {
    Result<Machine> m = machine_from_grbl_settings("$100=80\r\n$101=80\r\n$102=400\r\n$110=500\r\n$130=200\r\n");
    ASSERT_TRUE(m.ok());
    EXPECT_EQ(m->travel_mm[0][0], -Machine::kNoLimit);
    EXPECT_EQ(m->steps_per_mm, 0);
    EXPECT_EQ(m->max_feed_mm_per_min[0], 500);
    EXPECT_EQ(m->max_feed_mm_per_min[1], machine_profile("grbl")->max_feed_mm_per_min[1]);
}

TEST(GrblSettings, NamesEveryBadValue) {
    Result<Machine> m = machine_from_grbl_settings("$100=250\n$110=0\n$121=-5\n$111=fast\n");
    ASSERT_FALSE(m.ok());
    EXPECT_EQ(m.error().code, ErrorCode::kInvalidInput);
    std::vector<std::string> pointers;
    for (const Fault& fault : m.error().faults) pointers.push_back(fault.pointer);
    EXPECT_EQ(pointers, (std::vector<std::string>{"$111", "$110", "$121"}));
    EXPECT_FALSE(machine_from_grbl_settings("$0=755.906 (x, step/mm)\n$4=500.000 (default feed)\n").ok());
    EXPECT_FALSE(machine_from_grbl_settings("").ok());
}

constexpr std::string_view kIni = R"(# a mill in inches
[TRAJ]
COORDINATES = X Y Z
LINEAR_UNITS = inch
MAX_LINEAR_VELOCITY = 3
[RS274NGC]
RS274NGC_STARTUP_CODE = G20 G17 G40 G64 P0.001 G80
[AXIS_X]
MIN_LIMIT = -10
MAX_LIMIT = 12.5
MAX_VELOCITY = 2.0
MAX_ACCELERATION = 20
[AXIS_Y]
MAX_VELOCITY = 1.5
[JOINT_1]
MAX_ACCELERATION = 15
[JOINT_2]
MAX_VELOCITY = 1   ; slow
MAX_ACCELERATION = 10
)";

TEST(LinuxcncIni, ReadsUnitsAxesAndTolerance) {
    Result<Machine> m = machine_from_linuxcnc_ini(kIni);
    ASSERT_TRUE(m.ok()) << m.error().message;
    EXPECT_EQ(m->profile, "linuxcnc");
    EXPECT_NEAR(m->max_feed_mm_per_min[0], 2 * 25.4 * 60, 1e-9);
    EXPECT_NEAR(m->max_feed_mm_per_min[1], 1.5 * 25.4 * 60, 1e-9);
    EXPECT_NEAR(m->max_feed_mm_per_min[2], 25.4 * 60, 1e-9);
    EXPECT_NEAR(m->acceleration_mm_per_s2[0], 508, 1e-9);
    EXPECT_NEAR(m->acceleration_mm_per_s2[1], 381, 1e-9);
    EXPECT_NEAR(m->travel_mm[0][1], 317.5, 1e-9);
    EXPECT_EQ(m->travel_mm[1][1], Machine::kNoLimit);
    EXPECT_NEAR(m->path_tolerance_mm, 0.0254, 1e-12);
}

TEST(LinuxcncIni, OldNamesGantriesAndFaults) {
    Result<Machine> old = machine_from_linuxcnc_ini("[TRAJ]\nLINEAR_UNITS=mm\n[AXIS_0]\nMAX_VELOCITY=50\n[AXIS_2]\nMAX_VELOCITY=20\n");
    ASSERT_TRUE(old.ok());
    EXPECT_EQ(old->max_feed_mm_per_min[0], 3000);
    EXPECT_EQ(old->max_feed_mm_per_min[2], 1200);
    Result<Machine> gantry = machine_from_linuxcnc_ini(
        "[TRAJ]\nCOORDINATES=XYYZ\n[JOINT_0]\nMAX_VELOCITY=50\n[JOINT_2]\nMAX_VELOCITY=40\n[JOINT_3]\nMAX_VELOCITY=10\n");
    ASSERT_TRUE(gantry.ok());
    EXPECT_EQ(gantry->max_feed_mm_per_min[2], 600);
    Result<Machine> bad = machine_from_linuxcnc_ini("[TRAJ]\nLINEAR_UNITS=furlong\n[AXIS_X]\nMAX_VELOCITY=-1\nMIN_LIMIT=5\nMAX_LIMIT=1\n");
    ASSERT_FALSE(bad.ok());
    EXPECT_EQ(bad.error().faults.size(), 3u);
    EXPECT_FALSE(machine_from_linuxcnc_ini("G0 X1\n").ok());
}

// Whatever the bytes: a Machine with finite limits, or an error.
TEST(MachineSettings, SurviveMutations) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 4000; ++round) {
        bool grbl = round % 2 == 0;
        std::string text(grbl ? kDump : kIni);
        for (int k = 0; k < 6; ++k) text[random() % text.size()] = static_cast<char>(random() % 256);
        Result<Machine> m = grbl ? machine_from_grbl_settings(text) : machine_from_linuxcnc_ini(text);
        if (!m.ok()) continue;
        for (double v : m->max_feed_mm_per_min) EXPECT_TRUE(std::isfinite(v) && v > 0);
        for (double a : m->acceleration_mm_per_s2) EXPECT_TRUE(std::isfinite(a) && a > 0);
    }
}

}  // namespace
}  // namespace proveout
