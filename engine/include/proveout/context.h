// context.h -- what a long computation is given by its host: threads, a way to stop it, a place to tell how far it is.
// The engine itself has no clock, prints nothing and starts no thread beyond `threads` (see base/parallel.h).
#pragma once

#include <atomic>
#include <functional>
#include <string_view>

#include "proveout/result.h"

namespace proveout {

enum class StopReason : int { kNone = 0, kCancelled = 1, kTimeout = 2 };

struct Context {
    int threads = 1;                            // >= 1; results do not depend on it
    const std::atomic<int>* stop = nullptr;     // a StopReason, set by the host at any time from any thread
    // stage: prepare simulate encode upload; fraction 0..1 of that stage, never decreasing. May be empty. Called from one thread.
    std::function<void(std::string_view stage, double fraction)> progress;

    StopReason stop_reason() const {
        return stop ? static_cast<StopReason>(stop->load(std::memory_order_relaxed)) : StopReason::kNone;
    }
    void report(std::string_view stage, double fraction) const {
        if (progress) progress(stage, fraction);
    }
};

// The Error for a stop that was asked for. REQUIRES: reason != kNone.
inline Error stop_error(StopReason reason) {
    return reason == StopReason::kTimeout
               ? make_error(ErrorCode::kTimeout, "the time limit was reached; raise --timeout or options.timeout_s")
               : make_error(ErrorCode::kCancelled, "interrupted");
}

}  // namespace proveout
