// Below the root:
//   simulations/sim_.../out.mp4 ...        published, with .manifest beside the files
//   uploads/upl_...                        whole objects
//   .staged/simulations~sim_...~f3/out.mp4 what the attempt under fence 3 has brought so far
//   .parts/  .trash/                       objects being written, folders being removed
#include "store/local.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <mutex>

#include "domain/ids.h"
#include "store/disk.h"
#include "store/links.h"

namespace proveout {

namespace {

constexpr const char* kManifest = ".manifest";
constexpr int64_t kManifestMost_bytes = 1 << 20;
constexpr int64_t kPartKept_s = 3600;  // longer than any upload takes
constexpr size_t kLeastKey_bytes = 32;

std::string staged_name(const std::string& prefix, int64_t fence) {
    std::string name = prefix;
    std::replace(name.begin(), name.end(), '/', '~');  // not in keys
    return name + "~f" + std::to_string(fence);
}

bool parse_staged(const std::string& name, std::string& prefix, int64_t& fence) {
    size_t at = name.rfind("~f");
    if (at == std::string::npos) return false;
    auto [end, fault] = std::from_chars(name.data() + at + 2, name.data() + name.size(), fence);
    prefix = name.substr(0, at);
    std::replace(prefix.begin(), prefix.end(), '~', '/');
    return fault == std::errc() && end == name.data() + name.size();
}

// Lines "fence N" and "SHA256 NAME"; the last line of a name counts.
struct Manifest {
    int64_t fence = 0;
    std::vector<std::pair<std::string, std::string>> sums;  // name, sha256
    std::string sha256_of(const std::string& name) const {
        for (size_t i = sums.size(); i-- > 0;)
            if (sums[i].first == name) return sums[i].second;
        return {};
    }
};

Manifest read_manifest(int folder) {
    Manifest manifest;
    auto text = read_file(folder, kManifest, kManifestMost_bytes);
    std::string_view rest = text.ok() ? std::string_view(*text) : std::string_view();
    while (!rest.empty()) {
        size_t end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        size_t space = line.find(' ');
        if (space != std::string_view::npos && line.starts_with("fence "))
            std::from_chars(line.data() + space + 1, line.data() + line.size(), manifest.fence);
        else if (space != std::string_view::npos)
            manifest.sums.emplace_back(line.substr(space + 1), line.substr(0, space));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return manifest;
}

Status check_key(std::string_view key) {
    if (!is_object_key(key)) return make_error(ErrorCode::kIo, "not a key of the store: " + std::string(key));
    return Unit{};
}

class LocalStoreImpl : public LocalStore {
  public:
    LocalStoreImpl(LocalStoreOptions options, Descriptor root) : options_(std::move(options)), root_(std::move(root)) {}

    Result<std::string> check() override {
        Descriptor parts = TRY(open_folder(root_.get(), ".parts", true));
        std::string name = "check-" + random_hex(8);
        Status written = write_file(parts.get(), name, "x", false);
        can_exchange_ = renameat2(parts.get(), name.c_str(), parts.get(), name.c_str(), RENAME_EXCHANGE) == 0 || errno != EINVAL;
        unlinkat(parts.get(), name.c_str(), 0);
        if (!written.ok()) return make_error(ErrorCode::kIo, options_.root + " is not writable (" + written.error().message + ")");
        return "files in " + options_.root;
    }

    Status stage(const std::string& prefix, int64_t fence, const std::string& name, const std::string& file, const std::string& sha256,
                 const std::string&) override {
        TRY(check_key(prefix));
        TRY(check_key(name));
        int64_t size = 0;
        Descriptor source = TRY(open_source(file, size));
        std::string attempt = ".staged/" + staged_name(prefix, fence);
        Descriptor base = TRY(open_folder(root_.get(), attempt, true));
        Descriptor folder = TRY(open_folder(base.get(), folder_of_key(name), true));
        unlinkat(folder.get(), name_of_key(name).c_str(), 0);
        TRY(copy_into(source.get(), folder.get(), name_of_key(name), sha256, true));
        return write_file(base.get(), kManifest,
                          "fence " + std::to_string(fence) + "\n" + (sha256.empty() ? "-" : sha256) + " " + name + "\n", true);
    }

    Status publish(const std::string& prefix, int64_t fence, const std::vector<std::string>& names) override {
        TRY(check_key(prefix));
        std::lock_guard hold(publish_mutex_);
        auto there = open_folder(root_.get(), prefix, false);
        int64_t published = there.ok() ? read_manifest(there->get()).fence : -1;
        if (published > fence) return make_error(ErrorCode::kIo, "a later attempt has published its artefacts");
        std::string attempt = staged_name(prefix, fence);
        auto base = open_folder(root_.get(), ".staged/" + attempt, false);
        if (!base.ok()) return published == fence || names.empty() ? Status(Unit{}) : Status(base.error());
        for (const std::string& name : names) {
            int64_t size = 0;
            TRY(check_key(name));
            TRY(open_file(base->get(), name, size));
        }
        for (const std::string& file : files_below(base->get()))
            if (file != kManifest && std::find(names.begin(), names.end(), file) == names.end()) unlinkat(base->get(), file.c_str(), 0);
        TRY(sync_folders(base->get()));
        Descriptor staged = TRY(open_folder(root_.get(), ".staged", false));
        Descriptor parent = TRY(open_folder(root_.get(), folder_of_key(prefix), true));
        std::string final_name = name_of_key(prefix);
        if (there.ok() && !can_exchange_) TRY(trash(prefix));
        unsigned how = there.ok() && can_exchange_ ? RENAME_EXCHANGE : 0;
        if (renameat2(staged.get(), attempt.c_str(), parent.get(), final_name.c_str(), how) != 0)
            return io_error("cannot publish " + prefix);
        TRY(sync_descriptor(parent.get(), prefix));
        if (there.ok()) remove_tree(staged.get(), attempt);
        return Unit{};
    }

    Status discard(const std::string& prefix, int64_t fence) override {
        TRY(check_key(prefix));
        return trash(".staged/" + staged_name(prefix, fence));
    }

    Status put(const std::string& key, const std::string& file, const std::string& sha256, const std::string&) override {
        TRY(check_key(key));
        int64_t size = 0;
        Descriptor source = TRY(open_source(file, size));
        Descriptor parts = TRY(open_folder(root_.get(), ".parts", true));
        Descriptor folder = TRY(open_folder(root_.get(), folder_of_key(key), true));
        std::string part = "part-" + random_hex(8);
        Status copied = copy_into(source.get(), parts.get(), part, sha256, true);
        if (copied.ok() && renameat(parts.get(), part.c_str(), folder.get(), name_of_key(key).c_str()) != 0)
            copied = io_error("cannot store " + key);
        if (!copied.ok()) {
            unlinkat(parts.get(), part.c_str(), 0);
            return copied;
        }
        return sync_descriptor(folder.get(), key);
    }

    Status get(const std::string& key, const std::string& file) override {
        TRY(check_key(key));
        int64_t size = 0;
        Descriptor source = TRY(open_file(root_.get(), key, size));
        return copy_into(source.get(), AT_FDCWD, file, {}, false);
    }

    Status remove(const std::string& key) override {
        TRY(check_key(key));
        auto folder = open_folder(root_.get(), folder_of_key(key), false);
        if (!folder.ok()) return Unit{};
        if (unlinkat(folder->get(), name_of_key(key).c_str(), 0) != 0 && errno != ENOENT) return io_error("cannot remove " + key);
        return Unit{};
    }

    Status remove_folder(const std::string& prefix) override {
        TRY(check_key(prefix));
        TRY(trash(prefix));
        auto staged = open_folder(root_.get(), ".staged", false);
        if (!staged.ok()) return Unit{};
        for (const std::string& name : names_in(staged->get())) {
            std::string of;
            int64_t fence = 0;
            if (parse_staged(name, of, fence) && of == prefix) TRY(trash(".staged/" + name));
        }
        return Unit{};
    }

    Result<std::string> link(const std::string& key, const LinkOptions& options) override {
        TRY(check_key(key));
        return options_.public_url + signed_target(key, options, options_.key, options_.clock());
    }

    LinkFault open_link(const std::string& path, const std::string& query, SignedFile& out) override {
        auto claims = verify_target(path, query, options_.key, options_.clock());
        if (!claims || !is_object_key(claims->key)) return LinkFault::kForbidden;
        auto folder = open_folder(root_.get(), folder_of_key(claims->key), false);
        int64_t size = 0;
        if (!folder.ok() || !open_file(folder->get(), name_of_key(claims->key), size).ok()) return LinkFault::kNotFound;
        out.path = options_.root + "/" + claims->key;
        out.size_bytes = size;
        out.filename = claims->options.filename;
        out.content_type = claims->options.content_type;
        out.attachment = claims->options.attachment;
        out.sha256 = sha256_of(claims->key);
        return LinkFault::kNone;
    }

    Status sweep(const std::function<bool(const std::string& prefix, int64_t fence)>& live) override {
        auto staged = open_folder(root_.get(), ".staged", false);
        for (const std::string& name : staged.ok() ? names_in(staged->get()) : std::vector<std::string>()) {
            std::string prefix;
            int64_t fence = 0;
            if (!parse_staged(name, prefix, fence) || !live(prefix, fence)) remove_tree(staged->get(), name);
        }
        auto trashed = open_folder(root_.get(), ".trash", false);
        for (const std::string& name : trashed.ok() ? names_in(trashed->get()) : std::vector<std::string>())
            remove_tree(trashed->get(), name);
        auto parts = open_folder(root_.get(), ".parts", false);
        for (const std::string& name : parts.ok() ? names_in(parts->get()) : std::vector<std::string>()) {
            struct stat info {};
            bool there = fstatat(parts->get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
            if (there && info.st_mtime < wall_ms() / 1000 - kPartKept_s) unlinkat(parts->get(), name.c_str(), 0);
        }
        return Unit{};
    }

  private:
    // Out of sight at once, then gone: a link never sees half a folder.
    Status trash(const std::string& path) {
        auto parent = open_folder(root_.get(), folder_of_key(path), false);
        if (!parent.ok()) return Unit{};
        Descriptor bin = TRY(open_folder(root_.get(), ".trash", true));
        std::string name = random_hex(8);
        if (renameat(parent->get(), name_of_key(path).c_str(), bin.get(), name.c_str()) != 0)
            return errno == ENOENT ? Status(Unit{}) : Status(io_error("cannot remove " + path));
        TRY(sync_descriptor(parent->get(), path));
        remove_tree(bin.get(), name);
        return Unit{};
    }

    // The checksum is in the manifest of the run's folder, which lies at or above the file.
    std::string sha256_of(const std::string& key) const {
        std::string name = name_of_key(key);
        for (std::string folder = folder_of_key(key); !folder.empty(); folder = folder_of_key(folder)) {
            auto opened = open_folder(root_.get(), folder, false);
            std::string sum = opened.ok() ? read_manifest(opened->get()).sha256_of(name) : std::string();
            if (!sum.empty()) return sum == "-" ? std::string() : sum;
            name = name_of_key(folder) + "/" + name;
        }
        return {};
    }

    LocalStoreOptions options_;
    Descriptor root_;
    std::mutex publish_mutex_;
    std::atomic<bool> can_exchange_ = true;  // folders, in one step
};

}  // namespace

Result<std::unique_ptr<LocalStore>> open_local_store(const LocalStoreOptions& options) {
    if (options.key.size() < kLeastKey_bytes) return make_error(ErrorCode::kInvalidInput, "the key of signed links has less than 32 bytes");
    std::error_code fault;
    if (std::filesystem::create_directories(options.root, fault)) chmod(options.root.c_str(), 0700);
    Descriptor root(open(options.root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!root) return io_error("cannot open the artefact store " + options.root);
    auto store = std::make_unique<LocalStoreImpl>(options, std::move(root));
    TRY(store->check());
    return std::unique_ptr<LocalStore>(std::move(store));
}

}  // namespace proveout
