// From a request to its route: the order of checks of contract section 4.
#include "api/api.h"

#include <algorithm>
#include <map>

#include "api/state.h"
#include "api/web_assets.h"
#include "limits/rate_limits.h"

namespace proveout {

namespace {

// What the head of a request told, for the handler and the log.
struct Seen {
    const Route* route = nullptr;
    std::vector<std::string> params;
    Identity identity;
    std::vector<std::pair<std::string, std::string>> rate_headers;
};

std::vector<std::string_view> parts_of(std::string_view path) {
    std::vector<std::string_view> parts;
    for (size_t at = 1; at <= path.size();) {
        size_t end = std::min(path.find('/', at), path.size());
        parts.push_back(path.substr(at, end - at));
        at = end + 1;
    }
    return parts;
}

// Whether the path is of the pattern; "{*}" at its end takes the rest.
bool fits(std::string_view pattern, std::string_view path, std::vector<std::string>& params) {
    params.clear();
    auto wanted = parts_of(pattern), given = parts_of(path);
    for (size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i] == "{*}") return given.size() > i && !given[i].empty();
        if (i >= given.size()) return false;
        bool parameter = !wanted[i].empty() && wanted[i].front() == '{';
        if (parameter ? given[i].empty() : wanted[i] != given[i]) return false;
        if (parameter) params.emplace_back(given[i]);
    }
    return wanted.size() == given.size();
}

std::string_view as_route_method(std::string_view method) { return method == "HEAD" ? "GET" : method; }

// The route, or the methods that its path has (405), or nothing (404).
const Route* find_route(const HttpRequest& request, std::vector<std::string>& params, bool development, std::string& allowed) {
    for (const Route& route : routes()) {
        if (!fits(route.pattern, request.path, params)) continue;
        if (route.handler == page_asset && !find_web_asset(request.path)) continue;
        if (route.handler == dev_token && !development) continue;
        if (route.method == as_route_method(request.method)) return &route;
        allowed += (allowed.empty() ? "" : ", ") + std::string(route.method) + (route.method == "GET" ? ", HEAD" : "");
    }
    return nullptr;
}

class ApiImpl : public Api {
  public:
    explicit ApiImpl(ApiParts parts)
        : limits_(parts.config->rate("RATE_LIMIT_TENANT"), parts.config->rate("RATE_LIMIT_SUBMIT"), parts.config->rate("RATE_LIMIT_PEER")) {
        state_.parts = std::move(parts);
        state_.checker = JobChecker::start(state_.parts.binary, kCheckers);
        state_.openapi = make_openapi();
        const std::string& origins = state_.parts.config->get("CORS_ALLOW_ORIGINS");
        for (size_t at = 0; at < origins.size();) {
            size_t end = std::min(origins.find(',', at), origins.size());
            size_t first = std::min(origins.find_first_not_of(' ', at), end), last = end;
            while (last > first && origins[last - 1] == ' ') --last;
            if (last > first) state_.cors_origins.push_back(origins.substr(first, last - first));
            at = end + 1;
        }
    }

    HttpHandlers handlers() override {
        HttpHandlers out;
        out.on_head = [this](const HttpRequest& head) { return on_head(head); };
        out.on_request = [this](HttpRequest& request) { return on_request(request); };
        out.refuse = [this](int status, std::string_view code, const std::string& detail, const HttpRequest& request) {
            return refuse(status, code, detail, request);
        };
        out.on_done = [this](const HttpRequest& request, int status, double duration_ms) { on_done(request, status, duration_ms); };
        return out;
    }
    std::string openapi_json() const override { return state_.openapi; }
    std::string run_json(const RunRecord& run, bool with_report) override { return run_text(state_, run, with_report); }

  private:
    static constexpr int kCheckers = 2;

    BodyRule on_head(const HttpRequest& head) {
        BodyRule rule;
        auto seen = std::make_shared<Seen>();
        rule.context = seen;
        Call call{head, {}, {}};
        if (auto refusal = refusal_of(call, *seen, rule)) {
            rule.refusal = std::move(*refusal);
            finish(head, *seen, *rule.refusal);
        }
        return rule;
    }

