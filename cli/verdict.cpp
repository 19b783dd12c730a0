#include "verdict.h"

#include <algorithm>
#include <cmath>

namespace proveout {

namespace {

constexpr size_t kMaxShownBytes = 1000;  // of one line
constexpr size_t kMaxShown = 10;         // findings; the rest stands in the report

std::string format(const char* pattern, double a, double b = 0, double c = 0) {
    char text[200];
    std::snprintf(text, sizeof text, pattern, a, b, c);
    return text;
}

std::string clock_text(double seconds) {
    long whole = std::lround(std::min(seconds, 1e9));
    char text[40];
    if (whole >= 3600)
        std::snprintf(text, sizeof text, "%ld:%02ld:%02ld h", whole / 3600, whole / 60 % 60, whole % 60);
    else if (whole >= 60)
        std::snprintf(text, sizeof text, "%ld:%02ld min", whole / 60, whole % 60);
    else
        return format("%.1f s", seconds);
    return text;
}

// Control characters of a program's text must not reach a terminal.
std::string printable(std::string_view text) {
    std::string out;
    for (char c : text.substr(0, kMaxShownBytes)) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    return out;
}

std::string plural(int64_t count, const char* one, const char* many) { return std::to_string(count) + " " + (count == 1 ? one : many); }

std::string finding_line(const Finding& finding, const Colours& colours) {
    const char* colour = finding.severity == Severity::kError ? colours.red : finding.severity == Severity::kWarning ? colours.yellow : "";
    std::string out = "  " + (finding.line > 0 ? "line " + std::to_string(finding.line) + "  " : std::string());
    out += colour + std::string(finding.code) + (*colour ? colours.reset : "") + "  " + printable(finding.message) + "\n";
    if (!finding.block.empty()) out += "      " + printable(finding.block) + "\n";
    return out;
}

// Collisions first, then by severity, each in order of time.
std::vector<const Finding*> most_important(const ReportInput& input) {
    std::vector<const Finding*> order;
    for (const Finding& finding : input.simulation->findings) order.push_back(&finding);
    for (const Finding& finding : input.host_findings) order.push_back(&finding);
    auto rank = [](const Finding* finding) {
        const FindingRule* rule = find_rule(finding->code);
        return (rule && rule->is_collision ? 0 : 4) + 2 - static_cast<int>(finding->severity);
    };
    std::stable_sort(order.begin(), order.end(), [&](const Finding* a, const Finding* b) { return rank(a) < rank(b); });
    return order;
}

}  // namespace

std::string verdict_text(const ReportInput& input, const VerdictPlaces& places, const Colours& colours) {
    const Simulation& s = *input.simulation;
    Severity verdict = verdict_of(input);
    const char* colour = verdict == Severity::kError ? colours.red : verdict == Severity::kWarning ? colours.yellow : colours.green;
    auto of_run = [&](Severity severity) {
        return std::count_if(input.host_findings.begin(), input.host_findings.end(),
                             [&](const Finding& f) { return f.severity == severity; });
    };
    const char* word = verdict == Severity::kError ? "ERROR" : verdict == Severity::kWarning ? "WARNING" : "OK";
    std::string out = printable(input.program_name) + ": " + colours.bold + colour + word + colours.reset + "  " +
                      plural(s.collision_count, "collision", "collisions") + ", " +
                      plural(s.error_count + of_run(Severity::kError), "error", "errors") + ", " +
                      plural(s.warning_count + of_run(Severity::kWarning), "warning", "warnings") + "\n";
    std::vector<const Finding*> order = most_important(input);
    size_t shown = 0;
    for (const Finding* finding : order) {
        if (shown == kMaxShown || (finding->severity == Severity::kInfo && shown > 0)) break;
        out += finding_line(*finding, colours);
        ++shown;
    }
    int64_t all = s.error_count + s.warning_count + s.info_count + static_cast<int64_t>(input.host_findings.size());
    if (all > static_cast<int64_t>(shown)) out += "  ... " + std::to_string(all - static_cast<int64_t>(shown)) + " more in the report\n";
    out += format("removed %.1f mm3 (within %.1f) of %.1f", s.removed_mm3, s.removed_error_mm3, s.stock_volume_mm3) + ", time " +
           clock_text(s.time.total_s()) + " (within " + clock_text(s.time_error_s) + ")" + format(", cell %.3g mm\n", s.resolution_mm);
    if (const auto& a = input.agreement)
        out += std::string("camotics ") + (a->agree ? "agrees: " : "disagrees: ") + format("%+.1f mm3", a->volume_difference_mm3) +
               format(", surfaces within %.3f mm, 99 %% within %.3f", a->max_deviation_mm.value_or(0), a->p99_deviation_mm.value_or(0)) +
               format(", cell %.3g mm\n", a->resolution_mm);
    for (const std::string& line : input.assumptions) out += "assumed  " + printable(line) + "\n";
    for (const std::string& line : s.assumptions) out += "assumed  " + printable(line) + "\n";
    out += "report   " + places.directory + "/report.json\n";
    if (places.page) out += "page     " + places.directory + "/report.html\n";
    if (places.film) out += "film     " + places.directory + "/out.mp4\n";
    if (places.part) out += "part     " + places.directory + "/part.stl\n";
    return out;
}

}  // namespace proveout
