#include "store/sigv4.h"

#include <algorithm>

#include "domain/clock.h"
#include "files/digest.h"
#include "proveout/result.h"
#include "store/links.h"

namespace proveout {

namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string scope_of(const SigV4Keys& keys, std::string_view date) {
    return std::string(date) + "/" + keys.region + "/" + keys.service + "/aws4_request";
}

std::string signature_of(const std::string& canonical, const SigV4Keys& keys, const std::string& time) {
    std::string date = time.substr(0, 8);
    std::string text = std::string(kAlgorithm) + "\n" + time + "\n" + scope_of(keys, date) + "\n" + sha256_hex(canonical);
    return hex(hmac_sha256(signing_key(keys, date), text));
}

std::string names_of(const NameValues& headers) {
    std::string names;
    for (const auto& [name, value] : headers) names += (names.empty() ? "" : ";") + name;
    return names;
}

// By their encoded form, as the standard says.
NameValues sorted_query_of(NameValues query) {
    std::sort(query.begin(), query.end(), [](const auto& a, const auto& b) {
        return std::pair(percent_encode(a.first, false), percent_encode(a.second, false)) <
               std::pair(percent_encode(b.first, false), percent_encode(b.second, false));
    });
    return query;
}

}  // namespace

std::string amz_date(int64_t now_ms) {
    std::string time;
    for (char c : rfc3339(now_ms).substr(0, 19))
        if (c != '-' && c != ':') time += c;
    return time + "Z";
}

std::string signing_key(const SigV4Keys& keys, std::string_view date) {
    return hmac_sha256(hmac_sha256(hmac_sha256(hmac_sha256("AWS4" + keys.secret_key, date), keys.region), keys.service), "aws4_request");
}

std::string encoded_query(const NameValues& query) {
    std::string text;
    for (const auto& [name, value] : query)
        text += (text.empty() ? "" : "&") + percent_encode(name, false) + "=" + percent_encode(value, false);
    return text;
}

std::string canonical_request(const SigV4Request& request, const NameValues& sorted_query, const NameValues& sorted_headers) {
    std::string text = request.method + "\n" + percent_encode(request.path, true) + "\n" + encoded_query(sorted_query) + "\n";
    for (const auto& [name, value] : sorted_headers) text += name + ":" + value + "\n";
    return text + "\n" + names_of(sorted_headers) + "\n" + request.payload_sha256;
}

NameValues sign_headers(const SigV4Request& request, const SigV4Keys& keys, int64_t now_ms) {
    std::string time = amz_date(now_ms);
    NameValues headers = request.headers;
    headers.emplace_back("host", request.host);
    headers.emplace_back("x-amz-date", time);
    std::sort(headers.begin(), headers.end());
    std::string signature = signature_of(canonical_request(request, sorted_query_of(request.query), headers), keys, time);
    std::string authorization = std::string(kAlgorithm) + " Credential=" + keys.access_key + "/" + scope_of(keys, time.substr(0, 8)) +
                                ",SignedHeaders=" + names_of(headers) + ",Signature=" + signature;
    return {{"x-amz-date", time}, {"authorization", authorization}};
}

std::string presigned_query(const SigV4Request& request, const SigV4Keys& keys, int64_t now_ms, int64_t expires_s) {
    std::string time = amz_date(now_ms);
    NameValues query = request.query;
    query.emplace_back("X-Amz-Algorithm", kAlgorithm);
    query.emplace_back("X-Amz-Credential", keys.access_key + "/" + scope_of(keys, time.substr(0, 8)));
    query.emplace_back("X-Amz-Date", time);
    query.emplace_back("X-Amz-Expires", std::to_string(std::clamp<int64_t>(expires_s, 1, kLongestPresign_s)));
    query.emplace_back("X-Amz-SignedHeaders", "host");
    SigV4Request unsigned_request = request;
    unsigned_request.payload_sha256 = kUnsignedPayload;
    std::string canonical = canonical_request(unsigned_request, sorted_query_of(query), {{"host", request.host}});
    return encoded_query(query) + "&X-Amz-Signature=" + signature_of(canonical, keys, time);
}

}  // namespace proveout
