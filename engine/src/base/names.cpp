// Names of enums as they stand in documents and reports.
#include "proveout/finding.h"
#include "proveout/setup.h"

namespace proveout {

namespace {

template <class Enum, size_t N>
std::optional<Enum> lookup(const std::array<std::string_view, N>& names, std::string_view name) {
    for (size_t i = 0; i < N; ++i)
        if (names[i] == name) return static_cast<Enum>(i);
    return std::nullopt;
}

constexpr std::array<std::string_view, 7> kDialects{"auto", "linuxcnc", "grbl", "grblhal", "fanuc", "haas", "mach3"};
constexpr std::array<std::string_view, 12> kToolTypes{"flat",  "ball",  "bull",     "vbit",     "chamfer", "drill",
                                                      "taper", "tslot", "dovetail", "lollipop", "face",    "form"};

}  // namespace

std::string_view name_of(Severity severity) {
    return severity == Severity::kError ? "error" : severity == Severity::kWarning ? "warning" : "info";
}

std::string_view name_of(Part part) {
    switch (part) {
        case Part::kCutter: return "cutter";
        case Part::kShank: return "shank";
        case Part::kHolder: return "holder";
        case Part::kNone: break;
    }
    return "";
}

std::string_view name_of(Dialect dialect) { return kDialects[static_cast<size_t>(dialect)]; }
std::optional<Dialect> dialect_from(std::string_view name) { return lookup<Dialect>(kDialects, name); }
std::string_view name_of(ToolType type) { return kToolTypes[static_cast<size_t>(type)]; }
std::optional<ToolType> tool_type_from(std::string_view name) { return lookup<ToolType>(kToolTypes, name); }

bool is_undercutting(ToolType type) {
    return type == ToolType::kTslot || type == ToolType::kDovetail || type == ToolType::kLollipop;
}

const Tool* find_tool(const std::vector<Tool>& tools, int number) {
    auto at = std::lower_bound(tools.begin(), tools.end(), number, [](const Tool& tool, int n) { return tool.number < n; });
    return at != tools.end() && at->number == number ? &*at : nullptr;
}

}  // namespace proveout
