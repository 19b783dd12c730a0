// proveout export camotics: the job as a project that CAMotics opens and camsim runs.
#include <cstdio>
#include <filesystem>

#include "args.h"
#include "camotics/camotics.h"
#include "console.h"
#include "job/lengths.h"
#include "job_input.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;

Status export_camotics(const ExportArgs& args, const Config& config, const Context& context) {
    JobInput input = TRY(read_input(args.setup, config));
    if (args.resolution_mm) input.job.setup.resolution_mm = *args.resolution_mm;
    Survey survey = TRY(complete_job(input, context));
    CamoticsOptions options;
    options.directory = args.out_dir.empty() ? input.stem + ".camotics-project" : args.out_dir;
    options.resolution_mm = input.job.setup.resolution_mm;
    options.raw = args.raw;
    std::error_code failure;
    fs::create_directories(options.directory, failure);
    if (failure) return make_error(ErrorCode::kIo, "cannot make " + options.directory + ": " + failure.message());
    WrittenProject project = TRY(write_camotics_project(input.program.program(), input.job.setup, options, context));
    fs::remove(project.uncut_project_path, failure);
    for (const std::string& line : input.assumptions) std::fprintf(stderr, "assumed: %s\n", line.c_str());
    for (const std::string& line : project.assumptions) std::fprintf(stderr, "assumed: %s\n", line.c_str());
    for (const Finding& note : project.notes) print_finding(note);
    char text[200];
    std::snprintf(text, sizeof text, "cell %.4g mm, %.0f cells, about %.2f GB in camsim\n", project.resolution_mm, project.cells,
                  project.bytes / 1e9);
    if (!print_out(project.project_path + "\n" + text)) return make_error(ErrorCode::kIo, "cannot write to standard output");
    return Unit{};
}

}  // namespace

int run_export(const ExportArgs& args) {
    auto config = load_config();
    if (!config) {
        print_error(config.error(), "");
        return exit_status(config.error());
    }
    RunControl control(1, 0, false);
    Status done = export_camotics(args, *config, control.context());
    if (done) return kExitOk;
    print_error(done.error(), args.setup.program == "-" ? "stdin" : args.setup.program);
    return exit_status(done.error());
}

}  // namespace proveout
