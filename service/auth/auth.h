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
    int64_t leeway_s = 60;
};

// One parsed public key set (RFC 7517). Private members of keys are ignored, as are keys for other uses and algorithms, and keys without
// kid. Without `alg` the key's type fixes it: RSA RS256, P-256 ES256, Ed25519 EdDSA. Error kInvalidInput: not a JWKS, no key that can
// be used, a weak or malformed key (RSA under 2048 bits, with an exponent of 1 or made by the ROCA generator; a point off its curve;
// HS256 under 32 bytes), kid twice, symmetric and public keys together.
class KeySet {
  public:
    static Result<KeySet> parse(std::string_view jwks_json, bool allow_hs256 = false);
    struct Key;
    const Key* find(std::string_view kid) const;  // nullptr: not there
    size_t size() const;

  private:
    std::shared_ptr<const std::vector<Key>> keys_;
};

constexpr size_t kMaxToken_bytes = 8 * 1024;

// The signed payload of a compact JWS, checked with the key that `kid` names. allowed_types: of header `typ` (media types: case does not
// count); "" allows it to be absent.
// Error kInvalidInput: why it is not valid, in words that give nothing away to who sent it.
Result<std::string> verify_jws(std::string_view token, const KeySet& keys, const std::vector<std::string>& allowed_types);

// The same for documents that name no key: the key is an Ed25519 public key in PEM (SPKI), the algorithm EdDSA.
Result<std::string> verify_jws_with_pem(std::string_view token, std::string_view public_key_pem,
                                        const std::vector<std::string>& allowed_types);
// The payload without judging. Error kInvalidInput: not a compact JWS.
Result<std::string> read_jws_unverified(std::string_view token);
// A compact JWS with EdDSA. header_json: the protected header as it shall stand. Error kInvalidInput: not an Ed25519 private key in PEM.
Result<std::string> sign_jws(std::string_view header_json, std::string_view payload, std::string_view private_key_pem);

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

// 1 to 64 of [A-Za-z0-9._-].
bool is_tenant_name(std::string_view text);

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
