// workspace.h -- the folder of one attempt as its two sides see it.
//
//   job.json     the job document as it was accepted
//   run.json     AttemptSettings
//   in/upl_...   the uploads that the document names, under the names that it uses
//   out/         what the run made; only here and in tmp/ may the child write
//   tmp/         its TMPDIR, and at last result.json: AttemptOutcome
//
// While a child has written there, the service opens nothing by a plain path: OpenFolder never follows a link, never leaves the folder, and
// gives regular files only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proveout/result.h"

namespace proveout {

struct AttemptSettings {
    std::string sim_id, path_prefix, program_name, ffmpeg, camotics;
    double timeout_s = 900;
    int threads = 1;
    int64_t memory_bytes = 0, file_bytes = 0;
};
std::string to_json(const AttemptSettings& settings);
std::optional<AttemptSettings> attempt_settings_from(std::string_view json);

struct StageTime {
    std::string stage;
    double seconds = 0;
};

struct AttemptOutcome {
    std::string status = "failed";          // succeeded warning failed
    std::string error_code, error_message;  // failed: a code of contract section 4
    bool transient = false;                 // failed: another attempt may go better
    int64_t collision_count = 0, frames_count = 0;
    std::string collision_message;  // of the alert; empty: no collision
    std::string cmx_path;           // engines camotics and both
    int camotics_exit_code = -1;    // -1: did not run
    std::vector<StageTime> stages;
};
constexpr const char* kOutcomeFile = "tmp/result.json";
std::string to_json(const AttemptOutcome& outcome);
std::optional<AttemptOutcome> attempt_outcome_from(std::string_view json);

// A file of a folder that was opened with every precaution.
struct OpenedFile {
    int descriptor = -1;
    int64_t size_bytes = 0;
    OpenedFile() = default;
    OpenedFile(OpenedFile&& other) noexcept;
    OpenedFile& operator=(OpenedFile&&) = delete;
    ~OpenedFile();
};

class OpenFolder {
  public:
    static Result<OpenFolder> open(const std::string& path);
    OpenFolder(OpenFolder&& other) noexcept;
    OpenFolder& operator=(OpenFolder&&) = delete;
    ~OpenFolder();
    // name: relative, "out/logs/ffmpeg.log". Error kIo: not there, a link, no regular file, or a second name of one.
    Result<OpenedFile> open_file(const std::string& name) const;
    Result<std::string> read(const std::string& name, int64_t max_bytes) const;
    // Names of everything but folders beneath `folder`, relative to it, sorted, at most max_names.
    std::vector<std::string> list(const std::string& folder, size_t max_names) const;

  private:
    OpenFolder() = default;
    int descriptor_ = -1;
};

// Removes a folder and all that is in it, following no link. True: it is gone.
bool remove_folder(const std::string& path);

// Bytes that the files of a folder take.
int64_t disk_usage_bytes(const std::string& path);

}  // namespace proveout
