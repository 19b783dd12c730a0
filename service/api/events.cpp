// Event streams of a run, and the one-use tickets for browsers.
#include <algorithm>
#include <charconv>

#include "api/state.h"
#include "domain/ids.h"
#include "files/digest.h"

namespace proveout {

namespace {

constexpr double kTicketLife_s = 60;
constexpr size_t kTicketBytes = 24;
constexpr int kEventsAtOnce = 200;

// nullopt: none given. -1: not an id that was ever given.
std::optional<int64_t> last_seen(const HttpRequest& request) {
    std::string text(request.header("last-event-id"));
    if (text.empty()) text = request.query_value("last_event_id").value_or("");
    if (text.empty()) return std::nullopt;
    int64_t id = -1;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    return error == std::errc() && end == text.data() + text.size() && id >= 0 ? id : -1;
}

// What one stream knows. next() is called by one thread at a time.
struct Stream {
    ApiState& state;
    std::string tenant, sim_id;
    int64_t last = 0;
    bool snapshot = false;  // comes first

    EventChunk next() {
        EventChunk chunk;
        if (snapshot && !add_snapshot(chunk)) return chunk;
        auto events = state.parts.database->events_after(sim_id, last, kEventsAtOnce);
        if (!events) return chunk;  // tried again when the stream is next looked at
        if (events->empty() && !chunk.done) {
            auto newest = state.parts.database->last_event_id(sim_id);
            chunk.done = newest && *newest == 0;  // deleted meanwhile: a run has an event from its first moment
        }
        for (const RunEvent& event : *events) {
            add(event, chunk);
            last = event.id;
        }
        return chunk;
    }

    bool add_snapshot(EventChunk& chunk) {
        // The id is read first: what happens in between is told twice rather than never.
        auto newest = state.parts.database->last_event_id(sim_id);
        auto run = state.parts.database->get_run(tenant, sim_id);
        if (!newest || !run) return false;
        if (!*run) {
            chunk.done = true;
            return false;
        }
        std::string text = run_text(state, **run, true);
        // Line ends stand in JSON only between its parts: one line of data is kinder to simple readers.
        std::replace(text.begin(), text.end(), '\n', ' ');
        chunk.bytes += sse_event(*newest, "snapshot", text);
        last = *newest;
        snapshot = false;
        if (is_final((*run)->status)) {
            chunk.bytes += sse_event(last, "end", "{}");
            chunk.done = true;
        }
        return true;
    }

    void add(const RunEvent& event, EventChunk& chunk) {
        std::string data = event.data.empty() ? "{}" : event.data;
        if (event.type == "alert") {
            Json alert = Json::parse(data, nullptr, false);
            auto run = state.parts.database->get_run(tenant, sim_id, false);
            if (alert.is_object() && run && *run) {
                alert["media"] = media_json(state, **run);
                data = dump(alert);
            }
        }
        chunk.bytes += sse_event(event.id, event.type, data);
        if (event.type == "end") chunk.done = true;
    }
};

// Who asks: the token's tenant, or the ticket's. nullopt: nobody.
Result<std::optional<std::string>> stream_tenant(ApiState& state, const Call& call) {
    if (auto ticket = call.request.query_value("ticket")) return state.parts.database->take_ticket(sha256(*ticket), call.params[0]);
    return std::optional(call.identity.tenant);
}

}  // namespace

HttpResponse run_events(ApiState& state, Call& call) {
    const std::string& sim_id = call.params[0];
    auto tenant = TRY_DB(stream_tenant(state, call));
    if (!tenant) {
        Problem out;
        out.code = "UNAUTHENTICATED";
        out.detail = "the ticket is not valid: it serves once, within 60 s, for one run";
        out.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"proveout\"");
        return problem(call, std::move(out));
    }
    auto run = TRY_DB(state.parts.database->get_run(*tenant, sim_id, false));
    if (!run) return not_found(call, "run");
    int64_t newest = TRY_DB(state.parts.database->last_event_id(sim_id));
    auto seen = last_seen(call.request);
    if (seen && *seen == newest && is_final(run->status)) return empty_response(204);
    auto stream = std::make_shared<Stream>(Stream{state, *tenant, sim_id});
    stream->snapshot = !seen || *seen < 0 || *seen > newest;
    if (!stream->snapshot) stream->last = *seen;
    HttpResponse response;
    response.content_type = "text/event-stream; charset=utf-8";
    response.headers.emplace_back("X-Accel-Buffering", "no");
    response.events = std::make_shared<EventSource>();
    response.events->topic = sim_id;
    response.events->next = [stream] { return stream->next(); };
    response.events->closed = [] {};
    return response;
}

HttpResponse event_ticket(ApiState& state, Call& call) {
    auto run = TRY_DB(state.parts.database->get_run(call.identity.tenant, call.params[0], false));
    if (!run) return not_found(call, "run");
    std::string ticket = random_hex(kTicketBytes);
    TRY_DB(state.parts.database->put_ticket(sha256(ticket), call.identity.tenant, call.params[0], kTicketLife_s));
    return json_response(201, {{"ticket", ticket}, {"expires_at", rfc3339(wall_ms() + static_cast<int64_t>(kTicketLife_s * 1000))}});
}

}  // namespace proveout
