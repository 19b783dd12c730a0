#include "runner/attempt.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "camotics/test_stock.h"
#include "runner/supervisor.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;

const char* kJob = R"({"inline_gcode":"G21 G90\nT1 M6\nS9000 M3\nG0 X0 Y0 Z5\nG1 Z-2 F300\nG1 X10 F600\nG0 Z5\nM30",)"
                   R"("tools":[{"number":1,"type":"flat","diameter":6,"flute_length":20,"stickout":35}],)"
                   R"("stock":{"shape":"box","dims":[40,30,10],"origin":[-20,-15,-10]},)"
                   R"("options":{"resolution_mm":0.5,"video":{"width":128,"height":72,"fps":10,"seconds":1}}})";

class AttemptTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string folder = fs::temp_directory_path() / "proveout-attempt-XXXXXX";
        ASSERT_TRUE(mkdtemp(folder.data()));
        folder_ = fs::canonical(folder);
        fs::create_directories(folder_ + "/run/in");
        spec_.binary = "/proc/self/exe";
        spec_.workspace = folder_ + "/run";
        spec_.sim_id = "sim_00000000000000000000000001";
        spec_.path_prefix = "simulations/" + spec_.sim_id + "/";
        spec_.program_name = "part.nc";
        spec_.ffmpeg = "ffmpeg";
        spec_.timeout_s = 60;
        write("run/job.json", kJob);
    }
    void TearDown() override {
        EXPECT_TRUE(remove_folder(spec_.workspace));
        fs::remove_all(folder_);
        EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
    }
    void write(const std::string& name, const std::string& text) {
        fs::create_directories(fs::path(folder_ + "/" + name).parent_path());
        std::ofstream(folder_ + "/" + name) << text;
    }
    std::string script(const std::string& body) {
        write("programs/fake/ffmpeg", "#!/bin/sh\n" + body + "\n");
        ::chmod((folder_ + "/programs/fake/ffmpeg").c_str(), 0755);
        return folder_ + "/programs/fake/ffmpeg";
    }
    // What work() of the test's own child does instead of the job; see main().
    void behave(const std::string& how) { write("run/in/behave", how); }
    AttemptResult run() { return run_attempt(spec_, events_, stop_); }

    std::string folder_;
    AttemptSpec spec_;
    AttemptEvents events_;
    std::atomic<int> stop_{0};
};

bool is_on(const std::string& feature) {
    for (const SandboxFeature& each : sandbox_features())
        if (each.name == feature) return each.on;
    return false;
}

