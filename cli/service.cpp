// serve, worker, token, license: this build leaves the service out.
#include "args.h"
#include "console.h"

namespace proveout {

int run_service(const std::string& command) {
    print_error("\"" + command +
                "\" belongs to the service, which is not part of this build.\n"
                "Build it with: cmake -DPROVEOUT_SERVICE=ON --preset release && cmake --build --preset release");
    return kExitUsage;
}

}  // namespace proveout
