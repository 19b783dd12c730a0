// check.h -- timed motions in, cuts and contacts out: the part of a simulation that holds stock, fixtures and table against the tool.
//
//   Checker checker(setup, toolbox, grid, log, done, context);
//   for (...) TRY(checker.push(timed_motion));
//   TRY(checker.flush());
//
// Motions are cut in batches, which changes nothing but the moment at which findings appear.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "proveout/context.h"
#include "proveout/cut.h"
#include "proveout/dexel.h"
#include "proveout/path.h"
#include "proveout/setup.h"
#include "verify/events.h"
#include "verify/legs.h"
#include "verify/obstacles.h"

namespace proveout {

// Motions in a batch: some milliseconds of cutting for short moves, and small against the caches' worth of stock.
constexpr int kBatchMotions = 4096;
// Rays under the tools of a batch: bounds the time between two looks at context.stop.
constexpr double kBatchRays = 3e8;
class Checker {
  public:
    // Called once per motion, in order, when it has been cut.
    using Done = std::function<void(const TimedMotion& move, const Cut& cut)>;
    Checker(const Setup& setup, const Toolbox& toolbox, DexelGrid& grid, EventLog& log, Done done, const Context& context);
    ~Checker();

    // The interpreter has reported FEED_MISSING itself: it is not looked for here.
    void leave_feed_to_interpreter();
    // Errors: kInvalidInput for a tool that is not in the toolbox, kCancelled, kTimeout.
    Status push(const TimedMotion& move);
    Status flush();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace proveout