// Processes anywhere whose command line holds `word`.
int processes_with(const std::string& word) {
    int count = 0;
    for (const auto& entry : fs::directory_iterator("/proc")) {
        std::ifstream file(entry.path() / "cmdline", std::ios::binary);
        std::string line((std::istreambuf_iterator<char>(file)), {});
        count += line.find(word) != std::string::npos;
    }
    return count;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

TEST_F(AttemptTest, AJobMakesAllFilesAndTellsItsProgress) {
    std::vector<std::string> stages;
    double last = 0;
    events_.progress = [&](std::string_view stage, double percent) {
        if (stages.empty() || stages.back() != stage) stages.emplace_back(stage);
        EXPECT_GE(percent, last);
        last = percent;
    };
    AttemptResult result = run();
    ASSERT_EQ(result.end, AttemptEnd::kFinished) << result.how << result.log;
    EXPECT_EQ(result.outcome.status, "succeeded") << result.outcome.error_message;
    EXPECT_EQ(result.outcome.frames_count, 10);
    EXPECT_EQ(stages, (std::vector<std::string>{"prepare", "simulate", "encode"}));
    EXPECT_EQ(last, kEncodePercent);
    auto folder = OpenFolder::open(spec_.workspace);
    ASSERT_TRUE(folder);
    std::vector<std::string> names = folder->list("out", 100);
    for (const char* name :
         {"report.json", "out.mp4", "preview.gif", "snapshot.png", "part.stl", "part.glb", "timeline.json", "report.html"})
        EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
    auto report = folder->read("out/report.json", 1 << 20);
    ASSERT_TRUE(report);
    EXPECT_NE(report->find("\"sim_video_path\": \"" + spec_.path_prefix + "out.mp4\""), std::string::npos);
    EXPECT_GT(result.peak_memory_bytes, 0);
}

TEST_F(AttemptTest, CamsimRunsInTheSameSandbox) {
    write("programs/fake/box.stl", stl_bytes(box_triangles(box_of({-20, -15, -10}, {20, 15, 0}))));
    write("programs/fake/camsim",
          "#!/bin/sh\n[ \"$1\" = --version ] && { echo 1.3 >&2; exit 0; }\nfor out; do :; done\n"
          "echo 'Time: 1 sec Triangles: 12 Triangles/sec: 12.0' >&2\ncat \"$(dirname \"$0\")/box.stl\" > \"$out\"\n");
    ::chmod((folder_ + "/programs/fake/camsim").c_str(), 0755);
    spec_.camotics = folder_ + "/programs/fake/camsim";
    std::string job = kJob;
    job.replace(job.find("\"resolution_mm\""), 0, "\"engine\":\"both\",");
    write("run/job.json", job);
    AttemptResult result = run();
    ASSERT_EQ(result.end, AttemptEnd::kFinished) << result.how << result.log;
    EXPECT_EQ(result.outcome.status, "succeeded") << result.outcome.error_message;
    EXPECT_EQ(fs::path(result.outcome.cmx_path).filename(), "project.camotics");
    EXPECT_EQ(result.outcome.camotics_exit_code, 0);
    write("programs/fake/camsim",
          "#!/bin/sh\n[ \"$1\" = --version ] && { echo 1.3 >&2; exit 0; }\n"
          "echo 'ERROR:Exception: no' >&2; exit 1\n");
    result = run();
    ASSERT_EQ(result.end, AttemptEnd::kFinished) << result.how;
    EXPECT_EQ(result.outcome.error_code, "ENGINE_FAILED") << result.outcome.error_message;
    EXPECT_EQ(result.outcome.camotics_exit_code, 1);
    auto folder = OpenFolder::open(spec_.workspace);
    auto log = folder->read("out/logs/camsim.log", 1 << 20);
    ASSERT_TRUE(log);
    EXPECT_EQ(*log, "ERROR:Exception: no\n");
}

TEST_F(AttemptTest, CollisionsAreCountedAndTheFirstIsNamed) {
    std::string job = kJob;
    job.replace(job.find("G1 Z-2 F300"), 11, "G0 Z-2 F300");
    write("run/job.json", job);
    AttemptResult result = run();
    ASSERT_EQ(result.end, AttemptEnd::kFinished);
    EXPECT_EQ(result.outcome.status, "warning");
    EXPECT_EQ(result.outcome.collision_count, 1);
    EXPECT_NE(result.outcome.collision_message.find("line 5: RAPID_IN_STOCK"), std::string::npos) << result.outcome.collision_message;
}

TEST_F(AttemptTest, WhatIsWrongWithTheJobIsAnErrorWithItsClass) {
    std::string job = kJob;
    job.replace(job.find("X10 F600"), 8, "X[1/0] F600");
    write("run/job.json", job);
    AttemptResult result = run();
    ASSERT_EQ(result.end, AttemptEnd::kFinished);
    EXPECT_EQ(result.outcome.error_code, "UNPROCESSABLE_GCODE");
    EXPECT_EQ(result.outcome.error_message.compare(0, 8, "line 6: "), 0) << result.outcome.error_message;
    write("run/job.json", R"({"inline_gcode":"M30"})");
    result = run();
    EXPECT_EQ(result.outcome.error_code, "INVALID_PROJECT");
    EXPECT_NE(result.outcome.error_message.find("/tools"), std::string::npos) << result.outcome.error_message;
    job = kJob;
    job.replace(job.find("[40,30,10]"), 10, "[4000,3000,10]");
    job.replace(job.find(":0.5,"), 5, ":0.002,");
    write("run/job.json", job);
    result = run();
    EXPECT_EQ(result.outcome.error_code, "RESOURCE_LIMIT") << result.outcome.error_message;
}

TEST_F(AttemptTest, AFailingEncoderLeavesItsWordsAndTheRestOfTheFiles) {
    spec_.ffmpeg = script("echo no such codec here >&2; exit 3");
    AttemptResult result = run();
    ASSERT_EQ(result.end, AttemptEnd::kFinished) << result.how;
    EXPECT_EQ(result.outcome.error_code, "ENCODING_FAILED");
    EXPECT_NE(result.outcome.error_message.find("no such codec here"), std::string::npos);
    auto folder = OpenFolder::open(spec_.workspace);
    auto log = folder->read("out/logs/ffmpeg.log", 1 << 20);
    ASSERT_TRUE(log);
    EXPECT_NE(log->find("no such codec here"), std::string::npos);
    EXPECT_TRUE(folder->read("out/report.json", 1 << 20).ok());
}

TEST_F(AttemptTest, AnEncoderThatHangsEndsWithTheTimeLimit) {
    spec_.ffmpeg = script("trap '' TERM; (sleep 987654 &) ; sleep 987654");
    spec_.timeout_s = 2;
    AttemptResult result = run();
    EXPECT_EQ(result.end, AttemptEnd::kTimeout) << result.how << result.outcome.error_message;
    EXPECT_LT(result.wall_s, 2 + kGrace_s + 1);
    EXPECT_EQ(processes_with("987654"), 0);
}

TEST_F(AttemptTest, CancelEndsTheWholeTree) {
    spec_.ffmpeg = script("trap '' TERM; (setsid sleep 876543 &) ; (sleep 876543 &) ; sleep 876543");
    auto start = std::chrono::steady_clock::now();
    events_.tick = [&] {
        if (processes_with("876543") > 1) stop_ = 1;
    };
    AttemptResult result = run();
    EXPECT_EQ(result.end, AttemptEnd::kCancelled) << result.how;
    EXPECT_LT(seconds_since(start), 9);
    EXPECT_EQ(processes_with("876543"), 0);
}

TEST_F(AttemptTest, WorkThatIgnoresTheQuestionIsKilled) {
    behave("ignore");
    auto start = std::chrono::steady_clock::now();
    events_.tick = [&] {
        if (seconds_since(start) > 0.3) stop_ = 1;
    };
    AttemptResult result = run();
    EXPECT_EQ(result.end, AttemptEnd::kCancelled);
    EXPECT_LT(result.wall_s, 7);
    EXPECT_GT(result.wall_s, 4.5);
}

TEST_F(AttemptTest, AProcessThatDiesIsACrashAndSaysHow) {
    behave("segv");
    AttemptResult result = run();
    EXPECT_EQ(result.end, AttemptEnd::kCrashed);
    EXPECT_NE(result.how.find("signal 11"), std::string::npos) << result.how;
    behave("kill");
    result = run();
    EXPECT_EQ(result.end, AttemptEnd::kCrashed);
    EXPECT_NE(result.how.find("signal 9"), std::string::npos) << result.how;
    behave("abort");
    EXPECT_EQ(run().end, AttemptEnd::kCrashed);
    behave("exit7");
    result = run();
    EXPECT_EQ(result.end, AttemptEnd::kCrashed);
    EXPECT_EQ(result.how, "exit status 7");
    behave("nothing");
    result = run();
    EXPECT_EQ(result.end, AttemptEnd::kFinished);
    EXPECT_EQ(result.outcome.error_code, "INTERNAL");
}

TEST_F(AttemptTest, NothingOutlivesTheEnd) {
    behave("daemons");
    AttemptResult result = run();
    EXPECT_EQ(result.end, AttemptEnd::kFinished);
    EXPECT_EQ(processes_with("765432"), 0);
}

TEST_F(AttemptTest, ResourceBombsEndAtTheirLimits) {
    spec_.memory_bytes = 200 << 20;
    behave("memory");
    AttemptResult result = run();
    EXPECT_EQ(result.outcome.error_code, "RESOURCE_LIMIT") << result.how << result.outcome.error_message;
    behave("forks");
    spec_.timeout_s = 2;
    result = run();
    EXPECT_TRUE(result.outcome.error_code == "RESOURCE_LIMIT" || result.end == AttemptEnd::kTimeout) << result.how;
    EXPECT_EQ(processes_with(spec_.workspace), 0);
    spec_.file_bytes = 1 << 20;
    behave("file");
    result = run();
    EXPECT_LE(fs::file_size(spec_.workspace + "/out/large"), 1u << 20);
}

TEST_F(AttemptTest, TheWorkSeesNeitherTheHostNorOtherRuns) {
    ::setenv("PROVEOUT_TEST_SECRET", "hunter2", 1);
    write("other/secret", "hunter2");
    write("run/in/target", folder_ + "/other/secret");
    behave("probe");
    AttemptResult result = run();
    ASSERT_EQ(result.end, AttemptEnd::kFinished) << result.how << result.log;
    std::ifstream file(spec_.workspace + "/out/probes");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
    EXPECT_NE(text.find("workspace yes"), std::string::npos) << text;
    if (is_on("landlock")) {
        EXPECT_NE(text.find("change no"), std::string::npos) << text;
        EXPECT_NE(text.find("secret no"), std::string::npos) << text;
        EXPECT_NE(text.find("shadow no"), std::string::npos) << text;
        EXPECT_NE(text.find("environ no"), std::string::npos) << text;
        EXPECT_NE(text.find("tmp no"), std::string::npos) << text;
    }
    if (is_on("seccomp")) {
        EXPECT_NE(text.find("socket no"), std::string::npos) << text;
        EXPECT_NE(text.find("ptrace no"), std::string::npos) << text;
        EXPECT_NE(text.find("unshare no"), std::string::npos) << text;
    }
    if (is_on("pid namespace")) {
        EXPECT_NE(text.find("kill no"), std::string::npos) << text;
    }
    EXPECT_NE(text.find("descriptors 3"), std::string::npos) << text;
}

TEST_F(AttemptTest, WhatWasPlantedIsNotRead) {
    behave("plant");
    write("other/secret", "hunter2");
    write("run/in/target", folder_ + "/other");
    ASSERT_EQ(run().end, AttemptEnd::kFinished);
    auto folder = OpenFolder::open(spec_.workspace);
    ASSERT_TRUE(folder);
    for (const char* name :
         {"out/link.stl", "out/fifo.stl", "out/folder/secret", "../other/secret", "out/../../other/secret", "out", "nothing"})
        EXPECT_FALSE(folder->read(name, 100).ok()) << name;
    ASSERT_EQ(::link((folder_ + "/other/secret").c_str(), (folder_ + "/run/out/hard.stl").c_str()), 0);
    EXPECT_FALSE(folder->read("out/hard.stl", 100).ok());
    EXPECT_TRUE(folder->read("out/good.stl", 100).ok());
    EXPECT_FALSE(folder->read("out/good.stl", 2).ok()) << "larger than allowed";
    EXPECT_TRUE(remove_folder(spec_.workspace));
    EXPECT_TRUE(fs::exists(folder_ + "/other/secret"));
}

TEST_F(AttemptTest, TheTreeDiesWithTheProcessThatStartedIt) {
    behave("sleep 654321");
    pid_t server = ::fork();
    if (server == 0) {
        run();
        ::_exit(0);
    }
    auto start = std::chrono::steady_clock::now();
    while (processes_with("654321") == 0 && seconds_since(start) < 10) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    ASSERT_GT(processes_with("654321"), 0);
    ::kill(server, SIGKILL);
    ::waitpid(server, nullptr, 0);
    start = std::chrono::steady_clock::now();
    while (processes_with("654321") > 0 && seconds_since(start) < 5) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_LT(seconds_since(start), 2);
    EXPECT_EQ(processes_with("654321"), 0);
}

TEST_F(AttemptTest, ASupervisorThatIsKilledTakesTheRestWithIt) {
    behave("sleep 543210");
    events_.tick = [&] {
        if (processes_with("543210") == 0) return;
        std::ifstream children("/proc/thread-self/children");
        pid_t supervisor = 0;
        if (children >> supervisor) ::kill(supervisor, SIGKILL);
    };
    AttemptResult result = run();
    EXPECT_EQ(result.end, AttemptEnd::kCrashed);
    EXPECT_EQ(processes_with("543210"), 0);
}

TEST(Sandbox, FeaturesAreNamedWithTheReasonWhenOff) {
    std::vector<SandboxFeature> features = sandbox_features();
    EXPECT_GE(features.size(), 6u);
    for (const SandboxFeature& feature : features) EXPECT_FALSE(feature.detail.empty()) << feature.name;
}

// ---- the child's side of these tests: hostile work
// -----------------------------------------------------------------------------------------

namespace {

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    return {(std::istreambuf_iterator<char>(file)), {}};
}

bool can_read(const std::string& path) {
    int file = ::open(path.c_str(), O_RDONLY);
    char byte;
    bool good = file >= 0 && ::read(file, &byte, 1) == 1;
    if (file >= 0) ::close(file);
    return good;
}

int probe(const std::string& workspace) {
    std::ofstream out(workspace + "/out/probes");
    auto tell = [&](const char* name, bool can) { out << name << (can ? " yes\n" : " no\n"); };
    for (char** entry = environ; *entry; ++entry) out << *entry << "\n";
    tell("workspace", can_read(workspace + "/job.json"));
    tell("change", ::truncate((workspace + "/in/target").c_str(), 0) == 0 || std::ofstream(workspace + "/job.json").good());
    tell("secret", can_read(text_of(workspace + "/in/target")));
    tell("shadow", can_read("/etc/shadow"));
    tell("environ", can_read("/proc/1/environ"));
    std::ofstream elsewhere("/tmp/proveout-probe");
    tell("tmp", elsewhere.good());
    tell("socket", ::socket(AF_INET, SOCK_STREAM, 0) >= 0);
    tell("ptrace", ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) == 0);
    tell("unshare", ::unshare(CLONE_NEWUSER) == 0);
    int alive = 0;
    for (int pid = 3; pid < 40000; ++pid) alive += pid != ::getpid() && ::kill(pid, 0) == 0;
    tell("kill", alive > 0);
    int open_count = 0;
    for (int fd = 0; fd < 1000; ++fd) open_count += ::fcntl(fd, F_GETFD) >= 0 && fd != 3;  // 3: `out`
    out << "descriptors " << open_count << "\n";
    return 0;
}

