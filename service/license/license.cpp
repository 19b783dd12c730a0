#include "license/license.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "auth/auth.h"
#include "auth/strict_json.h"

namespace proveout {

namespace {

using Json = nlohmann::json;
using Ordered = nlohmann::ordered_json;

constexpr const char* kLicenseType = "proveout-license+jwt";
constexpr int64_t kLatest_s = 253'402'300'799;  // 9999-12-31: beyond it a date has no text
constexpr size_t kMaxOrganisation_bytes = 256;

Error bad(std::string why) { return make_error(ErrorCode::kInvalidInput, std::move(why)); }

std::string_view one_line(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n";
    size_t first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

Result<int64_t> time_claim(const Json& claims, const char* name, std::optional<int64_t> if_absent) {
    auto found = claims.find(name);
    if (found == claims.end() && if_absent) return *if_absent;
    if (found == claims.end() || !found->is_number()) return bad("its " + std::string(name) + " is not a time");
    double value = found->get<double>();
    if (!(value >= 0 && value <= static_cast<double>(kLatest_s))) return bad("its " + std::string(name) + " is not a time");
    return static_cast<int64_t>(value);
}

Result<std::optional<int64_t>> limit_claim(const Json& limits, const char* name) {
    auto found = limits.find(name);
    if (found == limits.end() || found->is_null()) return std::optional<int64_t>();
    constexpr int64_t kMost = 1'000'000'000'000;
    if (!found->is_number_integer() || found->get<int64_t>() < 0 || found->get<int64_t>() > kMost)
        return bad("its limit " + std::string(name) + " is not a number of runs");
    return std::optional(found->get<int64_t>());
}

Result<std::string> text_claim(const Json& claims, const char* name) {
    auto found = claims.find(name);
    if (found == claims.end() || !found->is_string()) return bad("it has no " + std::string(name));
    return found->get<std::string>();
}

Result<License> license_of(const Json& claims) {
    License license;
    license.organisation = TRY(text_claim(claims, "sub"));
    license.id = claims.contains("jti") ? TRY(text_claim(claims, "jti")) : "";
    license.issued_s = TRY(time_claim(claims, "iat", 0));
    license.not_before_s = TRY(time_claim(claims, "nbf", license.issued_s));
    license.expires_s = TRY(time_claim(claims, "exp", std::nullopt));
    auto entitlements = claims.find("entitlements");
    if (entitlements == claims.end() || !entitlements->is_array()) return bad("it has no entitlements");
    for (const Json& one : *entitlements) {
        if (!one.is_string()) return bad("an entitlement is not a text");
        license.entitlements.push_back(one.get<std::string>());
    }
    auto limits = claims.find("limits");
    if (limits == claims.end() || limits->is_null()) return license;
    if (!limits->is_object()) return bad("its limits are not an object");
    license.concurrent_runs = TRY(limit_claim(*limits, "concurrent_runs"));
    license.runs_per_month = TRY(limit_claim(*limits, "runs_per_month"));
    return license;
}

}  // namespace

std::string_view name_of(LicenseReason reason) {
    constexpr std::string_view kNames[] = {"valid", "missing", "invalid", "not_yet_valid", "expired", "not_entitled", "limit_reached"};
    return kNames[static_cast<size_t>(reason)];
}

Result<License> read_license(std::string_view file_text, std::string_view public_key_pem) {
    std::string payload = TRY(verify_jws_with_pem(one_line(file_text), public_key_pem, {kLicenseType}));
    auto claims = parse_strict_object(payload);
    if (!claims) return bad("its claims are not a JSON object with every member once");
    return license_of(*claims);
}

Result<std::string> show_license(std::string_view file_text) {
    auto payload = read_jws_unverified(one_line(file_text));
    auto claims = payload ? parse_strict_object(*payload) : std::nullopt;
    if (!claims) return bad("not a licence: one compact JWS on one line is expected");
    return Ordered::parse(*payload).dump(2, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

Result<std::string> issue_license(const License& license, std::string_view private_key_pem) {
    if (license.organisation.empty() || license.organisation.size() > kMaxOrganisation_bytes)
        return bad("the organisation has 1 to 256 bytes");
    if (license.expires_s <= license.not_before_s) return bad("the licence would expire before it begins");
    Ordered limits = Ordered::object();
    if (license.concurrent_runs) limits["concurrent_runs"] = *license.concurrent_runs;
    if (license.runs_per_month) limits["runs_per_month"] = *license.runs_per_month;
    Ordered claims{{"sub", license.organisation},
                   {"jti", license.id},
                   {"iat", license.issued_s},
                   {"nbf", license.not_before_s},
                   {"exp", license.expires_s},
                   {"entitlements", Ordered(license.entitlements)},
                   {"limits", limits}};
    std::string payload = claims.dump(-1, ' ', false, Ordered::error_handler_t::replace);
    return sign_jws("{\"alg\":\"EdDSA\",\"typ\":\"" + std::string(kLicenseType) + "\"}", payload, private_key_pem);
}

LicenseAnswer judge_license(const License& license, std::string_view entitlement, int64_t now_ms) {
    LicenseAnswer answer;
    answer.license = license;
    int64_t now_s = now_ms / 1000;
    auto date = [](int64_t time_s) { return rfc3339(time_s * 1000); };
    if (now_s < license.not_before_s) {
        answer.reason = LicenseReason::kNotYetValid;
        answer.message = "the licence of " + license.organisation + " begins at " + date(license.not_before_s) +
                         "; check the clock of this machine, or ask for a licence that begins earlier";
    } else if (now_s >= license.expires_s) {
        answer.reason = LicenseReason::kExpired;
        answer.message = "the licence of " + license.organisation + " expired at " + date(license.expires_s) +
                         "; put a renewed one into LICENSE_FILE: it counts within seconds";
    } else if (std::find(license.entitlements.begin(), license.entitlements.end(), entitlement) == license.entitlements.end()) {
        answer.reason = LicenseReason::kNotEntitled;
        answer.message = "the licence of " + license.organisation + " does not include \"" + std::string(entitlement) +
                         "\"; ask for one that does and put it into LICENSE_FILE";
    }
    return answer;
}

}  // namespace proveout
