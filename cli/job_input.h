// job_input.h -- from flags, job document, project and the program's own comments to one complete Job. Shared by simulate, inspect and
// time.
#pragma once

#include <string>
#include <vector>

#include "args.h"
#include "config/config.h"
#include "runner/job_input.h"

namespace proveout {

// Reads everything that the flags name. Precedence: flags, job document, project, comments; the motion is asked later (complete_job).
// Errors: kInvalidInput with every fault; kUnprocessableGcode for a program that is no text.
Result<JobInput> read_input(const SetupArgs& args, const Config& config);

std::string temp_directory(const Config& config);
int thread_count(const Config& config, int wished);

// --machine: a profile's name, a GRBL $$ dump, a LinuxCNC INI or JSON.
struct MachineInput {
    Machine machine;
    std::vector<std::string> assumptions;
    std::vector<std::pair<int, Vec3>> work_offsets;  // index of WorkOffsets, zero
};
Result<MachineInput> read_machine_input(const std::string& name);

}  // namespace proveout
