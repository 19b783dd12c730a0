// supervisor.h -- the processes between the service and the work of one attempt.
//
//   service   posix_spawn of this binary: "run-job WORKSPACE"
//     supervisor   one thread, parses nothing of the client's: watches time, memory, number of processes, disk; ends the tree
//       init         first process of the new PID namespace: takes in orphans; when it ends the kernel ends all others there
//         work         the job, behind the walls of sandbox.h
//
// When the service dies, however it dies, the kernel ends the supervisor, and with it the others. Channels of the supervisor: standard
// input is a socket to the service (a byte: end now; its end: the service is gone; back go lines of JSON), standard output is the progress
// of the work, standard error its log.
#pragma once

#include <functional>
#include <string>

#include "runner/workspace.h"

namespace proveout {

// Everything of the supervisor, in the process that calls it, which must have one thread. work() runs in a grandchild, behind the walls;
// what it returns is its exit status. Returns the exit status of the supervisor: 0.
int supervise(const std::string& workspace, const AttemptSettings& settings, const std::function<int()>& work);

// Lines of the supervisor: {"end":"exited|killed|timeout|memory|processes|disk|cancelled|failed","code":N,"detail":"...","peak_bytes":N}
constexpr int kSandboxFailed = 70;  // exit status of work whose walls could not be put up
constexpr double kGrace_s = 5;      // beyond timeout_s, for the work to end by itself and to say so

}  // namespace proveout
