// proveout simulate: one program from text to verdict, report, film and part.
#include "proveout/simulate.h"

#include <optional>

#include "args.h"
#include "camotics/camotics.h"
#include "console.h"
#include "job/lengths.h"
#include "job_input.h"
#include "report/report.h"
#include "runner/run_job.h"
#include "verdict.h"

namespace proveout {

namespace {

constexpr double kMaxTimeout_s = 1e7;

// One run; members in the order in which they come to be.
struct Run {
    const SimulateArgs& args;
    Config config;
    JobInput input;
    std::string directory;
    RunJobResult result;

    bool wants_all() const { return args.artefacts == "all"; }
};

Error flag_fault(const char* flag, std::string detail) {
    Error error = make_error(ErrorCode::kInvalidInput, "the command line is not valid");
    error.faults.push_back({flag, std::move(detail)});
    return error;
}

// Options that stand in flags override the document's.
Status use_options(const SimulateArgs& args, const Config& config, Job& job) {
    if (args.resolution_mm) {
        if (!(*args.resolution_mm >= kLeastResolution_mm && *args.resolution_mm <= kMostResolution_mm))
            return flag_fault("--resolution", "is " + number_text(*args.resolution_mm) + "; allowed: 0.001 to 10 mm");
        job.setup.resolution_mm = *args.resolution_mm;
    }
    if (args.clearance_mm) {
        if (!(*args.clearance_mm >= 0 && *args.clearance_mm <= kMostClearance_mm))
            return flag_fault("--clearance", "is " + number_text(*args.clearance_mm) + "; allowed: 0 to 100 mm");
        job.setup.clearance_mm = *args.clearance_mm;
    }
    if (args.timeout_s) {
        if (!(*args.timeout_s > 0 && *args.timeout_s <= kMaxTimeout_s))
            return flag_fault("--timeout", "is " + number_text(*args.timeout_s) + "; allowed: more than 0, up to 10000000 s");
        job.options.timeout_s = *args.timeout_s;
    }
    if (!args.fail_on.empty()) job.options.fail_on = *fail_on_from(args.fail_on);
    if (!args.engine.empty())
        job.options.engine = args.engine;
    else if (args.setup.job_file.empty())
        job.options.engine = config.get("SIM_ENGINE");
    if (job.options.engine == "native") return Unit{};
    if (auto camsim = find_camsim(config.get("CAMOTICS_BIN")); !camsim)
        return flag_fault("--engine", "is " + job.options.engine + ", but " + camsim.error().message);
    return Unit{};
}

bool is_stop(const Error& error) { return error.code == ErrorCode::kCancelled || error.code == ErrorCode::kTimeout; }

std::optional<Severity> severity_of(FailOn level) {
    if (level == FailOn::kNever) return std::nullopt;
    return level == FailOn::kWarning ? Severity::kWarning : Severity::kError;
}

Status write_exchange_files(const Run& run, const ReportInput& input) {
    if (!run.args.sarif_file.empty()) TRY(write_file_atomically(run.args.sarif_file, sarif_text(input)));
    if (!run.args.junit_file.empty())
        TRY(write_file_atomically(run.args.junit_file, junit_text(input, severity_of(run.input.job.options.fail_on))));
    return Unit{};
}

int status_of(const Run& run) {
    if (run.result.encoding_error) return kExitEngine;
    std::optional<Severity> least = severity_of(run.input.job.options.fail_on);
    return least && verdict_of(run.result.report_input) >= *least ? kExitFindings : kExitOk;
}

RunJobOptions run_options(const Run& run, Survey survey) {
    RunJobOptions options;
    options.all_artefacts = run.wants_all();
    options.film = !run.args.no_video;
    options.ffmpeg = run.config.get("FFMPEG_BIN");
    options.camotics = run.config.get("CAMOTICS_BIN");
    options.camotics_raw = run.args.camotics_raw;
    options.assumptions = run.input.assumptions;
    options.survey = std::move(survey);
    return options;
}

Result<int> simulate_program(Run& run, RunControl& control) {
    const Context& context = control.context();
    context.report("prepare", 0);
    run.input = TRY(read_input(run.args.setup, run.config));
    TRY(use_options(run.args, run.config, run.input.job));
    control.set_timeout(run.input.job.options.timeout_s);
    for (std::string& line : unmet_wishes(run.input.job)) run.input.assumptions.push_back(std::move(line));
    run.directory = run.args.out_dir.empty() ? run.input.stem + ".proveout" : run.args.out_dir;
    StagedOutput output = TRY(StagedOutput::create(run.directory));
    Survey survey = TRY(complete_job(run.input, context));
    context.report("prepare", 1);
    RunJobOptions options = run_options(run, std::move(survey));
    run.result = TRY(run_job(run.input.program.program(), run.input.job, options, output, context));
    TRY(output.commit());
    const ReportInput& input = run.result.report_input;
    TRY(write_exchange_files(run, input));
    control.end_progress();
    VerdictPlaces places{run.directory, run.result.film_made, run.wants_all(), run.result.part_made};
    if (!print_out(run.args.json ? run.result.report_json : verdict_text(input, places, colours_of_stdout())))
        return make_error(ErrorCode::kIo, "cannot write to standard output; the results are in " + run.directory);
    return status_of(run);
}

}  // namespace

int run_simulate(const SimulateArgs& args) {
    auto config = load_config();
    if (!config) {
        print_error(config.error(), "");
        return exit_status(config.error());
    }
    Run run{args, std::move(*config), {}, {}, {}};
    RunControl control(thread_count(run.config, args.threads), args.timeout_s.value_or(0), true);
    auto status = simulate_program(run, control);
    if (status) return *status;
    control.end_progress();
    Error error = status.error();
    if (control.stop_reason() != StopReason::kNone && !is_stop(error)) error = stop_error(control.stop_reason());
    if (error.code == ErrorCode::kUnprocessableGcode) add_dialect_hint(run.input, "--dialect", error);
    print_error(error, args.setup.program == "-" ? "stdin" : args.setup.program);
    return exit_status(error);
}

}  // namespace proveout
