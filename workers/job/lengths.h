// lengths.h -- numbers with units as people write them in flags and comments, and numbers as messages show them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace proveout {

// Longest length of any tool, stock, fixture or offset, mm (contract section 2). Beyond it floats lose the micrometre.
constexpr double kMaxLength_mm = 10000;

// "6" "6mm" "0.25in" "1/4in" "1/4\"" "1-1/2in" ".5" "-30"; a bare number is in `bare_unit_mm` (1 or 25.4). Whole text or nothing; always
// finite.
std::optional<double> parse_length(std::string_view text, double bare_unit_mm = 1);

// A plain decimal number: whole text or nothing, finite.
std::optional<double> parse_number(std::string_view text);

// Shortest decimal text that reads back as the same double: 6, 0.25, 1e+300.
std::string number_text(double value);

std::string_view trimmed(std::string_view text);
std::string lower_case(std::string_view text);  // ASCII

}  // namespace proveout