    // Peer rate, route, 401, 403, tenant rate, 413, 415.
    std::optional<HttpResponse> refusal_of(Call& call, Seen& seen, BodyRule& rule) {
        std::string allowed;
        seen.route = find_route(call.request, seen.params, static_cast<bool>(state_.parts.dev_token), allowed);
        if (!seen.route || !seen.route->scope.empty())
            if (auto refusal = peer_rate(call)) return refusal;
        if (!seen.route && call.request.method == "OPTIONS" && !allowed.empty()) return preflight(call, allowed);
        if (!seen.route && allowed.empty()) return not_found(call, "route");
        if (!seen.route) {
            Problem out;
            out.code = "METHOD_NOT_ALLOWED";
            out.detail = call.request.path + " has " + allowed;
            out.headers.emplace_back("Allow", allowed);
            return problem(call, std::move(out));
        }
        const Route& route = *seen.route;
        bool ticket = route.handler == run_events && call.request.query_value("ticket").has_value();
        if (!route.scope.empty() && !ticket) {
            if (auto refusal = authenticate(call, seen)) return refusal;
            // Counted and told in every answer to a valid token; what the token may not do is said first.
            auto limited = tenant_rate(call, seen);
            if (auto refusal = authorize(call, seen)) return refusal;
            if (limited) return limited;
        }
        return body_rule(call, route, rule);
    }

