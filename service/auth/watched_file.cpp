#include "auth/watched_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace proveout {

namespace {

Error unreadable(const std::string& path, const char* why) {
    return make_error(ErrorCode::kInvalidInput, "cannot read " + path + ": " + why);
}

}  // namespace

Result<std::string> read_small_file(const std::string& path) {
    int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return unreadable(path, std::strerror(errno));
    struct stat status {};
    std::string text;
    char buffer[16 * 1024];
    ssize_t got = 0;
    bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
    while (regular && text.size() <= kMaxWatched_bytes && (got = ::read(descriptor, buffer, sizeof buffer)) > 0)
        text.append(buffer, static_cast<size_t>(got));
    ::close(descriptor);
    if (!regular) return unreadable(path, "not a regular file");
    if (got < 0) return unreadable(path, std::strerror(errno));
    if (text.size() > kMaxWatched_bytes) return unreadable(path, "longer than 1 MiB");
    return text;
}

std::optional<Result<std::string>> WatchedFile::poll(int64_t now_ms) {
    if (looked_ms_ && now_ms - *looked_ms_ < kLookAgain_ms) return std::nullopt;
    looked_ms_ = now_ms;
    auto read = read_small_file(path_);
    std::optional<std::string> content = read ? std::optional(*read) : std::nullopt;
    std::optional<std::string> problem = read ? std::nullopt : std::optional(read.error().message);
    if (content == content_ && problem == problem_) return std::nullopt;
    content_ = std::move(content);
    problem_ = std::move(problem);
    return read;
}

}  // namespace proveout
