// state.h -- what the handlers share, and the table of routes. Private to api/.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/api.h"
#include "api/checker.h"
#include "api/json.h"
#include "api/problem.h"
#include "domain/ids.h"

namespace proveout {

struct ApiState {
    ApiParts parts;
    std::unique_ptr<JobChecker> checker;
    std::vector<std::string> cors_origins;
    std::string openapi;

    bool draining() const { return parts.draining && parts.draining->load(std::memory_order_relaxed); }
    std::optional<std::string> artefact_link(const RunRecord& run, const StoredArtefact& artefact);
    std::string folder_of(const std::string& sim_id) const { return run_folder(parts.object_prefix, sim_id); }
    std::string key_of(const std::string& upload_id) const { return upload_key(parts.object_prefix, upload_id); }
};

// One request on its way through a handler.
struct Call {
    const HttpRequest& request;
    Identity identity;                // of routes that need a token
    std::vector<std::string> params;  // of the pattern's {}, in order
};

enum class BodyKind : uint8_t { kNone, kJson, kUpload };

using Handler = HttpResponse (*)(ApiState& state, Call& call);

struct Route {
    std::string_view method, pattern;
    std::string_view scope;  // empty: no token is needed
    BodyKind body = BodyKind::kNone;
    Handler handler = nullptr;
    std::string_view operation, summary;  // operationId and text of /openapi.json
    bool submits = false;                 // counts against RATE_LIMIT_SUBMIT
};
const std::vector<Route>& routes();

// Answers.
HttpResponse json_response(int status, const Json& document);
HttpResponse empty_response(int status);
HttpResponse problem(const Call& call, std::string_view code, std::string detail);
HttpResponse problem(const Call& call, Problem problem);
HttpResponse not_found(const Call& call, std::string_view what);
HttpResponse invalid(const Call& call, std::vector<Fault> errors);
HttpResponse unavailable(const Call& call, const Error& error);  // the database or the store cannot be reached

// For handlers: the value, or the answer 503.
#define TRY_DB(expression)                                                  \
    ({                                                                      \
        auto&& db_result_ = (expression);                                   \
        if (!db_result_.ok()) return unavailable(call, db_result_.error()); \
        std::move(db_result_.value());                                      \
    })

// The run as the API shows it, as text, since its report is kept as text.
std::string run_text(ApiState& state, const RunRecord& run, bool with_report);
Json media_json(ApiState& state, const RunRecord& run);
Json time_json(int64_t wall_ms);  // null for 0

// ?limit= and ?cursor=; faults are added to `errors`.
struct PageQuery {
    int limit = 50;
    std::string cursor;
};
// Values of the query that are there and cannot be decoded.
std::vector<Fault> query_faults(const Call& call, const std::vector<std::string_view>& names);
PageQuery page_query(const Call& call, std::vector<Fault>& errors);

// The members of a JSON body that are allowed; faults for others, duplicates and malformed text. nullopt: see errors.
std::optional<Json> read_body(const Call& call, const std::vector<std::string_view>& members, std::vector<Fault>& errors);

// Handlers, one file per resource.
HttpResponse submit_run(ApiState& state, Call& call);
HttpResponse get_run(ApiState& state, Call& call);
HttpResponse list_runs(ApiState& state, Call& call);
HttpResponse cancel_run(ApiState& state, Call& call);
HttpResponse delete_run(ApiState& state, Call& call);
HttpResponse get_job(ApiState& state, Call& call);
HttpResponse run_events(ApiState& state, Call& call);
HttpResponse event_ticket(ApiState& state, Call& call);
HttpResponse create_upload(ApiState& state, Call& call);
HttpResponse get_upload(ApiState& state, Call& call);
HttpResponse delete_upload(ApiState& state, Call& call);
HttpResponse create_webhook(ApiState& state, Call& call);
HttpResponse list_webhooks(ApiState& state, Call& call);
HttpResponse delete_webhook(ApiState& state, Call& call);
HttpResponse list_notifications(ApiState& state, Call& call);
HttpResponse read_notification(ApiState& state, Call& call);
HttpResponse read_notifications(ApiState& state, Call& call);
HttpResponse livez(ApiState& state, Call& call);
HttpResponse readyz(ApiState& state, Call& call);
HttpResponse metrics(ApiState& state, Call& call);
HttpResponse openapi(ApiState& state, Call& call);
HttpResponse report_schema(ApiState& state, Call& call);
HttpResponse page_asset(ApiState& state, Call& call);
HttpResponse dev_token(ApiState& state, Call& call);
HttpResponse artefact(ApiState& state, Call& call);

std::string make_openapi();

}  // namespace proveout
