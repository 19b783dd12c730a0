// motion.h -- canonical motions: what the controller does, in program order, after all modal state, units, offsets, cycles, subprograms and
// cutter compensation are worked out. interp/ produces them, motion/ adds time, everything after sees only these.
//
// Frame: set-up frame, the tool TIP (programmed position + work offset + active length offset - the tool's own length_offset).
// Units: mm, s, rad, mm/min, rev/min.
#pragma once

#include <cstdint>
#include <string_view>

#include "proveout/geometry.h"

namespace proveout {

enum class MotionKind : uint8_t {
    kRapid,        // straight line at rapid speed
    kFeed,         // straight line at feed
    kArc,          // circular or helical at feed
    kDwell,        // dwell_s
    kToolChange,   // tool is now in the spindle
    kSpindle,      // spindle_rpm changed (sign: + clockwise M3, - counter-clockwise M4, 0 off)
    kPause,        // M0 M1 M60
    kProgramEnd    // M2 M30
};

enum class ArcPlane : uint8_t { kXY, kZX, kYZ };  // G17 G18 G19

enum class FeedMode : uint8_t { kPerMinute, kInverseTime, kPerRevolution };  // G94 G93 G95

enum class PathMode : uint8_t { kContinuous, kExactPath, kExactStop };       // G64 G61 G61.1

// Plain data, delivered one at a time; valid only during the call.
struct Motion {
    MotionKind kind = MotionKind::kRapid;
    ArcPlane plane = ArcPlane::kXY;
    FeedMode feed_mode = FeedMode::kPerMinute;
    PathMode path_mode = PathMode::kContinuous;
    bool machine_coordinates = false;   // G53, G28, G30 leg
    bool reference_return = false;      // G28, G30 leg
    bool probe = false;                 // G38.x, as programmed
    bool oriented = false;              // the shift and lift of a bar turned to its stop (G76, G87): its point is clear, its circle is not,
                                        // so the cutter cuts nothing and meets nothing; shank and holder are checked
    bool spindle_synchronized = false;  // G33, G76, tapping

    int64_t line = 0;                   // physical line of the block, from 1
    Vec3 from, to;                      // tip, set-up frame
    Vec3 centre;                        // kArc: axis point, in the plane's two coordinates at `from`'s third
    double sweep_rad = 0;               // kArc: signed angle about the plane's normal (G3 > 0); several turns possible; never 0

    double feed = 0;                    // kPerMinute mm/min; kInverseTime 1/min; kPerRevolution mm/rev; 0: none programmed
    double path_tolerance_mm = 0;       // G64 P; 0: none
    double naive_cam_tolerance_mm = 0;  // G64 Q
    double spindle_rpm = 0;             // signed, see kSpindle; in force during this motion
    int tool = 0;                       // number in the spindle; 0: none
    double dwell_s = 0;                 // kDwell
    double length_offset_mm = 0;        // active G43 offset (for machine coordinates)
};

// True for motions that travel: rapid, feed, arc.
bool is_move(const Motion& motion);

// Length of the path of a move, mm (arcs: along the helix).
double path_length_mm(const Motion& motion);

// The tip at fraction 0..1 of the path length of a kRapid (linear), kFeed or kArc motion.
Vec3 point_at(const Motion& motion, double fraction);

// Box of the tip's path, exact for arcs.
Box3 bounds_of(const Motion& motion);

}  // namespace proveout
