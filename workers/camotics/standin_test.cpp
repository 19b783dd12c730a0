// Every way in which camsim can fail, without camsim: a script stands in for it.
#include <gtest/gtest.h>
#include <signal.h>

#include <charconv>
#include <chrono>
#include <cmath>
#include <set>
#include <thread>

#include "camotics/camotics.h"
#include "camotics/camsim.h"
#include "camotics/second_engine.h"
#include "camotics/test_stock.h"

namespace proveout {
namespace {

namespace fs = std::filesystem;

const Box3 kStock = box_of({0, 0, -10}, {40, 30, 0});

// Answers --version, keeps the last argument in $out and writes what camsim writes, then does what the test asks for.
constexpr const char* kHead = R"sh(#!/bin/sh
here="$(dirname "$0")"
if [ "$1" = --version ]; then echo 1.3 >&2; exit 0; fi
for out; do :; done
echo "$@" >> "$here/calls"
calls=$(wc -l < "$here/calls")
begin() {
  echo "Computing surface at 2 secs" >&2
  echo "Computing surface bounded by ((-0.1,-0.1,-10.1), (40.1,30.1,0.1)) at 0.5 grid resolution" >&2
  echo "Progress: 0.00% Time: 0 secs ETA: 0 secs" >&2
}
finish() { echo "Time: 1 sec Triangles: 12 Triangles/sec: 12.00" >&2; cp "$here/box.stl" "$out"; }
good() { begin; finish; }
)sh";

class Standin : public ::testing::Test {
  protected:
    void SetUp() override {
        folder.write("box.stl", stl_bytes(box_triangles(kStock)));
        fs::create_directory(folder.path("work"));
        Tool tool;
        tool.diameter_mm = 6;
        tool.flute_length_mm = 20;
        setup.tools = {tool};
        Stock stock;
        stock.solid.dims_mm = {40, 30, 10};
        stock.solid.origin_mm = {0, 0, -10};
        setup.stock = stock;
        setup.dialect = Dialect::kLinuxcnc;
        program.text = "G21 G90\nT1 M6\nS1000 M3\nG0 X5 Y5 Z5\nG1 Z-2 F300\nG1 X30\nG0 Z5\nM2\n";
        program.name = "part.nc";
        options.camsim = folder.path("camsim");
        options.directory = folder.path("work");
        options.memory_limit_bytes = 0;
    }
    void script(const std::string& body) {
        folder.write("camsim", kHead + body);
        fs::permissions(folder.path("camsim"), fs::perms::owner_all);
    }
    Result<CamoticsPart> run() { return run_camotics(program, setup, options, record, context); }
    // Runs, and expects an error with a word in its message.
    void expect_error(ErrorCode code, const std::string& word) {
        auto part = run();
        ASSERT_FALSE(part.ok()) << "no error, but " << word << " was expected";
        EXPECT_EQ(static_cast<int>(part.error().code), static_cast<int>(code)) << part.error().message;
        EXPECT_NE(part.error().message.find(word), std::string::npos) << part.error().message;
    }
    int calls() const {
        std::string text = folder.read("calls");
        return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
    }

