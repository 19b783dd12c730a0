// auth.h -- who asks: bearer tokens (JWS compact, RFC 7515, 7517, 7519, 8037; BCP 225), verified with keys of a JWKS file.
//
// The algorithm is fixed by the key, never by the token. Header fields jwk jku x5u x5c are not looked at; crit is refused.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "domain/clock.h"
#include "proveout/result.h"

namespace proveout {

struct Identity {
    std::string tenant, subject;
    std::vector<std::string> scopes;
    bool may(std::string_view scope) const;
};

struct TokenRules {
    std::string issuer, audience;
    bool allow_hs256 = false;  // development only
    int64_t leeway_s = 60;
};

// One parsed public key set. Private members of keys are ignored. Error kInvalidInput: not a JWKS, a key of too few bits, kid twice.
class KeySet {
  public:
    static Result<KeySet> parse(std::string_view jwks_json, bool allow_hs256 = false);
    struct Key;
    const Key* find(std::string_view kid) const;  // nullptr: not there
    size_t size() const;

  private:
    std::shared_ptr<const std::vector<Key>> keys_;
};

// The signed payload of a compact JWS, checked with the key that `kid` names. For tokens, licences and the vectors.
// Error kInvalidInput: why it is not valid, in words that give nothing away to who sent it.
Result<std::string> verify_jws(std::string_view token, const KeySet& keys, const std::vector<std::string>& allowed_types);

// Signature and claims. now_ms: wall clock.
Result<Identity> verify_token(std::string_view token, const KeySet& keys, const TokenRules& rules, int64_t now_ms);

// The keys of a file, read again within 5 s of a change; a broken file keeps the last good keys (warning() says so). Thread-safe.
class KeyFile {
  public:
    static Result<std::unique_ptr<KeyFile>> open(const std::string& path, bool allow_hs256);
    virtual ~KeyFile() = default;
    virtual KeySet keys() = 0;
    virtual std::string warning() const = 0;  // empty: none
};

constexpr std::string_view kScopes[] = {"simulations:read", "simulations:write", "webhooks:manage"};

// Development key and tokens. The key pair (Ed25519) lies in `data_dir`/dev-key.pem (0600) and dev-jwks.json.
struct DevKey {
    std::string private_pem, kid, jwks_file;
};
Result<DevKey> make_or_open_dev_key(const std::string& data_dir);
Result<DevKey> open_dev_key(const std::string& data_dir);  // kInvalidInput: there is none
constexpr std::string_view kDevIssuer = "proveout-dev", kDevAudience = "proveout";

struct TokenRequest {
    std::string tenant = "dev", subject = "dev", scope;  // scope empty: all
    int64_t ttl_s = 3600;
    std::string issuer = std::string(kDevIssuer), audience = std::string(kDevAudience);
};
Result<std::string> mint_token(const TokenRequest& request, const DevKey& key, int64_t now_ms);

// base64url without padding (RFC 4648 section 5); strict: no padding, no other characters, no spare bits.
std::string base64url(std::string_view bytes);
Result<std::string> from_base64url(std::string_view text);

}  // namespace proveout
