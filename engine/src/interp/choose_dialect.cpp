// Which control a program was written for, from evidence in its text and name: what only one control understands weighs most; each kind
// of evidence counts once, however often it stands there. A program without any that keeps to the few words of GRBL, and of which GRBL
// refuses no block, is taken for one of GRBL's.
#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include "gcode/grammar.h"
#include "gcode/lines.h"
#include "gcode/number.h"
#include "interp/codes.h"
#include "proveout/interpret.h"

namespace proveout {

namespace {

constexpr int64_t kLinesToRead = 20000;  // evidence stands near the start, or is everywhere
constexpr size_t kMaxLine = 512;         // bytes of a line that are looked at
constexpr int64_t kMovesBehindEnd = 20;  // fewer are left-overs of an editor
constexpr int kCertain = 100, kStrong = 10, kWeak = 3, kHint = 1;

struct Evidence {
    std::array<int, 8> score{};
    std::array<int, 8> best{};  // weight of the reason kept
    std::array<std::string, 8> reason;
    std::array<std::set<std::string, std::less<>>, 8> seen;
    void add(Dialect dialect, int weight, std::string_view what, int64_t line) {
        size_t k = static_cast<size_t>(dialect);
        if (!seen[k].emplace(what).second) return;
        score[k] += weight;
        if (weight <= best[k]) return;
        best[k] = weight;
        reason[k] = std::string(what) + (line > 0 ? " (line " + std::to_string(line) + ")" : "");
    }
};

bool contains(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// One line as code (upper case, no blanks, no comments) and comment text (upper case).
struct SplitLine {
    std::string code, comment;
    uint32_t letters = 0;    // gcode::bits of the letters in the code
    bool signs = false;      // the code has other characters than letters and those of a number
    bool lower = false;      // the code's first letter is a small one
    bool semicolon = false;  // a comment behind ";"
    void read(std::string_view line) {
        comment.clear();
        lower = semicolon = signs = false;
        letters = 0;
        bool inside = false;
        line = line.substr(0, kMaxLine);
        code.resize(line.size());
        size_t length = 0;
        for (char c : line) {
            char u = upper(c);
            if (semicolon || inside) comment += u;
            if (semicolon) continue;
            if (inside) {
                inside = u != ')';
            } else if (u == '(') {
                inside = true;
            } else if (u == ';') {
                semicolon = true;
            } else if (static_cast<unsigned char>(u) > ' ') {
                if (length == 0) lower = u != c;
                code[length++] = u;
                if (u >= 'A' && u <= 'Z')
                    letters |= gcode::bit(u);
                else
                    signs |= !gcode::is_digit(u) && u != '.' && u != '-' && u != '+';
            }
        }
        code.resize(length);
    }
    bool has_any(uint32_t some) const { return (letters & some) != 0; }
};

struct Name {
    std::string_view text;
    Dialect dialect;
};
constexpr Name kNames[] = {{"LINUXCNC", Dialect::kLinuxcnc}, {"EMC2", Dialect::kLinuxcnc}, {"GRBLHAL", Dialect::kGrblhal},
                           {"FLUIDNC", Dialect::kGrblhal},   {"GRBL", Dialect::kGrbl},     {"FANUC", Dialect::kFanuc},
                           {"HAAS", Dialect::kHaas},         {"MACH3", Dialect::kMach3},   {"MACH2", Dialect::kMach3},
                           {"NGCGUI", Dialect::kLinuxcnc},   {"TWEAKIE", Dialect::kMach3}, {"UNIVERSAL GCODE SENDER", Dialect::kGrbl}};

void from_comment(const SplitLine& split, int64_t line, Evidence& evidence) {
    for (const Name& name : kNames)
        if (contains(split.comment, name.text)) {
            evidence.add(name.dialect, kCertain, "comment names " + std::string(name.text), line);
            return;
        }
    if (contains(split.comment, ".TPL'")) evidence.add(Dialect::kLinuxcnc, kStrong, "comment names a program of CAMotics", line);
    for (std::string_view active : {"MSG,", "DEBUG,", "PRINT,", "LOG,", "LOGOPEN,", "PROBEOPEN"})  // comments that act
        if (split.comment.substr(0, active.size()) == active)
            evidence.add(Dialect::kLinuxcnc, kWeak, "comment of the kind that LinuxCNC acts upon", line);
}

// The file's own name, without its folders: "part_haas.nc", "part.ngc".
void from_name(std::string_view path, Evidence& evidence) {
    size_t slash = path.find_last_of("/\\");
    std::string name(slash == std::string_view::npos ? path : path.substr(slash + 1));
    std::transform(name.begin(), name.end(), name.begin(), upper);
    for (const Name& known : kNames)
        if (contains(name, known.text)) {
            evidence.add(known.dialect, kStrong, "the file's name has " + std::string(known.text), 0);
            break;
        }
    std::string end = name.size() > 4 ? name.substr(name.size() - 4) : "";
    if (end == ".NGC") evidence.add(Dialect::kLinuxcnc, kWeak, "the file's name ends in .ngc, as of programs for RS274/NGC", 0);
    if (end == ".TAP") evidence.add(Dialect::kMach3, kHint, "the file's name ends in .tap, as of programs for Mach3", 0);
}

// M98, #parameters and O-words tell Fanuc from LinuxCNC.
void from_program_text(const std::string& code, int64_t line, Evidence& evidence) {
    size_t at = 0;
    if (code[0] == '/') at = 1;
    if (at < code.size() && code[at] == 'N') {
        ++at;
        while (at < code.size() && gcode::is_digit(code[at])) ++at;
    }
    std::string_view rest = std::string_view(code).substr(at);
    if (rest.empty()) return;
    if (rest.front() == 'O' && rest.size() > 1) {
        bool number = gcode::is_digit(rest[1]);
        size_t digits = 1;
        while (digits < rest.size() && gcode::is_digit(rest[digits])) ++digits;
        if (number && digits == rest.size() && digits >= 5)
            evidence.add(Dialect::kFanuc, kStrong, "program number " + std::string(rest.substr(0, 8)), line);
        else if (!number || digits < rest.size())
            evidence.add(Dialect::kLinuxcnc, kCertain, "O-word", line);
    }
    if (rest.front() == ':' && rest.size() > 1 && gcode::is_digit(rest[1])) evidence.add(Dialect::kFanuc, kStrong, "program number", line);
    bool macro_if = rest.substr(0, 3) == "IF[" && (contains(rest, "]GOTO") || contains(rest, "]THEN"));
    if (macro_if || (rest.substr(0, 6) == "WHILE[" && contains(rest, "]DO")) || rest.substr(0, 4) == "GOTO")
        evidence.add(Dialect::kFanuc, kCertain, "macro B statement", line);
    if (contains(rest, "#</")) evidence.add(Dialect::kGrblhal, kCertain, "setting of the firmware read as a parameter", line);
    if (contains(rest, "#<")) evidence.add(Dialect::kLinuxcnc, kStrong, "named parameter", line);
    if (contains(rest, "EXISTS[") || contains(rest, "**") || contains(rest, "LN["))
        evidence.add(Dialect::kLinuxcnc, kStrong, "expression", line);
    if (rest.front() == '$') evidence.add(Dialect::kGrbl, kCertain, "\"$\" line of the firmware", line);
}

bool ends_program(std::string_view code) {
    size_t at = code.find('M');
    if (at == std::string_view::npos) return false;
    std::string_view number = code.substr(at + 1);
    return number == "2" || number == "02" || number == "30";
}

// Codes that few controls know.
struct CodeEvidence {
    char letter;
    int first, last;  // ten times the code
    Dialect dialect;
    int weight;
};
constexpr CodeEvidence kCodes[] = {{'G', 640, 640, Dialect::kLinuxcnc, kHint},   {'G', 50, 52, Dialect::kLinuxcnc, kStrong},
                                   {'G', 70, 70, Dialect::kLinuxcnc, kStrong},   {'G', 331, 331, Dialect::kLinuxcnc, kStrong},
                                   {'G', 432, 432, Dialect::kLinuxcnc, kStrong}, {'G', 591, 593, Dialect::kLinuxcnc, kStrong},
                                   {'G', 611, 611, Dialect::kLinuxcnc, kStrong}, {'M', 620, 730, Dialect::kLinuxcnc, kWeak},
                                   {'M', 1010, 1020, Dialect::kLinuxcnc, kWeak}, {'G', 120, 130, Dialect::kHaas, kStrong},
                                   {'G', 470, 470, Dialect::kHaas, kStrong},     {'G', 1500, 1500, Dialect::kHaas, kStrong},
                                   {'G', 1030, 1030, Dialect::kHaas, kStrong},   {'G', 1540, 1540, Dialect::kHaas, kStrong},
                                   {'G', 1870, 1870, Dialect::kHaas, kStrong},   {'M', 970, 970, Dialect::kHaas, kStrong},
                                   {'G', 150, 160, Dialect::kFanuc, kWeak},      {'G', 290, 290, Dialect::kFanuc, kWeak},
                                   {'G', 310, 310, Dialect::kFanuc, kWeak},      {'G', 500, 511, Dialect::kFanuc, kWeak},
                                   {'G', 541, 541, Dialect::kFanuc, kWeak},      {'G', 650, 690, Dialect::kFanuc, kWeak},
                                   {'M', 980, 980, Dialect::kFanuc, kWeak}};

constexpr int kLastMotion = 30;  // G0 to G3, of which there are most, tell nothing

struct LineCodes {
    bool g10 = false, g28 = false, g64 = false, g91 = false, m29 = false;
};

void from_codes(const std::string& code, int64_t line, Evidence& evidence) {
    LineCodes seen;
    for (size_t at = 0; at < code.size(); ++at) {
        char letter = code[at];
        if (letter != 'G' && letter != 'M') continue;
        if (at > 0 && code[at - 1] >= 'A' && code[at - 1] <= 'Z') continue;
        double value = 0;
        gcode::NumberEnd end = gcode::read_number(code.data() + at + 1, code.data() + code.size(), value);
        if (!end.at || value < 0 || value > 2000) continue;
        int number = static_cast<int>(value * 10 + 0.5);
        if (letter == 'G' && number <= kLastMotion) continue;
        for (const CodeEvidence& known : kCodes)
            if (known.letter == letter && number >= known.first && number <= known.last)
                evidence.add(known.dialect, known.weight, interp::spelling(letter, number), line);
        if (letter == 'M') {
            seen.m29 |= number == 290;
            continue;
        }
        seen.g10 |= number == 100;
        seen.g28 |= number == 280;
        seen.g64 |= number == 640;
        seen.g91 |= number == 910;
    }
    if (!seen.g64 && !seen.g10 && !seen.m29 && !seen.g28) return;
    auto has = [&](char letter) { return contains(code, std::string_view(&letter, 1)); };
    if (seen.g64 && has('P')) evidence.add(Dialect::kLinuxcnc, kStrong, "G64 P", line);
    if (seen.g10 && has('L') && has('P') && has('R') && has('X')) evidence.add(Dialect::kLinuxcnc, kStrong, "G10 L2 with R", line);
    if (seen.m29 && has('S')) evidence.add(Dialect::kFanuc, kWeak, "M29 S", line);
    if (seen.g28 && seen.g91) evidence.add(Dialect::kFanuc, kWeak, "G91 G28", line);
}

// Does the program keep to what GRBL 1.1 reads, and give its units, or its zero by G10 L20 as senders' programs do? Posts for GRBL number
// no lines; senders leave "%" out.
class GrblWords {
  public:
    void read(const std::string& code) {
        if (!within_ || code.empty() || code == "%") return;
        const char *p = code.data(), *end = p + code.size();
        while (within_ && p < end) {
            char letter = *p++;
            double value = 0;
            gcode::NumberEnd number = gcode::read_number(p, end, value);
            within_ = number.at && (letter == 'G' || letter == 'M' || (kLetters & gcode::bit(letter_or_o(letter))) != 0);
            if (!within_) return;
            p = number.at;
            if (letter == 'G' || letter == 'M') add_code(letter, value);
            moves_ |= letter == 'X' || letter == 'Y' || letter == 'Z';
            sender_ |= letter == 'L' && value == 20;
        }
    }
    bool hold() const { return within_ && (units_ || sender_) && moves_; }
    bool changes_tools() const { return changes_tools_; }  // senders stop there

  private:
    static constexpr uint32_t kLetters = gcode::bits("AFIJKLPRSTXYZ");  // A: as grblHAL has it
    static char letter_or_o(char c) { return c >= 'A' && c <= 'Z' ? c : 'O'; }
    void add_code(char letter, double value) {
        const interp::CodeRule* rule = value >= 0 && value < 200 ? interp::rule_of(letter, static_cast<int>(value * 10 + 0.5)) : nullptr;
        within_ = rule && interp::action_of(*rule, Dialect::kGrbl) == interp::Action::kDone;
        changes_tools_ |= letter == 'M' && value == 6;
        units_ |= letter == 'G' && (value == 20 || value == 21);
    }
    bool within_ = true, units_ = false, moves_ = false, sender_ = false, changes_tools_ = false;
};

// Fanuc and Haas read X60 as 60 of the least increment: programs for them write X60. with a point, and nobody else needs to.
class WholeNumbers {
  public:
    void read(std::string_view code) {
        for (size_t at = 0; at + 1 < code.size(); ++at) {
            if ((gcode::bit(code[at] >= 'A' && code[at] <= 'Z' ? code[at] : 'O') & gcode::bits("XYZIJKR")) == 0) continue;
            double value = 0;
            gcode::NumberEnd end = gcode::read_number(code.data() + at + 1, code.data() + code.size(), value);
            if (!end.at || value == 0) continue;
            bare_ += !end.point;
            pointed_ += end.point && end.at[-1] == '.';
        }
    }
    bool all_pointed() const { return bare_ == 0 && pointed_ >= kLeast; }

  private:
    static constexpr int kLeast = 5;
    int bare_ = 0, pointed_ = 0;
};

// Autodesk's post for GRBL opens with G90 G94, G17 and the units, each in a line of its own; its posts for others write them in one.
class GrblOpening {
  public:
    void read(const std::string& code, int64_t line) {
        bool next = step_ == 0 ? code == "G90G94" : step_ == 1 ? code == "G17" : code == "G20" || code == "G21";
        step_ = next ? step_ + 1 : code == "G90G94" ? 1 : 0;
        if (step_ < 3) return;
        step_ = 0;
        if (line_ == 0) line_ = line;
    }
    int64_t line() const { return line_; }  // 0: not seen

  private:
    int step_ = 0;
    int64_t line_ = 0;
};

// What GRBL would refuse; a missing feed does not count, others refuse it too.
struct Refused final : MotionObserver {
    bool on_motion(const Motion&) override { return !any; }
    void on_finding(Finding finding) override {
        any |= finding.severity == Severity::kError && finding.controller_error != kUnsupportedWord;
    }
    static constexpr int kUnsupportedWord = 20;  // the words have been looked at; what is left is A, which grblHAL may have
    bool any = false;
};

bool grbl_takes(std::string_view text) {
    InterpretOptions options;
    options.dialect = Dialect::kGrbl;
    options.zero_start = true;
    Refused refused;
    Program program{text, "", {}};
    return interpret(program, options, refused, Context{}).ok() && !refused.any;
}

}  // namespace

DialectChoice choose_dialect(std::string_view text, std::string_view name) {
    if (text.empty()) return {Dialect::kLinuxcnc, "the program is empty"};
    Evidence evidence;
    from_name(name, evidence);
    gcode::LineCursor cursor(text);
    SplitLine split;
    GrblWords words;
    GrblOpening opening;
    WholeNumbers whole;
    int64_t coded = 0, lower = 0, last_end = 0, moves_behind_end = 0;
    bool semicolon = false, subprograms = false;
    while (!cursor.at_end() && cursor.line() < kLinesToRead) {
        split.read(cursor.next());
        int64_t line = cursor.line();
        if (!split.comment.empty()) from_comment(split, line, evidence);
        if (split.code.empty()) continue;
        ++coded, lower += split.lower;
        semicolon |= split.semicolon;
        const bool has_m = split.has_any(gcode::bits("M"));
        subprograms |= split.code[0] == 'O' || (has_m && contains(split.code, "M99"));
        if (last_end > 0) moves_behind_end += split.has_any(gcode::bits("XYZ"));
        if (has_m && ends_program(split.code)) last_end = line;
        if (split.signs || split.has_any(gcode::bits("O"))) from_program_text(split.code, line, evidence);
        if (split.has_any(gcode::bits("GM"))) from_codes(split.code, line, evidence);
        words.read(split.code);
        opening.read(split.code, line);
        whole.read(split.code);
    }
    if (lower * 2 > coded) evidence.add(Dialect::kLinuxcnc, kWeak, "written in small letters, as by hand for RS274/NGC", 0);
    if (words.hold() && evidence.score[static_cast<size_t>(Dialect::kLinuxcnc)] == 0 && grbl_takes(text.substr(0, cursor.offset()))) {
        if (opening.line() > 0) evidence.add(Dialect::kGrbl, kStrong, "opening of the usual post for GRBL", opening.line());
        if (!words.changes_tools() || semicolon)  // comments behind ";" came with the firmwares of hobby machines
            evidence.add(Dialect::kGrbl, kHint, "GRBL takes every block, and nothing in the program needs another control", 0);
    }
    if (whole.all_pointed()) evidence.add(Dialect::kFanuc, kHint, "whole numbers are written with a point throughout (X60.)", 0);
    if (moves_behind_end >= kMovesBehindEnd && !subprograms)
        evidence.add(Dialect::kGrbl, kWeak, "moves behind the program's end, where only GRBL goes on", last_end);
    constexpr Dialect kOrder[] = {Dialect::kLinuxcnc, Dialect::kGrblhal, Dialect::kGrbl, Dialect::kHaas, Dialect::kFanuc, Dialect::kMach3};
    Dialect best = Dialect::kLinuxcnc;
    int score = 0;
    for (Dialect candidate : kOrder)
        if (evidence.score[static_cast<size_t>(candidate)] > score)
            best = candidate, score = evidence.score[static_cast<size_t>(candidate)];
    if (score == 0) return {Dialect::kLinuxcnc, "nothing in the program tells the control; RS274/NGC as LinuxCNC reads it is taken"};
    return {best, evidence.reason[static_cast<size_t>(best)]};
}

}  // namespace proveout
