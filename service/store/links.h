// links.h -- signed links of the local store: path and query under HMAC-SHA256, the signature last.
#pragma once

#include <optional>
#include <string>

#include "store/store.h"

namespace proveout {

// "/artefacts/KEY?expires=MS&filename=F&type=T[&attachment=1]&key=ID&signature=HEX"
std::string signed_target(const std::string& key, const LinkOptions& options, const std::string& secret, int64_t now_ms);

// What a link that is valid says; nullopt: altered in any way, of another key, or ended.
struct LinkClaims {
    std::string key;  // of the object
    LinkOptions options;
};
std::optional<LinkClaims> verify_target(const std::string& path, const std::string& query, const std::string& secret, int64_t now_ms);

std::string percent_encode(std::string_view text, bool keep_slash);  // RFC 3986: all but unreserved characters

}  // namespace proveout
