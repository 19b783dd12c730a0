#include "main/janitor.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "domain/ids.h"

namespace proveout {

namespace {

// A dead worker's run starts elsewhere within its lease and this.
constexpr auto kLeaseInterval = std::chrono::seconds(5);
constexpr int kLeaseRoundsPerCleanUp = 60;
constexpr int kRunsAtOnce = 200;

class JanitorThread : public Janitor {
  public:
    JanitorThread(const Options& options, Database& database, ArtefactStore& store, Log& log)
        : options_(options), database_(database), store_(store), log_(log), thread_([this] { run(); }) {}

    ~JanitorThread() override {
        {
            std::lock_guard lock(mutex_);
            stop_ = true;
        }
        stopped_.notify_all();
        thread_.join();
    }

  private:
    void run() {
        for (int round = 0;; ++round) {
            if (auto released = database_.release_expired(); released && *released > 0)
                log_.warning("runs of workers that are gone were given back", {{"runs", int64_t{*released}}});
            if (round % kLeaseRoundsPerCleanUp == 0) clean_up();
            std::unique_lock lock(mutex_);
            if (stopped_.wait_for(lock, kLeaseInterval, [this] { return stop_; })) return;
        }
    }

    // Every step may fail for now; runs whose files or record are left are found again in the next round.
    void clean_up() {
        if (auto expired = database_.expired_runs(options_.retention_days, kRunsAtOnce))
            for (const std::string& sim_id : *expired)
                // The files first: while the record is there, the run is found again.
                if (store_.remove_folder(run_folder(options_.object_prefix, sim_id))) (void)database_.delete_run("", sim_id);
        if (auto dead = database_.take_dead_uploads(options_.retention_days))
            for (const std::string& upload_id : *dead) (void)store_.remove(upload_key(options_.object_prefix, upload_id));
        (void)database_.forget_expired();
    }

    Options options_;
    Database& database_;
    ArtefactStore& store_;
    Log& log_;
    std::mutex mutex_;
    std::condition_variable stopped_;
    bool stop_ = false;
    std::thread thread_;  // last: it uses what stands above
};

}  // namespace

std::unique_ptr<Janitor> Janitor::start(const Options& options, Database& database, ArtefactStore& store, Log& log) {
    return std::make_unique<JanitorThread>(options, database, store, log);
}

}  // namespace proveout
