// check.h -- timed motions in, cuts and contacts out: the part of a simulation that holds stock, fixtures and table against the tool.
//
//   Checker checker(setup, toolbox, grid, log, done, context);
//   for (...) TRY(checker.push(timed_motion));
//   TRY(checker.flush());
//
// Motions are cut in batches. A contact that lasts over more than kEventGap_mm of one motion may hold several events; which stretches of the
// motion it covers, the kernel does not say. Such motions are listed in ambiguous(); a second pass over the program that is told them as
// `split` cuts them in pieces of kEventGap_mm, and then every event is exact. Programs without long contacts need one pass.
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
// Pieces that the motions of one program are split into, all together. Beyond that a long contact counts as one stretch.
constexpr int64_t kMaxSplitPieces = 200'000;

class Checker {
  public:
    // Called once per motion, in order, when it has been cut.
    using Done = std::function<void(const TimedMotion& move, const Cut& cut)>;
    Checker(const Setup& setup, const Toolbox& toolbox, DexelGrid& grid, EventLog& log, Done done, const Context& context);
    ~Checker();

    // Indices (0, 1, ...) of motions to be split, rising.
    void split(std::vector<int64_t> motions);
    // Errors: kInvalidInput for a tool that is not in the toolbox, kCancelled, kTimeout.
    Status push(const TimedMotion& move);
    Status flush();
    const std::vector<int64_t>& ambiguous() const;
    int64_t motions() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace proveout
