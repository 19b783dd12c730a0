// watched_file.h -- a small file that counts within seconds of a change. Its bytes are read again about once a second, when somebody asks:
// no clock of a file system decides.
#pragma once

#include <optional>
#include <string>

#include "proveout/result.h"

namespace proveout {

constexpr int64_t kLookAgain_ms = 1000;
constexpr size_t kMaxWatched_bytes = 1024 * 1024;

// A regular file's bytes. Error kInvalidInput: not there, not regular, too long.
Result<std::string> read_small_file(const std::string& path);

class WatchedFile {
  public:
    explicit WatchedFile(std::string path) : path_(std::move(path)) {}
    const std::string& path() const { return path_; }
    // The content or why there is none, if it differs from what poll() said last; at most one look a second. now_ms: monotonic.
    std::optional<Result<std::string>> poll(int64_t now_ms);

  private:
    std::string path_;
    std::optional<int64_t> looked_ms_;
    std::optional<std::string> content_, problem_;
};

}  // namespace proveout
