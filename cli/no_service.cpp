// serve, worker, token, license: this build leaves the service out.
#include "args.h"
#include "console.h"
#include "service_commands.h"

namespace proveout {

void add_service_commands(CLI::App& app, ServiceArgs&) {
    for (const char* name : {"serve", "worker", "token", "license"})
        app.add_subcommand(name, "part of the service, which this build leaves out")->allow_extras()->prefix_command();
}

void complete_checks(const Config&, std::vector<Check>& checks) {
    std::erase_if(checks, [](const Check& check) { return check.name == "sandbox"; });
}

int run_service_command(const std::string& command, const ServiceArgs&) {
    print_error("\"" + command +
                "\" belongs to the service, which this build leaves out; script/build makes build/release/proveout, which has it.\n"
                "simulate, inspect, time, import and doctor need no service.");
    return kExitUsage;
}

}  // namespace proveout
