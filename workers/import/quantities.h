// quantities.h -- the numbers in a comment, with their units and neighbours.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace proveout {

enum class QuantityKind { kBare, kLength, kAngle, kOther };  // kLength: unit given; kOther: "2 flute", "12000rpm", part of a name

struct Quantity {
    QuantityKind kind = QuantityKind::kBare;
    double value = 0;              // mm for kLength, degrees for kAngle, as written for kBare
    bool marked_diameter = false;  // "dia" stands before or behind it
    size_t begin = 0, end = 0;     // bytes, unit included
};

// REQUIRES: lower-case text.
std::vector<Quantity> quantities_of(std::string_view lower);

// The number behind "cr=" or "d=" (spaces allowed), where the key begins a word; nullopt: not there.
std::optional<double> value_of_key(std::string_view lower, std::string_view key);

// `word` stands in the text and no letter or digit touches it.
bool has_word(std::string_view lower, std::string_view word);

}  // namespace proveout
