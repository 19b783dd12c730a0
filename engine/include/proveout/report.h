// report.h -- the outcome of one simulation as plain data; workers/report turns it into sim_report v1.
#pragma once

#include <string>
#include <vector>

#include "proveout/finding.h"
#include "proveout/path.h"
#include "proveout/setup.h"

namespace proveout {

struct ToolUse {
    int number = 0;
    double cut_length_mm = 0;    // path length of moves that removed stock
    double removed_mm3 = 0;
    double max_depth_mm = 0;     // greatest height removed along one ray by one move
    double time_s = 0;           // with this tool in the spindle, its change included
};

// One record of the timeline (and of the report's plots). Neighbouring moves of one tool may be merged.
struct TimelineEntry {
    int64_t line = 0, last_line = 0;
    int tool = 0;
    MotionKind kind = MotionKind::kRapid;
    double start_s = 0, duration_s = 0;
    Vec3 from_mm, to_mm;
    double removed_mm3 = 0;
    float feed_mm_per_min = 0, spindle_rpm = 0;
};

struct Simulation {
    std::vector<Finding> findings;       // events in order of time, lists cut at kMaxFindings; the counters below are exact
    int64_t collision_count = 0;
    int64_t error_count = 0, warning_count = 0, info_count = 0;
    Severity verdict = Severity::kInfo;  // kInfo: ok

    double stock_volume_mm3 = 0;
    double removed_mm3 = 0, removed_error_mm3 = 0;
    TimeTotals time;
    double time_error_s = 0;
    std::vector<std::pair<int, double>> time_by_tool_s;
    std::vector<ToolUse> tools;          // used tools, rising number
    Box3 motion_bounds_mm;               // tip, all moves
    Box3 cutting_bounds_mm;              // tip, feed moves
    double resolution_mm = 0;            // cell used
    int64_t lines = 0, blocks = 0, moves = 0;
    Dialect dialect = Dialect::kLinuxcnc;
    std::vector<std::string> assumptions;
    std::vector<TimelineEntry> timeline; // empty unless asked for; at most kMaxTimeline
    int timeline_merge_factor = 1;       // moves merged into one record
};

constexpr size_t kMaxFindings = 1000;
constexpr size_t kMaxTimeline = 200'000;

}  // namespace proveout
