// machine_text.h -- lines and numbers of settings files, shared by the machine importers.
#pragma once

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

namespace proveout {

inline std::string_view trimmed(std::string_view s) {
    constexpr std::string_view kBlank = " \t\r\f\v";
    size_t first = s.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return s.substr(first, s.find_last_not_of(kBlank) - first + 1);
}

// Takes the first line off `text`.
inline std::string_view next_line(std::string_view& text) {
    size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    return line;
}

// The number at the start of `text`, which is cut off; nullopt: none, or not finite.
inline std::optional<double> take_number(std::string_view& text) {
    text = trimmed(text);
    if (!text.empty() && text[0] == '+') text.remove_prefix(1);
    double value = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || !std::isfinite(value)) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return value;
}

}  // namespace proveout
