// finding.h -- something wrong with the program under test. Findings are data: they are collected, merged, counted and reported.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proveout/geometry.h"

namespace proveout {

enum class Severity : uint8_t { kInfo, kWarning, kError };
std::string_view name_of(Severity severity);  // "info" "warning" "error"

// Part of the tool assembly; its name is the report's `part`.
enum class Part : uint8_t { kNone, kCutter, kShank, kHolder };
std::string_view name_of(Part part);  // "" "cutter" "shank" "holder"

// A finding code and what docs/findings.md says of it. The one table is in base/finding.cpp; docs/findings.md is generated from it.
struct FindingRule {
    std::string_view code;      // "RAPID_IN_STOCK"
    Severity severity;          // default
    bool is_collision;          // counted in collision_count and listed in collisions[]
    std::string_view title;     // for SARIF and JUnit
    std::string_view meaning;
    std::string_view what_to_do;
};
const FindingRule* find_rule(std::string_view code);  // nullptr: unknown code
const FindingRule* rules_begin();
const FindingRule* rules_end();

// One event. Fields that do not apply keep their default and are left out of the report.
struct Finding {
    std::string_view code;      // points into the rule table
    Severity severity = Severity::kInfo;
    int64_t line = 0;           // physical line where it began, from 1; 0: none
    int64_t last_line = 0;      // physical line where it ended
    std::string block;          // text of `line`, at most 256 bytes
    double time_s = -1;         // since program start; -1: none
    double duration_s = 0;
    int tool = -1;              // tool number; -1: none
    Part part = Part::kNone;
    std::string partner;        // "stock", "table", fixture's name
    bool has_point = false;
    Vec3 point_mm;              // first contact, set-up frame
    double depth_mm = 0;        // greatest overlap along Z
    double volume_mm3 = 0;      // overlapping volume
    std::string message;
    int controller_error = 0;   // firmware error number (grbl, grblhal)
};

}  // namespace proveout
