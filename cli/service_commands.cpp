#include "service_commands.h"

#include "api/checker.h"
#include "args.h"
#include "main/doctor_checks.h"
#include "runner/attempt.h"

namespace proveout {

namespace {

constexpr const char* kServeExamples =
    "Examples:\n"
    "  proveout serve --dev                               a trial on this machine: makes its own key, token and licence\n"
    "  proveout serve --listen 0.0.0.0:8080 --env-file /etc/proveout.env\n"
    "docs/configuration.md has all keys. Ends with 0 after SIGTERM, when what runs has ended or gone back to the queue.";

constexpr const char* kWorkerExamples =
    "Example:\n"
    "  DATABASE_URL=postgresql://proveout@db/proveout LICENSE_FILE=l.jwt LICENSE_PUBLIC_KEY_FILE=l.pem proveout worker\n"
    "It opens no port unless HTTP_LISTEN is set. Artefacts: ARTEFACT_STORE=s3, or a DATA_DIR that all nodes share.";

constexpr const char* kTokenExamples =
    "Examples:\n"
    "  TOKEN=$(proveout token)                            all scopes, one hour\n"
    "  proveout token --tenant acme --scope \"simulations:read simulations:write\" --ttl 600";

constexpr const char* kLicenseExamples =
    "Examples:\n"
    "  openssl genpkey -algorithm ed25519 -out private.pem; openssl pkey -in private.pem -pubout -out public.pem\n"
    "  proveout license issue --key private.pem --org \"Acme Tools\" --expires 2030-12-31 --concurrent-runs 4 --out license.jwt\n"
    "  proveout license verify license.jwt --public-key public.pem       0 valid, 1 not";

void add_token(CLI::App& app, TokenArgs& args) {
    CLI::App* token = app.add_subcommand("token", "prints a token signed with the development key of a data directory");
    token->add_option("--tenant", args.tenant, "tenant (default: dev)")->type_name("NAME");
    token->add_option("--scope", args.scope, "scopes, separated by spaces (default: all)")->type_name("\"...\"");
    token->add_option("--subject", args.subject, "subject (default: dev)")->type_name("NAME");
    token->add_option("--ttl", args.ttl_s, "life in seconds (default: 3600)")->type_name("S");
    token->add_option("--data-dir", args.data_dir, "where serve --dev made the key (DATA_DIR)")->type_name("DIR");
    token->footer(kTokenExamples);
}

void add_license(CLI::App& app, LicenseArgs& args) {
    CLI::App* license = app.add_subcommand("license", "issues, verifies and shows licences");
    license->require_subcommand(1);
    license->footer(kLicenseExamples);
    CLI::App* issue = license->add_subcommand("issue", "signs a licence");
    issue->add_option("--key", args.issue.key_file, "Ed25519 private key, PKCS#8 PEM")->required()->type_name("PRIVATE.pem");
    issue->add_option("--org", args.issue.organisation, "organisation")->required()->type_name("NAME");
    issue->add_option("--expires", args.issue.expires, "end: RFC 3339, or YYYY-MM-DD")->required()->type_name("TIME");
    issue->add_option("--not-before", args.issue.not_before, "begin (default: now)")->type_name("TIME");
    issue->add_option("--entitlement", args.issue.entitlements, "what it entitles to (repeatable; default: simulations)")
        ->allow_extra_args(false)
        ->type_name("NAME");
    issue->add_option("--concurrent-runs", args.issue.concurrent_runs, "most runs at one time (default: no limit)")
        ->check(CLI::Range(int64_t{0}, int64_t{1'000'000'000}))
        ->type_name("N");
    issue->add_option("--runs-per-month", args.issue.runs_per_month, "most accepted runs of a UTC month (default: no limit)")
        ->check(CLI::Range(int64_t{0}, int64_t{1'000'000'000}))
        ->type_name("N");
    issue->add_option("--out", args.issue.out_file, "file (default: standard output)")->type_name("FILE");
    CLI::App* verify = license->add_subcommand("verify", "exit status 0: valid now; 1: not, with the reason");
    verify->add_option("FILE", args.file.file, "licence")->required();
    verify->add_option("--public-key", args.file.public_key_file, "Ed25519 public key, SPKI PEM")->required()->type_name("PUBLIC.pem");
    CLI::App* show = license->add_subcommand("show", "prints the claims as JSON and does not judge");
    show->add_option("FILE", args.file.file, "licence")->required();
    for (CLI::App* action : {issue, verify, show}) action->callback([&args, action] { args.action = action->get_name(); });
}

}  // namespace

void complete_checks(const Config& config, std::vector<Check>& checks) {
    for (Check& check : service_checks(config)) checks.push_back(std::move(check));
}

void add_service_commands(CLI::App& app, ServiceArgs& args) {
    CLI::App* serve = app.add_subcommand("serve", "the service: HTTP API, web page, workers, database and store in one process");
    serve->add_flag("--dev", args.serve.dev, "make what is missing for a trial: signing key, token, licence");
    serve->add_option("--listen", args.serve.listen, "address (HTTP_LISTEN, default 127.0.0.1:8080; port 0: a free one)")
        ->type_name("HOST:PORT");
    serve->add_option("--data-dir", args.serve.data_dir, "database, artefacts, workspaces (DATA_DIR)")->type_name("DIR");
    serve->add_option("--env-file", args.serve.env_file, "settings, NAME=value a line (default: .env, if it is there)")->type_name("FILE");
    serve->footer(kServeExamples);
    add_token(app, args.token);
    add_license(app, args.license);
    app.add_subcommand("check-jobs", "reads jobs for the API")->group("");
    CLI::App* run_job = app.add_subcommand("run-job", "runs one attempt of a job for the worker pool")->group("");
    run_job->add_option("WORKSPACE", args.workspace)->required();
    CLI::App* worker = app.add_subcommand("worker", "executes runs of serve nodes that share its PostgreSQL database");
    worker->add_option("--data-dir", args.serve.data_dir, "workspaces, local artefacts (DATA_DIR)")->type_name("DIR");
    worker->add_option("--env-file", args.serve.env_file, "settings, NAME=value a line (default: .env, if it is there)")->type_name("FILE");
    worker->footer(kWorkerExamples);
}

int run_service_command(const std::string& command, const ServiceArgs& args) {
    if (command == "serve") return run_serve(args.serve, false);
    if (command == "worker") return run_serve(args.serve, true);
    if (command == "token") return run_token(args.token);
    if (command == "license") return run_license(args.license);
    if (command == "check-jobs") return check_jobs_process();
    if (command == "run-job") return run_job_process(args.workspace);
    return kExitUsage;
}

}  // namespace proveout
