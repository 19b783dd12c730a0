// block_parser.h -- bytes of one line to a Block. Any bytes are allowed: what is not a block gives a Refusal.
#pragma once

#include <array>
#include <string_view>

#include "gcode/block.h"
#include "gcode/expression.h"
#include "gcode/grammar.h"
#include "proveout/interpret.h"

namespace proveout::gcode {

class BlockParser {
  public:
    BlockParser(const Grammar& grammar, const ParameterSource& parameters) : grammar_(grammar), parameters_(parameters) {}

    // False: refused, see refusal(); the block then holds what stands before the fault. Views in the block live until the next call.
    bool parse(std::string_view line, Block& block);

    // Only the O-word or macro statement of a line (label and keyword), for skipping without evaluation. False: the line has none.
    bool parse_flow(std::string_view line, Block& block);

    // Adds the words of normalised text (the rest of a macro statement) to the block.
    bool parse_words(std::string_view text, Block& block) { return words(text, block); }

    const Refusal& refusal() const { return refusal_; }
    const Grammar& grammar() const { return grammar_; }

  private:
    bool normalise(std::string_view line, Block& block);
    bool comment(std::string_view line, size_t& at, Block& block);
    bool head(std::string_view& text, Block& block);
    bool o_word(std::string_view& text, Block& block, bool evaluate);
    bool keyword(std::string_view& text, Block& block);
    bool macro_statement(std::string_view& text, Block& block);
    bool words(std::string_view text, Block& block);
    bool word(std::string_view& text, Block& block);
    bool polar_word(std::string_view& text, Block& block);
    bool code(char letter, double value, Block& block);
    bool assignment(std::string_view& text, Block& block);
    bool fail(int code, std::string message);

    const Grammar& grammar_;
    const ParameterSource& parameters_;
    Refusal refusal_;
    std::array<char, 24> label_;
    std::array<char, kMaxLineBytes> buffer_;
};

// The value of a number of which only the first `count` digits are read (GRBL; leading zeros count). REQUIRES: a number.
double value_of_first_digits(std::string_view text, int count);

}  // namespace proveout::gcode
