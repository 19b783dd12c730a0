// Webhooks and notifications.
#include <algorithm>

#include "api/state.h"
#include "domain/ids.h"

namespace proveout {

namespace {

constexpr std::string_view kEvents[] = {"simulation.started", "simulation.completed", "simulation.failed", "simulation.cancelled",
                                        "simulation.alert"};

Json webhook_json(const WebhookRecord& webhook) {
    return {{"webhook_id", webhook.webhook_id},
            {"url", webhook.url},
            {"events", webhook.events},
            {"status", webhook.status},
            {"created_at", rfc3339(webhook.created_ms)}};
}

// Default: all. Faults for what is no list of known events.
std::vector<std::string> events_of(const Json& body, std::vector<Fault>& errors) {
    if (!body.contains("events")) return {std::begin(kEvents), std::end(kEvents)};
    const Json& list = body["events"];
    if (!list.is_array() || list.empty()) {
        errors.push_back({"/events", "is not a list of events"});
        return {};
    }
    std::vector<std::string> out;
    for (size_t i = 0; i < list.size(); ++i) {
        std::string name = list[i].is_string() ? list[i].get<std::string>() : "";
        if (std::find(std::begin(kEvents), std::end(kEvents), name) == std::end(kEvents))
            errors.push_back(
                {"/events/" + std::to_string(i), "is no event; allowed: simulation.started .completed .failed .cancelled .alert"});
        else if (std::find(out.begin(), out.end(), name) == out.end())
            out.push_back(name);
    }
    return out;
}

}  // namespace

HttpResponse create_webhook(ApiState& state, Call& call) {
    std::vector<Fault> errors;
    auto body = read_body(call, {"url", "events"}, errors);
    if (!body) return invalid(call, errors);
    WebhookRecord webhook;
    if (!body->contains("url") || !(*body)["url"].is_string()) {
        errors.push_back({"/url", "missing; an https URL is needed"});
    } else {
        webhook.url = (*body)["url"].get<std::string>();
        if (std::string fault = webhook_url_fault(webhook.url, state.parts.webhook_networks); !fault.empty())
            errors.push_back({"/url", fault});
    }
    webhook.events = events_of(*body, errors);
    if (!errors.empty()) return invalid(call, errors);
    webhook.webhook_id = new_id("whk");
    webhook.tenant = call.identity.tenant;
    webhook.status = "enabled";
    webhook.secret = new_webhook_secret();
    webhook.created_ms = wall_ms();
    TRY_DB(state.parts.database->put_webhook(webhook));
    Json answer = webhook_json(webhook);
    answer["secret"] = webhook.secret;
    return json_response(201, answer);
}

HttpResponse list_webhooks(ApiState& state, Call& call) {
    std::vector<Fault> errors;
    PageQuery query = page_query(call, errors);
    if (!errors.empty()) return invalid(call, errors);
    auto page = TRY_DB(state.parts.database->list_webhooks(call.identity.tenant, query.limit, query.cursor));
    if (!page) return invalid(call, {{"/cursor", "is no cursor of an earlier page"}});
    Json answer{{"items", Json::array()}, {"next_cursor", page->next_cursor.empty() ? Json(nullptr) : Json(page->next_cursor)}};
    for (const WebhookRecord& webhook : page->items) answer["items"].push_back(webhook_json(webhook));
    return json_response(200, answer);
}

HttpResponse delete_webhook(ApiState& state, Call& call) {
    if (!TRY_DB(state.parts.database->delete_webhook(call.identity.tenant, call.params[0]))) return not_found(call, "webhook");
    return empty_response(204);
}

HttpResponse list_notifications(ApiState& state, Call& call) {
    std::vector<Fault> errors;
    PageQuery query = page_query(call, errors);
    std::string unread = call.request.query_value("unread").value_or("false");
    if (unread != "true" && unread != "false") errors.push_back({"/unread", "is neither true nor false"});
    if (!errors.empty()) return invalid(call, errors);
    const std::string& tenant = call.identity.tenant;
    auto list = TRY_DB(state.parts.database->list_notifications(tenant, unread == "true", query.limit, query.cursor));
    if (!list) return invalid(call, {{"/cursor", "is no cursor of an earlier page"}});
    const std::string& next = list->page.next_cursor;
    Json answer{{"items", Json::array()}, {"next_cursor", next.empty() ? Json(nullptr) : Json(next)}, {"unread_count", list->unread_count}};
    for (const NotificationRecord& item : list->page.items) {
        auto run = TRY_DB(state.parts.database->get_run(tenant, item.sim_id, false));
        answer["items"].push_back({{"notification_id", item.notification_id},
                                   {"code", item.code},
                                   {"severity", item.severity},
                                   {"message", item.message},
                                   {"sim_id", item.sim_id},
                                   {"count", item.count},
                                   {"created_at", rfc3339(item.created_ms)},
                                   {"read_at", time_json(item.read_ms)},
                                   {"media", media_json(state, run.value_or(RunRecord{}))}});
    }
    return json_response(200, answer);
}

HttpResponse read_notification(ApiState& state, Call& call) {
    if (!TRY_DB(state.parts.database->read_notification(call.identity.tenant, call.params[0]))) return not_found(call, "notification");
    return empty_response(204);
}

HttpResponse read_notifications(ApiState& state, Call& call) {
    TRY_DB(state.parts.database->read_all_notifications(call.identity.tenant));
    return empty_response(204);
}

}  // namespace proveout
