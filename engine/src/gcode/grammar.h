// grammar.h -- how the bytes of a block are read, by dialect. A table, not a class per dialect.
#pragma once

#include <cstdint>
#include <string_view>

#include "gcode/block.h"
#include "proveout/setup.h"

namespace proveout::gcode {

struct Grammar {
    Dialect dialect = Dialect::kLinuxcnc;
    bool block_delete = true;     // a leading "/" can skip the block; false: the character is dropped
    bool expressions = true;      // [ ] and # parameters
    bool o_words = true;          // O... sub, if, while, ...
    bool macro_b = false;         // IF [..] GOTO, WHILE [..] DO, END; vacant variables; [ ] as in macro B
    bool nested_comment = false;  // false: "(" inside a comment is refused or ignored, see strict_comments
    bool strict_comments = true;  // nested and unclosed comments are refused
    bool repeated_words = false;  // the last of two equal letters counts; false: refused
    int max_digits = 0;           // digits of a number that count; 0: all
    int max_characters = 0;       // significant characters in a block; 0: kMaxLineBytes only
    int max_line_bytes = 0;       // bytes of a line, comments included; 0: kMaxLineBytes only
    uint32_t letters = 0;         // letters with a value that the controller knows (G M N O apart)
};

const Grammar& grammar_of(Dialect dialect);  // REQUIRES: not kAuto

}  // namespace proveout::gcode
