// job_input.h -- a program and its job, made complete from the program's own comments and motion.
#pragma once

#include <string>
#include <string_view>
#include <vector>

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

// Looks at the program's comments for what the job leaves out. REQUIRES: program, job and given are there.
void read_comments(JobInput& input);

// Surveys the program, checks its tools and infers the stock. Errors: as survey_program() and fill_from_survey().
Result<Survey> complete_job(JobInput& input, const Context& context);

// A refusal by a dialect that nobody asked for may only mean that the guess was wrong: says so in the message, and how to name another.
void add_dialect_hint(const JobInput& input, std::string_view how, Error& error);

// Reads an STL file. Error: kInvalidInput.
Result<std::vector<Triangle>> read_mesh_file(std::string_view path);

}  // namespace proveout