    Folder folder;
    proveout::Setup setup;
    Program program;
    CamoticsOptions options;
    CamsimRecord record;
    std::atomic<int> stop{0};
    Context context;
};

TEST_F(Standin, GoodRunIsAccepted) {
    script("good\n");
    auto part = run();
    ASSERT_TRUE(part.ok()) << part.error().message;
    EXPECT_NEAR(part->stock_volume_mm3, 12000, 1e-3);
    EXPECT_NEAR(part->removed_mm3, 0, 1e-6);
    EXPECT_EQ(record.version, "1.3");
    EXPECT_EQ(record.exit_code, 0);
    EXPECT_EQ(record.attempts, 2);  // the stock and the part
    EXPECT_EQ(record.retry_reason, "");
    EXPECT_EQ(fs::path(record.project_path).filename(), "project.camotics");
    EXPECT_NE(folder.read("work/camsim.log").find("Triangles: 12"), std::string::npos);
    std::string first = folder.read("calls");
    EXPECT_NE(first.find("--threads 1 --log-color=false --resolution 0.1338"), std::string::npos) << first;
}

TEST_F(Standin, EveryLieOfExitStatusZeroIsSeen) {
    script("exit 0\n");
    expect_error(ErrorCode::kEngineFailed, "wrote nothing");
    script("begin; head -c 84 /dev/zero > \"$out\"; echo 'Time: 0 secs Triangles: 0 Triangles/sec: 0' >&2\n");
    expect_error(ErrorCode::kEngineFailed, "no triangles");
    script("begin; echo 'WARNING:Empty workpiece, nothing to simulate' >&2; head -c 84 /dev/zero > \"$out\"\n");
    expect_error(ErrorCode::kEngineFailed, "saw no stock");
    script("good; head -c 400 \"$here/box.stl\" > \"$out\"\n");
    expect_error(ErrorCode::kEngineFailed, "12 triangles and has 400 bytes");
    script("begin; head -c 100000 /dev/urandom > \"$out\"; echo 'Time: 1 sec Triangles: 12 Triangles/sec: 1' >&2\n");
    expect_error(ErrorCode::kEngineFailed, "not accepted");
    script("begin; cp \"$here/box.stl\" \"$out\"; echo 'Time: 1 sec Triangles: 14 Triangles/sec: 1' >&2\n");
    expect_error(ErrorCode::kEngineFailed, "its log counts 14");
    script("good; echo 'ERROR:Not implemented' >&2; echo 'ERROR:       At: /x/program.nc:3:0' >&2\n");
    expect_error(ErrorCode::kEngineFailed, "reports 1 errors");
    script("echo 'Computing surface at -2147483648 secs' >&2; good\n");
    expect_error(ErrorCode::kEngineFailed, "numbers that are none");
    script("begin; cp \"$here/box.stl\" \"$out\"\n");
    expect_error(ErrorCode::kEngineFailed, "tells of no surface");
    script("echo 'WARNING:Auto-creating missing tool 7' >&2; good\n");
    expect_error(ErrorCode::kEngineFailed, "made one up");
    EXPECT_EQ(record.retry_reason, "");  // none of these would end otherwise
}

TEST_F(Standin, ASurfaceThatIsNotOfThisStockIsRefused) {
    script("good\n");
    folder.write("box.stl", stl_bytes(box_triangles(box_of({0, 0, -10}, {40, 30, 5}))));
    expect_error(ErrorCode::kEngineFailed, "its box on Z");
    folder.write("box.stl", stl_bytes(box_triangles(box_of({0, 0, -10}, {40, 20, 0}))));
    expect_error(ErrorCode::kEngineFailed, "its box on Y");
    auto triangles = box_triangles(kStock);
    triangles[3].b.x = std::nan("");
    folder.write("box.stl", stl_bytes(triangles));
    expect_error(ErrorCode::kEngineFailed, "not a number");
    folder.write("box.stl", stl_bytes(box_triangles(kStock)));
    script("echo 'Computing surface bounded by ((10,0,0), (50,30,10)) at 0.5 grid resolution' >&2; finish\n");
    expect_error(ErrorCode::kEngineFailed, "its grid lies elsewhere");
    auto open = box_triangles(kStock);
    open[11] = open[10];
    folder.write("box.stl", stl_bytes(open));
    script("good\n");
    expect_error(ErrorCode::kEngineFailed, "open edges");
}

TEST_F(Standin, DuplicatesAtSeamsAreDropped) {
    auto triangles = box_triangles(kStock);
    std::vector<Triangle> doubled = triangles;
    for (int k : {3, 7, 7}) doubled.push_back({triangles[k].b, triangles[k].c, triangles[k].a});
    folder.write("box.stl", stl_bytes(doubled));
    script("begin; cp \"$here/box.stl\" \"$out\"; echo 'Time: 1 sec Triangles: 15 Triangles/sec: 1' >&2\n");
    auto part = run();
    ASSERT_TRUE(part.ok()) << part.error().message;
    EXPECT_EQ(part->mesh.triangles.size(), 12u);
    EXPECT_NEAR(part->stock_volume_mm3, 12000, 1e-3);
}

TEST_F(Standin, StatusAndErrorsOfTheEndAreKept) {
    script("echo 'ERROR:Exception: bad tool' >&2; exit 1\n");
    expect_error(ErrorCode::kEngineFailed, "status 1: Exception: bad tool");
    EXPECT_EQ(record.exit_code, 1);
    EXPECT_EQ(record.attempts, 1);  // it would end so again
    options.camsim = folder.path("nowhere");
    expect_error(ErrorCode::kEngineFailed, "does not answer");
}

TEST_F(Standin, AnErrorNamesTheLineOfTheClientsProgram) {
    script("[ $calls = 1 ] && { good; exit 0; }; echo 'ERROR:Bad word' >&2; echo \"ERROR:       At: $PWD/program.nc:6:3\" >&2; good\n");
    auto part = run();
    ASSERT_FALSE(part.ok());
    EXPECT_EQ(part.error().line, 6) << folder.read("work/program.nc");  // N6 is the block G1 X30
}

TEST_F(Standin, AKilledRunIsTriedOnceMore) {
    script("[ $calls = 1 ] && kill -9 $$; good\n");
    auto part = run();
    ASSERT_TRUE(part.ok()) << part.error().message;
    EXPECT_EQ(record.attempts, 3);
    EXPECT_EQ(record.retry_reason, "camsim was killed by signal 9");
    script("kill -9 $$\n");
    record = {};
    expect_error(ErrorCode::kEngineFailed, "killed by signal 9");
    EXPECT_EQ(record.attempts, 2);
    EXPECT_EQ(record.exit_code, 137);
}

TEST_F(Standin, OutOfMemoryIsTriedWithACoarserCell) {
    script("[ $calls = 2 ] && { begin; echo 'ERROR:std::exception: bad allocation' >&2; exit 0; }; good\n");
    auto part = run();
    ASSERT_TRUE(part.ok()) << part.error().message;
    EXPECT_EQ(record.retry_reason, "camsim ran out of memory");
    double high = std::cbrt(12000 / 5e6);
    EXPECT_NEAR(part->resolution_mm, 1.5 * high, 1e-9);
    EXPECT_EQ(calls(), 5);  // stock, part that fails, part that is no use, then both with one cell
    // A cell that was asked for is not changed.
    fs::remove(folder.path("calls"));
    script("begin; echo 'ERROR:std::exception: bad allocation' >&2\n");
    options.resolution_mm = 0.5;
    expect_error(ErrorCode::kResourceLimit, "out of memory");
    EXPECT_EQ(calls(), 1);
}

TEST_F(Standin, ARunThatChattersWithoutEndIsEnded) {
    script("begin; exec yes 'Progress: what a lovely day for a very long log line that never ends' >&2\n");
    expect_error(ErrorCode::kEngineFailed, "printed more than 64 MiB");
    EXPECT_LE(fs::file_size(record.log_path), 2 * kLogPart_bytes);
    script("begin; exec yes\n");
    expect_error(ErrorCode::kEngineFailed, "printed more than 64 MiB");
}

TEST_F(Standin, GarbageInTheLogIsSurvived) {
    script("begin; head -c 3000000 /dev/urandom | grep -av ERROR: >&2; echo >&2; finish\n");
    auto part = run();
    ASSERT_TRUE(part.ok()) << part.error().message;
}

bool is_alive(const std::string& pid_text) {
    pid_t pid = 0;
    std::from_chars(pid_text.data(), pid_text.data() + pid_text.size(), pid);
    if (pid <= 1 || ::kill(pid, 0) != 0) return false;
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string line((std::istreambuf_iterator<char>(stat)), {});
    return line.find(") Z ") == std::string::npos;  // a zombie that nobody waits for has ended
}

// A killed process may need a moment until it is gone.
bool ends(const std::string& pid_text) {
    for (int i = 0; i < 200 && is_alive(pid_text); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(25));
    return !is_alive(pid_text);
}

// Hangs, ignores SIGTERM, and starts two more that would outlive it: one in its group, one in a session of its own.
constexpr const char* kHang = R"sh(trap '' TERM INT HUP
(trap '' TERM; echo $$ > /dev/null; sh -c 'echo $$' > "$here/child"; exec sleep 300) &
setsid sh -c 'echo $$ > "$0/daemon"; trap "" TERM; while :; do sleep 1; done' "$here" < /dev/null > /dev/null 2>&1 &
echo $$ > "$here/self"
while :; do sleep 1; done
)sh";

