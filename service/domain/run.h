// run.h -- what the service knows of a run, an alert, an upload, a webhook. Plain data; names and words are those of the API (contract 4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace proveout {

enum class RunStatus : uint8_t { kQueued, kRunning, kSucceeded, kWarning, kFailed, kCancelled };
enum class Stage : uint8_t { kNone, kPrepare, kSimulate, kEncode, kUpload, kDone };  // kNone: null in JSON

std::string_view name_of(RunStatus status);
std::string_view name_of(Stage stage);  // "" for kNone
std::optional<RunStatus> run_status_from(std::string_view name);
std::optional<Stage> stage_from(std::string_view name);
inline bool is_final(RunStatus status) { return status >= RunStatus::kSucceeded; }

// Why a run failed or was cancelled. code: TIMEOUT ENGINE_FAILED UNPROCESSABLE_GCODE INVALID_PROJECT ENCODING_FAILED STORAGE_FAILED
// RESOURCE_LIMIT WORKER_CRASH_LIMIT CANCELLED INTERNAL.
struct RunError {
    std::string code, message;
    std::vector<std::string> next_steps;
};
// The error with the message and the next steps that belong to its code. REQUIRES: a code of the list above.
RunError run_error(std::string_view code, std::string message);

struct StoredArtefact {
    std::string name;  // "out.mp4", "logs/ffmpeg.log"
    int64_t size_bytes = 0;
    std::string sha256, content_type;
};

struct Alert {
    std::string code, severity, message;  // severity: info warning error
    int64_t count = 1;
    int64_t first_at_ms = 0, last_at_ms = 0;
};

struct RunRecord {
    std::string sim_id, job_id, tenant;
    RunStatus status = RunStatus::kQueued;
    Stage stage = Stage::kNone;
    double progress = 0;  // 0..100
    int attempt = 1;
    int64_t created_ms = 0, started_ms = 0, finished_ms = 0;  // 0: not yet
    std::vector<Alert> alerts;
    std::string report_json;  // empty until finished
    std::optional<RunError> error;
    std::vector<StoredArtefact> artefacts;
    bool cancel_requested = false;
};

// One stored event of a run; data is one line of JSON.
struct RunEvent {
    int64_t id = 0;    // per run, from 1, rising by 1
    std::string type;  // progress alert status end
    std::string data;
};

struct UploadRecord {
    std::string upload_id, tenant, kind, filename, sha256;  // kind: gcode stl
    int64_t size_bytes = 0, created_ms = 0;
};

struct WebhookRecord {
    std::string webhook_id, tenant, url, status, secret;  // status: enabled disabled
    std::vector<std::string> events;
    int64_t created_ms = 0;
};

struct NotificationRecord {
    std::string notification_id, tenant, code, severity, message, sim_id;
    int64_t count = 1, created_ms = 0, read_ms = 0;  // read_ms 0: unread
};

}  // namespace proveout
