#include "service_commands.h"

#include "api/checker.h"
#include "args.h"
#include "runner/attempt.h"

namespace proveout {

namespace {

constexpr const char* kServeExamples =
    "Examples:\n"
    "  proveout serve --dev                               a trial on this machine: makes its own key, token and licence\n"
    "  proveout serve --listen 0.0.0.0:8080 --env-file /etc/proveout.env\n"
    "docs/configuration.md has all keys. Ends with 0 after SIGTERM, when what runs has ended or gone back to the queue.";

}  // namespace

void add_service_commands(CLI::App& app, ServiceArgs& args) {
    CLI::App* serve = app.add_subcommand("serve", "the service: HTTP API, web page, workers, database and store in one process");
    serve->add_flag("--dev", args.serve.dev, "make what is missing for a trial: signing key, token, licence");
    serve->add_option("--listen", args.serve.listen, "address (HTTP_LISTEN, default 127.0.0.1:8080; port 0: a free one)")
        ->type_name("HOST:PORT");
    serve->add_option("--data-dir", args.serve.data_dir, "database, artefacts, workspaces (DATA_DIR)")->type_name("DIR");
    serve->add_option("--env-file", args.serve.env_file, "settings, NAME=value a line (default: .env, if it is there)")->type_name("FILE");
    serve->footer(kServeExamples);
    app.add_subcommand("check-jobs", "reads jobs for the API")->group("");
    CLI::App* run_job = app.add_subcommand("run-job", "runs one attempt of a job for the worker pool")->group("");
    run_job->add_option("WORKSPACE", args.workspace)->required();
    app.add_subcommand("worker", "part of the fleet, which this version does not have yet")->allow_extras()->prefix_command()->group("");
}

int run_service_command(const std::string& command, const ServiceArgs& args) {
    if (command == "serve") return run_serve(args.serve);
    if (command == "check-jobs") return check_jobs_process();
    if (command == "run-job") return run_job_process(args.workspace);
    return kExitUsage;
}

}  // namespace proveout
