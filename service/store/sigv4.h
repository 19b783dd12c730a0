// sigv4.h -- AWS Signature Version 4 as S3 has it: paths encoded once and not normalised, the payload's hash in a header.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace proveout {

struct SigV4Keys {
    std::string access_key, secret_key, region, service = "s3";
};

using NameValues = std::vector<std::pair<std::string, std::string>>;

struct SigV4Request {
    std::string method, host, path;  // host as it is sent, with a port that is not the scheme's own; path not encoded, from the slash on
    NameValues query;                // not encoded
    NameValues headers;              // lower-case names, without host and x-amz-date
    std::string payload_sha256;      // hex, or UNSIGNED-PAYLOAD
};

constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
constexpr int64_t kLongestPresign_s = 604800;

// The headers to add: x-amz-date and authorization.
NameValues sign_headers(const SigV4Request& request, const SigV4Keys& keys, int64_t now_ms);
// The query string of a link to `request` that works for expires_s (at most kLongestPresign_s), in the order in which boto3 writes it.
std::string presigned_query(const SigV4Request& request, const SigV4Keys& keys, int64_t now_ms, int64_t expires_s);

// Parts, for the published vectors.
std::string canonical_request(const SigV4Request& request, const NameValues& sorted_query, const NameValues& sorted_headers);
std::string signing_key(const SigV4Keys& keys, std::string_view date);  // 32 bytes
std::string amz_date(int64_t now_ms);                                   // "20130524T000000Z"
std::string encoded_query(const NameValues& query);                     // in the order given


}  // namespace proveout
