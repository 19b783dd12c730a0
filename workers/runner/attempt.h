// attempt.h -- one attempt of a run in a child process of its own, inside a private workspace and under limits: the service's side.
//
//   workspace/job.json   the job document, with references replaced by file names in the workspace
//   workspace/out/       what the run made; report.json last
//   workspace/result.json  how it ended, written by the child as its last act
//
// The child is this same binary (`proveout run-job WORKSPACE`). Untrusted input is parsed only there.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "proveout/context.h"
#include "proveout/result.h"

namespace proveout {

struct AttemptSpec {
    std::string binary;     // /proc/self/exe
    std::string workspace;  // exists, private; the caller fills job.json and the inputs, and removes it
    std::string sim_id, object_prefix;
    double timeout_s = 900;  // of the whole attempt
    int threads = 1;
    int64_t memory_bytes = 0, file_bytes = 0;  // rlimits; 0: the defaults of limits.h
    std::string ffmpeg, camotics;
};

struct AttemptAlert {
    std::string code, severity, message;
    int64_t count = 1;
};

struct AttemptEvents {                                                     // called from the thread that runs run_attempt
    std::function<void(std::string_view stage, double percent)> progress;  // percent 0..100 over all stages
    std::function<void(const AttemptAlert& alert)> alert;
    std::function<void()> tick;  // about ten times a second, also when nothing moves
};

enum class AttemptEnd : uint8_t {
    kFinished,  // result_json is there: a report, or an error that would come again
    kCrashed,   // the process died or ended without a result: how says by what
    kTimeout,
    kCancelled,  // stop was set: the whole tree is gone
};

struct AttemptResult {
    AttemptEnd end = AttemptEnd::kCrashed;
    std::string result_json;  // {"status":"succeeded|warning|failed","error":{...}?,"collision_count",...}
    std::string how;          // "killed by signal 9 (SIGKILL)", "exit status 7"
    int64_t peak_memory_bytes = 0;
    double wall_s = 0;
};

// Blocks until the whole process tree has ended. Call it from a thread that lives as long as the process: the child dies with that thread.
// stop: 0 run on, 1 end the attempt now (SIGTERM, then SIGKILL after 5 s).
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
