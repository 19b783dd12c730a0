// job_input.h -- from flags, job document, project and the program's own comments to one complete Job. Shared by simulate, inspect and
// time.
#pragma once

#include <string>
#include <vector>

#include "args.h"
#include "config/config.h"
#include "files/files.h"
#include "import/infer.h"
#include "job/job.h"

namespace proveout {

struct JobInput {
    ProgramFile program;
    std::string stem;  // of the results' directory
    Job job;
    std::vector<std::string> assumptions;
    ProgramScan scan;
    ProgramNotes notes;
    Given given;
};

// Reads everything that the flags name. Precedence: flags, job document, project, comments; the motion is asked later (complete_job).
// Errors: kInvalidInput with every fault; kUnprocessableGcode for a program that is no text.
Result<JobInput> read_input(const SetupArgs& args, const Config& config);

// Surveys the program, checks its tools and infers the stock. Errors: as survey_program() and fill_from_survey().
Result<Survey> complete_job(JobInput& input, const Context& context);

// A refusal by a dialect that nobody asked for may only mean that the guess was wrong: says so in the message.
void add_dialect_hint(const JobInput& input, Error& error);

// Reads an STL file. Error: kInvalidInput.
Result<std::vector<Triangle>> read_mesh_file(std::string_view path);

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
