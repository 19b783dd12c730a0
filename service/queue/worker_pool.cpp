#include "queue/worker_pool.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <list>
#include <mutex>
#include <thread>

#include "domain/ids.h"
#include "queue/active_run.h"
#include "queue/execute.h"
#include "runner/limits.h"
#include "runner/workspace.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;

constexpr auto kPollInterval = std::chrono::seconds(1);  // what no wake() told
constexpr auto kKeepInterval = std::chrono::milliseconds(200);
constexpr auto kSweepInterval = std::chrono::seconds(600);
constexpr double kMemoryShare = 0.9;
constexpr int64_t kLeastMemory_bytes = int64_t{1} << 30;

// "sim_...-3": a run's id and a fence.
bool is_workspace_name(std::string_view name) {
    size_t hyphen = name.rfind('-');
    return hyphen != std::string_view::npos && is_id("sim", name.substr(0, hyphen)) && hyphen + 1 < name.size() &&
           name.find_first_not_of("0123456789", hyphen + 1) == std::string_view::npos;
}

// Workspaces that are in SIM_TMP_DIR at the start are nobody's. Whatever else is there is not ours.
Status clear_workspaces(const std::string& path) {
    std::error_code failure;
    if (fs::create_directories(path, failure) && !failure) ::chmod(path.c_str(), 0700);
    if (failure || ::access(path.c_str(), W_OK | X_OK) != 0)
        return make_error(ErrorCode::kIo, path + " cannot be written; set SIM_TMP_DIR to a directory that can");
    for (const auto& entry : fs::directory_iterator(path, failure))
        if (is_workspace_name(entry.path().filename().string())) remove_folder(entry.path().string());
    return Unit{};
}

int64_t memory_share_bytes(int slots) {
    int64_t machine = int64_t{::sysconf(_SC_PHYS_PAGES)} * ::sysconf(_SC_PAGESIZE);
    auto share = static_cast<int64_t>(kMemoryShare * static_cast<double>(machine) / std::max(1, slots));
    return std::clamp(share, kLeastMemory_bytes, kRunMemory_bytes);
}

class Pool : public WorkerPool {
  public:
    Pool(const WorkerPoolOptions& options, Database& database, ArtefactStore& store, LicenseGuard& guard, Log& log, Metrics& metrics)
        : options_(options),
          database_(database),
          store_(store),
          guard_(guard),
          log_(log),
          metrics_(metrics),
          shop_{options_, database, store, log, metrics, memory_share_bytes(options.slots)} {
        sweeper_ = std::thread([this] { sweep(); });
        for (int slot = 0; slot < options_.slots; ++slot) slots_.emplace_back([this] { work(); });
    }

    ~Pool() override {
        drain(0);
        {
            std::lock_guard lock(mutex_);
            ending_ = true;
        }
        changed_.notify_all();
        sweeper_.join();
        for (std::thread& slot : slots_) slot.join();
    }

    void wake() override {
        {
            std::lock_guard lock(mutex_);
            ++wakes_;
        }
        changed_.notify_all();
    }

    int running() const override {
        std::lock_guard lock(mutex_);
        return static_cast<int>(active_.size());
    }

    void drain(double grace_s) override {
        std::unique_lock lock(mutex_);
        draining_ = true;
        changed_.notify_all();
        auto none_left = [&] { return active_.empty() && claiming_ == 0; };
        idle_.wait_for(lock, std::chrono::duration<double>(grace_s), none_left);
        while (!none_left()) {
            for (const auto& run : active_) run->ask_to_leave(Leave::kShutdown);
            idle_.wait_for(lock, kKeepInterval, none_left);
        }
    }

  private:
    void work() {
        uint64_t seen = 0;
        while (true) {
            {
                std::unique_lock lock(mutex_);
                changed_.wait_for(lock, kPollInterval, [&] { return draining_ || wakes_ != seen; });
                seen = wakes_;
            }
            while (work_on_one()) {
            }
            std::unique_lock lock(mutex_);
            if (draining_) {
                changed_.wait(lock, [&] { return ending_; });  // children die with the thread that started them
                return;
            }
        }
    }

