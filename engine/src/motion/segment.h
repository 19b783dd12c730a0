// segment.h -- what a look-ahead works on: one straight piece of path with its limits and its speed law. mm, s.
#pragma once

#include <algorithm>
#include <cmath>

namespace proveout {

struct Segment {
    double length_mm = 0;
    double speed_mm_per_s = 0;          // nominal: programmed, within the axis limits
    double acceleration_mm_per_s2 = 0;  // along the path, within the axis limits
    double entry_cap_2 = 0;             // square of the greatest speed at its start: junction and nominal speeds of both neighbours
    double plan_entry_2 = -1;  // square of the greatest entry speed from which the look-ahead's end can be reached at rest; -1: not planned
};

// Speed law of one piece: entry, peak, exit and the time they take.
struct SpeedLaw {
    double peak_mm_per_s = 0;
    double duration_s = 0;
};

inline SpeedLaw speed_law(const Segment& s, double enter, double leave) {
    double a = s.acceleration_mm_per_s2, mean_2 = 0.5 * (enter * enter + leave * leave);
    double reach_2 = mean_2 + a * s.length_mm;  // peak speed squared if nothing limited it
    double nominal_2 = s.speed_mm_per_s * s.speed_mm_per_s;
    if (reach_2 <= nominal_2) {
        double peak = std::max(std::sqrt(reach_2), std::max(enter, leave));
        return {peak, (2 * peak - enter - leave) / a};
    }
    double peak = std::max(s.speed_mm_per_s, std::max(enter, leave));
    double ramps_mm = (peak * peak - mean_2) / a;
    return {peak, (2 * peak - enter - leave) / a + std::max(0.0, s.length_mm - ramps_mm) / peak};
}

}  // namespace proveout
