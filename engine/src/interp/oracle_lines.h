// oracle_lines.h -- for tests: canonical calls of LinuxCNC's rs274 and of ours, in one form, and the tables of the corpus.
#pragma once

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "proveout/interpret.h"

namespace proveout {

namespace fs = std::filesystem;

inline const std::string kCorpus = PROVEOUT_SOURCE_DIR "/../shared/corpus";

inline std::string read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

inline std::vector<std::vector<std::string>> read_table(const fs::path& path) {
    std::vector<std::vector<std::string>> rows;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        std::vector<std::string> row(1);
        for (char c : line)
            if (c == '\t')
                row.emplace_back();
            else
                row.back() += c;
        rows.push_back(std::move(row));
    }
    return rows;
}

// Without counter and N word, and without the sign of a zero.
inline std::string canonical_line(std::string_view line) {
    size_t at = line.find_first_not_of(" 0123456789");
    if (at != std::string_view::npos && line[at] == 'N') {
        line.remove_prefix(at);
        size_t blank = line.find(' ');
        if (blank != std::string_view::npos) line.remove_prefix(blank);
    }
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    std::string text(line);
    for (size_t i = 0; (i = text.find("-0.0", i)) != std::string::npos; ++i) {
        size_t end = i + 4;
        while (end < text.size() && text[end] == '0') ++end;
        if (end >= text.size() || !std::isdigit(static_cast<unsigned char>(text[end]))) text.erase(i, 1);
    }
    return text;
}

constexpr double kLastDigit = 1.01e-4;  // rs274 prints four decimals

struct CanonLines : MotionObserver {
    bool on_motion(const Motion&) override { return true; }
    void on_canon(std::string_view line) override { lines.push_back(canonical_line(line)); }
    std::vector<std::string> lines;
};

inline std::vector<std::string> expected_lines(const std::string& text) {
    std::vector<std::string> lines;
    std::stringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        std::string canonical = canonical_line(line);
        if (!canonical.empty() && canonical.rfind("LOG", 0) != 0) lines.push_back(canonical);
    }
    return lines;
}

// As printed, but for the last digit, where rs274 may round a half the other way.
inline bool same_call(const std::string& a, const std::string& b) {
    size_t i = 0, j = 0;
    auto number = [](const std::string& text, size_t& at) {
        double value = 0;
        const char* end = std::from_chars(text.data() + at, text.data() + text.size(), value).ptr;
        at = static_cast<size_t>(end - text.data());
        return value;
    };
    auto starts_number = [](const std::string& text, size_t at) {
        return std::isdigit(static_cast<unsigned char>(text[at])) || (text[at] == '-' && at + 1 < text.size());
    };
    while (i < a.size() && j < b.size()) {
        if (starts_number(a, i) && starts_number(b, j)) {
            size_t before = i;
            if (std::fabs(number(a, i) - number(b, j)) > kLastDigit) return false;
            if (i == before) return a.substr(i) == b.substr(j);
        } else if (a[i++] != b[j++]) {
            return false;
        }
    }
    return i == a.size() && j == b.size();
}

// Without what (print,...) and (debug,...) say and error messages.
inline std::vector<std::string> calls_only(std::vector<std::string> lines) {
    auto is_call = [](const std::string& line) {
        size_t paren = line.find('(');
        return paren != std::string::npos && paren > 0 &&
               std::all_of(line.begin(), line.begin() + static_cast<std::ptrdiff_t>(paren),
                           [](unsigned char c) { return std::isupper(c) || std::isdigit(c) || c == '_' || c == '.'; });
    };
    lines.erase(std::remove_if(lines.begin(), lines.end(), [&](const std::string& line) { return !is_call(line); }), lines.end());
    return lines;
}

}  // namespace proveout
