// sandbox.h -- walls around the processes of one attempt, each where the kernel has it: names of features are those of sandbox_features().
//
// Order in the child: limit_resources(), enter_namespaces() and a fork, then close_doors() right before untrusted input is read. Every
// process here has one thread and is not the server: any call is allowed in it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proveout/result.h"

namespace proveout {

struct Namespaces {
    bool user = false, pid = false, network = false;
};
// Leaves the namespaces of the host, as far as the kernel permits. Children that are forked afterwards are in the new ones. Our own user id
// is the same inside.
Namespaces enter_namespaces();

// Per process: address space, size of a file, descriptors, no core dumps. cpu_s: 0 for no limit.
struct ResourceLimits {
    int64_t address_space_bytes = 0, file_bytes = 0;
    double cpu_s = 0;
    int processes = 0;  // 0: not limited here. Only in a user namespace of its own does it count nobody else's
};
Status limit_resources(const ResourceLimits& limits);

struct Doors {
    std::string workspace;              // read; and write in out/ and tmp/
    std::vector<std::string> programs;  // what may be started besides the system's: FFMPEG_BIN, CAMOTICS_BIN
};
// No new privileges, Landlock, seccomp. Error kEngineFailed: a wall that this kernel has could not be put up.
Status close_doors(const Doors& doors);

// Files and folders that a program needs to be read for being started: itself along its links, its interpreters, the folder it lies in.
// Folders that hold `workspace` are left out.
std::vector<std::string> folders_of_program(const std::string& program, const std::string& workspace);

int landlock_version();  // 0: there is none

}  // namespace proveout
