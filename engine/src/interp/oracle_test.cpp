// Agreement with independent oracles: LinuxCNC's rs274 and the real GRBL and grblHAL firmwares. Skipped without the corpus.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "interp/oracle_lines.h"
#include "proveout/interpret.h"

namespace proveout {
namespace {

// Floors of agreement: what was reached; raise them when more agrees.
constexpr int kCanonAccepted = 316, kCanonRefused = 93;
constexpr int kGrblMicro = 532, kGrblPrograms = 670;

std::string read_gzip(const fs::path& path) {
    std::string quoted, text;
    for (char c : path.string()) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    std::string command = "gzip -dc '" + quoted + "' 2>/dev/null";
    FILE* pipe = popen(command.c_str(), "r");
    if (!pipe) return text;
    char buffer[65536];
    for (size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) text.append(buffer, n);
    pclose(pipe);
    return text;
}

std::vector<Tool> oracle_tools() {
    std::vector<Tool> tools;
    for (int number = 1; number < 100; ++number) {
        Tool tool;
        tool.number = number;
        tool.diameter_mm = 6;
        tools.push_back(tool);
    }
    return tools;
}

TEST(Rs274Oracle, CanonicalCallsAgree) {
    fs::path oracle = kCorpus + "/oracle/rs274", programs = kCorpus + "/programs";
    if (!fs::exists(oracle)) GTEST_SKIP() << "no corpus at " << kCorpus;
    std::vector<fs::path> folders;
    for (const char* folder :
         {"lagun_linuxcnc/mill/nc_files", "linuxcnc/lib/nc_files/ngcgui_lib", "linuxcnc/lib/nc_files/ngcgui_lib/utilitysubs",
          "linuxcnc/mill/nc_files", "linuxcnc/lathe/nc_files/macros/lathe"})
        folders.push_back(programs / folder);
    std::vector<Tool> tools = oracle_tools();
    int accepted = 0, accepted_agree = 0, refused = 0, refused_agree = 0;
    for (const auto& row : read_table(oracle / "summary.tsv")) {
        if (row.size() < 2 || (row[1] != "ok" && row[1] != "error")) continue;
        fs::path canon = oracle / (row[0] + (row[1] == "ok" ? ".canon.gz" : ".partial.canon.gz")), path = programs / row[0];
        if (!fs::exists(canon) || !fs::exists(path)) continue;
        std::string text = read_file(path);
        std::vector<std::unique_ptr<std::string>> kept;
        Program program{text, row[0], [&](std::string_view name) -> std::optional<std::string_view> {
                            std::vector<fs::path> search = folders;
                            search.insert(search.begin(), path.parent_path());
                            for (const fs::path& folder : search) {
                                fs::path file = folder / (std::string(name) + ".ngc");
                                if (!fs::exists(file)) continue;
                                kept.push_back(std::make_unique<std::string>(read_file(file)));
                                return std::string_view(*kept.back());
                            }
                            return std::nullopt;
                        }};
        InterpretOptions options;
        options.dialect = Dialect::kLinuxcnc;
        options.tools = &tools;
        options.tools_are_complete = options.zero_start = options.want_canon = true;
        options.block_delete = false;
        CanonLines got;
        Result<ProgramEnd> end = interpret(program, options, got, Context{});
        std::vector<std::string> expected = calls_only(expected_lines(read_gzip(canon)));
        got.lines = calls_only(got.lines);
        if (row[1] == "ok") {
            ++accepted;
            bool same = end.ok() && std::equal(got.lines.begin(), got.lines.end(), expected.begin(), expected.end(), same_call);
            accepted_agree += same;
            if (!same) std::printf("differs: %s %s\n", row[0].c_str(), end.ok() ? "" : end.error().message.c_str());
        } else {
            ++refused;
            bool begins =
                got.lines.size() <= expected.size() && std::equal(got.lines.begin(), got.lines.end(), expected.begin(), same_call);
            bool contains =
                expected.size() <= got.lines.size() && std::equal(expected.begin(), expected.end(), got.lines.begin(), same_call);
            bool same = !end.ok() && (begins || contains);
            refused_agree += same;
            if (!same) std::printf("refusal differs: %s\n", row[0].c_str());
        }
    }
    std::printf("rs274: %d of %d accepted programs agree line by line, %d of %d refused ones up to the refusal\n", accepted_agree, accepted,
                refused_agree, refused);
    EXPECT_GE(accepted_agree, kCanonAccepted);
    EXPECT_GE(refused_agree, kCanonRefused);
}

struct Refusals : MotionObserver {
    bool on_motion(const Motion&) override { return true; }
    void on_finding(Finding finding) override {
        if (finding.controller_error == 0) return;
        if (!all.empty()) all += ' ';
        all += std::to_string(finding.line) + ":" + std::to_string(finding.controller_error);
    }
    std::string all;
};

double number(const std::string& text) { return text.empty() ? 0 : std::stod(text); }
bool near(double a, double b) { return std::fabs(a - b) <= 0.001; }

// One row of micro.tsv: refused lines with their numbers, end position, modes.
bool row_agrees(const std::vector<std::string>& row, Dialect dialect, std::string& got) {
    std::string text;
    for (size_t i = 0; i < row[2].size(); ++i) {
        if (row[2][i] == '\\' && i + 1 < row[2].size() && row[2][i + 1] == 'n')
            text += '\n', ++i;
        else
            text += row[2][i];
    }
    InterpretOptions options;
    options.dialect = dialect;
    options.zero_start = true;
    Refusals refusals;
    Program program{text, "row", {}};
    Result<ProgramEnd> end = interpret(program, options, refusals, Context{});
    if (end.ok() && !row[7].empty()) {  // the row's position is that at the first refusal, where its run stopped
        int64_t lines = std::stoll(row[5]);
        size_t cut = 0;
        for (int64_t k = 0; k < lines && cut != std::string::npos; ++k)
            cut = text.find('\n', cut) == std::string::npos ? std::string::npos : text.find('\n', cut) + 1;
        Program begin{std::string_view(text).substr(0, cut), "row", {}};
        Refusals ignored;
        end = interpret(begin, options, ignored, Context{});
    }
    if (!end.ok()) {
        got = "error: " + end.error().message;
        return false;
    }
    got = refusals.all;
    bool same = refusals.all == row[7];
    if (text.find('$') != std::string::npos) return same;  // settings and jogs: their errors only
    char place[160];
    std::snprintf(place, sizeof place, " at %.4f %.4f %.4f machine %.4f %.4f %.4f", end->position_mm.x, end->position_mm.y,
                  end->position_mm.z, end->machine_position_mm.x, end->machine_position_mm.y, end->machine_position_mm.z);
    got += place;
    same = same && near(end->position_mm.x, number(row[8])) && near(end->position_mm.y, number(row[9])) &&
           near(end->position_mm.z, number(row[10]));
    same = same && near(end->machine_position_mm.x, number(row[11])) && near(end->machine_position_mm.y, number(row[12])) &&
           near(end->machine_position_mm.z, number(row[13]));
    if (row[7].empty()) {
        for (size_t column : {14, 15, 16, 17, 18, 19}) {
            bool found = std::find(end->modal.begin(), end->modal.end(), row[column]) != end->modal.end();
            if (!found && row[column].rfind("G38", 0) != 0) got += " no " + row[column], same = false;
        }
    }
    return same;
}

TEST(GrblOracle, MicroProgramsAgree) {
    fs::path table = kCorpus + "/oracle/grbl/micro.tsv";
    if (!fs::exists(table)) GTEST_SKIP() << "no corpus at " << kCorpus;
    int rows = 0, agree = 0;
    for (const auto& row : read_table(table)) {
        if (row.size() < 23 || row[0] == "id" || row[8].empty()) continue;
        bool hal = row[3] == "grblhal";
        std::string got;
        ++rows;
        if (row_agrees(row, hal ? Dialect::kGrblhal : Dialect::kGrbl, got)) {
            ++agree;
            continue;
        }
        std::printf("differs: %s %s \"%s\" wants \"%s\" at %s %s %s machine %s %s %s; got %s\n", row[0].c_str(), row[3].c_str(),
                    row[2].c_str(), row[7].c_str(), row[8].c_str(), row[9].c_str(), row[10].c_str(), row[11].c_str(), row[12].c_str(),
                    row[13].c_str(), got.c_str());
    }
    std::printf("grbl: %d of %d micro programs agree\n", agree, rows);
    EXPECT_GE(agree, kGrblMicro);
}

struct CodeCount : MotionObserver {
    bool on_motion(const Motion&) override { return true; }
    void on_finding(Finding finding) override {
        if (finding.controller_error > 0) ++counts[finding.controller_error], first = first == 0 ? finding.line : first;
    }
    std::map<int, int> counts;
    int64_t first = 0;
};

TEST(GrblOracle, ProgramsAgree) {
    fs::path table = kCorpus + "/oracle/grbl/programs.tsv";
    if (!fs::exists(table)) GTEST_SKIP() << "no corpus at " << kCorpus;
    int rows = 0, agree = 0;
    for (const auto& row : read_table(table)) {
        if (row.size() < 14 || row[0] == "file") continue;
        fs::path path = kCorpus + "/programs/" + row[0];
        if (!fs::exists(path)) continue;
        std::string text = read_file(path);
        for (bool hal : {false, true}) {
            const std::string& codes = hal ? row[13] : row[8];
            if (codes.find("8:") == 0 || codes.find(" 8:") != std::string::npos) continue;  // from check mode
            InterpretOptions options;
            options.dialect = hal ? Dialect::kGrblhal : Dialect::kGrbl;
            options.zero_start = true;
            CodeCount count;
            Program program{text, row[0], {}};
            Result<ProgramEnd> end = interpret(program, options, count, Context{});
            std::string got;
            for (const auto& [code, n] : count.counts) got += (got.empty() ? "" : " ") + std::to_string(code) + ":" + std::to_string(n);
            ++rows;
            std::map<int, int> want;
            std::stringstream stream(codes);
            for (std::string item; stream >> item;)
                if (size_t colon = item.find(':'); colon != std::string::npos)
                    want[std::stoi(item.substr(0, colon))] = std::stoi(item.substr(colon + 1));
            if (end.ok() && want == count.counts)
                ++agree;
            else
                std::printf("differs: %s %s wants \"%s\" got \"%s\" (first line %d)\n", hal ? "grblhal" : "grbl", row[0].c_str(),
                            codes.c_str(), end.ok() ? got.c_str() : end.error().message.c_str(), static_cast<int>(count.first));
        }
    }
    std::printf("grbl: refusals of %d of %d programs agree\n", agree, rows);
    EXPECT_GE(agree, kGrblPrograms);
}

}  // namespace
}  // namespace proveout
