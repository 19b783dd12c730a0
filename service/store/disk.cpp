#include "store/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "files/digest.h"
#include "files/files.h"

namespace proveout {

namespace {

constexpr size_t kCopy_bytes = 1 << 20;
constexpr size_t kMostFiles = 1000;  // of one run
constexpr mode_t kFileMode = 0600, kFolderMode = 0700;

Status check_plain(int descriptor, const std::string& what, int64_t& size_bytes) {
    struct stat info {};
    if (fstat(descriptor, &info) != 0) return io_error(what);
    if (!S_ISREG(info.st_mode)) return make_error(ErrorCode::kIo, what + " is not a plain file");
    size_bytes = info.st_size;
    return Unit{};
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
}

Descriptor::~Descriptor() {
    if (number_ >= 0) close(number_);
}

int Descriptor::release() { return std::exchange(number_, -1); }

Error io_error(const std::string& what) { return make_error(ErrorCode::kIo, what + ": " + std::strerror(errno)); }

bool is_object_key(std::string_view key) {
    if (key.empty() || key.back() == '/') return false;
    bool start = true;
    for (char c : key) {
        bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
        if (start ? !allowed : !allowed && c != '.' && c != '/') return false;
        start = c == '/';
    }
    return true;
}

std::string folder_of_key(const std::string& key) {
    size_t slash = key.rfind('/');
    return slash == std::string::npos ? std::string() : key.substr(0, slash);
}

std::string name_of_key(const std::string& key) {
    size_t slash = key.rfind('/');
    return slash == std::string::npos ? key : key.substr(slash + 1);
}

Result<Descriptor> open_folder(int root, const std::string& path, bool make) {
    Descriptor folder(openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder) return io_error("cannot open the store's folder");
    for (size_t at = 0; at < path.size();) {
        size_t end = std::min(path.find('/', at), path.size());
        std::string part = path.substr(at, end - at);
        if (make && mkdirat(folder.get(), part.c_str(), kFolderMode) == 0) {
            TRY(sync_descriptor(folder.get(), path));  // the new entry
        } else if (make && errno != EEXIST) {
            return io_error("cannot make " + path);
        }
        Descriptor next(openat(folder.get(), part.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!next) return io_error("cannot open " + path);
        folder = std::move(next);
        at = end + 1;
    }
    return folder;
}

Result<Descriptor> open_file(int root, const std::string& path, int64_t& size_bytes) {
    Descriptor folder = TRY(open_folder(root, folder_of_key(path), false));
    Descriptor file(openat(folder.get(), name_of_key(path).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) return io_error("cannot open " + path);
    TRY(check_plain(file.get(), path, size_bytes));
    return file;
}

Result<Descriptor> open_source(const std::string& path, int64_t& size_bytes) {
    Descriptor file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) return io_error("cannot open " + path);
    TRY(check_plain(file.get(), path, size_bytes));
    return file;
}

namespace {

Status copy_all(int source, Descriptor target, const std::string& name, const std::string& sha256, bool durable) {
    Sha256 digest;
    std::vector<char> buffer(kCopy_bytes);
    while (true) {
        ssize_t got = read(source, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return io_error("cannot read what becomes " + name);
        if (got == 0) break;
        std::string_view piece(buffer.data(), static_cast<size_t>(got));
        if (!sha256.empty()) digest.add(piece);
        if (!write_all(target.get(), piece)) return io_error("cannot write");
    }
    if (!sha256.empty() && hex(digest.finish()) != sha256)
        return make_error(ErrorCode::kIo, name + " has changed since its checksum was taken");
    if (durable) TRY(sync_descriptor(target.get(), name));
    if (close(target.release()) != 0) return io_error("cannot close " + name);
    return Unit{};
}

}  // namespace

Status copy_into(int source, int folder, const std::string& name, const std::string& sha256, bool durable) {
    Descriptor target(openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kFileMode));
    if (!target) return io_error("cannot make " + name);
    Status copied = copy_all(source, std::move(target), name, sha256, durable);
    if (!copied.ok()) unlinkat(folder, name.c_str(), 0);  // or the next try would find it there
    return copied;
}

Status write_file(int folder, const std::string& name, std::string_view text, bool append) {
    int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | (append ? O_APPEND : O_TRUNC);
    Descriptor file(openat(folder, name.c_str(), flags, kFileMode));
    if (!file) return io_error("cannot write " + name);
    if (!write_all(file.get(), text)) return io_error("cannot write");
    return sync_descriptor(file.get(), name);
}

Result<std::string> read_file(int folder, const std::string& name, int64_t most_bytes) {
    int64_t size = 0;
    Descriptor file = TRY(open_file(folder, name, size));
    std::string text(static_cast<size_t>(std::min(size, most_bytes)), '\0');
    for (size_t at = 0; at < text.size();) {
        ssize_t got = read(file.get(), text.data() + at, text.size() - at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return io_error("cannot read " + name);
        at += static_cast<size_t>(got);
    }
    return text;
}

// A failed fsync is never tried again: the kernel may have dropped the pages and would call the second one a success.
Status sync_descriptor(int descriptor, const std::string& what) {
    if (fsync(descriptor) != 0) return io_error("cannot put " + what + " on the disk");
    return Unit{};
}

std::vector<std::string> names_in(int folder) {
    std::vector<std::string> names;
    DIR* stream = fdopendir(openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!stream) return names;
    while (dirent* entry = readdir(stream)) {
        std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(name);
    }
    closedir(stream);
    std::sort(names.begin(), names.end());
    return names;
}

Status sync_folders(int folder) {
    for (const std::string& name : names_in(folder)) {
        Descriptor inner(openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (inner) TRY(sync_folders(inner.get()));
    }
    return sync_descriptor(folder, "a folder");
}

std::vector<std::string> files_below(int folder, const std::string& prefix) {
    std::vector<std::string> files;
    for (const std::string& name : names_in(folder)) {
        if (files.size() >= kMostFiles) break;
        Descriptor inner(openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        if (!inner) {
            files.push_back(prefix + name);
            continue;
        }
        for (std::string& below : files_below(inner.get(), prefix + name + "/")) files.push_back(std::move(below));
    }
    return files;
}

void remove_tree(int folder, const std::string& name) {
    if (unlinkat(folder, name.c_str(), 0) == 0) return;
    Descriptor inner(openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!inner) return;
    for (const std::string& below : names_in(inner.get())) remove_tree(inner.get(), below);
    unlinkat(folder, name.c_str(), AT_REMOVEDIR);
}

}  // namespace proveout
