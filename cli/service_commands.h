// service_commands.h -- serve, worker, token, license: in a build with the service its sub-commands (service_commands.cpp), in one without
// a word on how to build it (no_service.cpp).
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace proveout {

struct ServeArgs {
    bool dev = false;
    std::string listen, data_dir, env_file;  // empty: not given
};

struct ServiceArgs {
    ServeArgs serve;
    std::string workspace;  // of run-job
};

void add_service_commands(CLI::App& app, ServiceArgs& args);

// command: one of those that were added. Returns the exit status.
int run_service_command(const std::string& command, const ServiceArgs& args);

int run_serve(const ServeArgs& args);

}  // namespace proveout