class Stops : public Standin, public ::testing::WithParamInterface<StopReason> {};

TEST_P(Stops, EndTheWholeProcessTree) {
    script(kHang);
    context.stop = &stop;
    std::thread stopper([&] {
        for (int k = 0; k < 200 && !(folder.has("self") && folder.has("daemon")); ++k)
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
        stop = static_cast<int>(GetParam());
    });
    auto start = std::chrono::steady_clock::now();
    auto part = run();
    stopper.join();
    ASSERT_FALSE(part.ok());
    EXPECT_EQ(static_cast<int>(part.error().code),
              static_cast<int>(GetParam() == StopReason::kTimeout ? ErrorCode::kTimeout : ErrorCode::kCancelled));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
    for (const char* name : {"self", "daemon"}) EXPECT_TRUE(ends(folder.read(name))) << name;
}
INSTANTIATE_TEST_SUITE_P(Both, Stops, ::testing::Values(StopReason::kCancelled, StopReason::kTimeout));

TEST_F(Standin, WhatARunLeavesBehindIsEnded) {
    script(
        "setsid sh -c 'echo $$ > \"$0/daemon\"; while :; do sleep 1; done' \"$here\" < /dev/null > /dev/null 2>&1 &\n"
        "while [ ! -s \"$here/daemon\" ]; do sleep 0.05; done\ngood\n");
    auto part = run();
    ASSERT_TRUE(part.ok()) << part.error().message;
    EXPECT_TRUE(ends(folder.read("daemon")));
}

