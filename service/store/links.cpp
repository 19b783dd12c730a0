#include "store/links.h"

#include <openssl/crypto.h>

#include <charconv>

#include "files/content_type.h"
#include "files/digest.h"
#include "store/disk.h"
#include "store/local.h"

namespace proveout {

namespace {

constexpr size_t kKeyIdDigits = 8;
constexpr std::string_view kSignature = "&signature=";

std::string hmac_hex(const std::string& secret, std::string_view text) { return hex(hmac_sha256(secret, text)); }

// Says which key signed without giving it away.
std::string key_id(const std::string& secret) { return hmac_hex(secret, "key id").substr(0, kKeyIdDigits); }

std::optional<std::string> decode(std::string_view text) {
    std::string out;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        unsigned value = 0;
        if (i + 2 >= text.size()) return std::nullopt;
        auto [end, fault] = std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
        if (fault != std::errc() || end != text.data() + i + 3) return std::nullopt;
        out += static_cast<char>(value);
        i += 2;
    }
    return out;
}

std::string_view parameter(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        size_t end = query.find('&');
        std::string_view pair = query.substr(0, end);
        if (pair.starts_with(name) && pair.size() > name.size() && pair[name.size()] == '=') return pair.substr(name.size() + 1);
        query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    }
    return {};
}

}  // namespace

std::string percent_encode(std::string_view text, bool keep_slash) {
    std::string out;
    for (unsigned char c : text) {
        bool kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
                    c == '~' || (keep_slash && c == '/');
        if (kept) {
            out += static_cast<char>(c);
        } else {
            out += '%';
            out += "0123456789ABCDEF"[c >> 4];
            out += "0123456789ABCDEF"[c & 15];
        }
    }
    return out;
}

std::string signed_target(const std::string& key, const LinkOptions& options, const std::string& secret, int64_t now_ms) {
    std::string target = std::string(kArtefactRoute) + key + "?expires=" + std::to_string(now_ms + options.ttl_s * 1000);
    target += "&filename=" + percent_encode(options.filename.empty() ? name_of_key(key) : options.filename, false);
    target += "&type=" + percent_encode(options.content_type.empty() ? content_type_of(key) : options.content_type, false);
    if (options.attachment) target += "&attachment=1";
    target += "&key=" + key_id(secret);
    return target + std::string(kSignature) + hmac_hex(secret, target);
}

std::optional<LinkClaims> verify_target(const std::string& path, const std::string& query, const std::string& secret, int64_t now_ms) {
    size_t at = query.rfind(kSignature);
    if (at == std::string::npos || !path.starts_with(kArtefactRoute)) return std::nullopt;
    std::string signature = query.substr(at + kSignature.size());
    std::string said = query.substr(0, at), expected = hmac_hex(secret, path + "?" + said);
    if (signature.size() != expected.size() || CRYPTO_memcmp(signature.data(), expected.data(), expected.size()) != 0) return std::nullopt;
    if (parameter(said, "key") != key_id(secret)) return std::nullopt;
    std::string_view expires = parameter(said, "expires");
    int64_t expires_ms = 0;
    auto [end, fault] = std::from_chars(expires.data(), expires.data() + expires.size(), expires_ms);
    if (fault != std::errc() || end != expires.data() + expires.size() || now_ms >= expires_ms) return std::nullopt;
    LinkClaims claims;
    claims.key = path.substr(kArtefactRoute.size());
    claims.options.filename = decode(parameter(said, "filename")).value_or("");
    claims.options.content_type = decode(parameter(said, "type")).value_or("");
    claims.options.attachment = parameter(said, "attachment") == "1";
    return claims;
}

}  // namespace proveout