    std::optional<HttpResponse> authenticate(Call& call, Seen& seen) {
        std::string_view field = call.request.header("authorization");
        bool bearer = field.size() > 7 &&
                      std::equal(field.begin(), field.begin() + 7, "bearer ", [](char a, char b) { return std::tolower(a) == b; });
        Problem out;
        out.code = "UNAUTHENTICATED";
        if (!bearer) {
            out.detail = "no bearer token was sent";
            out.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"proveout\"");
            return problem(call, std::move(out));
        }
        auto identity = verify_token(field.substr(7), state_.parts.keys->keys(), state_.parts.token_rules, wall_ms());
        if (!identity) {
            out.detail = identity.error().message;
            out.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"proveout\", error=\"invalid_token\"");
            return problem(call, std::move(out));
        }
        seen.identity = *identity;
        return std::nullopt;
    }

    std::optional<HttpResponse> authorize(Call& call, const Seen& seen) {
        if (seen.identity.may(seen.route->scope)) return std::nullopt;
        Problem out;
        out.code = "FORBIDDEN";
        out.detail = "the token lacks the scope " + std::string(seen.route->scope);
        out.next_steps = {"ask for a token with the scope " + std::string(seen.route->scope)};
        out.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"proveout\", error=\"insufficient_scope\", scope=\"" +
                                                         std::string(seen.route->scope) + "\"");
        return problem(call, std::move(out));
    }

    HttpResponse rate_limited(Call& call, const RateAnswer& answer, const std::string& of_what) {
        Problem out;
        out.code = "RATE_LIMITED";
        out.detail = "too many requests of this " + of_what;
        out.retry_after_s = static_cast<double>(answer.reset_s);
        return problem(call, std::move(out));
    }

    std::optional<HttpResponse> peer_rate(Call& call) {
        RateAnswer answer = limits_.peer.take(peer_key(call.request.peer));
        if (answer.allowed) return std::nullopt;
        return rate_limited(call, answer, "address");
    }

    std::optional<HttpResponse> tenant_rate(Call& call, Seen& seen) {
        const std::string& tenant = seen.identity.tenant;
        RateAnswer answer = limits_.tenant.take(tenant);
        if (limits_.tenant.on()) {
            seen.rate_headers.emplace_back("RateLimit-Policy", limits_.tenant.policy("tenant"));
            seen.rate_headers.emplace_back("RateLimit", limits_.tenant.field("tenant", answer));
        }
        if (!answer.allowed) return rate_limited(call, answer, "tenant");
        if (!seen.route->submits) return std::nullopt;
        RateAnswer submits = limits_.submit.take(tenant);
        if (submits.allowed) return std::nullopt;
        return rate_limited(call, submits, "tenant's submits");
    }

    std::optional<HttpResponse> body_rule(Call& call, const Route& route, BodyRule& rule) {
        if (route.body == BodyKind::kNone) return std::nullopt;
        bool upload = route.body == BodyKind::kUpload;
        rule.spool = upload;
        rule.max_bytes = static_cast<int64_t>(state_.parts.config->number(upload ? "MAX_UPLOAD_BYTES" : "MAX_JOB_BYTES"));
        // The core tells the announced length before the body is read.
        if (call.request.body_bytes > rule.max_bytes)
            return problem(
                call, "PAYLOAD_TOO_LARGE",
                "the body has " + std::to_string(call.request.body_bytes) + " bytes; allowed: " + std::to_string(rule.max_bytes));
        std::string_view type = call.request.header("content-type");
        std::string_view media = type.substr(0, type.find(';'));
        while (!media.empty() && media.back() == ' ') media.remove_suffix(1);
        std::string lower(media);
        std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
        if (!call.request.header("content-encoding").empty() || (!upload && lower != "application/json"))
            return problem(call, "UNSUPPORTED_MEDIA_TYPE",
                           upload ? "an encoded body is not taken" : "the body must be application/json without Content-Encoding");
        return std::nullopt;
    }

    // CORS for the origins of CORS_ALLOW_ORIGINS only.
    bool may_read(const HttpRequest& request) const {
        std::string_view origin = request.header("origin");
        return !origin.empty() && std::find(state_.cors_origins.begin(), state_.cors_origins.end(), origin) != state_.cors_origins.end();
    }

    HttpResponse preflight(Call& call, const std::string& allowed) {
        HttpResponse response = empty_response(204);
        response.headers.emplace_back("Allow", allowed);
        if (may_read(call.request)) {
            response.headers.emplace_back("Access-Control-Allow-Methods", allowed);
            response.headers.emplace_back("Access-Control-Allow-Headers",
                                          "authorization, content-type, idempotency-key, last-event-id, x-request-id");
            response.headers.emplace_back("Access-Control-Max-Age", "600");
        }
        return response;
    }

    HttpResponse on_request(HttpRequest& request) {
        Seen& seen = *std::static_pointer_cast<Seen>(request.context);
        Call call{request, seen.identity, seen.params};
        HttpResponse response = seen.route->handler(state_, call);
        finish(request, seen, response);
        return response;
    }

    HttpResponse refuse(int status, std::string_view code, const std::string& detail, const HttpRequest& request) {
        Call call{request, {}, {}};
        Problem out;
        out.code = std::string(code);
        out.detail = detail;
        if (status == 400) out.errors = {{"", detail}};
        HttpResponse response = problem(call, std::move(out));
        response.status = status;
        auto seen = std::static_pointer_cast<Seen>(request.context);
        finish(request, seen ? *seen : Seen{}, response);
        return response;
    }

    // The fields that every answer carries.
    void finish(const HttpRequest& request, const Seen& seen, HttpResponse& response) {
        response.headers.emplace_back("X-Request-Id", request.request_id);
        response.headers.emplace_back("X-Content-Type-Options", "nosniff");
        bool cached =
            std::any_of(response.headers.begin(), response.headers.end(), [](const auto& h) { return h.first == "Cache-Control"; });
        if (!cached) response.headers.emplace_back("Cache-Control", "no-store");
        for (const auto& header : seen.rate_headers) response.headers.push_back(header);
        if (!may_read(request)) return;
        response.headers.emplace_back("Access-Control-Allow-Origin", std::string(request.header("origin")));
        response.headers.emplace_back("Access-Control-Expose-Headers",
                                      "Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Idempotency-Replayed");
        response.headers.emplace_back("Vary", "Origin");
    }

    void on_done(const HttpRequest& request, int status, double duration_ms) {
        auto seen = std::static_pointer_cast<Seen>(request.context);
        state_.parts.metrics->http_request(request.method, status, duration_ms / 1000);
        state_.parts.log->info("request", {{"request_id", request.request_id},
                                           {"tenant", seen ? seen->identity.tenant : ""},
                                           {"method", request.method},
                                           {"path", request.path},
                                           {"status", int64_t{status}},
                                           {"duration_ms", duration_ms}});
    }

    RateLimits limits_;
    ApiState state_;
};

}  // namespace

