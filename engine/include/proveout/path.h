// path.h -- motions with time: where the tip is at every instant.
#pragma once

#include "proveout/motion.h"

namespace proveout {

// A motion and its speed profile. Within a move the speed rises from enter to peak, holds, and falls to leave, with constant acceleration:
//
//     speed |     ______ peak
//           |    /      \        any of the three parts may be empty
//           +---/--------\----> time
struct TimedMotion {
    Motion motion;
    double start_s = 0;      // since program start
    double duration_s = 0;   // dwell, tool change and spindle ramp included where the motion is one
    double enter_mm_per_s = 0, peak_mm_per_s = 0, leave_mm_per_s = 0;
    double acceleration_mm_per_s2 = 0;
};

// Fraction of the path length travelled `elapsed_s` after the start of the move, 0..1, and its inverse.
double fraction_at(const TimedMotion& move, double elapsed_s);
double elapsed_at(const TimedMotion& move, double fraction);

struct TimeTotals {
    double cutting_s = 0, rapid_s = 0, dwell_s = 0, tool_change_s = 0;  // cutting: every feed move; tool_change: changes and spindle ramps
    double total_s() const { return cutting_s + rapid_s + dwell_s + tool_change_s; }
};

}  // namespace proveout
