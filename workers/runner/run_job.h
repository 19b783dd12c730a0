// run_job.h -- one simulation from a complete Job and its program to the files of contract section 1, in a directory. The command and the
// service's child process both call it; neither decides anything about a run by itself.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "camotics/camotics.h"
#include "files/files.h"
#include "job/job.h"
#include "proveout/context.h"
#include "proveout/interpret.h"
#include "proveout/simulate.h"
#include "report/report.h"

namespace proveout {

struct RunJobOptions {
    bool all_artefacts = true;  // false: report.json only
    bool film = true;
    std::string ffmpeg = "ffmpeg", camotics;  // programs; camotics: camsim, or a directory that has it
    bool camotics_raw = false;                // CAMotics reads the program's own text in place of the flattened one
    std::string sim_id;                       // empty: made from the content
    std::string path_prefix;  // of sim_video_path and sim_snapshot_path in the report: "simulations/sim_.../"; empty for the command
    std::vector<std::string> assumptions;  // of what came before
    Survey survey;                         // of complete_job
    // Called once, when everything is known that the program does wrong; film and part are still to be made. May be empty.
    std::function<void(const Simulation& simulation)> on_simulated;
    // Called once when camsim has run, also when it failed (run_job then returns its error). May be empty.
    std::function<void(const CamsimRecord& record)> on_camsim;
};

struct RunJobResult {
    std::unique_ptr<Simulation> simulation;
    ReportInput report_input;  // points into the caller's job and program, and into `simulation`
    std::string report_json;
    bool film_made = false, part_made = false;
    std::optional<Error> encoding_error;  // the film failed, everything else is there
    std::optional<CamsimRecord> camsim;   // engines camotics and both
};

// Stages "simulate" and "encode" of context's progress; all files are written into `output`, report.json last, and not committed.
// `program` and `job` must outlive the result. Errors: as simulate(), make_part() and make_film(); kIo; kEngineFailed (a report that breaks
// its schema, CAMotics); kCancelled, kTimeout. A film that cannot be encoded is no error but RunJobResult::encoding_error.
Result<RunJobResult> run_job(const Program& program, const Job& job, const RunJobOptions& options, StagedOutput& output,
                             const Context& context);

// Something the job asks for that no engine here does, in words for `assumptions`.
std::vector<std::string> unmet_wishes(const Job& job);

}  // namespace proveout
