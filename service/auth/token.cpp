#include <algorithm>
#include <cmath>

#include "auth/auth.h"
#include "auth/strict_json.h"

namespace proveout {

namespace {

using Json = nlohmann::json;

constexpr size_t kMaxTenant_bytes = 64, kMaxSubject_bytes = 256;

Error refused(std::string why) { return make_error(ErrorCode::kInvalidInput, std::move(why)); }

// A NumericDate (RFC 7519 section 2), s. Absent: nullopt. Error: not a finite number.
Result<std::optional<double>> date_claim(const Json& claims, const char* name) {
    auto found = claims.find(name);
    if (found == claims.end()) return std::optional<double>();
    if (!found->is_number() || !std::isfinite(found->get<double>())) return refused("the token's " + std::string(name) + " is not a time");
    return std::optional(found->get<double>());
}

Status check_times(const Json& claims, const TokenRules& rules, int64_t now_ms) {
    double now_s = static_cast<double>(now_ms) / 1000, leeway_s = static_cast<double>(rules.leeway_s);
    auto expires = TRY(date_claim(claims, "exp")), not_before = TRY(date_claim(claims, "nbf")), issued = TRY(date_claim(claims, "iat"));
    if (!expires) return refused("the token has no exp");
    if (now_s >= *expires + leeway_s) return refused("the token is expired");
    if ((not_before && now_s < *not_before - leeway_s) || (issued && now_s < *issued - leeway_s))
        return refused("the token is not valid yet");
    return Unit{};
}

bool names_audience(const Json& claims, const std::string& audience) {
    auto found = claims.find("aud");
    if (found == claims.end()) return false;
    if (found->is_string()) return *found == audience;
    return found->is_array() && std::find(found->begin(), found->end(), audience) != found->end();
}

Result<std::string> text_claim(const Json& claims, const char* name) {
    auto found = claims.find(name);
    if (found == claims.end()) return std::string();
    if (!found->is_string()) return refused("the token's " + std::string(name) + " is not a text");
    return found->get<std::string>();
}

std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words;
    for (size_t from = 0; from < text.size();) {
        size_t to = std::min(text.find(' ', from), text.size());
        if (to > from) words.push_back(text.substr(from, to - from));
        from = to + 1;
    }
    return words;
}

}  // namespace

bool is_tenant_name(std::string_view text) {
    return !text.empty() && text.size() <= kMaxTenant_bytes && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    });
}

bool Identity::may(std::string_view scope) const { return std::find(scopes.begin(), scopes.end(), scope) != scopes.end(); }

Result<Identity> verify_token(std::string_view token, const KeySet& keys, const TokenRules& rules, int64_t now_ms) {
    std::string payload = TRY(verify_jws(token, keys, {"", "JWT", "at+jwt"}));
    auto claims = parse_strict_object(payload);
    if (!claims) return refused("the token's claims are not a JSON object with every member once");
    TRY(check_times(*claims, rules, now_ms));
    if (TRY(text_claim(*claims, "iss")) != rules.issuer || rules.issuer.empty()) return refused("the token is from another issuer");
    if (!names_audience(*claims, rules.audience) || rules.audience.empty()) return refused("the token is for another audience");
    Identity identity{TRY(text_claim(*claims, "tenant")), TRY(text_claim(*claims, "sub")), words_of(TRY(text_claim(*claims, "scope")))};
    if (!is_tenant_name(identity.tenant)) return refused("the token names no tenant");
    if (identity.subject.size() > kMaxSubject_bytes) return refused("the token's sub is too long");
    return identity;
}

}  // namespace proveout
