// comments.h -- tools and stock that posts write into comments.
//
// Read: Fusion/HSM "T1 D=3.175 CR=0. TAPER=45deg - ZMIN=-4.2 - flat end mill", CutViewer "TOOL/MILL,...", "TOOL/DRILL,...",
// "TOOL/CHAMFER,...", "STOCK/BLOCK,...", Carbide Create "stockMin:..." and "stockMax:...", and plain words that name a tool and one
// diameter ("Tool: 1/4\" end mill").
// A comment that leaves the shape open, or two comments that contradict each other, give no tool: nothing is guessed.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "import/scan.h"
#include "proveout/setup.h"

namespace proveout {

struct NotedTool {
    Tool tool;            // number 0: the program has no T word
    int64_t line = 0;     // of the comment
    std::string comment;  // its text
    std::string assumed;  // what the comment leaves open and how it was taken; empty: nothing
};

struct ProgramNotes {
    std::vector<NotedTool> tools;                            // one per number, rising
    std::vector<std::pair<int, std::string>> unclear_tools;
    std::optional<Stock> stock;                              // program coordinates
    std::string stock_reason;                                // "comments stockMin, stockMax (lines 3, 4)"
};

ProgramNotes read_notes(const ProgramScan& scan);

// One comment as a tool: number -1 if the comment names none. nullopt: it describes no tool; `why` says what is missing if it tried to.
std::optional<NotedTool> tool_from_comment(const ScanComment& comment, std::string& why);

}  // namespace proveout
