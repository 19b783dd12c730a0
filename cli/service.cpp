// serve, worker, token, license: this build leaves the service out.
#include "args.h"
#include "console.h"

namespace proveout {

int run_service(const std::string& command) {
    print_error("\"" + command +
                "\" belongs to the service, which this build leaves out; script/build makes build/release/proveout, which has it.\n"
                "simulate, inspect, time, import and doctor need no service.");
    return kExitUsage;
}

}  // namespace proveout
