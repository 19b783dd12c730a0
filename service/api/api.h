// api.h -- the routes of contract section 4 over the service's parts. One table drives routing, scopes, /openapi.json and the tests.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "auth/auth.h"
#include "config/config.h"
#include "db/database.h"
#include "http/http.h"
#include "license/license.h"
#include "notify/webhooks.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "preflight/preflight.h"
#include "store/local.h"

namespace proveout {

struct ApiParts {
    const Config* config = nullptr;
    std::string data_dir, spool_dir;
    std::string object_prefix;  // of artefact keys: "" or "a/b/"
    Database* database = nullptr;
    ArtefactStore* store = nullptr;
    LocalStore* local_store = nullptr;  // the same, if it is local: serves signed links
    KeyFile* keys = nullptr;
    TokenRules token_rules;
    LicenseGuard* guard = nullptr;
    Log* log = nullptr;
    Metrics* metrics = nullptr;
    AllowedNetworks webhook_networks;
    std::function<std::string()> dev_token;  // development only: the page's token; empty: the page asks for one
    const std::atomic<bool>* draining = nullptr;
    std::function<int64_t()> event_streams;  // open ones, for the metrics
    std::function<void()> cancel_asked;      // a running run is to end (what is queued the database tells)
    std::string binary;                      // for reading programs in a child process
};

// What the HTTP core is given. The Api lives as long as the server.
class Api {
  public:
    static Result<std::unique_ptr<Api>> create(ApiParts parts);
    virtual ~Api() = default;
    virtual HttpHandlers handlers() = 0;
    virtual std::string openapi_json() const = 0;
    // The run as the API shows it; used for webhooks (with_report false).
    virtual std::string run_json(const RunRecord& run, bool with_report) = 0;
};

}  // namespace proveout
