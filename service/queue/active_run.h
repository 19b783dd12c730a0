// active_run.h -- one claimed run while this process works on it: its lease, its progress, and why it should end. Private to queue/.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "db/database.h"
#include "domain/clock.h"

namespace proveout {

enum class Leave : int { kNone, kCancelled, kLost, kShutdown };  // the first that comes counts

// The slot's thread moves it on, its keeper's thread renews its lease and tells that it lives; neither waits for the other's calls.
class ActiveRun {
  public:
    ActiveRun(const ClaimedRun& claimed, Database& database, double lease_s);

    const std::string sim_id;
    const int64_t fence;
    std::atomic<int> stop{0};  // for run_attempt

    void ask_to_leave(Leave why);
    Leave leave() const { return leave_.load(std::memory_order_relaxed); }
    // The service ends now, whatever else was to leave for: nothing may be waited for any longer.
    bool shut_down() const { return shut_down_.load(std::memory_order_relaxed); }

    // Stores it at once if a stage is entered or 5 percent were gained.
    void progress(Stage stage, double percent);
    // Renews the lease when it is time, and tells the progress once a second. now: a cancel may have been
    // asked for. Called from any thread.
    void keep(bool now);
    // Asks the database whether the run is still ours. False: leave() says why not. One that is out of reach holds nobody up.
    bool still_ours();

  private:
    void take(const Result<FenceAnswer>& answer);

    Database& database_;
    const double lease_s_;
    std::atomic<Leave> leave_{Leave::kNone};
    std::atomic<bool> shut_down_{false};
    std::mutex mutex_;  // of what follows; never held across a database call
    Stage stage_ = Stage::kPrepare;
    double percent_ = 0, told_percent_ = 0;
    int64_t told_ms_, renewed_ms_;
};

}  // namespace proveout
