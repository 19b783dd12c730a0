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

#include "queue/active_run.h"
#include "queue/execute.h"
#include "runner/limits.h"
#include "runner/workspace.h"

namespace proveout {

namespace {

namespace fs = std::filesystem;

constexpr auto kPollInterval = std::chrono::seconds(1);  // what no wake() told
constexpr auto kKeepInterval = std::chrono::milliseconds(200);
constexpr int64_t kGauges_ms = 1000, kSweep_ms = 600'000;
constexpr double kMemoryShare = 0.9;
constexpr int64_t kLeastMemory_bytes = int64_t{1} << 30;

// SIM_TMP_DIR holds nothing but workspaces of running runs: what is there at the start is nobody's.
Status empty_folder(const std::string& path) {
    std::error_code failure;
    fs::create_directories(path, failure);
    if (!failure) ::chmod(path.c_str(), 0700);
    if (failure || ::access(path.c_str(), W_OK | X_OK) != 0)
        return make_error(ErrorCode::kIo, path + " cannot be written; set SIM_TMP_DIR to a directory that can");
    for (const auto& entry : fs::directory_iterator(path, failure)) remove_folder(entry.path().string());
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
        keeper_ = std::thread([this] { keep(); });
        for (int slot = 0; slot < options_.slots; ++slot) slots_.emplace_back([this] { work(); });
    }

    ~Pool() override {
        drain(0);
        {
            std::lock_guard lock(mutex_);
            ending_ = true;
        }
        changed_.notify_all();
        keeper_.join();
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
        execute(shop_, *claimed, *active);
        std::lock_guard lock(mutex_);
        active_.remove(active);
        idle_.notify_all();
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

    // Heartbeats until the very end, also while draining.
    void keep() {
        uint64_t seen = 0;
        int64_t next_gauges_ms = 0, next_sweep_ms = 0;
        std::unique_lock lock(mutex_);
        while (!ending_) {
            bool woken = wakes_ != seen;
            seen = wakes_;
            std::list<std::shared_ptr<ActiveRun>> runs = active_;
            lock.unlock();  // the database may call wake()
            for (const auto& run : runs) run->keep(woken);
            if (steady_ms() >= next_gauges_ms) {
                next_gauges_ms = steady_ms() + kGauges_ms;
                metrics_.running_jobs(static_cast<int64_t>(runs.size()));
                if (auto queued = database_.queued_runs()) metrics_.queue_depth(*queued);
            }
            if (steady_ms() >= next_sweep_ms) {
                next_sweep_ms = steady_ms() + kSweep_ms;
                (void)store_.sweep([this](const std::string& prefix, int64_t fence) { return is_live(prefix, fence); });
            }
            lock.lock();
            changed_.wait_for(lock, kKeepInterval, [&] { return ending_ || wakes_ != seen; });
        }
    }

    // prefix: "…/simulations/sim_...". What cannot be asked counts as live.
    bool is_live(const std::string& prefix, int64_t) {
        auto run = database_.get_run("", prefix.substr(prefix.rfind('/') + 1));
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
    std::thread keeper_;
    std::vector<std::thread> slots_;
};

}  // namespace

Result<std::unique_ptr<WorkerPool>> WorkerPool::start(const WorkerPoolOptions& options, Database& database, ArtefactStore& store,
                                                      LicenseGuard& guard, Log& log, Metrics& metrics) {
    TRY(empty_folder(options.workspace_root));
    return std::unique_ptr<WorkerPool>(std::make_unique<Pool>(options, database, store, guard, log, metrics));
}

}  // namespace proveout
