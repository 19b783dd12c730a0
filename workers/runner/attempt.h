// attempt.h -- one attempt of a run in a child process of its own, inside a private workspace and under limits: the service's side.
//
// The child is this same binary (`proveout run-job WORKSPACE`), see workspace.h for the folder and supervisor.h for the processes.
// Untrusted input is parsed only there.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "proveout/result.h"
#include "runner/workspace.h"

namespace proveout {

struct AttemptSpec {
    std::string binary;     // /proc/self/exe
    std::string workspace;  // exists, private; the caller fills job.json and in/, and removes it
    std::string sim_id;
    std::string path_prefix;   // of sim_video_path and sim_snapshot_path: "simulations/sim_.../"
    std::string program_name;  // label of the program
    double timeout_s = 900;    // of the whole attempt
    int threads = 1;
    int64_t memory_bytes = 0, file_bytes = 0;  // rlimits; 0: the defaults of limits.h
    std::string ffmpeg, camotics;
};

struct AttemptEvents {                                                     // called from the thread that runs run_attempt
    std::function<void(std::string_view stage, double percent)> progress;  // percent 0..100 over all stages, prepare simulate encode
    std::function<void()> tick;                                            // about ten times a second, also when nothing moves
};
// Share of the whole way, in percent, at which these stages end; upload takes the rest.
constexpr double kPreparePercent = 5, kSimulatePercent = 55, kEncodePercent = 95;

enum class AttemptEnd : uint8_t {
    kFinished,  // outcome is there: a report, or an error
    kCrashed,   // the process died or ended without an outcome: how says by what
    kTimeout,
    kCancelled,  // stop was set: the whole tree is gone
};

struct AttemptResult {
    AttemptEnd end = AttemptEnd::kCrashed;
    AttemptOutcome outcome;
    std::string how;  // "killed by signal 9 (Killed)", "exit status 7"
    std::string log;  // what the processes said, its middle left out when it is long
    int64_t peak_memory_bytes = 0;
    double wall_s = 0;
};

// Blocks until the whole process tree has ended and is gone. Call it from a thread that lives as long as the process: the child dies with
// that thread. stop: 0 run on, 1 end the attempt now (SIGTERM, then SIGKILL after 5 s).
AttemptResult run_attempt(const AttemptSpec& spec, const AttemptEvents& events, const std::atomic<int>& stop);

// The child's side: everything of `proveout run-job WORKSPACE`. Returns its exit status.
int run_job_process(const std::string& workspace);

// What of the sandbox is in force here, for doctor and /readyz: name and "on" or why it is off.
struct SandboxFeature {
    std::string name;  // "rlimits", "landlock", "seccomp", "user namespace", "pid namespace", "no_new_privs"
    bool on = false;
    std::string detail;
};
std::vector<SandboxFeature> sandbox_features();

}  // namespace proveout
