// proveout serve and proveout worker.
#include "main/serve.h"

#include "args.h"
#include "config/config.h"
#include "console.h"
#include "service_args.h"

namespace proveout {

int run_serve(const ServeArgs& args, bool worker) {
    std::vector<ConfigFlag> flags;
    if (!args.listen.empty()) flags.push_back({"HTTP_LISTEN", args.listen});
    if (!args.data_dir.empty()) flags.push_back({"DATA_DIR", args.data_dir});
    auto config = load_config(args.env_file.empty() ? ".env" : args.env_file, flags);
    if (!config) {
        print_error(config.error(), "");
        return kExitUsage;
    }
    ServeOptions options;
    options.config = &*config;
    options.dev = args.dev;
    options.worker = worker;
    return serve(options);
}

}  // namespace proveout
