#include "db/wire.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "domain/clock.h"
#include "domain/ids.h"

namespace proveout {

namespace {

using Json = nlohmann::ordered_json;
using nlohmann::json;

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

std::string dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json stage_json(Stage stage) { return stage == Stage::kNone ? Json(nullptr) : Json(name_of(stage)); }

// Length of the well-formed UTF-8 sequence at the start of `text` (Unicode 15, table 3-7), 0: none.
size_t sequence_length(std::string_view text) {
    auto at = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    auto tail = [&](size_t i) { return (at(i) & 0xC0) == 0x80; };
    unsigned first = at(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return tail(1) ? 2 : 0;
    if ((first & 0xF0) == 0xE0) {
        unsigned low = first == 0xE0 ? 0xA0 : 0x80, high = first == 0xED ? 0x9F : 0xBF;
        return at(1) >= low && at(1) <= high && tail(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        unsigned low = first == 0xF0 ? 0x90 : 0x80, high = first == 0xF4 ? 0x8F : 0xBF;
        return at(1) >= low && at(1) <= high && tail(2) && tail(3) ? 4 : 0;
    }
    return 0;
}

// The code unit of "\uXXXX" at the start of `text`.
std::optional<unsigned> escaped_unit(std::string_view text) {
    if (text.size() < 6 || !text.starts_with("\\u")) return std::nullopt;
    unsigned unit = 0;
    auto [end, fault] = std::from_chars(text.data() + 2, text.data() + 6, unit, 16);
    return fault == std::errc() && end == text.data() + 6 ? std::optional(unit) : std::nullopt;
}

// The objects of an array; what is not one is left out, so that a damaged row harms nobody else.
json objects_of(const std::string& text) {
    json objects = json::array();
    for (json& item : json::parse(text.empty() ? "[]" : text, nullptr, false))
        if (item.is_object()) objects.push_back(std::move(item));
    return objects;
}

std::vector<Alert> alerts_of(const std::string& text) {
    std::vector<Alert> alerts;
    for (const json& item : objects_of(text)) {
        Alert alert;
        alert.code = item.value("code", "");
        alert.severity = item.value("severity", "");
        alert.message = item.value("message", "");
        alert.count = item.value("count", int64_t{0});
        alert.first_at_ms = item.value("first_at_ms", int64_t{0});
        alert.last_at_ms = item.value("last_at_ms", int64_t{0});
        alerts.push_back(alert);
    }
    return alerts;
}

std::vector<StoredArtefact> artefacts_of(const std::string& text) {
    std::vector<StoredArtefact> artefacts;
    for (const json& item : objects_of(text))
        artefacts.push_back(
            {item.value("name", ""), item.value("size", int64_t{0}), item.value("sha256", ""), item.value("content_type", "")});
    return artefacts;
}

std::optional<RunError> error_of(const std::string& text) {
    if (text.empty()) return std::nullopt;
    json item = json::parse(text, nullptr, false);
    if (!item.is_object()) return RunError{"INTERNAL", text, {}};
    return RunError{item.value("code", ""), item.value("message", ""), item.value("next_steps", std::vector<std::string>())};
}

}  // namespace

std::string error_json(const RunError& error) {
    return dump({{"code", error.code}, {"message", clean_text(error.message)}, {"next_steps", error.next_steps}});
}

std::string artefacts_json(const std::vector<StoredArtefact>& artefacts) {
    Json list = Json::array();
    for (const StoredArtefact& artefact : artefacts)
        list.push_back(
            {{"name", artefact.name}, {"size", artefact.size_bytes}, {"sha256", artefact.sha256}, {"content_type", artefact.content_type}});
    return dump(list);
}

std::string object_paths_json(const std::vector<StoredArtefact>& artefacts, const std::string& folder) {
    Json paths = Json::object();
    for (const StoredArtefact& artefact : artefacts) paths[artefact.name] = folder + "/" + artefact.name;
    return dump(paths);
}

RunRecord run_of(const SqlRow& row) {
    RunRecord run;
    run.sim_id = row.text(0);
    run.job_id = row.text(1);
    run.tenant = row.text(2);
    run.status = run_status_from(row.text(3)).value_or(RunStatus::kFailed);
    run.stage = stage_from(row.text(4)).value_or(Stage::kNone);
    run.progress = row.real(5);
    run.attempt = static_cast<int>(row.integer(6));
    run.created_ms = row.integer(7);
    run.started_ms = row.integer(8);
    run.finished_ms = row.integer(9);
    run.error = error_of(row.text(10));
    run.artefacts = artefacts_of(row.text(11));
    run.cancel_requested = row.integer(12) != 0;
    run.alerts = alerts_of(row.text(13));
    run.report_json = row.text(14);
    return run;
}

std::string joined_events(const std::vector<std::string>& events) {
    std::string text = ",";
    for (const std::string& event : events) text += event + ",";
    return text;
}

std::vector<std::string> split_events(std::string_view text) {
    std::vector<std::string> events;
    while (!text.empty()) {
        size_t end = text.find(',');
        if (end != 0) events.emplace_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return events;
}

std::string progress_event(const std::string& sim_id, Stage stage, double percent) {
    return dump({{"sim_id", sim_id}, {"stage", stage_json(stage)}, {"progress", percent}});
}

std::string status_event(const std::string& sim_id, RunStatus status, Stage stage, double percent) {
    return dump({{"sim_id", sim_id}, {"status", name_of(status)}, {"stage", stage_json(stage)}, {"progress", percent}});
}

std::string alert_event(const Alert& alert) {
    return dump({{"code", alert.code},
                 {"severity", alert.severity},
                 {"message", alert.message},
                 {"count", alert.count},
                 {"first_at", rfc3339(alert.first_at_ms)},
                 {"last_at", rfc3339(alert.last_at_ms)}});
}

std::string end_event(const std::string& sim_id) { return dump({{"sim_id", sim_id}}); }

std::string clean_text(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    while (!text.empty()) {
        size_t length = text.front() == '\0' ? 0 : sequence_length(text);
        clean += length ? text.substr(0, length) : kReplacement;
        text.remove_prefix(length ? length : 1);
    }
    return clean;
}

std::string clean_json(std::string_view json) {
    std::string text = clean_text(json), clean;
    if (text.find("\\u") == std::string::npos) return text;
    std::string_view rest = text;
    while (!rest.empty()) {
        size_t length = rest.front() == '\\' && rest.size() > 1 ? 2 : 1;
        bool refused = false;
        if (auto unit = escaped_unit(rest)) {
            length = 6;
            auto low = escaped_unit(rest.substr(6));
            bool pair = *unit >= 0xD800 && *unit < 0xDC00 && low && *low >= 0xDC00 && *low < 0xE000;
            if (pair) length = 12;
            refused = *unit == 0 || (*unit >= 0xD800 && *unit < 0xE000 && !pair);
        }
        clean += refused ? std::string_view("\\ufffd") : rest.substr(0, length);
        rest.remove_prefix(length);
    }
    return clean;
}

std::string cursor_of(int64_t created_ms, const std::string& id) { return std::to_string(created_ms) + "." + id; }

std::optional<std::pair<int64_t, std::string>> parse_cursor(const std::string& cursor, std::string_view id_prefix) {
    if (cursor.empty()) return std::pair(std::numeric_limits<int64_t>::max(), std::string());
    size_t dot = cursor.find('.');
    if (dot == std::string::npos || !is_id(id_prefix, std::string_view(cursor).substr(dot + 1))) return std::nullopt;
    int64_t created_ms = 0;
    auto [end, fault] = std::from_chars(cursor.data(), cursor.data() + dot, created_ms);
    if (fault != std::errc() || end != cursor.data() + dot || created_ms < 0) return std::nullopt;
    return std::pair(created_ms, cursor.substr(dot + 1));
}

}  // namespace proveout
