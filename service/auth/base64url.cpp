#include <array>

#include "auth/auth.h"

namespace proveout {

namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<int8_t, 256> make_values() {
    std::array<int8_t, 256> values{};
    for (int8_t& value : values) value = -1;
    for (size_t i = 0; i < kAlphabet.size(); ++i) values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<int8_t>(i);
    return values;
}
constexpr std::array<int8_t, 256> kValues = make_values();

}  // namespace

std::string base64url(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() * 4 + 2) / 3);
    uint32_t bits = 0;
    int count = 0;
    for (char byte : bytes) {
        bits = (bits << 8) | static_cast<unsigned char>(byte);
        for (count += 8; count >= 6; count -= 6) text += kAlphabet[(bits >> (count - 6)) & 63];
    }
    if (count > 0) text += kAlphabet[(bits << (6 - count)) & 63];
    return text;
}

Result<std::string> from_base64url(std::string_view text) {
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    uint32_t bits = 0;
    int count = 0;
    for (char c : text) {
        int value = kValues[static_cast<unsigned char>(c)];
        if (value < 0) return make_error(ErrorCode::kInvalidInput, "not base64url");
        bits = (bits << 6) | static_cast<uint32_t>(value);
        count += 6;
        if (count >= 8) bytes += static_cast<char>((bits >> (count -= 8)) & 255);
    }
    if (count == 6 || (bits & ((1u << count) - 1)) != 0) return make_error(ErrorCode::kInvalidInput, "not base64url");
    return bytes;
}

}  // namespace proveout
