// proveout token: a token signed with the development key of a data directory.
#include <cstdio>

#include "args.h"
#include "auth/auth.h"
#include "config/config.h"
#include "console.h"
#include "service_args.h"

namespace proveout {

int run_token(const TokenArgs& args) {
    std::vector<ConfigFlag> flags;
    if (!args.data_dir.empty()) flags.push_back({"DATA_DIR", args.data_dir});
    auto config = load_config(".env", flags);
    auto key = config ? open_dev_key(data_directory(*config)) : Result<DevKey>(config.error());
    TokenRequest request;
    request.tenant = args.tenant;
    request.subject = args.subject;
    request.scope = args.scope;
    request.ttl_s = args.ttl_s;
    auto token = key ? mint_token(request, *key, wall_ms()) : Result<std::string>(key.error());
    if (!token) {
        print_error(token.error(), "");
        return kExitUsage;
    }
    return print_out(*token + "\n") ? kExitOk : kExitEngine;
}

}  // namespace proveout
