// linuxcnc_blend.h -- how LinuxCNC 2.9 joins two segments: keep speed (tangent), a circular blend arc, or a parabolic blend (the second
// starts while the first still slows down). Rules as observed on its trajectory planner (src/emc/tp, documented in its user manual under
// "Trajectory Control"), written anew. mm, s, rad.
#pragma once

#include "motion/arc_geometry.h"
#include "motion/axis_limits.h"
#include "motion/segment.h"

namespace proveout {

// The servo period: no segment is passed in less than one.
constexpr double kServoPeriod_s = 0.001;
// Share of the acceleration that a curve may use across the path, and along it (they add up to the whole as vectors).
constexpr double kLinuxcncNormalShare = 0.8660254037844386;
constexpr double kLinuxcncTangentShare = 0.5;

enum class Joint : uint8_t { kStop, kExact, kTangent, kParabolic };

// What is left to know of a segment whose joints are settled.
struct QueuedSegment : Segment {
    Joint joint = Joint::kParabolic;        // at its end
    Vec3 start_pull, end_unit;              // unit: direction of its acceleration at its start, of travel at its end
    double tolerance_mm = 0;                // G64 P
    int64_t first_move = 0, last_move = 0;  // numbers in the delivery
};

// A segment that may still change. QueuedSegment's speed, acceleration and pull are filled by finish().
struct TpSegment : QueuedSegment {
    bool arc = false, rapid = false, blend = false;
    bool parabolic_before = false;  // the joint before it is parabolic
    Vec3 start_unit;
    Vec3 start_to_centre, end_to_centre, plane_normal;  // arcs
    double radius_mm = 0, start_radius_mm = 0, end_radius_mm = 0, angle_rad = 0;
    double whole_mm = 0;                           // length before any blend took its part
    double wanted_mm_per_s = 0;                    // programmed
    double most_mm_per_s = 0;                      // allowed by axes, curvature and servo period
    double axes_mm_per_s2 = 0;                     // acceleration allowed by the axes
    double curve_share = kLinuxcncTangentShare;    // of it, along a curve
    double kink_mm_per_s = -1;                     // speed over the kink at its end; negative: no kink
    double kink_share = 0, kink_share_before = 0;  // acceleration kept back for the kinks at its ends

    double target_mm_per_s() const { return std::min(wanted_mm_per_s, most_mm_per_s); }
    double usable_mm_per_s2() const;  // after kinks and parabolic blends
    double along_mm_per_s2() const { return usable_mm_per_s2() * (arc || blend ? curve_share : 1.0); }
    void limit_speed();  // to what the servo period allows
    void limit_curve();  // to what the curve allows with the joints as they are
    void finish();       // nothing changes any more: fills QueuedSegment
};

enum class Blend : uint8_t {
    kNone,
    kBetween,  // `blend` is to be put between the two
    kConsume   // `blend` takes the place of the whole of the first
};

// Decides how `before` and `next` join: sets joint, kinks and lengths of both, and `blend` if there is one. `before` is not finished yet.
Blend join(TpSegment& before, TpSegment& next, const AxisLimits& limits, TpSegment& blend);

// Speeds at which a parabolic blend begins and ends.
struct BlendSpeeds {
    double from_mm_per_s = 0, to_mm_per_s = 0;
    double net_mm_per_s = 0;  // along the corner: what planning compares
};
BlendSpeeds parabolic_speeds(const QueuedSegment& s, const QueuedSegment& next);

}  // namespace proveout