const std::vector<Route>& routes() {
    constexpr std::string_view kRead = "simulations:read", kWrite = "simulations:write", kHooks = "webhooks:manage", kOpen = "";
    static const std::vector<Route> kRoutes{
        {"POST", "/simulations/run", kWrite, BodyKind::kJson, submit_run, "runSimulation", "Submit a run", true},
        {"GET", "/simulations", kRead, BodyKind::kNone, list_runs, "listSimulations", "The tenant's runs, newest first"},
        {"GET", "/simulations/{sim_id}", kRead, BodyKind::kNone, get_run, "getSimulation", "One run with its report and links"},
        {"DELETE", "/simulations/{sim_id}", kWrite, BodyKind::kNone, delete_run, "deleteSimulation", "Remove a finished run"},
        {"POST", "/simulations/{sim_id}/cancel", kWrite, BodyKind::kNone, cancel_run, "cancelSimulation", "Cancel a run"},
        {"GET", "/simulations/{sim_id}/events", kRead, BodyKind::kNone, run_events, "simulationEvents", "Live events of a run (SSE)"},
        {"POST", "/simulations/{sim_id}/events/ticket", kRead, BodyKind::kNone, event_ticket, "createEventTicket",
         "A one-use ticket for an event stream"},
        {"GET", "/jobs/{job_id}", kRead, BodyKind::kNone, get_job, "getJob", "The state of a job"},
        {"POST", "/uploads", kWrite, BodyKind::kUpload, create_upload, "createUpload", "Upload a program or a mesh"},
        {"GET", "/uploads/{upload_id}", kRead, BodyKind::kNone, get_upload, "getUpload", "One upload"},
        {"DELETE", "/uploads/{upload_id}", kWrite, BodyKind::kNone, delete_upload, "deleteUpload", "Remove an upload"},
        {"GET", "/webhooks", kRead, BodyKind::kNone, list_webhooks, "listWebhooks", "The tenant's webhooks"},
        {"POST", "/webhooks", kHooks, BodyKind::kJson, create_webhook, "createWebhook", "Add a webhook"},
        {"DELETE", "/webhooks/{webhook_id}", kHooks, BodyKind::kNone, delete_webhook, "deleteWebhook", "Remove a webhook"},
        {"GET", "/notifications", kRead, BodyKind::kNone, list_notifications, "listNotifications", "The tenant's notifications"},
        {"POST", "/notifications/read", kRead, BodyKind::kNone, read_notifications, "readNotifications", "Mark all as read"},
        {"POST", "/notifications/{notification_id}/read", kRead, BodyKind::kNone, read_notification, "readNotification",
         "Mark one as read"},
        {"GET", "/livez", kOpen, BodyKind::kNone, livez, "livez", "The process runs"},
        {"GET", "/readyz", kOpen, BodyKind::kNone, readyz, "readyz", "The service can take runs"},
        {"GET", "/metrics", kOpen, BodyKind::kNone, metrics, "metrics", "Prometheus metrics"},
        {"GET", "/openapi.json", kOpen, BodyKind::kNone, openapi, "openapi", "This description"},
        {"GET", "/schemas/sim_report.v1.json", kOpen, BodyKind::kNone, report_schema, "reportSchema", "JSON Schema of reports"},
        {"GET", "/artefacts/{*}", kOpen, BodyKind::kNone, artefact, "getArtefact", "A file under a signed link"},
        {"GET", "/dev/token", kOpen, BodyKind::kNone, dev_token, "devToken", "The page's token in development"},
        {"GET", "/", kOpen, BodyKind::kNone, page_asset, "page", "The web page"},
        {"GET", "/{asset}", kOpen, BodyKind::kNone, page_asset, "pageAsset", "A file of the web page"},
    };
    return kRoutes;
}

Result<std::unique_ptr<Api>> Api::create(ApiParts parts) { return std::unique_ptr<Api>(std::make_unique<ApiImpl>(std::move(parts))); }

}  // namespace proveout
