#include <mutex>

#include "auth/auth.h"
#include "auth/watched_file.h"

namespace proveout {

namespace {

class WatchedKeys : public KeyFile {
  public:
    WatchedKeys(const std::string& path, bool allow_hs256) : file_(path), allow_hs256_(allow_hs256) {}

    Status look() {
        std::lock_guard lock(mutex_);
        look_locked();
        return warning_.empty() ? Status(Unit{}) : make_error(ErrorCode::kInvalidInput, warning_);
    }
    KeySet keys() override {
        std::lock_guard lock(mutex_);
        look_locked();
        return keys_;
    }
    std::string warning() const override {
        std::lock_guard lock(mutex_);
        return warning_;
    }

  private:
    void look_locked() {
        auto change = file_.poll(steady_ms());
        if (!change) return;
        if (!*change) {
            warning_ = change->error().message;
            return;
        }
        auto parsed = KeySet::parse(**change, allow_hs256_);
        warning_ = parsed ? "" : file_.path() + ": " + parsed.error().message;
        if (parsed) keys_ = std::move(*parsed);
    }

    mutable std::mutex mutex_;
    WatchedFile file_;
    bool allow_hs256_;
    KeySet keys_;
    std::string warning_;
};

}  // namespace

Result<std::unique_ptr<KeyFile>> KeyFile::open(const std::string& path, bool allow_hs256) {
    auto file = std::make_unique<WatchedKeys>(path, allow_hs256);
    TRY(file->look());
    return std::unique_ptr<KeyFile>(std::move(file));
}

}  // namespace proveout
