// plan.h -- cycle time: a look-ahead planner per controller profile. Motions in, timed motions out, with bounded memory.
//
//   Planner planner(machine, [&](const TimedMotion& m) { ...; return true; });
//   planner.push(motion);  // any number
//   planner.finish();
//   planner.totals()
//
// Profiles: grbl (junction deviation, 16-block buffer, step rounding), linuxcnc (parabolic, round and tangent blends, G61/G64 P Q),
// generic haas fanuc (junction deviation over a long look-ahead). Rules and accuracy: docs/decisions/007-cycle-time.md.
// Order and content of the motions are kept; time never runs backwards: start_s of a motion is the end of the one before it.
#pragma once

#include <functional>
#include <memory>

#include "proveout/path.h"
#include "proveout/setup.h"

namespace proveout {

class Planner {
  public:
    using Sink = std::function<bool(const TimedMotion&)>;  // false: stop (push returns false from then on)
    Planner(const Machine& machine, Sink sink);
    ~Planner();
    bool push(const Motion& motion);
    bool finish();                     // flushes the look-ahead
    const TimeTotals& totals() const;  // of what has been delivered to the sink

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// Half-width of the error of a planned total, s: what comparisons with the real controller show for this profile.
double time_error_s(const Machine& machine, const TimeTotals& totals);

}  // namespace proveout
