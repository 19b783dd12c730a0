// run_job.h -- one simulation from a complete Job and its program to the files of contract section 1, in a directory. The command and the
// service's child process both call it; neither decides anything about a run by itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "job/job.h"
#include "proveout/context.h"
#include "proveout/interpret.h"
#include "proveout/simulate.h"
#include "report/report.h"

namespace proveout {

struct RunJobOptions {
    bool all_artefacts = true;  // false: report.json only
    bool film = true;
    std::string ffmpeg = "ffmpeg", camotics;  // programs
    std::string sim_id;                       // empty: made from the content
    std::string path_prefix;  // of sim_video_path and sim_snapshot_path in the report: "simulations/sim_.../"; empty for the command
    std::vector<std::string> assumptions;  // of what came before
    Survey survey;                         // of complete_job
};

struct RunJobResult {
    ReportInput report_input;  // points into the caller's job and into `simulation`
    std::string report_json;
    bool film_made = false, part_made = false;
    std::optional<Error> encoding_error;  // the film failed, everything else is there
};

}  // namespace proveout
