// The program's own lines around each finding, so that the page can jump to them.
#include <algorithm>
#include <map>
#include <vector>

#include "report/html_parts.h"
#include "report/text.h"

namespace proveout {

namespace {

constexpr int64_t kContextLines = 5;
constexpr size_t kMaxExcerptFindings = 100;  // lines with findings that are shown
constexpr size_t kMaxLineBytes_shown = 160;

// Lines with findings, and the worst severity at each; the first kMaxExcerptFindings by severity, then by line.
std::map<int64_t, Severity> shown_lines(const ReportInput& input) {
    std::map<int64_t, Severity> all;
    for (const Finding& finding : input.simulation->findings)
        if (finding.line > 0) all[finding.line] = std::max(all[finding.line], finding.severity);
    std::vector<std::pair<int64_t, Severity>> ranked(all.begin(), all.end());
    std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    if (ranked.size() > kMaxExcerptFindings) ranked.resize(kMaxExcerptFindings);
    return {ranked.begin(), ranked.end()};
}

std::string line_markup(std::string_view text, int64_t line, const std::map<int64_t, Severity>& hits) {
    while (text.ends_with('\r')) text.remove_suffix(1);
    bool cut = text.size() > kMaxLineBytes_shown;
    auto hit = hits.find(line);
    std::string out = "<span id=\"L" + std::to_string(line) + "\"";
    if (hit != hits.end()) out += hit->second == Severity::kError ? " class=\"hit e\"" : " class=\"hit\"";
    return out + "><i>" + std::to_string(line) + "</i>" + escape_markup(text.substr(0, kMaxLineBytes_shown)) + (cut ? "…" : "") + "</span>";
}

}  // namespace

std::set<int64_t> lines_with_excerpt(const ReportInput& input) {
    std::set<int64_t> lines;
    if (!input.program_text.empty())
        for (const auto& [line, severity] : shown_lines(input)) lines.insert(line);
    return lines;
}

std::string html_excerpts(const ReportInput& input) {
    auto hits = shown_lines(input);
    if (hits.empty() || input.program_text.empty()) return "";
    std::string out;
    int64_t line = 0, last_shown = 0;
    auto next_hit = hits.begin();  // first hit whose context is not over
    for (size_t at = 0; at < input.program_text.size() && next_hit != hits.end();) {
        size_t end = std::min(input.program_text.find('\n', at), input.program_text.size());
        ++line;
        while (next_hit != hits.end() && next_hit->first + kContextLines < line) ++next_hit;
        if (next_hit != hits.end() && line >= next_hit->first - kContextLines) {
            if (last_shown != line - 1 || out.empty()) out += out.empty() ? "<pre class=\"card\">" : "</pre>\n<pre class=\"card\">";
            out += line_markup(input.program_text.substr(at, end - at), line, hits);
            last_shown = line;
        }
        at = end + 1;
    }
    return out.empty() ? "" : "<h2>In the program</h2>\n" + out + "</pre>\n";
}

}  // namespace proveout
