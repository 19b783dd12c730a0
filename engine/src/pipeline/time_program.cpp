#include "pipeline/motion_source.h"
#include "proveout/time_table.h"

namespace proveout {

namespace {

void add(TimeRow& row, const TimedMotion& move) {
    const Motion& motion = move.motion;
    switch (motion.kind) {
        case MotionKind::kRapid:
            row.time.rapid_s += move.duration_s;
            row.rapid_length_mm += path_length_mm(motion);
            break;
        case MotionKind::kFeed:
        case MotionKind::kArc:
            row.time.cutting_s += move.duration_s;
            row.cut_length_mm += path_length_mm(motion);
            break;
        case MotionKind::kToolChange:
        case MotionKind::kSpindle:
            row.time.tool_change_s += move.duration_s;
            break;
        case MotionKind::kDwell:
        case MotionKind::kPause:
        case MotionKind::kProgramEnd:
            row.time.dwell_s += move.duration_s;
            break;
    }
    row.tool = motion.tool;
    row.first_line = row.first_line == 0 ? motion.line : std::min(row.first_line, motion.line);
    row.last_line = std::max(row.last_line, motion.line);
}

void merge(TimeRow& row, const TimeRow& next) {
    if (next.first_line == 0) return;
    row.first_line = row.first_line == 0 ? next.first_line : std::min(row.first_line, next.first_line);
    row.last_line = std::max(row.last_line, next.last_line);
    row.tool = next.tool;
    row.time.cutting_s += next.time.cutting_s;
    row.time.rapid_s += next.time.rapid_s;
    row.time.dwell_s += next.time.dwell_s;
    row.time.tool_change_s += next.time.tool_change_s;
    row.cut_length_mm += next.cut_length_mm;
    row.rapid_length_mm += next.rapid_length_mm;
}

// Ranges of equal width; the width doubles whenever the program turns out to be longer than the table.
class LineRanges {
  public:
    void add_move(const TimedMotion& move) {
        int64_t line = std::max<int64_t>(move.motion.line, 1);
        while ((line - 1) / width_ >= kRows) widen();
        add(rows_[static_cast<size_t>((line - 1) / width_)], move);
    }
    std::vector<TimeRow> filled() const {
        std::vector<TimeRow> out;
        for (const TimeRow& row : rows_)
            if (row.first_line != 0) out.push_back(row);
        return out;
    }

  private:
    static constexpr int64_t kRows = 2 * kTimeRanges;
    void widen() {
        for (size_t i = 0; i < kRows; ++i) {
            TimeRow row = i < kRows / 2 ? rows_[2 * i] : TimeRow{};
            if (i < kRows / 2) merge(row, rows_[2 * i + 1]);
            rows_[i] = row;
        }
        width_ *= 2;
    }
    std::array<TimeRow, kRows> rows_;
    int64_t width_ = 1;
};

class TimePass : public MotionSink {
  public:
    bool on_motion(const TimedMotion& move) override {
        auto row = std::find_if(table.by_tool.begin(), table.by_tool.end(), [&](const TimeRow& r) { return r.tool == move.motion.tool; });
        if (row == table.by_tool.end()) {
            row = table.by_tool.emplace(table.by_tool.end());
            row->tool = move.motion.tool;
        }
        add(*row, move);
        ranges_.add_move(move);
        return true;
    }
    void on_finding(Finding finding) override {
        ++table.finding_count;
        if (table.findings.size() < kMostTimeFindings) table.findings.push_back(std::move(finding));
    }
    void finish(StreamEnd end, const Machine& machine) {
        // A start before the first tool, or an end after the last, that took no time is no row.
        std::erase_if(table.by_tool, [](const TimeRow& r) { return r.tool == 0 && r.time.total_s() == 0; });
        table.by_lines = ranges_.filled();
        table.total = end.time;
        table.error_s = time_error_s(machine, end.time);
        table.end = std::move(end.program);
    }

    TimeTable table;

  private:
    LineRanges ranges_;
};

}  // namespace

Result<TimeTable> time_program(const Program& program, const Setup& setup, const Context& context) {
    TimePass pass;
    StreamEnd end = TRY(stream_motions(program, setup, pass, context));
    pass.finish(std::move(end), setup.machine);
    return std::move(pass.table);
}

}  // namespace proveout
