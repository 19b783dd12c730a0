#include "pipeline/tally.h"

#include <algorithm>

#include "verify/legs.h"

namespace proveout {

namespace {

void merge(TimelineEntry& into, const TimelineEntry& from) {
    if (from.duration_s > into.duration_s) into.kind = from.kind;
    into.last_line = from.last_line;
    into.duration_s = from.start_s + from.duration_s - into.start_s;
    into.to_mm = from.to_mm;
    into.removed_mm3 += from.removed_mm3;
    into.feed_mm_per_min = std::max(into.feed_mm_per_min, from.feed_mm_per_min);
    into.spindle_rpm = from.spindle_rpm;
}

}  // namespace

void Tally::add(const TimedMotion& move, const Cut& cut) {
    const Motion& motion = move.motion;
    // tool_change: the tool is the new one, so that its change counts for it.
    ToolUse& use = tools_[motion.tool];
    use.time_s += move.duration_s;
    if (is_move(motion)) {
        ++moves_;
        if (cut.removed_mm3 > 0) {
            use.cut_length_mm += path_length_mm(motion);
            use.removed_mm3 += cut.removed_mm3;
            use.max_depth_mm = std::max(use.max_depth_mm, static_cast<double>(cut.depth_mm));
        }
        add_to_bounds(motion);
        if (motion.kind != MotionKind::kRapid) cutting_bounds_.add(bounds_of(motion));
    }
    if (want_timeline_) add_to_timeline(move, cut);
}

// The way to the first programmed place is the host's guess. An inch program's rounded place may differ from that guess in the last bit:
// such a step is no way at all, else the guessed height would count.
void Tally::add_to_bounds(const Motion& motion) {
    if (first_ && path_length_mm(motion) <= kTouch_mm) return;
    if (first_) motion_bounds_.add(motion.to);
    else motion_bounds_.add(bounds_of(motion));
    first_ = false;
}

void Tally::add_to_timeline(const TimedMotion& move, const Cut& cut) {
    const Motion& motion = move.motion;
    if (motion.kind == MotionKind::kProgramEnd || (!is_move(motion) && move.duration_s <= 0)) return;
    TimelineEntry entry;
    entry.line = entry.last_line = motion.line;
    entry.tool = motion.tool;
    entry.kind = motion.kind;
    entry.start_s = move.start_s;
    entry.duration_s = move.duration_s;
    entry.from_mm = motion.from;
    entry.to_mm = is_move(motion) ? motion.to : motion.from;
    entry.removed_mm3 = cut.removed_mm3;
    bool at_feed = motion.kind == MotionKind::kFeed || motion.kind == MotionKind::kArc;
    entry.feed_mm_per_min = at_feed ? static_cast<float>(move.peak_mm_per_s * 60) : 0;
    entry.spindle_rpm = static_cast<float>(motion.spindle_rpm);
    if (merged_ > 0 && (merged_ >= factor_ || entry_.tool != entry.tool)) flush_entry();
    if (merged_ == 0) entry_ = entry;
    else merge(entry_, entry);
    ++merged_;
}

void Tally::flush_entry() {
    if (merged_ == 0) return;
    timeline_.push_back(entry_);
    merged_ = 0;
    if (timeline_.size() < kMaxTimeline) return;
    halve(timeline_);
    factor_ *= 2;
}

void halve(std::vector<TimelineEntry>& timeline) {
    for (bool any_tool : {false, true}) {
        size_t before = timeline.size(), kept = 0;
        for (size_t i = 0; i < before; ++i) {
            TimelineEntry entry = timeline[i];
            if (i + 1 < before && (any_tool || timeline[i + 1].tool == entry.tool)) merge(entry, timeline[++i]);
            timeline[kept++] = entry;
        }
        timeline.resize(kept);
        if (kept < before) return;
    }
}

void Tally::finish(Simulation& out) {
    flush_entry();
    out.moves = moves_;
    out.motion_bounds_mm = motion_bounds_;
    out.cutting_bounds_mm = cutting_bounds_;
    out.tools.clear();
    out.time_by_tool_s.clear();
    for (auto& [number, use] : tools_) {
        use.number = number;
        out.time_by_tool_s.emplace_back(number, use.time_s);
        if (number != 0) out.tools.push_back(use);
    }
    out.timeline = std::move(timeline_);
    out.timeline_merge_factor = factor_;
}

}  // namespace proveout