int plant(const std::string& workspace) {
    std::string target = text_of(workspace + "/in/target"), out = workspace + "/out";
    (void)!::symlink((target + "/secret").c_str(), (out + "/link.stl").c_str());
    (void)!::symlink(target.c_str(), (out + "/folder").c_str());
    ::mkfifo((out + "/fifo.stl").c_str(), 0600);
    (void)!::link((target + "/secret").c_str(), (out + "/hard.stl").c_str());
    ::unlink((out + "/hard.stl").c_str());
    std::ofstream(out + "/good.stl") << "good";
    ::mkdir((out + "/closed").c_str(), 0700);
    std::ofstream(out + "/closed/file") << "x";
    ::chmod((out + "/closed").c_str(), 0);
    return 0;
}

int daemons() {
    for (int k = 0; k < 5; ++k) {
        if (::fork() != 0) continue;
        ::setsid(), ::setpgid(0, 0);
        if (::fork() != 0) ::_exit(0);
        ::signal(SIGTERM, SIG_IGN);
        ::execl("/bin/sleep", "sleep", "765432", nullptr);
        ::_exit(1);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    return 0;
}

int behave(const std::string& workspace, const std::string& how) {
    if (how == "ignore") {
        ::signal(SIGTERM, SIG_IGN);
        ::sleep(1000);
    }
    if (how == "segv") ::raise(SIGSEGV);
    if (how == "kill") ::raise(SIGKILL);
    if (how == "abort") std::abort();
    if (how == "exit7") return 7;
    if (how == "nothing") return 0;
    if (how == "daemons") daemons();
    if (how == "memory") {
        (void)!::fork();  // two processes, each below the limit
        std::string much(150 << 20, 'x');
        ::sleep(1000);
    }
    if (how == "forks")
        while (true) ::fork();
    if (how == "file") {
        ::signal(SIGXFSZ, SIG_IGN);
        std::ofstream(workspace + "/out/large") << std::string(4 << 20, 'x');
    }
    if (how.compare(0, 6, "sleep ") == 0) ::execl("/bin/sleep", "sleep", how.substr(6).c_str(), nullptr);
    if (how == "probe") probe(workspace);
    if (how == "plant") plant(workspace);
    std::ofstream(workspace + "/" + kOutcomeFile) << R"({"status":"succeeded"})";
    return 0;
}

}  // namespace

}  // namespace proveout

int main(int argc, char** argv) {
    if (argc == 3 && std::string(argv[1]) == "run-job") {
        std::string workspace = argv[2], how = proveout::text_of(workspace + "/in/behave");
        auto settings = proveout::attempt_settings_from(proveout::text_of(workspace + "/run.json"));
        if (how.empty() || !settings) return proveout::run_job_process(workspace);
        return proveout::supervise(workspace, *settings, [&] { return proveout::behave(workspace, how); });
    }
    testing::InitGoogleTest(&argc, argv);
    return RUN_ALL_TESTS();
}
