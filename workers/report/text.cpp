#include "report/text.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <utility>

#include "proveout/result.h"

namespace proveout {

namespace {

// Length of the well-formed sequence at `at` (RFC 3629, table 3-7 of the Unicode standard); 0: none.
size_t sequence_length(std::string_view text, size_t at) {
    auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : 0; };
    auto follows = [&](size_t i, int low, int high) { return byte(i) >= low && byte(i) <= high; };
    uint8_t first = byte(at);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return follows(at + 1, 0x80, 0xBF) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        int low = first == 0xE0 ? 0xA0 : 0x80, high = first == 0xED ? 0x9F : 0xBF;
        return follows(at + 1, low, high) && follows(at + 2, 0x80, 0xBF) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        int low = first == 0xF0 ? 0x90 : 0x80, high = first == 0xF4 ? 0x8F : 0xBF;
        return follows(at + 1, low, high) && follows(at + 2, 0x80, 0xBF) && follows(at + 3, 0x80, 0xBF) ? 4 : 0;
    }
    return 0;
}

// One ASCII character in text or in a quoted attribute.
std::string markup_of(char c) {
    static constexpr std::pair<char, const char*> kEntities[] = {
        {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}, {'\t', " "}, {'\n', " "}, {'\r', " "}};
    for (auto [character, markup] : kEntities)
        if (c == character) return markup;
    return std::string(1, c);
}

constexpr double kMostWhole = 9e15;  // whole numbers up to here are exact in a double

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

}  // namespace

std::string clean_utf8(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (size_t at = 0; at < text.size();) {
        size_t length = sequence_length(text, at);
        if (length)
            out += text.substr(at, length);
        else
            out += kReplacement;
        at += length ? length : 1;
    }
    return out;
}

std::string escape_markup(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    for (size_t at = 0; at < text.size();) {
        size_t length = sequence_length(text, at);
        std::string_view character = text.substr(at, length);
        uint8_t first = static_cast<uint8_t>(text[at]);
        at += length ? length : 1;
        if (length == 0 || (length == 1 && (first == 0x7F || (first < 0x20 && first != '\t' && first != '\n' && first != '\r')))) {
            out += kReplacement;
        } else if (character == "\xEF\xBF\xBE" || character == "\xEF\xBF\xBF") {  // U+FFFE, U+FFFF
            out += kReplacement;
        } else if (length > 1) {
            out += character;
        } else {
            out += markup_of(static_cast<char>(first));
        }
    }
    return out;
}

double rounded(double value, int decimals) {
    if (!std::isfinite(value)) return 0;
    double scale = std::pow(10.0, decimals);
    if (std::abs(value) > kMostWhole / scale) return value;  // no digits left behind the point
    double result = std::round(value * scale) / scale;
    return result == 0 ? 0 : result;
}

void append_number(std::string& out, double value, int decimals) {
    static constexpr double kScales[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6};
    CHECK(decimals >= 0 && decimals <= 6);
    double scale = kScales[decimals];
    if (!(std::abs(value) <= kMostWhole / scale)) {  // huge, infinite or none
        char buffer[400];
        out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, rounded(value, 0), std::chars_format::fixed, 0).ptr);
        return;
    }
    // As a whole number of the last decimal: 0.1 um, 0.001 mm3. Trailing zeros go, then the digits are written from the back.
    auto left = static_cast<int64_t>(std::round(std::abs(value) * scale));
    if (left > 0 && value < 0) out += '-';
    for (; decimals > 0 && left % 10 == 0; --decimals) left /= 10;
    char buffer[32];
    char* first = buffer + sizeof buffer;
    for (int digit = 0; left > 0 || digit <= decimals; ++digit, left /= 10) {
        if (digit == decimals && decimals > 0) *--first = '.';
        *--first = static_cast<char>('0' + left % 10);
    }
    out.append(first, buffer + sizeof buffer);
}

std::string number(double value, int decimals) {
    std::string text;
    append_number(text, value, decimals);
    return text;
}

std::string duration_text(double seconds) {
    if (!(seconds >= 60)) return number(seconds, 1) + " s";
    auto whole = static_cast<int64_t>(std::llround(seconds));
    auto two = [](int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    if (whole < 3600) return std::to_string(whole / 60) + " min " + two(whole % 60) + " s";
    return std::to_string(whole / 3600) + " h " + two(whole % 3600 / 60) + " min";
}

std::string grouped(double value, int decimals) {
    std::string text = number(value, decimals);
    size_t point = std::min(text.find('.'), text.size());
    size_t first = text[0] == '-' ? 1 : 0;
    for (size_t at = point; at > first + 3; at -= 3) text.insert(at - 3, ",");
    return text;
}

std::string base64(std::string_view bytes) {
    static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (size_t at = 0; at < bytes.size(); at += 3) {
        uint32_t group = 0;
        for (size_t i = 0; i < 3; ++i) group = group << 8 | (at + i < bytes.size() ? static_cast<uint8_t>(bytes[at + i]) : 0);
        for (size_t i = 0; i < 4; ++i) out += at + i > bytes.size() ? '=' : kDigits[group >> (18 - 6 * i) & 63];
    }
    return out;
}

}  // namespace proveout
