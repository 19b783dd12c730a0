// serve, worker, token, license: this build leaves the service out.
#include "args.h"
#include "console.h"

namespace proveout {

int run_service(const std::string& command) {
    print_error("\"" + command +
                "\" belongs to the service, which this version does not contain: there is nothing to build for it yet.\n"
                "simulate, inspect, time, import and doctor need no service.");
    return kExitUsage;
}

}  // namespace proveout
