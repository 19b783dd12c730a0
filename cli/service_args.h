// service_args.h -- what the command line says to the service's sub-commands, as plain data.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "preflight/preflight.h"

namespace proveout {

struct ServeArgs {
    bool dev = false;
    std::string listen, data_dir, env_file;  // empty: not given
};

struct TokenArgs {
    std::string tenant = "dev", subject = "dev", scope, data_dir;  // scope empty: all
    int64_t ttl_s = 3600;
};

struct LicenseIssueArgs {
    std::string key_file, organisation, expires, not_before, out_file;
    std::vector<std::string> entitlements;
    std::optional<int64_t> concurrent_runs, runs_per_month;
};

struct LicenseFileArgs {
    std::string file, public_key_file;
};

struct LicenseArgs {
    std::string action;  // issue verify show
    LicenseIssueArgs issue;
    LicenseFileArgs file;  // of verify and show
};

struct ServiceArgs {
    ServeArgs serve;
    TokenArgs token;
    LicenseArgs license;
    std::string workspace;  // of run-job
};

int run_serve(const ServeArgs& args, bool worker);
int run_token(const TokenArgs& args);
int run_license(const LicenseArgs& args);

// Adds database, store and license to the machine's checks; without the service takes its sandbox away.
void complete_checks(const Config& config, std::vector<Check>& checks);

}  // namespace proveout
