#include "queue/active_run.h"

#include <algorithm>

namespace proveout {

namespace {

constexpr double kTold_percent = 5;
constexpr int64_t kTellAgain_ms = 900;      // "something at least every second"
constexpr int64_t kSoonest_ms = 100;        // however often something is queued
constexpr double kMostRenewInterval_s = 2;  // a cancel is heard so soon at the latest

}  // namespace

ActiveRun::ActiveRun(const ClaimedRun& claimed, Database& database, double lease_s)
    : sim_id(claimed.run.sim_id),
      fence(claimed.fence),
      database_(database),
      lease_s_(lease_s),
      told_ms_(steady_ms()),
      renewed_ms_(steady_ms()) {}

void ActiveRun::ask_to_leave(Leave why) {
    if (why == Leave::kShutdown) shut_down_.store(true, std::memory_order_relaxed);
    Leave none = Leave::kNone;
    leave_.compare_exchange_strong(none, why);
    stop.store(1, std::memory_order_relaxed);
}

void ActiveRun::take(const Result<FenceAnswer>& answer) {
    if (!answer || *answer == FenceAnswer::kHeld) return;
    ask_to_leave(*answer == FenceAnswer::kLost ? Leave::kLost : Leave::kCancelled);
}

void ActiveRun::progress(Stage stage, double percent) {
    {
        std::lock_guard lock(mutex_);
        bool entered = stage != stage_;
        stage = stage_ = std::max(stage_, stage);
        percent = percent_ = std::max(percent_, percent);
        if (!entered && percent_ < told_percent_ + kTold_percent) return;
        told_percent_ = percent_;
        told_ms_ = steady_ms();
    }
    take(database_.put_progress(sim_id, fence, stage, percent));
}

void ActiveRun::keep(bool now) {
    int64_t at_ms = steady_ms();
    auto interval_ms = static_cast<int64_t>(1000 * std::min(lease_s_ / 3, kMostRenewInterval_s));
    bool due = false;
    {
        std::lock_guard lock(mutex_);
        due = at_ms - renewed_ms_ >= (now ? kSoonest_ms : interval_ms);
        if (due) renewed_ms_ = at_ms;
    }
    if (due) take(database_.renew_lease(sim_id, fence, lease_s_));
    Stage stage = Stage::kPrepare;
    double percent = 0;
    {
        std::lock_guard lock(mutex_);
        if (leave() != Leave::kNone || at_ms - told_ms_ < kTellAgain_ms) return;
        stage = stage_;
        percent = told_percent_ = percent_;
        told_ms_ = at_ms;
    }
    take(database_.put_progress(sim_id, fence, stage, percent));
}

bool ActiveRun::still_ours() {
    take(database_.renew_lease(sim_id, fence, lease_s_));
    return leave() != Leave::kLost && leave() != Leave::kCancelled;
}

}  // namespace proveout
