// service_commands.h -- serve, worker, token, license: in a build with the service its sub-commands (service_commands.cpp), in one without
// a word on how to build it (no_service.cpp).
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "service_args.h"

namespace proveout {

void add_service_commands(CLI::App& app, ServiceArgs& args);

// command: one of those that were added. Returns the exit status.
int run_service_command(const std::string& command, const ServiceArgs& args);

}  // namespace proveout
