// LinuxCNC's tool table, docs/html/gcode/tool-compensation.html.
#include <algorithm>
#include <map>

#include "import/tools.h"
#include "job/faults.h"
#include "job/lengths.h"
#include "job/validate.h"

namespace proveout {

namespace {

// Letters to numbers of one line; false if a word is no number or stands twice.
bool read_words(std::string_view line, std::map<char, double>& words) {
    for (size_t at = 0; at < line.size();) {
        char letter = lower_case(line.substr(at, 1))[0];
        if (letter == ' ' || letter == '\t' || letter == '\r') {
            ++at;
            continue;
        }
        if (letter < 'a' || letter > 'z') return false;
        size_t end = line.find_first_not_of("+-.0123456789eE", at + 1);
        end = std::min(end, line.size());
        auto value = parse_number(trimmed(line.substr(at + 1, end - at - 1)));
        if (!value || !words.emplace(letter, *value).second) return false;
        at = end;
    }
    return true;
}

bool is_whole(double value, double low, double high) { return value >= low && value <= high && value == static_cast<int64_t>(value); }

struct TableLine {
    int64_t number;
    std::string_view words, remark;
};

void read_line(const TableLine& line, double unit_mm, ImportedTools& out, Faults& faults) {
    std::string at = "line " + std::to_string(line.number);
    std::map<char, double> words;
    if (!read_words(line.words, words))
        return faults.add(at, "is not a tool; allowed: words such as T1 P1 Z10 D6 ;remark, each letter once");
    if (!words.count('t') || !is_whole(words['t'], 0, kMaxToolNumber))
        return faults.add(at, "has no tool number; allowed: T0 to T" + std::to_string(kMaxToolNumber));
    if (!words.count('p')) return faults.add(at, "has no pocket; T and P are required");
    Tool tool;
    tool.number = static_cast<int>(words['t']);
    if (tool.number == 0) return;  // T0 is the empty spindle
    tool.diameter_mm = words['d'] * unit_mm;
    tool.length_offset_mm = words['z'] * unit_mm;
    tool.comment = std::string(line.remark.substr(0, 200));
    if (tool.diameter_mm == 0) {
        out.assumptions.push_back("tool table line " + std::to_string(line.number) + ": T" + std::to_string(tool.number) +
                                  " has no diameter (D) and is left out");
        return;
    }
    tool.diameter_mm = std::abs(tool.diameter_mm);
    Faults own;
    validate_tool(tool, at, own);
    faults.add(std::move(own));
    auto same = [&](const Tool& other) { return other.number == tool.number; };
    if (std::any_of(out.tools.begin(), out.tools.end(), same)) return faults.add(at, "T" + std::to_string(tool.number) + " stands twice");
    out.tools.push_back(std::move(tool));
}

}  // namespace

Result<ImportedTools> read_tool_table(std::string_view text, double unit_mm) {
    ImportedTools out;
    Faults faults;
    int64_t number = 1;
    for (size_t from = 0; from < text.size(); ++number) {
        size_t to = std::min(text.find('\n', from), text.size());
        std::string_view line = text.substr(from, to - from);
        from = to + 1;
        size_t semicolon = line.find(';');
        std::string_view words = trimmed(line.substr(0, semicolon));
        std::string_view remark = semicolon == std::string_view::npos ? std::string_view() : trimmed(line.substr(semicolon + 1));
        if (!words.empty()) read_line({number, words, remark}, unit_mm, out, faults);
        if (out.tools.size() > kMaxTools) faults.add("", "has more than " + std::to_string(kMaxTools) + " tools");
    }
    if (!faults.none()) return faults_error(std::move(faults), "the tool table is not valid");
    std::sort(out.tools.begin(), out.tools.end(), [](const Tool& a, const Tool& b) { return a.number < b.number; });
    out.assumptions.insert(
        out.assumptions.begin(),
        std::string("tool table: lengths in ") + (unit_mm == 1 ? "mm" : "inches") +
            "; shapes and flute lengths are not in it: every tool is taken as a flat end mill that cuts along its whole length");
    return out;
}

}  // namespace proveout
