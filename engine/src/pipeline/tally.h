// tally.h -- what a simulation adds up besides findings: use of tools, bounds, timeline.
#pragma once

#include <map>

#include "proveout/cut.h"
#include "proveout/path.h"
#include "proveout/report.h"

namespace proveout {

class Tally {
  public:
    Tally(const Machine& machine, bool want_timeline) : machine_(machine), want_timeline_(want_timeline) {}
    void add(const TimedMotion& move, const Cut& cut);
    // Writes tools, time_by_tool_s, bounds, moves, timeline and its factor.
    void finish(Simulation& out);

  private:
    void add_to_bounds(const Motion& motion);
    void add_to_timeline(const TimedMotion& move, const Cut& cut);
    void flush_entry();

    const Machine& machine_;
    bool want_timeline_;
    std::map<int, ToolUse> tools_;
    Box3 motion_bounds_, cutting_bounds_;
    int64_t moves_ = 0;
    bool first_ = true;
    std::vector<TimelineEntry> timeline_;
    int factor_ = 1;
    TimelineEntry entry_;     // being merged
    int merged_ = 0;          // moves in it
};

// Joins neighbouring records of one tool, two by two; if that frees none, whatever the tool. Halves the list at most.
void halve(std::vector<TimelineEntry>& timeline);

}  // namespace proveout
