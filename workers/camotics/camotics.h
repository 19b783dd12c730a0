// camotics.h -- CAMotics' camsim as a second engine: the same program is cut by a program that nobody here wrote, and the parts are
// compared.
//
//   CamoticsOptions options;
//   options.camsim = TRY(find_camsim(config.get("CAMOTICS_BIN")));
//   CamsimRecord record;                                              // filled as far as it came, also when the run fails
//   CamoticsPart theirs = TRY(run_camotics(program, setup, options, record, context));
//   Comparison comparison = TRY(compare_parts(ours, simulation, theirs, setup, context));     // engine `both`
//   FilmResult film = TRY(make_step_film(setup, simulation, theirs, film_options, sink, context));  // engine `camotics`
//
// camsim is run as a process and never linked. It makes a surface and nothing else: checks, time and findings come from simulate().
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "camotics/flat_program.h"
#include "proveout/context.h"
#include "proveout/finding.h"
#include "proveout/mesh.h"
#include "proveout/simulate.h"

namespace proveout {

// What CAMotics calls "high": the stock's volume in so many cells.
constexpr double kHighCells = 5e6;
constexpr int kDefaultFilmSteps = 12;

// Path of camsim: `configured` names it or a directory that has it. Error kInvalidInput: not configured, not there, not a program.
Result<std::string> find_camsim(const std::string& configured);

// Version text as camsim tells it ("1.3"). Error kEngineFailed: it does not answer.
Result<std::string> probe_camsim(const std::string& camsim, const Context& context);

struct CamoticsOptions {
    std::string camsim;             // path, from find_camsim()
    std::string directory;          // private workspace: exists, empty, the host removes it
    double resolution_mm = 0;       // cell; 0: "high", and coarser where the memory asks for it
    double memory_limit_bytes = 0;  // 0: four fifths of this machine's
    bool raw = false;               // the program's own text in place of the flattened one: CAMotics' dialect reads it
    int film_steps = 0;             // states at equal times of CAMotics' clock, for make_step_film()

    int retries = 1;  // after an end that another try may not have
};

// How the last camsim ended. Log fields cmx_path and camotics_exit_code are project_path and exit_code.
struct CamsimRecord {
    std::string version;
    std::string project_path;      // project.camotics in the workspace; "": not written yet
    std::string log_path;          // what camsim said, newest part; .1 beside it is the part before. The host may set it, else it
                                   // is camsim.log in the workspace
    std::optional<int> exit_code;  // exit status, or 128 + signal; none: never ended by itself
    int attempts = 0;
    std::string retry_reason;  // why there was more than one
    double duration_s = 0;     // of all attempts of the cut itself
    double resolution_mm = 0;
};

struct FilmStep {
    double time_s = 0;  // CAMotics' clock
    Mesh mesh;
};

struct CamoticsPart {
    Mesh mesh;                    // closed, no duplicates; tolerance_mm: how far it may lie from the part that CAMotics cuts
    double stock_volume_mm3 = 0;  // of the uncut mesh
    double removed_mm3 = 0, removed_error_mm3 = 0;
    double resolution_mm = 0;
    double tool_deviation_mm = 0;  // of the shapes that stand for our tools
    std::vector<Finding> notes;    // TOOL_APPROXIMATED, CAMOTICS_WARNING
    std::vector<std::string> assumptions;
    std::vector<FilmStep> steps;
    std::vector<PathSample> samples;
};

// Cuts the program with camsim. Errors: kInvalidInput (a stock or tool that CAMotics does not have), kTooLarge, kResourceLimit,
// kEngineFailed (camsim failed, or what it wrote is not a part of this stock; message says which), kIo, kCancelled, kTimeout.
Result<CamoticsPart> run_camotics(const Program& program, const Setup& setup, const CamoticsOptions& options, CamsimRecord& record,
                                  const Context& context);

// Writes project.camotics and the programs that it names into a directory. Errors as above.
struct WrittenProject {
    std::string project_path, uncut_project_path;
    double resolution_mm = 0, cells = 0, bytes = 0;  // bytes: camsim's memory by the fit of facts/camotics
    double time_s = 0;                               // CAMotics' clock, at the end of the flattened program
    int64_t moves = 0;
    double tool_deviation_mm = 0;
    std::vector<Finding> notes;
    std::vector<std::string> assumptions;
    std::vector<PathSample> samples;
};
Result<WrittenProject> write_camotics_project(const Program& program, const Setup& setup, const CamoticsOptions& options,
                                              const Context& context);

}  // namespace proveout
