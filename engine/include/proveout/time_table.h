// time_table.h -- where a program's time goes: by tool and by range of lines. No cutting, so tools and stock need not be known.
//
//   TimeTable table = TRY(time_program(program, setup, context));
#pragma once

#include <vector>

#include "proveout/context.h"
#include "proveout/finding.h"
#include "proveout/interpret.h"
#include "proveout/path.h"
#include "proveout/setup.h"

namespace proveout {

struct TimeRow {
    int tool = 0;                            // by_tool: in the spindle, 0: none; by_lines: the last one of the range
    int64_t first_line = 0, last_line = 0;   // physical lines whose motions are in the row, from 1
    TimeTotals time;
    double cut_length_mm = 0, rapid_length_mm = 0;  // of feed moves and arcs, and of rapids
};

// A table has at most twice, and for programs of some length at least, this many ranges of lines.
constexpr int kTimeRanges = 16;

struct TimeTable {
    TimeTotals total;
    double error_s = 0;                      // half-width of the band, time_error_s()
    std::vector<TimeRow> by_tool;            // in the order of first use; a tool change belongs to the new tool
    std::vector<TimeRow> by_lines;           // ranges of equal width; lines run several times count each time; empty ranges left out
    std::vector<Finding> findings;           // of the reader, the first kMostTimeFindings
    int64_t finding_count = 0;
    ProgramEnd end;
};
constexpr size_t kMostTimeFindings = 1000;

// Interprets and plans with setup.dialect, tools, work_offsets and machine. Errors: those of interpret(), kCancelled, kTimeout.
Result<TimeTable> time_program(const Program& program, const Setup& setup, const Context& context);

}  // namespace proveout
