// html_parts.h -- pieces of the page. Every function returns finished markup; text from outside is escaped inside.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "report/report.h"

namespace proveout {

// Fixed style sheet: light and dark, screen and paper.
std::string_view html_style();

// Removal rate and Z over time, with the tools as a strip below and a mark for each collision. "" without a timeline.
std::string html_plots(const ReportInput& input);

// Lines of the program around the findings; each finding's line has the id "L<number>". "" without program text.
std::string html_excerpts(const ReportInput& input);

// The findings' lines that html_excerpts() shows.
std::set<int64_t> lines_with_excerpt(const ReportInput& input);

// CSS class of a tool's colour: "c0" ... "c7" by its place among the used tools.
std::string tool_class(const ReportInput& input, int tool);

// "D6 flat end mill, 20 mm flutes, 35 mm out of the holder"
std::string tool_text(const Tool& tool);

}  // namespace proveout
