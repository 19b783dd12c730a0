// What the handlers' answers have in common.
#include <algorithm>
#include <charconv>

#include "api/state.h"
#include "job/fields.h"

namespace proveout {

namespace {

constexpr double kUnavailableRetry_s = 5;
constexpr int kMaxPage = 200;
constexpr size_t kMaxCursorBytes = 200;

}  // namespace

HttpResponse json_response(int status, const Json& document) {
    HttpResponse response;
    response.status = status;
    response.body = dump(document);
    return response;
}

HttpResponse empty_response(int status) {
    HttpResponse response;
    response.status = status;
    response.content_type.clear();
    return response;
}

HttpResponse problem(const Call& call, Problem problem) { return problem_response(problem, call.request.path, call.request.request_id); }

HttpResponse problem(const Call& call, std::string_view code, std::string detail) {
    Problem out;
    out.code = std::string(code);
    out.detail = std::move(detail);
    return problem(call, std::move(out));
}

HttpResponse not_found(const Call& call, std::string_view what) {
    return problem(call, "NOT_FOUND", "there is no such " + std::string(what));
}

HttpResponse invalid(const Call& call, std::vector<Fault> errors) {
    Problem out;
    out.code = "INVALID_INPUT";
    out.detail =
        errors.size() == 1 ? errors[0].pointer + " " + errors[0].detail : std::to_string(errors.size()) + " faults; errors[] names them";
    out.errors = std::move(errors);
    return problem(call, std::move(out));
}

HttpResponse unavailable(const Call& call, const Error& error) {
    Problem out;
    out.code = "UNAVAILABLE";
    out.detail = "a part of the service cannot be reached: " + error.message;
    out.retry_after_s = kUnavailableRetry_s;
    return problem(call, std::move(out));
}

std::vector<Fault> query_faults(const Call& call, const std::vector<std::string_view>& names) {
    std::vector<Fault> errors;
    std::string_view query = call.request.query;
    for (size_t at = 0; at < query.size();) {
        size_t end = std::min(query.find('&', at), query.size());
        std::string_view name = query.substr(at, std::min(query.find('=', at), end) - at);
        if (std::find(names.begin(), names.end(), name) != names.end() && !call.request.query_value(name))
            errors.push_back({"/" + std::string(name), "is not percent-encoded as RFC 3986 says"});
        at = end + 1;
    }
    return errors;
}

PageQuery page_query(const Call& call, std::vector<Fault>& errors) {
    PageQuery page;
    for (Fault& fault : query_faults(call, {"limit", "cursor", "status", "unread"})) errors.push_back(std::move(fault));
    if (auto limit = call.request.query_value("limit")) {
        auto [end, error] = std::from_chars(limit->data(), limit->data() + limit->size(), page.limit);
        if (error != std::errc() || end != limit->data() + limit->size() || page.limit < 1 || page.limit > kMaxPage)
            errors.push_back({"/limit", "is not a number of items; allowed: 1 to 200"});
    }
    page.cursor = call.request.query_value("cursor").value_or("");
    if (call.request.query_value("cursor") && (page.cursor.empty() || page.cursor.size() > kMaxCursorBytes))
        errors.push_back({"/cursor", "is no cursor of an earlier page"});
    return page;
}

std::optional<Json> read_body(const Call& call, const std::vector<std::string_view>& members, std::vector<Fault>& errors) {
    constexpr int kDepth = 8;
    Faults faults;
    auto document = parse_json(call.request.body, kDepth, faults);
    if (document && !document->is_object()) faults.add("", "is not an object");
    if (document && document->is_object())
        for (const auto& [name, value] : document->items())
            if (std::find(members.begin(), members.end(), name) == members.end()) faults.add(pointer_to("", name), "unknown; remove it");
    errors.insert(errors.end(), faults.list.begin(), faults.list.end());
    if (!errors.empty()) return std::nullopt;
    return document;
}

Json time_json(int64_t wall_ms) { return wall_ms == 0 ? Json(nullptr) : Json(rfc3339(wall_ms)); }

namespace {

// The link of each artefact, by its name. A link costs signatures: each is made once for an answer.
Json links_of(ApiState& state, const RunRecord& run) {
    Json links = Json::object();
    for (const StoredArtefact& artefact : run.artefacts) {
        auto link = state.artefact_link(run, artefact);
        links[artefact.name] = link ? Json(*link) : Json(nullptr);
    }
    return links;
}

Json media_of(const Json& links) {
    return {{"video_url", links.value("out.mp4", Json(nullptr))},
            {"preview_url", links.value("preview.gif", Json(nullptr))},
            {"snapshot_url", links.value("snapshot.png", Json(nullptr))},
            {"report_url", links.value("report.html", Json(nullptr))}};
}

Json alert_json(const Alert& alert, const Json& media) {
    return {{"code", alert.code},
            {"severity", alert.severity},
            {"message", alert.message},
            {"count", alert.count},
            {"first_at", rfc3339(alert.first_at_ms)},
            {"last_at", rfc3339(alert.last_at_ms)},
            {"media", media}};
}

}  // namespace

Json media_json(ApiState& state, const RunRecord& run) { return media_of(links_of(state, run)); }

std::optional<std::string> ApiState::artefact_link(const RunRecord& run, const StoredArtefact& artefact) {
    LinkOptions options;
    options.filename = artefact.name.substr(artefact.name.rfind('/') + 1);
    options.content_type = artefact.content_type;
    options.ttl_s = static_cast<int64_t>(parts.config->number("SIGNED_URL_TTL_S"));
    auto link = parts.store->link(folder_of(run.sim_id) + "/" + artefact.name, options);
    return link ? std::optional(*link) : std::nullopt;
}

std::string run_text(ApiState& state, const RunRecord& run, bool with_report) {
    Json links = links_of(state, run), media = media_of(links);
    Json document{{"sim_id", run.sim_id},
                  {"job_id", run.job_id},
                  {"status", name_of(run.status)},
                  {"stage", run.stage == Stage::kNone ? Json(nullptr) : Json(name_of(run.stage))},
                  {"progress", run.progress},
                  {"attempt", run.attempt},
                  {"created_at", time_json(run.created_ms)},
                  {"started_at", time_json(run.started_ms)},
                  {"finished_at", time_json(run.finished_ms)},
                  {"alerts", Json::array()},
                  {"error", nullptr},
                  {"media", media},
                  {"artefacts", Json::array()}};
    for (const Alert& alert : run.alerts) document["alerts"].push_back(alert_json(alert, media));
    if (run.error) document["error"] = {{"code", run.error->code}, {"message", run.error->message}, {"next_steps", run.error->next_steps}};
    for (const StoredArtefact& artefact : run.artefacts)
        document["artefacts"].push_back({{"name", artefact.name},
                                         {"url", links[artefact.name]},
                                         {"size", artefact.size_bytes},
                                         {"sha256", artefact.sha256},
                                         {"content_type", artefact.content_type}});
    std::string text = dump(document);
    if (!with_report) return text;
    // The report is a JSON text already, checked against its schema.
    text.pop_back();
    return text + ",\"report\":" + (run.report_json.empty() ? "null" : run.report_json) + "}";
}

}  // namespace proveout