    // False: nothing to do.
    bool work_on_one() {
        {
            std::lock_guard lock(mutex_);
            if (draining_) return false;
            ++claiming_;
        }
        std::optional<ClaimedRun> claimed = claim();
        if (!claimed) {
            std::lock_guard lock(mutex_);
            --claiming_;
            idle_.notify_all();
            return false;
        }
        auto active = std::make_shared<ActiveRun>(*claimed, database_, options_.lease_s);
        {
            std::lock_guard lock(mutex_);
            active_.push_back(active);
            --claiming_;
        }
        std::thread keeper([this, active] { keep(active); });
        execute(shop_, *claimed, *active);
        {
            std::lock_guard lock(mutex_);
            active_.remove(active);
        }
        idle_.notify_all();
        changed_.notify_all();
        keeper.join();
        return true;
    }

    std::optional<ClaimedRun> claim() {
        LicenseAnswer license = guard_.check();
        tell_license(license);
        if (!license.valid() || license.license.concurrent_runs.value_or(1) <= 0) return std::nullopt;
        auto claimed = database_.claim(options_.owner, options_.lease_s, license.license.concurrent_runs.value_or(0));
        if (!claimed) return std::nullopt;
        return std::move(*claimed);
    }

    // Once per change.
    void tell_license(const LicenseAnswer& answer) {
        std::lock_guard lock(mutex_);
        if (answer.reason == last_license_) return;
        last_license_ = answer.reason;
        if (answer.valid())
            log_.info("the licence is valid: queued runs go on");
        else
            log_.warning("queued runs wait: " + answer.message, {{"reason", std::string(name_of(answer.reason))}});
    }

    // Heartbeats of one run until its very end, also while draining. A thread for each run: a database call that stalls costs no other
    // run its lease.
    void keep(const std::shared_ptr<ActiveRun>& run) {
        std::unique_lock lock(mutex_);
        uint64_t seen = wakes_;
        auto ended = [&] { return std::find(active_.begin(), active_.end(), run) == active_.end(); };
        for (bool woken = false; !ended(); seen = wakes_) {
            lock.unlock();  // the database may call wake()
            run->keep(woken);
            lock.lock();
            woken = changed_.wait_for(lock, kKeepInterval, [&] { return wakes_ != seen || ended(); });
        }
    }

    // A store that is slow is waited for here alone.
    void sweep() {
        std::unique_lock lock(mutex_);
        while (!ending_) {
            lock.unlock();
            (void)store_.sweep([this](const std::string& prefix, int64_t) { return is_live(prefix); });
            lock.lock();
            changed_.wait_for(lock, kSweepInterval, [this] { return ending_; });
        }
    }

    // prefix: "…/simulations/sim_...". What cannot be asked counts as live, and everything once the service ends.
    bool is_live(const std::string& prefix) {
        {
            std::lock_guard lock(mutex_);
            if (ending_) return true;
        }
        auto run = database_.get_run("", prefix.substr(prefix.rfind('/') + 1), false);
        return !run || (*run && (*run)->status == RunStatus::kRunning);
    }

    const WorkerPoolOptions options_;
    Database& database_;
    ArtefactStore& store_;
    LicenseGuard& guard_;
    Log& log_;
    Metrics& metrics_;
    const Workshop shop_;
    mutable std::mutex mutex_;
    std::condition_variable changed_, idle_;
    uint64_t wakes_ = 0;
    bool draining_ = false, ending_ = false;
    int claiming_ = 0;
    std::list<std::shared_ptr<ActiveRun>> active_;
    LicenseReason last_license_ = LicenseReason::kValid;
    std::thread sweeper_;
    std::vector<std::thread> slots_;
};

}  // namespace

Result<std::unique_ptr<WorkerPool>> WorkerPool::start(const WorkerPoolOptions& options, Database& database, ArtefactStore& store,
                                                      LicenseGuard& guard, Log& log, Metrics& metrics) {
    TRY(clear_workspaces(options.workspace_root));
    return std::unique_ptr<WorkerPool>(std::make_unique<Pool>(options, database, store, guard, log, metrics));
}

}  // namespace proveout
