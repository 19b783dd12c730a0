// LinuxCNC's own interpreter tests (shared/corpus/suites/linuxcnc_2.9pre), those that Debian's binary passes. Skipped without the corpus.
// What cannot be compared is named here and in docs/linuxcnc.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>

#include "interp/oracle_lines.h"
#include "proveout/interpret.h"

namespace proveout {
namespace {

const fs::path kSuite = kCorpus + "/suites/linuxcnc_2.9pre/tests";

// Cases that test the interpreter's host, not the language.
const std::map<std::string, std::string> kOutside = {
    {"./interp/iniparam", "parameters from the INI file"},
    {"./interp/iniparam-failassign", "parameters from the INI file"},
    {"./interp/m19", "orient offset from the INI file"},
    {"./interp/plug/filename", "an interpreter plug-in"},
    {"./interp/plug/relative", "an interpreter plug-in"},
    {"./interp/g52/g92-offset-persistence", "parameter file kept between runs, INI switch"},
    {"./interp/m98m99/09-disable-fanuc-subs", "INI switch"},
    {"./interp/m98m99/12-M99-endless-main-program", "runs without end"},
    {"./interp/magic_comments/param_format_printing", "text of (debug,...) formats"},
    {"./interp/oword-unwind", "remapped code"},
    {"./interp/sequence-number", "remapped code"},
};

// The standalone interpreter counts its table in inches.
std::vector<Tool> read_tools(const fs::path& path) {
    std::vector<Tool> tools;
    std::stringstream text(read_file(path));
    for (std::string line; std::getline(text, line);) {
        std::stringstream words(line.substr(0, line.find(';')));
        Tool tool;
        tool.number = 0;
        for (std::string word; words >> word;) {
            double value = std::strtod(word.c_str() + 1, nullptr);
            if (word[0] == 'T') tool.number = static_cast<int>(value);
            if (word[0] == 'D') tool.diameter_mm = value * kMmPerInch;
            if (word[0] == 'Z') tool.length_offset_mm = value * kMmPerInch;
            if (word[0] == 'Q') tool.lathe_orientation = static_cast<int>(value);
        }
        if (tool.number > 0) tools.push_back(tool);
    }
    std::sort(tools.begin(), tools.end(), [](const Tool& a, const Tool& b) { return a.number < b.number; });
    return tools;
}

struct Outcome {
    std::vector<std::string> lines;
    std::string error;
};

Outcome run(const fs::path& program_path, const std::vector<Tool>* tools) {
    std::string text = read_file(program_path);
    std::vector<std::unique_ptr<std::string>> kept;
    Program program{text, program_path.string(), [&](std::string_view name) -> std::optional<std::string_view> {
                        fs::path file = program_path.parent_path() / (std::string(name) + ".ngc");
                        if (!fs::exists(file)) return std::nullopt;
                        kept.push_back(std::make_unique<std::string>(read_file(file)));
                        return std::string_view(*kept.back());
                    }};
    InterpretOptions options;
    options.dialect = Dialect::kLinuxcnc;
    options.tools = tools;
    options.tools_are_complete = tools != nullptr;
    options.zero_start = options.want_canon = true;
    options.block_delete = false;
    options.max_executed_blocks = 1'000'000;
    CanonLines got;
    Result<ProgramEnd> end = interpret(program, options, got, Context{});
    return {got.lines, end.ok() ? "" : end.error().message};
}

// Blanks as awk prints them: the suite's expected calls have gone through it.
std::string squeezed(const std::string& line) {
    std::string text;
    for (char c : line)
        if (c != ' ' || text.empty() || text.back() != ' ') text += c;
    return text;
}

// One case with a file "expected". Empty: it agrees.
std::string compare(const fs::path& folder, const fs::path& program, const std::vector<Tool>* tools) {
    Outcome got = run(program, tools);
    std::vector<std::string> want = calls_only(expected_lines(read_file(folder / "expected"))), ours = calls_only(got.lines);
    bool messages = std::all_of(want.begin(), want.end(), [](const std::string& line) { return line.rfind("MESSAGE", 0) == 0; });
    if (messages && !want.empty())
        ours.erase(std::remove_if(ours.begin(), ours.end(), [](const std::string& line) { return line.rfind("MESSAGE", 0) != 0; }),
                   ours.end());
    for (size_t i = 0; i < std::max(want.size(), ours.size()); ++i) {
        std::string a = i < want.size() ? want[i] : "(end)", b = i < ours.size() ? ours[i] : "(end)";
        if (same_call(squeezed(a), squeezed(b))) continue;
        bool resets = std::all_of(want.begin() + static_cast<std::ptrdiff_t>(std::min(i, want.size())), want.end(),
                                  [](const std::string& line) { return line == "ON_RESET()"; });
        if (b == "(end)" && resets) break;  // without -n 2 rs274 resets once more at its end
        return "call " + std::to_string(i + 1) + ": wants " + a + ", got " + b + (got.error.empty() ? "" : " (" + got.error + ")");
    }
    return "";
}

TEST(LinuxcncSuite, CasesAgree) {
    fs::path index = kCorpus + "/suites/linuxcnc_2.9pre.index.tsv";
    if (!fs::exists(index)) GTEST_SKIP() << "no corpus at " << kCorpus;
    int cases = 0, agree = 0, outside = 0;
    for (const auto& row : read_table(index)) {
        if (row.size() < 11 || row[1] != "pass") continue;
        bool python = row[7].find("python") != std::string::npos || row[7].find("py files") != std::string::npos;
        if (kOutside.count(row[0]) || python) {
            ++outside;
            continue;
        }
        fs::path folder = kSuite / row[0];
        std::vector<Tool> tools;
        if (!row[3].empty()) tools = read_tools(folder / row[3]);
        std::vector<std::string> programs;
        std::stringstream inputs(row[2]);
        for (std::string input; std::getline(inputs, input, ',');) programs.push_back(input);
        bool refused = row[0] == "./interp/bad" || row[10].find("! rs274") == 0, accepted = row[0] == "./interp/good";
        for (const std::string& name : programs) {
            std::string what;
            if (!fs::exists(folder / name)) continue;
            if (refused || accepted) {
                Outcome got = run(folder / name, nullptr);
                if (got.error.empty() == refused) what = refused ? "is accepted" : got.error;
            } else if (programs.size() == 1 && fs::exists(folder / "expected")) {
                what = compare(folder, folder / name, row[3].empty() ? nullptr : &tools);
            } else {
                continue;
            }
            ++cases;
            agree += what.empty();
            if (!what.empty()) std::printf("differs: %s %s: %s\n", row[0].c_str(), name.c_str(), what.c_str());
        }
    }
    std::printf("linuxcnc suite: %d of %d programs agree; %d cases are outside of the language\n", agree, cases, outside);
    EXPECT_EQ(agree, cases);
}

}  // namespace
}  // namespace proveout
