// wire.h -- JSON and text of the database's columns and events.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "db/database.h"
#include "db/session.h"

namespace proveout {

// Columns.
std::string error_json(const RunError& error);
std::string artefacts_json(const std::vector<StoredArtefact>& artefacts);
// {"out.mp4": "simulations/sim_.../out.mp4"}
std::string object_paths_json(const std::vector<StoredArtefact>& artefacts, const std::string& folder);
// A row of run_rows, in the order of the statement get_run.
RunRecord run_of(const SqlRow& row);
std::string joined_events(const std::vector<std::string>& events);  // ",a,b,"
std::vector<std::string> split_events(std::string_view text);

// Data of events, one line each.
std::string progress_event(const std::string& sim_id, Stage stage, double percent);
std::string status_event(const std::string& sim_id, RunStatus status, Stage stage, double percent);
std::string alert_event(const Alert& alert);  // without media: links end, so whoever sends the event adds them
std::string end_event(const std::string& sim_id);

// Valid UTF-8 without NUL, which PostgreSQL refuses: what is not becomes U+FFFD.
std::string clean_text(std::string_view text);
// The same for JSON: "\u0000" and lone surrogates inside strings too, since jsonb refuses them.
std::string clean_json(std::string_view json);

// Cursors: "<ms>.<id>".
std::string cursor_of(int64_t created_ms, const std::string& id);
std::optional<std::pair<int64_t, std::string>> parse_cursor(const std::string& cursor, std::string_view id_prefix);

}  // namespace proveout
