// block.h -- one block (line) of a program as words with values. Values are as written: no units, no modes applied.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace proveout::gcode {

// Why a controller refuses a block. code: the number that GRBL firmware gives (0: none).
struct Refusal {
    int code = 0;
    std::string message;
};

constexpr int kMaxCodes = 16;        // G or M codes in one block
constexpr int kMaxAssignments = 32;  // #n= in one block
constexpr int kMaxCentreWords = 30;  // I J K of a macro call
constexpr int kMaxOrder = 64;        // words whose order of writing is kept

constexpr uint32_t bit(char letter) { return 1u << (letter - 'A'); }
constexpr uint32_t bits(std::string_view letters) {
    uint32_t mask = 0;
    for (char letter : letters) mask |= bit(letter);
    return mask;
}

enum class Flow : uint8_t {
    kNone,
    kProgram,  // O100 alone, :100: program number
    kSub,
    kEndsub,
    kReturn,
    kCall,
    kIf,
    kElseif,
    kElse,
    kEndif,
    kWhile,
    kEndwhile,
    kDo,
    kRepeat,
    kEndrepeat,
    kBreak,
    kContinue,
    kMacroIf,
    kMacroGoto,
    kMacroWhile,
    kMacroDo,
    kMacroEnd  // Fanuc macro B
};

struct Assignment {
    int number = -1;        // numbered parameter; -1: named
    std::string_view name;  // into the parser's buffer
    double value = 0;
};

struct CentreWord {
    char letter = 'I';
    double value = 0;
};

struct Block {
    uint32_t words = 0;                   // letters that have a value, see bit(); not G, M, N, O
    uint32_t points = 0;                  // letters whose number was written with a decimal point
    std::array<double, 26> value;         // valid where `words` has the bit
    std::array<int16_t, kMaxCodes> g, m;  // ten times the number: G59.1 is 591
    int g_count = 0, m_count = 0;
    int order_count = 0;  // letters in the order of writing, G and M included
    std::array<char, kMaxOrder> order;
    int centre_count = 0;  // macro B: I J K in the order of writing, each as often as it stands there (arguments of G65)
    std::array<CentreWord, kMaxCentreWords> centre;
    int assignment_count = 0;
    std::array<Assignment, kMaxAssignments> assignment;

    bool has_radius = false, has_angle = false;  // LinuxCNC: polar words @ and ^
    double radius = 0, angle_deg = 0;

    bool percent = false;     // a line of "%" only
    bool deleted = false;     // begins with "/"
    bool has_number = false;  // N word
    double number = 0;
    Flow flow = Flow::kNone;
    std::string_view label;    // of an O-word: digits without leading zeros, or the name in upper case
    std::string_view rest;     // of an O-word or macro statement: text behind the keyword, normalised
    std::string_view comment;  // text inside the last ( ) of the line, as written
    bool has_comment = false;
    bool real_time = false;  // GRBL: characters that never reach the parser were left out

    void clear() {
        words = points = 0;
        g_count = m_count = order_count = centre_count = assignment_count = 0;
        has_radius = has_angle = percent = deleted = has_number = has_comment = real_time = false;
        flow = Flow::kNone;
        label = rest = comment = {};
    }
    bool polar() const { return has_radius || has_angle; }
    bool has(char letter) const { return (words & bit(letter)) != 0; }
    bool has_any(uint32_t mask) const { return (words & mask) != 0; }
    double get(char letter) const { return value[static_cast<size_t>(letter - 'A')]; }
    double get_or(char letter, double otherwise) const { return has(letter) ? get(letter) : otherwise; }
    void set(char letter, double v) { words |= bit(letter), value[static_cast<size_t>(letter - 'A')] = v; }
    bool has_g(int code) const {
        for (int i = 0; i < g_count; ++i)
            if (g[static_cast<size_t>(i)] == code) return true;
        return false;
    }
    bool has_m(int code) const {
        for (int i = 0; i < m_count; ++i)
            if (m[static_cast<size_t>(i)] == code) return true;
        return false;
    }
    bool empty() const { return words == 0 && !polar() && g_count == 0 && m_count == 0 && flow == Flow::kNone && !percent; }
};

}  // namespace proveout::gcode
