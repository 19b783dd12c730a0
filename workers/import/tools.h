// tools.h -- tool lists that other programs write.
//
// Errors: kInvalidInput with faults; the pointer is the file's own ("/data/3/geometry/DC") or "line 7".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proveout/result.h"
#include "proveout/setup.h"

namespace proveout {

struct ImportedTools {
    std::vector<Tool> tools;               // sorted by number, unique, valid
    std::vector<std::string> assumptions;  // whatever the file leaves open and how it was taken
};

// LinuxCNC tool.tbl: one tool per line, words in any order, ";" remark; T and P required. Lengths in `unit_mm`.
// A tool without D has no diameter and is left out, which `assumptions` says.
Result<ImportedTools> read_tool_table(std::string_view text, double unit_mm);

// Fusion 360 tool library, JSON {"data": [...]}.
Result<ImportedTools> read_fusion_library(std::string_view text);

// The JSON inside a .tools file (a ZIP with one member). Error: kInvalidInput if there is none, or it is larger than 64 MiB.
Result<std::string> unzip_library(std::string_view bytes);

// Any of them, and {"tools": [...]} as in a job document, by content. `name` is for messages; `table_unit_mm` applies to tool.tbl only.
Result<ImportedTools> import_tools(std::string_view bytes, std::string_view name, double table_unit_mm);

}  // namespace proveout