TEST_F(Standin, ItRunsInItsWorkspaceWithACleanEnvironment) {
    ::setenv("MINIO_SECRET_KEY", "hush", 1);
    script("env > \"$here/env\"; pwd > \"$here/pwd\"; good\n");
    auto part = run();
    ::unsetenv("MINIO_SECRET_KEY");
    ASSERT_TRUE(part.ok()) << part.error().message;
    EXPECT_EQ(folder.read("env").find("MINIO"), std::string::npos) << folder.read("env");
    EXPECT_EQ(fs::canonical(folder.read("pwd").substr(0, folder.read("pwd").size() - 1)), fs::canonical(folder.path("work")));
}

TEST_F(Standin, ProgressNeverFallsAndGoesOnInSilence) {
    std::vector<double> told;
    context.progress = [&](std::string_view stage, double fraction) {
        EXPECT_EQ(stage, "simulate");
        told.push_back(fraction);
    };
    script("sleep 1; begin; echo 'Progress: 50.00% Time: 1 sec ETA: 1 sec' >&2; sleep 1; finish\n");
    auto part = run();
    ASSERT_TRUE(part.ok()) << part.error().message;
    EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
    EXPECT_GE(told.size(), 40u);  // in four seconds of mostly silence
    EXPECT_EQ(told.back(), 1);
    EXPECT_GT(std::set<double>(told.begin(), told.end()).size(), 20u);
}

TEST_F(Standin, TooLargeIsSaidBeforeTheRun) {
    script("good\n");
    options.resolution_mm = 0.005;
    options.memory_limit_bytes = 2e9;
    expect_error(ErrorCode::kTooLarge, "fits");
    EXPECT_EQ(calls(), 0);
    options.resolution_mm = 0;
    options.memory_limit_bytes = 2e8;
    auto part = run();
    ASSERT_TRUE(part.ok()) << part.error().message;
    EXPECT_GT(part->resolution_mm, std::cbrt(12000 / 5e6));
    ASSERT_EQ(part->assumptions.size(), 1u);
}

TEST_F(Standin, StockAndToolsThatCamoticsLacksAreRefused) {
    script("good\n");
    setup.tools[0].diameter_mm = 0.1;
    expect_error(ErrorCode::kInvalidInput, "too thin");
    setup.tools[0].diameter_mm = 6;
    setup.stock->solid.shape = StockShape::kMesh;
    setup.stock->solid.mesh = box_triangles(kStock);
    expect_error(ErrorCode::kInvalidInput, "cannot cut this stock");
    setup.stock.reset();
    expect_error(ErrorCode::kInvalidInput, "explicit stock");
}

TEST_F(Standin, RawProgramsMayNotWriteFiles) {
    script("good\n");
    options.raw = true;
    program.text = "G21\nT1 M6\n(LOGOPEN,/tmp/x)\nG1 X5 F100\nM2\n";
    auto part = run();
    ASSERT_FALSE(part.ok());
    EXPECT_EQ(part.error().line, 3);
    program.text = "G21\nT1 M6\nG1 X5 F100\nM2\n";
    ASSERT_TRUE(run().ok());
    EXPECT_EQ(folder.read("work/program.nc"), std::string(program.text));
}

TEST_F(Standin, TheWorkspaceIsGoneAndTheLogsStay) {
    script("echo 'ERROR:Exception: no' >&2; exit 1\n");
    fs::create_directory(folder.path("logs"));
    Job job;
    job.setup = setup;
    SecondEngineOptions second{folder.path(), folder.path("work"), folder.path("logs"), false, false};
    auto part = cut_with_camotics(program, job, second, record, context);
    ASSERT_FALSE(part.ok());
    EXPECT_TRUE(fs::is_empty(folder.path("work")));
    EXPECT_NE(folder.read("logs/camsim.log").find("Exception: no"), std::string::npos);
    EXPECT_NE(folder.read("logs/project.camotics").find("\"program.nc\""), std::string::npos);
    EXPECT_EQ(record.exit_code, 1);
}

}  // namespace
}  // namespace proveout
