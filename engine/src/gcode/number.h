// number.h -- decimal numbers by the controllers' own grammar: sign, digits, one point, digits. No exponent, no hex, no inf or nan.
// The value is the double nearest to the digits as written, whichever path computes it.
#pragma once

#include <charconv>
#include <cstdint>

namespace proveout::gcode {

// Mantissas of at most this many digits are exact in a double, so that one division by an exact power of ten rounds correctly.
constexpr int kExactDigits = 15;
constexpr double kPowerOfTen[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

inline bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

struct NumberEnd {
    const char* at = nullptr;  // behind the number; nullptr: there was none
    int digits = 0;            // leading zeros included
    bool point = false;        // a decimal point was written
};

// Reads one number at p. Not more than kExactDigits digits: inline; more: std::from_chars.
inline NumberEnd read_number(const char* p, const char* end, double& value) {
    const char* begin = p;
    bool negative = false;
    if (p < end && (*p == '-' || *p == '+')) negative = *p++ == '-';
    const char* first = p;
    uint64_t mantissa = 0;
    while (p < end && is_digit(*p)) mantissa = mantissa * 10 + static_cast<uint64_t>(*p++ - '0');
    int digits = static_cast<int>(p - first), decimals = 0;
    bool point = p < end && *p == '.';
    if (point) {
        const char* fraction = ++p;
        while (p < end && is_digit(*p)) mantissa = mantissa * 10 + static_cast<uint64_t>(*p++ - '0');
        decimals = static_cast<int>(p - fraction);
        digits += decimals;
    }
    if (digits == 0) return {};
    if (digits <= kExactDigits) {
        double magnitude = static_cast<double>(mantissa) / kPowerOfTen[decimals];
        value = negative ? -magnitude : magnitude;
        return {p, digits, point};
    }
    if (*begin == '+') ++begin;
    if (std::from_chars(begin, p, value, std::chars_format::fixed).ec != std::errc()) value = negative ? -1e300 : 1e300;
    return {p, digits, point};
}

}  // namespace proveout::gcode
