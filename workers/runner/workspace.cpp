#include "runner/workspace.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>

#include "runner/json_member.h"

namespace proveout {

namespace {

using Json = nlohmann::json;

constexpr int kMaxFolderDepth = 64;  // of what a child may have made

Error folder_error(const std::string& what) { return make_error(ErrorCode::kIo, what + ": " + std::strerror(errno)); }

// The kernel itself keeps the path inside the folder. Where it lacks openat2, each part is opened on its own.
int open_beneath(int folder, const std::string& name, int flags) {
    open_how how{};
    how.flags = static_cast<uint64_t>(flags | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV;
    int opened = static_cast<int>(syscall(SYS_openat2, folder, name.c_str(), &how, sizeof how));
    if (opened >= 0 || errno != ENOSYS) return opened;
    int at = ::dup(folder);
    for (size_t begin = 0; at >= 0 && begin <= name.size();) {
        size_t end = std::min(name.find('/', begin), name.size());
        std::string part = name.substr(begin, end - begin);
        bool last = end == name.size();
        if (part.empty() || part == "." || part == "..") {
            ::close(at);
            errno = EXDEV;
            return -1;
        }
        int next = ::openat(at, part.c_str(), static_cast<int>(how.flags) | (last ? 0 : O_DIRECTORY));
        ::close(at);
        at = next;
        begin = end + 1;
    }
    return at;
}

void list_into(int folder, const std::string& prefix, int depth, size_t max_names, std::vector<std::string>& names) {
    DIR* stream = ::fdopendir(folder);
    if (!stream) {
        ::close(folder);
        return;
    }
    while (dirent* entry = ::readdir(stream)) {
        std::string name = entry->d_name;
        if (name == "." || name == ".." || names.size() >= max_names) continue;
        struct stat status {};
        if (::fstatat(::dirfd(stream), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (!S_ISDIR(status.st_mode)) {
            names.push_back(prefix + name);
        } else if (depth < kMaxFolderDepth) {
            int inner = ::openat(::dirfd(stream), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            if (inner >= 0) list_into(inner, prefix + name + "/", depth + 1, max_names, names);
        }
    }
    ::closedir(stream);
}

// Calls visit(folder descriptor, name, status) for everything beneath, innermost first. unlock: folders that the child has closed to us
// are opened again. Takes the descriptor.
template <class Visit>
void walk(int folder, int depth, bool unlock, const Visit& visit) {
    DIR* stream = folder >= 0 ? ::fdopendir(folder) : nullptr;
    if (!stream) {
        if (folder >= 0) ::close(folder);
        return;
    }
    std::vector<std::string> names;
    while (dirent* entry = ::readdir(stream)) names.emplace_back(entry->d_name);
    for (const std::string& name : names) {
        if (name == "." || name == "..") continue;
        struct stat status {};
        if (::fstatat(::dirfd(stream), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (S_ISDIR(status.st_mode) && depth < 4 * kMaxFolderDepth) {
            if (unlock) ::fchmodat(::dirfd(stream), name.c_str(), 0700, 0);
            walk(::openat(::dirfd(stream), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), depth + 1, unlock, visit);
        }
        visit(::dirfd(stream), name.c_str(), status);
    }
    ::closedir(stream);
}

int open_folder(const std::string& path) { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC); }

}  // namespace

std::string to_json(const AttemptSettings& s) {
    return dump({{"sim_id", s.sim_id},
                 {"path_prefix", s.path_prefix},
                 {"program_name", s.program_name},
                 {"ffmpeg", s.ffmpeg},
                 {"camotics", s.camotics},
                 {"timeout_s", s.timeout_s},
                 {"threads", s.threads},
                 {"memory_bytes", s.memory_bytes},
                 {"file_bytes", s.file_bytes}});
}

std::optional<AttemptSettings> attempt_settings_from(std::string_view json) {
    Json document = Json::parse(json, nullptr, false);
    if (!document.is_object()) return std::nullopt;
    AttemptSettings s;
    s.sim_id = member<std::string>(document, "sim_id", "");
    s.path_prefix = member<std::string>(document, "path_prefix", "");
    s.program_name = member<std::string>(document, "program_name", "");
    s.ffmpeg = member<std::string>(document, "ffmpeg", "ffmpeg");
    s.camotics = member<std::string>(document, "camotics", "");
    s.timeout_s = member<double>(document, "timeout_s", s.timeout_s);
    s.threads = member<int>(document, "threads", 1);
    s.memory_bytes = member<int64_t>(document, "memory_bytes", 0);
    s.file_bytes = member<int64_t>(document, "file_bytes", 0);
    return s;
}

std::string to_json(const AttemptOutcome& outcome) {
    Json document{{"status", outcome.status},
                  {"collision_count", outcome.collision_count},
                  {"collision_message", outcome.collision_message},
                  {"frames_count", outcome.frames_count}};
    if (!outcome.error_code.empty())
        document["error"] = {{"code", outcome.error_code}, {"message", outcome.error_message}, {"transient", outcome.transient}};
    if (!outcome.cmx_path.empty()) document["camotics"] = {{"cmx_path", outcome.cmx_path}, {"exit_code", outcome.camotics_exit_code}};
    document["stages"] = Json::array();
    for (const StageTime& stage : outcome.stages) document["stages"].push_back({{"stage", stage.stage}, {"seconds", stage.seconds}});
    return dump(document);
}

std::optional<AttemptOutcome> attempt_outcome_from(std::string_view json) {
    Json document = Json::parse(json, nullptr, false);
    if (!document.is_object()) return std::nullopt;
    AttemptOutcome outcome;
    outcome.status = member<std::string>(document, "status", "");
    if (outcome.status != "succeeded" && outcome.status != "warning" && outcome.status != "failed") return std::nullopt;
    if (auto error = document.find("error"); error != document.end() && error->is_object()) {
        outcome.error_code = member<std::string>(*error, "code", "");
        outcome.error_message = member<std::string>(*error, "message", "");
        outcome.transient = member<bool>(*error, "transient", false);
    }
    if (auto camotics = document.find("camotics"); camotics != document.end() && camotics->is_object()) {
        outcome.cmx_path = member<std::string>(*camotics, "cmx_path", "");
        outcome.camotics_exit_code = member<int>(*camotics, "exit_code", -1);
    }
    if ((outcome.status == "failed") != !outcome.error_code.empty()) return std::nullopt;
    outcome.collision_count = member<int64_t>(document, "collision_count", 0);
    outcome.collision_message = member<std::string>(document, "collision_message", "");
    outcome.frames_count = member<int64_t>(document, "frames_count", 0);
    if (auto stages = document.find("stages"); stages != document.end() && stages->is_array())
        for (const Json& stage : *stages)
            if (stage.is_object() && outcome.stages.size() < 16)
                outcome.stages.push_back({member<std::string>(stage, "stage", ""), member<double>(stage, "seconds", 0.0)});
    return outcome;
}

OpenedFile::OpenedFile(OpenedFile&& other) noexcept : descriptor(std::exchange(other.descriptor, -1)), size_bytes(other.size_bytes) {}
OpenedFile::~OpenedFile() {
    if (descriptor >= 0) ::close(descriptor);
}

OpenFolder::OpenFolder(OpenFolder&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
OpenFolder::~OpenFolder() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<OpenFolder> OpenFolder::open(const std::string& path) {
    OpenFolder folder;
    folder.descriptor_ = open_folder(path);
    if (folder.descriptor_ < 0) return folder_error("the folder " + path + " cannot be opened");
    return folder;
}

Result<OpenedFile> OpenFolder::open_file(const std::string& name) const {
    OpenedFile file;
    file.descriptor = open_beneath(descriptor_, name, O_RDONLY);
    if (file.descriptor < 0) return folder_error(name + " cannot be opened");
    struct stat status {};
    if (::fstat(file.descriptor, &status) != 0) return folder_error(name);
    if (!S_ISREG(status.st_mode)) return make_error(ErrorCode::kIo, name + " is no regular file");
    if (status.st_nlink != 1) return make_error(ErrorCode::kIo, name + " is a second name of another file");
    file.size_bytes = status.st_size;
    return file;
}

Result<std::string> OpenFolder::read(const std::string& name, int64_t max_bytes) const {
    OpenedFile file = TRY(open_file(name));
    if (file.size_bytes > max_bytes) return make_error(ErrorCode::kIo, name + " is larger than " + std::to_string(max_bytes) + " bytes");
    std::string text(static_cast<size_t>(file.size_bytes), '\0');
    size_t got = 0;
    while (got < text.size()) {
        ssize_t n = ::read(file.descriptor, text.data() + got, text.size() - got);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return folder_error(name + " cannot be read");
        got += static_cast<size_t>(n);
    }
    return text;
}

std::vector<std::string> OpenFolder::list(const std::string& folder, size_t max_names) const {
    std::vector<std::string> names;
    int descriptor = open_beneath(descriptor_, folder, O_RDONLY | O_DIRECTORY);
    if (descriptor >= 0) list_into(descriptor, "", 0, max_names, names);
    std::sort(names.begin(), names.end());
    return names;
}

bool remove_folder(const std::string& path) {
    walk(open_folder(path), 0, true, [](int folder, const char* name, const struct stat& status) {
        ::unlinkat(folder, name, S_ISDIR(status.st_mode) ? AT_REMOVEDIR : 0);
    });
    return ::rmdir(path.c_str()) == 0 || errno == ENOENT || (errno == ENOTDIR && ::unlink(path.c_str()) == 0);
}

int64_t disk_usage_bytes(const std::string& path) {
    int64_t bytes = 0;
    walk(open_folder(path), 0, false, [&](int, const char*, const struct stat& status) { bytes += int64_t{status.st_blocks} * 512; });
    return bytes;
}

}  // namespace proveout
