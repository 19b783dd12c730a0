// state.h -- the modal state of a controller between two blocks. Plain data: a block that is refused restores the copy made before it.
// Lengths are in program units (inch or mm, see `inches`) where nothing else is said, as controllers keep them.
#pragma once

#include <array>
#include <cstdint>

#include "interp/transform.h"
#include "proveout/motion.h"

namespace proveout::interp {

constexpr int kAxes = 9;  // X Y Z A B C U V W
using Axes = std::array<double, kAxes>;
constexpr int kX = 0, kY = 1, kZ = 2, kA = 3, kU = 6;
constexpr bool is_rotary(int axis) { return axis >= kA && axis < kU; }

constexpr int kNoMotion = 800;  // G80

constexpr int kWorkOffsets = 9;        // G54 ... G59.3
constexpr int kMoreWorkOffsets = 300;  // behind them: G54.1 P1 ... P300 (Fanuc), G154 P1 ... P99 (Haas)

// Values of a canned cycle that stay in force, in program units.
struct CycleWords {
    double r = 0, bottom = 0, peck = 0, dwell = 0;
    double i = 0, j = 0, k = 0;  // shift of a boring cycle; Haas G83: first peck, and what each is less
    double least_peck = 0;  // Haas G83 K
    bool has_r = false, has_bottom = false, has_peck = false;
    double initial_level = 0;  // of the axis along the tool when the cycle mode began
    bool active = false;
};

// Modal polar coordinates (G16): centre in the plane's two axes, radius and angle in force.
struct PolarWords {
    bool on = false;
    double first = 0, second = 0, radius = 0, angle_deg = 0;
};

struct State {
    Axes position{};          // programmed coordinates of the control point in the active work offset
    Axes origin{};            // active work offset (G54...), machine coordinates
    Axes shift{};             // G92
    Axes local{};             // G52
    Axes length_offset{};     // active G43
    Axes kept_shift{};        // G92 values that G92.3 restores
    bool shift_active = false;  // G92, G92.3 or G52 in force (#5210)
    double rotation_deg = 0;  // of the active work offset about its origin
    Transform transform;      // of programmed coordinates, before everything else
    PolarWords polar;

    bool inches = false;
    bool incremental = false;
    bool absolute_centres = false;
    bool initial_level = false;  // G98
    int motion = 0;              // ten times the modal G code of group 1
    ArcPlane plane = ArcPlane::kXY;
    FeedMode feed_mode = FeedMode::kPerMinute;
    PathMode path_mode = PathMode::kContinuous;
    double path_tolerance = 0, naive_tolerance = 0;
    double feed = 0;   // as programmed in the mode; 0: none
    double speed = 0;  // S
    int spindle = 0;   // 1 clockwise, -1 counter-clockwise, 0 off
    bool mist = false, flood = false;
    bool feed_override = true, speed_override = true;  // M48 to M51
    bool diameter = false;                             // G7: X words are diameters
    bool constant_surface_speed = false;
    int work_offset = 0;         // 0: G54 ... 8: G59.3, kWorkOffsets: G54.1 P1 ...
    int selected_tool = 0;       // T
    int tool = 0;                // in the spindle
    int length_number = -1;      // H in force, -1: none
    bool length_active = false;  // any tool length offset in force
    bool has_moved = false;
    CycleWords cycle;

    double unit_mm() const { return inches ? kMmPerInch : 1.0; }
};

}  // namespace proveout::interp
