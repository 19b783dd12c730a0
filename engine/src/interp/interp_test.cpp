// Data-driven cases (tests/interp/*.test), laws of reading, and bad input.
//
// A case: option lines "key value", a line "----", the program, a line "----", the expected dump. PROVEOUT_REBASELINE=1 writes the dumps
// anew. Options: dialect, tool N LENGTH [DIAMETER [LATHE EDGE]], wcs K X Y Z, home X Y Z, zero X Y Z, zero_start, complete_tools, canon,
// states, sub NAME (its text: lines "| ...").
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "proveout/interpret.h"

namespace proveout {
namespace {

namespace fs = std::filesystem;

constexpr const char* kKinds[] = {"rapid", "feed", "arc", "dwell", "toolchange", "spindle", "pause", "end"};

// Shortest text of a number to 4 decimals, without the sign of a zero.
std::string number(double value) {
    char text[64];
    std::snprintf(text, sizeof text, "%.4f", std::fabs(value) < 0.00005 ? 0.0 : value);
    std::string result = text;
    while (result.back() == '0') result.pop_back();
    if (result.back() == '.') result.pop_back();
    return result;
}

std::string triple(Vec3 v) { return number(v.x) + " " + number(v.y) + " " + number(v.z); }

struct Dump : MotionObserver {
    bool canon_only = false;
    std::string text;
    bool on_motion(const Motion& m) override {
        if (canon_only) return true;
        text += std::to_string(m.line) + " " + kKinds[static_cast<int>(m.kind)];
        if (m.kind <= MotionKind::kArc) text += " " + triple(m.to);
        if (m.kind == MotionKind::kArc) text += " centre " + triple(m.centre) + " sweep " + number(m.sweep_rad * 180 / kPi);
        if (m.kind == MotionKind::kFeed || m.kind == MotionKind::kArc) text += " f" + number(m.feed);
        if (m.kind == MotionKind::kDwell) text += " " + number(m.dwell_s) + " s";
        if (m.kind == MotionKind::kToolChange) text += " T" + std::to_string(m.tool) + " at " + triple(m.to);
        if (m.kind == MotionKind::kSpindle) text += " " + number(m.spindle_rpm);
        if (m.machine_coordinates) text += " machine";
        if (m.reference_return) text += " reference";
        if (m.probe) text += " probe";
        if (m.oriented) text += " oriented";
        if (m.spindle_synchronized) text += " synchronised";
        text += "\n";
        return true;
    }
    void on_finding(Finding f) override {
        text += "! " + std::to_string(f.line) + " " + std::string(name_of(f.severity)) + " " + std::string(f.code);
        if (f.controller_error) text += " error " + std::to_string(f.controller_error);
        text += ": " + f.message + "\n";
    }
    void on_state(int64_t line, std::string_view word) override { text += std::to_string(line) + " state " + std::string(word) + "\n"; }
    void on_comment(int64_t line, std::string_view words) override {
        text += std::to_string(line) + " comment " + std::string(words) + "\n";
    }
    void on_canon(std::string_view line) override { text += std::string(line) + "\n"; }
};

struct Case {
    InterpretOptions options;
    std::vector<Tool> tools;
    std::map<std::string, std::string, std::less<>> subs;
    bool canon = false;
};

void read_option(const std::string& line, Case& test, std::string& sub) {
    std::stringstream words(line);
    std::string key;
    words >> key;
    if (key == "dialect") {
        std::string name;
        words >> name;
        auto dialect = dialect_from(name);
        ASSERT_TRUE(dialect) << name;
        test.options.dialect = *dialect;
    } else if (key == "tool") {
        Tool tool;
        words >> tool.number >> tool.length_offset_mm;
        tool.diameter_mm = 6;
        words >> tool.diameter_mm >> tool.lathe_orientation;
        test.tools.push_back(tool);
    } else if (key == "wcs") {
        size_t k = 0;
        words >> k;
        Vec3& zero = test.options.work_offsets.at(k);
        words >> zero.x >> zero.y >> zero.z;
    } else if (key == "home") {
        Vec3 home;
        words >> home.x >> home.y >> home.z;
        test.options.machine.home_mm = home;
    } else if (key == "zero") {
        words >> test.options.machine.zero_mm.x >> test.options.machine.zero_mm.y >> test.options.machine.zero_mm.z;
    } else if (key == "zero_start") {
        test.options.zero_start = true;
    } else if (key == "complete_tools") {
        test.options.tools_are_complete = true;
    } else if (key == "canon") {
        test.options.want_canon = test.canon = true;
    } else if (key == "states") {
        test.options.want_states = test.options.want_comments = true;
    } else if (key == "sub") {
        words >> sub;
    } else if (key == "|") {
        test.subs[sub] += line.size() > 2 ? line.substr(2) + "\n" : "\n";
    } else {
        FAIL() << "unknown option: " << line;
    }
}

std::string run(const std::string& text, Case& test) {
    std::sort(test.tools.begin(), test.tools.end(), [](const Tool& a, const Tool& b) { return a.number < b.number; });
    test.options.tools = &test.tools;
    Dump dump;
    dump.canon_only = test.canon;
    Program program{text, "case", [&](std::string_view name) -> std::optional<std::string_view> {
                        auto at = test.subs.find(name);
                        if (at == test.subs.end()) return std::nullopt;
                        return std::string_view(at->second);
                    }};
    Result<ProgramEnd> end = interpret(program, test.options, dump, Context{});
    if (!end.ok())
        return dump.text + "refused in line " + std::to_string(end.error().line) + ": " + end.error().message + " [" + end.error().block +
               "]\n";
    dump.text += std::string(end->ended ? "ended" : "not ended") + " in line " + std::to_string(end->last_line) + " at " +
                 triple(end->position_mm) + " machine " + triple(end->machine_position_mm) + " modal";
    for (const std::string& code : end->modal) dump.text += " " + code;
    return dump.text + "\n";
}

class InterpCase : public testing::TestWithParam<fs::path> {};

TEST_P(InterpCase, DumpAgrees) {
    std::ifstream file(GetParam());
    std::string part[3], sub;
    int index = 0;
    for (std::string line; std::getline(file, line);) {
        if (line == "----" && index < 2)
            ++index;
        else
            part[index] += line + "\n";
    }
    Case test;
    std::stringstream options(part[0]);
    for (std::string line; std::getline(options, line);)
        if (!line.empty()) read_option(line, test, sub);
    std::string got = run(part[1], test);
    if (std::getenv("PROVEOUT_REBASELINE")) {
        file.close();
        std::ofstream(GetParam()) << part[0] << "----\n" << part[1] << "----\n" << got;
        return;
    }
    EXPECT_EQ(got, part[2]) << GetParam();
}

std::vector<fs::path> cases() {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::directory_iterator(PROVEOUT_SOURCE_DIR "/tests/interp"))
        if (entry.path().extension() == ".test") paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    return paths;
}

INSTANTIATE_TEST_SUITE_P(Files, InterpCase, testing::ValuesIn(cases()), [](const auto& file) {
    std::string name = file.param.stem().string();
    std::replace_if(
        name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
    return name;
});

// ---- laws ----

struct Moves : MotionObserver {
    bool on_motion(const Motion& m) override {
        if (m.kind <= MotionKind::kArc) moves.push_back(m);
        return true;
    }
    std::vector<Motion> moves;
};

std::vector<Motion> moves_of(const std::string& text, Dialect dialect = Dialect::kLinuxcnc) {
    InterpretOptions options;
    options.dialect = dialect;
    options.zero_start = true;
    Moves observer;
    Program program{text, "law", {}};
    Result<ProgramEnd> end = interpret(program, options, observer, Context{});
    EXPECT_TRUE(end.ok()) << (end.ok() ? "" : end.error().message) << "\n" << text;
    return observer.moves;
}

void expect_same(const std::vector<Motion>& a, const std::vector<Motion>& b, double tolerance, bool lines) {
    ASSERT_EQ(a.size(), b.size());
    for (size_t i = 0; i < a.size(); ++i) {
        EXPECT_EQ(a[i].kind, b[i].kind) << i;
        EXPECT_LE(length(a[i].from - b[i].from), tolerance) << i;
        EXPECT_LE(length(a[i].to - b[i].to), tolerance) << i;
        if (a[i].kind == MotionKind::kArc) {
            EXPECT_LE(length(a[i].centre - b[i].centre), tolerance) << i;
            EXPECT_NEAR(a[i].sweep_rad, b[i].sweep_rad, 1e-5) << i;
        }
        EXPECT_NEAR(a[i].feed, b[i].feed, 1e-6 * std::max(1.0, a[i].feed)) << i;
        if (lines) {
            EXPECT_EQ(a[i].line, b[i].line) << i;
        }
    }
}

struct Step {
    int kind;  // 0 rapid, 1 feed, 2 arc
    double x, y, z, i, j, f;
};

std::vector<Step> random_steps(unsigned seed, int count) {
    std::mt19937 random(seed);
    std::uniform_int_distribution<int> tenths(-400, 400), kind(0, 5);
    std::vector<Step> steps;
    double x = 0, y = 0;
    for (int k = 0; k < count; ++k) {
        Step s{std::max(0, kind(random) - 3),   tenths(random) / 10.0, tenths(random) / 10.0, tenths(random) / 10.0, 0, 0,
               100.0 + std::abs(tenths(random))};
        if (s.kind == 2) s.i = tenths(random) / 10.0 + 50, s.j = 0, s.x = x + 2 * s.i, s.y = y;  // half circles end exactly
        x = s.x, y = s.y;
        steps.push_back(s);
    }
    return steps;
}

// The same path as text: unit divides, incremental or not; words in one or several ways of spelling.
std::string spell(const std::vector<Step>& steps, double unit, bool incremental, const std::string& gap, const std::string& tail) {
    std::string text = std::string(unit == 1 ? "G21" : "G20") + "\nG90 G17 G94\n" + (incremental ? "G91\n" : "");
    double x = 0, y = 0, z = 0;
    char line[256];
    for (const Step& s : steps) {
        double px = incremental ? s.x - x : s.x, py = incremental ? s.y - y : s.y, pz = incremental ? s.z - z : s.z;
        int n = std::snprintf(line, sizeof line, "G%d%sX%.10f%sY%.10f%sZ%.10f", s.kind, gap.c_str(), px / unit, gap.c_str(), py / unit,
                              gap.c_str(), pz / unit);
        if (s.kind == 2) n += std::snprintf(line + n, sizeof line - static_cast<size_t>(n), " I%.10f J%.10f", s.i / unit, s.j / unit);
        if (s.kind > 0) std::snprintf(line + n, sizeof line - static_cast<size_t>(n), " F%.10f", s.f / unit);
        text += line + tail + "\n";
        x = s.x, y = s.y, z = s.z;
    }
    return text + "M2\n";
}

TEST(InterpLaws, InchesAreMillimetres) {
    for (unsigned seed = 1; seed < 6; ++seed) {
        auto steps = random_steps(seed, 60);
        expect_same(moves_of(spell(steps, 1, false, " ", "")), moves_of(spell(steps, kMmPerInch, false, " ", "")), 1e-5, true);
    }
}

TEST(InterpLaws, IncrementsAreDifferences) {
    for (unsigned seed = 1; seed < 6; ++seed) {
        auto steps = random_steps(seed, 60);
        std::string absolute = spell(steps, 1, false, " ", "");
        absolute.replace(absolute.find("G94"), 3, "G94\n");  // as many lines
        expect_same(moves_of(absolute), moves_of(spell(steps, 1, true, " ", "")), 1e-6, true);
    }
}

// A comment makes a block general; without it the fast path reads the block. Both give the same bits.
TEST(InterpLaws, FastPathIsGeneralPath) {
    for (Dialect dialect : {Dialect::kLinuxcnc, Dialect::kFanuc, Dialect::kMach3, Dialect::kHaas, Dialect::kGrblhal, Dialect::kGrbl}) {
        for (unsigned seed = 1; seed < 4; ++seed) {
            auto steps = random_steps(seed, 80);
            for (double unit : {1.0, kMmPerInch})
                for (bool incremental : {false, true})
                    expect_same(moves_of(spell(steps, unit, incremental, " ", ""), dialect),
                                moves_of(spell(steps, unit, incremental, "", " (general)"), dialect), 0, true);
        }
    }
}

TEST(InterpLaws, LineEndsAndNumbersOfLinesDoNotMatter) {
    auto steps = random_steps(7, 60);
    std::string text = spell(steps, 1, false, " ", ""), crlf, numbered;
    int n = 0;
    std::stringstream stream(text);
    for (std::string line; std::getline(stream, line);)
        crlf += line + "\r\n", numbered += "N" + std::to_string(n += 10) + " " + line + "\n";
    expect_same(moves_of(text), moves_of(crlf), 0, true);
    expect_same(moves_of(text), moves_of(numbered), 0, true);
}

TEST(InterpLaws, ASplitMoveEndsAtTheSamePlace) {
    auto whole = moves_of("G21\nG0 X0 Y0 Z0\nG1 X30 Y60 Z-9 F100\nM2\n");
    auto split = moves_of("G21\nG0 X0 Y0 Z0\nG1 X10 Y20 Z-3 F100\nX20 Y40 Z-6\nX30 Y60 Z-9\nM2\n");
    ASSERT_EQ(whole.size(), 1u);
    ASSERT_EQ(split.size(), 3u);
    EXPECT_EQ(whole.back().to, split.back().to);
    double total = 0;
    for (const Motion& m : split) total += path_length_mm(m);
    EXPECT_NEAR(total, path_length_mm(whole[0]), 1e-9);
}

TEST(InterpLaws, MovesJoin) {
    for (unsigned seed = 1; seed < 4; ++seed) {
        auto moves = moves_of(spell(random_steps(seed, 200), 1, false, " ", ""));
        for (size_t i = 1; i < moves.size(); ++i) EXPECT_EQ(moves[i - 1].to, moves[i].from);
    }
}

// ---- bad input ----

constexpr int64_t kTestBudget = 100'000;  // the real budget takes seconds

Result<ProgramEnd> read_all(std::string_view text, Dialect dialect, const Context& context = {}) {
    InterpretOptions options;
    options.dialect = dialect;
    options.want_canon = options.want_comments = options.want_states = true;
    options.max_executed_blocks = kTestBudget;
    Moves observer;
    Program program{text, "bad", {}};
    return interpret(program, options, observer, context);
}

TEST(InterpBadInput, AnyBytesGiveAnAnswer) {
    std::mt19937 random(3);
    const std::string alphabet = "GXYZIJKRFMNOPQT0123456789.-+#[]()<>=%;/ \n\r\tabcdefo$\x01\xff";
    for (int round = 0; round < 3000; ++round) {
        std::string text;
        size_t size = random() % 200;
        for (size_t i = 0; i < size; ++i) text += round % 3 == 0 ? static_cast<char>(random()) : alphabet[random() % alphabet.size()];
        for (Dialect dialect :
             {Dialect::kLinuxcnc, Dialect::kGrbl, Dialect::kGrblhal, Dialect::kFanuc, Dialect::kHaas, Dialect::kMach3, Dialect::kAuto}) {
            auto end = read_all(text, dialect);
            if (!end.ok()) {
                EXPECT_EQ(end.error().code, ErrorCode::kUnprocessableGcode);
                EXPECT_GT(end.error().line, 0);
                EXPECT_FALSE(end.error().message.empty());
            }
        }
    }
}

TEST(InterpBadInput, EndlessLoopsEnd) {
    struct Endless {
        Dialect dialect;
        const char* text;
    };
    const Endless programs[] = {{Dialect::kLinuxcnc, "o1 while [1]\no1 endwhile\nM2\n"},
                                {Dialect::kLinuxcnc, "o1 do\no1 while [1]\nM2\n"},
                                {Dialect::kLinuxcnc, "o1 repeat [1e9]\nG4 P0\no1 endrepeat\nM2\n"},
                                {Dialect::kLinuxcnc, "o1 repeat [999999999999]\no1 endrepeat\nM2\n"},
                                {Dialect::kFanuc, "N1 GOTO 1\nM30\n"},
                                {Dialect::kFanuc, "WHILE[1EQ1]DO1\nEND1\nM30\n"},
                                {Dialect::kFanuc, "G21 G90 F100\nG83 X0 Z-100000. R1. Q0.001\nM30\n"}};
    for (const Endless& program : programs) {
        auto end = read_all(program.text, program.dialect);
        ASSERT_FALSE(end.ok()) << program.text;
        EXPECT_EQ(end.error().code, ErrorCode::kUnprocessableGcode) << program.text;
        EXPECT_GT(end.error().line, 0) << program.text;
    }
}

TEST(InterpBadInput, RecursionEnds) {
    auto call = read_all("o100 sub\no100 call\no100 endsub\no100 call\nM2\n", Dialect::kLinuxcnc);
    ASSERT_FALSE(call.ok());
    EXPECT_EQ(call.error().line, 2);
    auto m98 = read_all("O1\nM98 P1\nM30\n", Dialect::kFanuc);
    ASSERT_FALSE(m98.ok());
    std::string deep = "G0 X";
    for (int i = 0; i < 100; ++i) deep += "[1+";
    auto expression = read_all(deep + "\n", Dialect::kLinuxcnc);
    ASSERT_FALSE(expression.ok());
    EXPECT_EQ(expression.error().line, 1);
}

TEST(InterpBadInput, LongLineIsRefusedWithItsNumber) {
    std::string text = "G21 G90\nG0 X1\n" + std::string(100'000'000, 'X') + "\nM2\n";
    auto end = read_all(text, Dialect::kFanuc);
    ASSERT_FALSE(end.ok());
    EXPECT_EQ(end.error().line, 3);
    EXPECT_LE(end.error().block.size(), 256u);
}

TEST(InterpBadInput, NoExponentInfinityOrNan) {
    for (const char* word : {"nan", "inf", "1e308", "0x10", "1.2.3", "99999999999999999999999999999999"}) {
        auto end = read_all(std::string("G21 G90\nG0 X") + word + "\nM2\n", Dialect::kLinuxcnc);
        ASSERT_FALSE(end.ok()) << word;
        EXPECT_EQ(end.error().line, 2) << word;
    }
}

TEST(InterpBadInput, StopIsObeyed) {
    std::atomic<int> stop{static_cast<int>(StopReason::kCancelled)};
    Context context;
    context.stop = &stop;
    auto end = read_all("G21\nG0 X1\nM2\n", Dialect::kLinuxcnc, context);
    ASSERT_FALSE(end.ok());
    EXPECT_EQ(end.error().code, ErrorCode::kCancelled);
}

TEST(InterpBadInput, ObserverCanStop) {
    struct One : MotionObserver {
        int count = 0;
        bool on_motion(const Motion&) override { return ++count < 3; }
    } one;
    InterpretOptions options;
    options.dialect = Dialect::kLinuxcnc;
    std::string text = "G21 G90\n";
    for (int i = 1; i < 100; ++i) text += "G0 X" + std::to_string(i) + "\n";
    Program program{text, "stop", {}};
    auto end = interpret(program, options, one, Context{});
    ASSERT_TRUE(end.ok());
    EXPECT_EQ(one.count, 3);
}

TEST(Dialect, IsChosenFromEvidence) {
    struct Sample {
        const char* text;
        Dialect dialect;
    };
    const Sample samples[] = {{"o100 if [#1 GT 2]\nG0 X1\no100 endif\nM2\n", Dialect::kLinuxcnc},
                              {"#<depth> = 3\nG0 Z#<depth>\nM2\n", Dialect::kLinuxcnc},
                              {"%\nO1001 (PART)\nIF [#100 GT 3] GOTO 10\nN10 M30\n%\n", Dialect::kFanuc},
                              {"(Post: Haas VF2)\nG0 X1\nM30\n", Dialect::kHaas},
                              {"$H\nG0 X1\n", Dialect::kGrbl},
                              {"(Mach3 post)\nG0 X1\nM30\n", Dialect::kMach3},
                              {"G21 G90\nG0 X1\nM2\n", Dialect::kGrbl},
                              {"G21 G90\nT1 M6\nG0 X1\nM2\n", Dialect::kLinuxcnc},
                              {"G21 G90\nG1 X1\nM2\n", Dialect::kLinuxcnc}};
    for (const Sample& sample : samples) {
        DialectChoice choice = choose_dialect(sample.text);
        EXPECT_EQ(choice.dialect, sample.dialect) << sample.text;
        EXPECT_FALSE(choice.reason.empty());
    }
}

}  // namespace
}  // namespace proveout
