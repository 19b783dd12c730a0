#include "import/quantities.h"

#include "job/lengths.h"
#include "proveout/geometry.h"

namespace proveout {

namespace {

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char at_or_space(std::string_view text, size_t at) { return at < text.size() ? text[at] : ' '; }

bool starts_with(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

// End of the digits and points from `at`.
size_t end_of_number(std::string_view text, size_t at) {
    bool point = false;
    while (at < text.size() && (is_digit(text[at]) || (text[at] == '.' && !point))) point = point || text[at] == '.', ++at;
    return at;
}

struct UnitWord {
    std::string_view word;
    QuantityKind kind;
    double factor;
};
constexpr UnitWord kUnits[] = {
    {"millimeter", QuantityKind::kLength, 1},
    {"mm", QuantityKind::kLength, 1},
    {"inches", QuantityKind::kLength, kMmPerInch},
    {"inch", QuantityKind::kLength, kMmPerInch},
    {"in", QuantityKind::kLength, kMmPerInch},
    {"\"", QuantityKind::kLength, kMmPerInch},
    {"degrees", QuantityKind::kAngle, 1},
    {"degree", QuantityKind::kAngle, 1},
    {"deg", QuantityKind::kAngle, 1},
    {"\xC2\xB0", QuantityKind::kAngle, 1},
    {"\xB0", QuantityKind::kAngle, 1},
    {"'", QuantityKind::kAngle, 1},
    {"flutes", QuantityKind::kOther, 1},
    {"flute", QuantityKind::kOther, 1},
    {"fl", QuantityKind::kOther, 1},
    {"f", QuantityKind::kOther, 1},
    {"rpm", QuantityKind::kOther, 1},
    {"%", QuantityKind::kOther, 1},
};

// Unit behind a number that ends at `end`; moves `end` behind it.
void read_unit(std::string_view text, size_t& end, Quantity& out) {
    size_t at = end;
    while (at < text.size() && (text[at] == ' ' || text[at] == '-')) ++at;
    for (const UnitWord& unit : kUnits) {
        if (!starts_with(text.substr(at), unit.word)) continue;
        char after = at_or_space(text, at + unit.word.size());
        if (is_letter(unit.word.back()) && is_letter(after)) {
            // "2mmdia" is a length, "4 infeed" is not.
            if (unit.kind != QuantityKind::kLength || !starts_with(text.substr(at + unit.word.size()), "dia")) continue;
        }
        out.kind = unit.kind;
        out.value *= unit.factor;
        end = at + unit.word.size();
        return;
    }
    // A letter that is no unit touches the number: part of a name ("4x", "16th").
    if (is_letter(at_or_space(text, end)) || at_or_space(text, end) == '*' || at_or_space(text, end) == '_')
        out.kind = QuantityKind::kOther;
}

bool diameter_word_before(std::string_view text, size_t begin) {
    size_t end = begin;
    while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '=' || text[end - 1] == ':' || text[end - 1] == '.')) --end;
    size_t start = end;
    while (start > 0 && is_letter(text[start - 1])) --start;
    std::string_view word = text.substr(start, end - start);
    return word == "dia" || word == "diam" || word == "diameter";
}

// "6 mm dia", but not "0 diameter: 6", where the word belongs to the number behind it.
bool diameter_word_behind(std::string_view text, size_t end) {
    while (end < text.size() && text[end] == ' ') ++end;
    if (!starts_with(text.substr(end), "dia") || starts_with(text.substr(end), "diag")) return false;
    while (end < text.size() && is_letter(text[end])) ++end;
    while (end < text.size() && (text[end] == ' ' || text[end] == '.')) ++end;
    return at_or_space(text, end) != ':' && at_or_space(text, end) != '=';
}

}  // namespace

std::vector<Quantity> quantities_of(std::string_view lower) {
    std::vector<Quantity> out;
    for (size_t at = 0; at < lower.size();) {
        char before = at > 0 ? lower[at - 1] : ' ';
        bool begins = is_digit(lower[at]) || (lower[at] == '.' && is_digit(at_or_space(lower, at + 1)) && !is_letter(before));
        if (!begins) {
            ++at;
            continue;
        }
        Quantity quantity;
        quantity.begin = at;
        size_t end = end_of_number(lower, at);
        // Fractions: 1/4 and 1-1/2.
        if (at_or_space(lower, end) == '-' && is_digit(at_or_space(lower, end + 1))) {
            size_t second = end_of_number(lower, end + 1);
            if (at_or_space(lower, second) == '/' && is_digit(at_or_space(lower, second + 1))) end = end_of_number(lower, second + 1);
        } else if (at_or_space(lower, end) == '/' && is_digit(at_or_space(lower, end + 1))) {
            end = end_of_number(lower, end + 1);
        }
        std::string_view number = lower.substr(at, end - at);
        if (number.size() > 1 && number.back() == '.') number.remove_suffix(1);
        auto value = parse_length(number);
        quantity.value = value.value_or(0);
        if (!value || is_letter(before) || before == '#' || before == '*' || before == '_' || before == '/' || before == '-')
            quantity.kind = QuantityKind::kOther;
        else
            read_unit(lower, end, quantity);
        quantity.end = end;
        if (quantity.kind == QuantityKind::kBare || quantity.kind == QuantityKind::kLength)
            quantity.marked_diameter = diameter_word_before(lower, quantity.begin) || diameter_word_behind(lower, end);
        out.push_back(quantity);
        at = end;
    }
    return out;
}

std::optional<double> value_of_key(std::string_view lower, std::string_view key) {
    for (size_t at = lower.find(key); at != std::string_view::npos; at = lower.find(key, at + 1)) {
        if (at > 0 && (is_letter(lower[at - 1]) || is_digit(lower[at - 1]))) continue;
        size_t from = at + key.size();
        while (from < lower.size() && lower[from] == ' ') ++from;
        if (at_or_space(lower, from) != '=') continue;
        ++from;
        while (from < lower.size() && lower[from] == ' ') ++from;
        size_t digits = from + (at_or_space(lower, from) == '-' ? 1 : 0);
        size_t end = end_of_number(lower, digits);
        std::string_view number = lower.substr(from, end - from);
        bool part_of_a_word = is_letter(at_or_space(lower, end)) && !starts_with(lower.substr(end), "deg");  // 1e9, 6mm
        if (number.size() > 1 && number.back() == '.') number.remove_suffix(1);
        auto value = parse_number(number);
        if (value && !part_of_a_word) return value;
    }
    return std::nullopt;
}

bool has_word(std::string_view lower, std::string_view word) {
    for (size_t at = lower.find(word); at != std::string_view::npos; at = lower.find(word, at + 1)) {
        char before = at > 0 ? lower[at - 1] : ' ', after = at_or_space(lower, at + word.size());
        if (!is_letter(before) && !is_digit(before) && !is_letter(after)) return true;
    }
    return false;
}

}  // namespace proveout
