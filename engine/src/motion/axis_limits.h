// axis_limits.h -- speed and acceleration along a direction when each axis has its own limit.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "proveout/motion.h"
#include "proveout/setup.h"

namespace proveout {

// Limits below this are taken as this, so that nonsense in a machine cannot make a time infinite. mm/s and mm/s2.
constexpr double kLeastLimit = 1e-3;

struct AxisLimits {
    std::array<double, 3> speed_mm_per_s, acceleration_mm_per_s2;
    std::array<double, 3> inverse_speed, inverse_acceleration;

    explicit AxisLimits(const Machine& machine) {
        for (size_t i = 0; i < 3; ++i) {
            speed_mm_per_s[i] = std::max(machine.max_feed_mm_per_min[i] / 60, kLeastLimit);
            acceleration_mm_per_s2[i] = std::max(machine.acceleration_mm_per_s2[i], kLeastLimit);
            inverse_speed[i] = 1 / speed_mm_per_s[i];
            inverse_acceleration[i] = 1 / acceleration_mm_per_s2[i];
        }
    }

    static double along(Vec3 unit, const std::array<double, 3>& inverse) {
        return 1 / std::max({std::abs(unit.x) * inverse[0], std::abs(unit.y) * inverse[1], std::abs(unit.z) * inverse[2]});
    }
    double speed_along(Vec3 unit) const { return along(unit, inverse_speed); }
    double acceleration_along(Vec3 unit) const { return along(unit, inverse_acceleration); }
};

// Programmed speed of a feed move, mm/s; 0: none.
inline double programmed_speed(const Motion& motion, double length_mm) {
    switch (motion.feed_mode) {
        case FeedMode::kInverseTime:
            return motion.feed * length_mm / 60;
        case FeedMode::kPerRevolution:
            return motion.feed * std::abs(motion.spindle_rpm) / 60;
        case FeedMode::kPerMinute:
            break;
    }
    return motion.feed / 60;
}

}  // namespace proveout
