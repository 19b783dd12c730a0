// scan.h -- a quick look at a program's text before any interpretation: comments, T words, units. It decides nothing about motion.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace proveout {

constexpr size_t kMaxScanComments = 4000;  // headers and operation names come first; what lies beyond is not looked at
constexpr size_t kMaxScanToolWords = 10000;
constexpr size_t kMaxScanLineBytes = 4096;  // comments in longer lines are not looked at

struct ScanComment {
    int64_t line = 0;    // physical line, from 1
    std::string text;    // without brackets, trimmed
    double unit_mm = 1;  // of bare numbers in it: the units word in force there, else the program's first, else mm
};

struct ScanToolWord {
    int64_t line = 0;
    int number = 0;
};

struct ProgramScan {
    std::vector<ScanComment> comments;
    std::vector<ScanToolWord> tool_words;  // in order of the text
    bool units_given = false;              // a G20 or G21 stands in the text
};

// Cost: a look at every byte, and at words only in lines of blocks that hold a bracket, a semicolon, a T or a G2.
// passed: told how far the text has been read (Program::passed).
ProgramScan scan_program(std::string_view text, const std::function<void(size_t)>& passed = {});

}  // namespace proveout
