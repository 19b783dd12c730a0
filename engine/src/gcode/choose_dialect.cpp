// Which control a program was written for, from evidence in its text: what only one control understands weighs most.
#include <algorithm>
#include <array>
#include <cstring>

#include "gcode/block.h"
#include "gcode/lines.h"
#include "gcode/number.h"
#include "proveout/interpret.h"

namespace proveout {

namespace {

constexpr int64_t kLinesToRead = 20000;  // evidence stands near the start, or is everywhere
constexpr int kCertain = 100, kStrong = 10, kWeak = 3, kHint = 1;

struct Evidence {
    std::array<int, 8> score{};
    std::array<int, 8> best{};  // weight of the reason kept
    std::array<std::string, 8> reason;
    void add(Dialect dialect, int weight, std::string what, int64_t line) {
        size_t k = static_cast<size_t>(dialect);
        score[k] += weight;
        if (weight <= best[k]) return;
        best[k] = weight;
        reason[k] = std::move(what) + " (line " + std::to_string(line) + ")";
    }
};

bool contains(std::string_view text, std::string_view what) { return text.find(what) != std::string_view::npos; }

// One line as code (upper case, no blanks, no comments) and comment text (upper case).
struct SplitLine {
    std::string code, comment;
    bool semicolon = false;
    void read(std::string_view line) {
        code.clear(), comment.clear();
        semicolon = false;
        bool inside = false;
        for (char c : line.substr(0, 512)) {
            char u = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
            if (semicolon || inside) comment += u;
            if (semicolon) continue;
            if (inside)
                inside = u != ')';
            else if (u == '(')
                inside = true;
            else if (u == ';')
                semicolon = true;
            else if (static_cast<unsigned char>(u) > ' ')
                code += u;
        }
    }
};

void from_comment(const SplitLine& split, int64_t line, Evidence& evidence) {
    struct Name {
        std::string_view text;
        Dialect dialect;
    };
    constexpr Name kNames[] = {{"LINUXCNC", Dialect::kLinuxcnc}, {"EMC2", Dialect::kLinuxcnc}, {"GRBLHAL", Dialect::kGrblhal},
                               {"GRBL", Dialect::kGrbl},         {"FANUC", Dialect::kFanuc},   {"HAAS", Dialect::kHaas},
                               {"MACH3", Dialect::kMach3},       {"MACH2", Dialect::kMach3},   {"NGCGUI", Dialect::kLinuxcnc},
                               {"TWEAKIE", Dialect::kMach3}};
    for (const Name& name : kNames)
        if (contains(split.comment, name.text)) {
            evidence.add(name.dialect, kCertain, "comment names " + std::string(name.text), line);
            return;
        }
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
    if (rest.substr(0, 3) == "IF[" || rest.substr(0, 6) == "WHILE[" || rest.substr(0, 4) == "GOTO")
        evidence.add(Dialect::kFanuc, kCertain, "macro B statement", line);
    if (contains(rest, "#<")) evidence.add(Dialect::kLinuxcnc, kCertain, "named parameter", line);
    if (contains(rest, "EXISTS[") || contains(rest, "**") || contains(rest, "LN["))
        evidence.add(Dialect::kLinuxcnc, kStrong, "expression", line);
    if (rest.front() == '$') evidence.add(Dialect::kGrbl, kCertain, "\"$\" line of the firmware", line);
}

// A G or M code that few controls know.
void from_code(char letter, int number, int64_t line, Evidence& evidence) {
    auto add = [&](Dialect dialect, int weight) {
        evidence.add(dialect, weight,
                     std::string(1, letter) + std::to_string(number / 10) + (number % 10 ? "." + std::to_string(number % 10) : ""), line);
    };
    if (letter == 'G') {
        switch (number) {
            case 640:
                add(Dialect::kLinuxcnc, kHint);
                break;
            case 431:
            case 383:
            case 384:
            case 385:
                add(Dialect::kGrbl, kWeak);
                break;
            case 50:
            case 51:
            case 52:
            case 70:
            case 80:
            case 331:
            case 432:
            case 591:
            case 592:
            case 593:
            case 611:
                add(Dialect::kLinuxcnc, kStrong);
                break;
            case 120:
            case 130:
            case 1500:
            case 1030:
            case 1870:
            case 1540:
            case 470:
                add(Dialect::kHaas, kStrong);
                break;
            case 680:
            case 690:
                add(Dialect::kFanuc, kWeak);
                break;
            case 150:
            case 160:
            case 500:
            case 501:
            case 650:
            case 660:
            case 670:
            case 541:
            case 310:
            case 290:
                add(Dialect::kFanuc, kWeak);
                break;
            default:
                break;
        }
        return;
    }
    if ((number >= 620 && number <= 730) || number == 1010 || number == 1020) add(Dialect::kLinuxcnc, kWeak);
    if (number == 970) add(Dialect::kHaas, kStrong);
    if (number == 980 || number == 990 || number == 290) add(Dialect::kFanuc, kWeak);
}

void from_codes(const std::string& code, int64_t line, Evidence& evidence) {
    bool g64 = false, p = false;
    for (size_t at = 0; at < code.size(); ++at) {
        char letter = code[at];
        if (letter == 'P') p = true;
        if (letter != 'G' && letter != 'M') continue;
        if (at > 0 && code[at - 1] >= 'A' && code[at - 1] <= 'Z') continue;
        double value = 0;
        gcode::NumberEnd end = gcode::read_number(code.data() + at + 1, code.data() + code.size(), value);
        if (!end.at || value < 0 || value > 2000) continue;
        int number = static_cast<int>(value * 10 + 0.5);
        from_code(letter, number, line, evidence);
        if (letter == 'G' && number == 640) g64 = true;
    }
    if (g64 && p) evidence.add(Dialect::kLinuxcnc, kStrong, "G64 P", line);
}

}  // namespace

DialectChoice choose_dialect(std::string_view text) {
    if (text.empty()) return {Dialect::kLinuxcnc, "the program is empty"};
    Evidence evidence;
    gcode::LineCursor cursor(text);
    SplitLine split;
    while (!cursor.at_end() && cursor.line() < kLinesToRead) {
        split.read(cursor.next());
        int64_t line = cursor.line();
        if (!split.comment.empty()) from_comment(split, line, evidence);
        if (split.code.empty()) continue;
        from_program_text(split.code, line, evidence);
        from_codes(split.code, line, evidence);
    }
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
