#include "job/lengths.h"

#include <charconv>
#include <cmath>
#include <system_error>

#include "proveout/geometry.h"

namespace proveout {

namespace {

bool ends_with_word(std::string_view& text, std::string_view word) {
    if (text.size() < word.size() || lower_case(text.substr(text.size() - word.size())) != word) return false;
    text.remove_suffix(word.size());
    text = trimmed(text);
    return true;
}

// "1/4", "1-1/2", "1 1/2" or a plain number.
std::optional<double> parse_fraction(std::string_view text) {
    size_t slash = text.find('/');
    if (slash == std::string_view::npos) return parse_number(text);
    auto below = parse_number(trimmed(text.substr(slash + 1)));
    std::string_view front = trimmed(text.substr(0, slash));
    double whole = 0;
    size_t gap = front.find_first_of("- ", 1);
    if (gap != std::string_view::npos) {
        auto number = parse_number(trimmed(front.substr(0, gap)));
        if (!number || *number < 0) return std::nullopt;
        whole = *number;
        front = trimmed(front.substr(gap + 1));
    }
    auto above = parse_number(front);
    if (!above || !below || *below <= 0) return std::nullopt;
    return whole + *above / *below;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n\f\v";
    size_t first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::string lower_case(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::optional<double> parse_number(std::string_view text) {
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    if (text.empty() || text.front() == '+') return std::nullopt;
    double value = 0;
    auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
    return value;
}

std::optional<double> parse_length(std::string_view text, double bare_unit_mm) {
    text = trimmed(text);
    double unit_mm = bare_unit_mm;
    if (ends_with_word(text, "mm")) {
        unit_mm = 1;
    } else if (ends_with_word(text, "inches") || ends_with_word(text, "inch") || ends_with_word(text, "in") || ends_with_word(text, "\"")) {
        unit_mm = kMmPerInch;
    }
    auto value = parse_fraction(text);
    if (!value || !std::isfinite(*value * unit_mm)) return std::nullopt;
    return *value * unit_mm;
}

std::string number_text(double value) {
    char buffer[32];
    auto [end, failure] = std::to_chars(buffer, buffer + sizeof buffer, value);
    return failure == std::errc() ? std::string(buffer, end) : std::string("?");
}

}  // namespace proveout
