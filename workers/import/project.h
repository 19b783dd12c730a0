// project.h -- CAMotics projects: .camotics (JSON) and legacy .xml. Tools, workpiece and program files are read; its dialect, view and
// machine
// settings are not. What is read is listed in facts that the report repeats as assumptions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proveout/geometry.h"
#include "proveout/result.h"
#include "proveout/setup.h"

namespace proveout {

struct Project {
    std::vector<Tool> tools;         // sorted by number; lengths are cutting lengths, nothing stands above them
    std::optional<Box3> bounds_mm;   // of the workpiece, program coordinates; none: automatic
    std::vector<std::string> files;  // as written, relative to the project's directory
    double resolution_mm = 0;        // > 0 only in mode "manual"
    std::vector<std::string> assumptions;
};

// True for names that CAMotics itself would open as a project.
bool is_project_name(std::string_view name);

// Errors: kInvalidInput.
Result<Project> read_project(std::string_view bytes, std::string_view name);

}  // namespace proveout
