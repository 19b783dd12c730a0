// Health, metrics, descriptions, the page's files, and artefacts under signed links.
#include <algorithm>
#include <charconv>

#include "api/state.h"
#include "api/web_assets.h"
#include "report/report.h"

namespace proveout {

namespace {

constexpr std::string_view kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; "
    "font-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

Json checks_json(const std::vector<Check>& checks) {
    Json out = Json::array();
    for (const Check& check : checks) out.push_back({{"name", check.name}, {"status", check.status}, {"message", check.message}});
    return out;
}

Check outcome(std::string name, const Result<std::string>& result) {
    return {std::move(name), result ? "ok" : "fail", result ? *result : result.error().message};
}

// Whether one of the entity tags of If-None-Match is ours.
bool matches(std::string_view field, const std::string& tag) { return field == "*" || (!field.empty() && field.find(tag) != field.npos); }

// One range "bytes=a-b" of `size` bytes. nullopt: none asked for, or a form that may be ignored (several ranges, other units).
struct ByteRange {
    int64_t first = 0, last = -1;
    bool satisfiable = false;
};
std::optional<ByteRange> range_of(std::string_view field, int64_t size) {
    if (field.substr(0, 6) != "bytes=" || field.find(',') != field.npos) return std::nullopt;
    field.remove_prefix(6);
    size_t dash = field.find('-');
    if (dash == field.npos) return std::nullopt;
    auto number = [](std::string_view text) -> std::optional<int64_t> {
        int64_t value = 0;
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
        return value;
    };
    std::string_view low = field.substr(0, dash), high = field.substr(dash + 1);
    auto first = number(low), last = number(high);
    if ((!low.empty() && !first) || (!high.empty() && !last) || (low.empty() && high.empty())) return std::nullopt;
    if (low.empty()) return ByteRange{std::max<int64_t>(0, size - *last), size - 1, *last > 0 && size > 0};
    if (last && *last < *first) return std::nullopt;
    return ByteRange{*first, last ? std::min(*last, size - 1) : size - 1, *first < size};
}

}  // namespace

HttpResponse livez(ApiState&, Call&) { return json_response(200, {{"status", "ok"}}); }

HttpResponse readyz(ApiState& state, Call&) {
    const ApiParts& parts = state.parts;
    std::vector<Check> checks{outcome("database", parts.database->check()), outcome("store", parts.store->check())};
    for (Check& check : machine_checks(*parts.config, parts.data_dir)) checks.push_back(std::move(check));
    LicenseAnswer license = parts.guard->check();
    checks.push_back({"license", license.valid() ? "ok" : "fail", license.valid() ? "valid" : license.message});
    bool fail = std::any_of(checks.begin(), checks.end(), [](const Check& check) {
        return check.status == "fail" && check.name != "camotics" && check.name != "license";
    });
    fail = fail || state.draining();
    HttpResponse response = json_response(fail ? 503 : 200, {{"status", fail ? "fail" : "ok"}, {"checks", checks_json(checks)}});
    if (fail) response.headers.emplace_back("Retry-After", "5");
    return response;
}

HttpResponse metrics(ApiState& state, Call& call) {
    state.parts.metrics->queue_depth(TRY_DB(state.parts.database->queued_runs()));
    if (state.parts.event_streams) state.parts.metrics->event_streams(state.parts.event_streams());
    state.parts.metrics->running_jobs(TRY_DB(state.parts.database->running_runs()));
    HttpResponse response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = state.parts.metrics->text();
    return response;
}

HttpResponse openapi(ApiState& state, Call&) {
    HttpResponse response;
    response.body = state.openapi;
    return response;
}

HttpResponse report_schema(ApiState&, Call&) {
    HttpResponse response;
    response.content_type = "application/schema+json";
    response.body = std::string(proveout::report_schema());
    return response;
}

HttpResponse page_asset(ApiState&, Call& call) {
    const WebAsset* asset = find_web_asset(call.request.path);
    if (!asset) return not_found(call, "page");
    HttpResponse response;
    response.content_type = std::string(asset->content_type);
    response.headers.emplace_back("Content-Security-Policy", std::string(kPagePolicy));
    response.headers.emplace_back("Referrer-Policy", "no-referrer");
    response.headers.emplace_back("ETag", std::string(asset->etag));
    response.headers.emplace_back("Cache-Control", "no-cache");
    if (matches(call.request.header("if-none-match"), std::string(asset->etag)))
        response.status = 304;
    else
        response.body = std::string(asset->bytes);
    return response;
}

HttpResponse dev_token(ApiState& state, Call&) { return json_response(200, {{"token", state.parts.dev_token()}}); }

HttpResponse artefact(ApiState& state, Call& call) {
    SignedFile file;
    LinkFault fault = LinkFault::kNotFound;
    std::string path = call.request.raw_target.substr(0, call.request.raw_target.find('?'));
    if (state.parts.local_store) fault = state.parts.local_store->open_link(path, call.request.query, file);
    if (fault == LinkFault::kNotFound) return not_found(call, "artefact");
    if (fault == LinkFault::kForbidden)
        return problem(call, "FORBIDDEN", "the link has expired or was altered; GET /simulations/{sim_id} gives a fresh one");
    HttpResponse response;
    response.content_type = file.content_type;
    std::string tag = "\"" + file.sha256 + "\"";
    response.headers.emplace_back("ETag", tag);
    response.headers.emplace_back("Accept-Ranges", "bytes");
    response.headers.emplace_back("Cache-Control", "private, max-age=0, must-revalidate");
    response.headers.emplace_back("Content-Disposition",
                                  std::string(file.attachment ? "attachment" : "inline") + "; filename=\"" + file.filename + "\"");
    // report.html is our own page with styles inside; it gets no origin to run anything from.
    response.headers.emplace_back("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:");
    response.headers.emplace_back("Referrer-Policy", "no-referrer");
    if (matches(call.request.header("if-none-match"), tag)) {
        response.status = 304;
        return response;
    }
    FileBody body{file.path, 0, file.size_bytes};
    std::string_view condition = call.request.header("if-range");
    auto range = condition.empty() || condition == tag ? range_of(call.request.header("range"), file.size_bytes) : std::nullopt;
    if (range && !range->satisfiable) {
        Problem out;
        out.code = "RANGE_NOT_SATISFIABLE";
        out.headers.emplace_back("Content-Range", "bytes */" + std::to_string(file.size_bytes));
        return problem(call, std::move(out));
    }
    if (range) {
        response.status = 206;
        body.offset = range->first;
        body.size = range->last - range->first + 1;
        response.headers.emplace_back("Content-Range", "bytes " + std::to_string(range->first) + "-" + std::to_string(range->last) + "/" +
                                                           std::to_string(file.size_bytes));
    }
    response.file = body;
    return response;
}

}  // namespace proveout
