#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>

#include <algorithm>

#include "auth/key.h"
#include "auth/strict_json.h"
#include "files/digest.h"

namespace proveout {

namespace {

using Json = nlohmann::json;

constexpr size_t kMaxJwks_bytes = 1024 * 1024;
constexpr size_t kMaxKeys = 1000;
constexpr int kLeastRsaBits = 2048, kMostRsaBits = 8192;  // more costs a millisecond a token
constexpr size_t kP256Bytes = 32, kEd25519Bytes = 32, kSha256Bytes = 32;

template <class T, void (*free_it)(T*)>
struct Freed {
    void operator()(T* object) const { free_it(object); }
};
using BigNumber = std::unique_ptr<BIGNUM, Freed<BIGNUM, BN_free>>;
using ParamBuilder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM, OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX, EVP_MD_CTX_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG, ECDSA_SIG_free>>;

PublicKey owned(EVP_PKEY* key) { return key ? PublicKey(key, EVP_PKEY_free) : PublicKey(); }

BigNumber number_of(std::string_view bytes) { return BigNumber(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr)); }

PublicKey key_from(const char* type, const ParamBuilder& builder) {
    Params params(OSSL_PARAM_BLD_to_param(builder.get()));
    KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) != 1)
        return nullptr;
    return owned(key);
}

// Keys of a generator with the ROCA flaw (CVE-2017-15361): the modulus is a power of 65537 modulo every one of these primes.
bool has_roca_fingerprint(const BIGNUM* modulus) {
    for (BN_ULONG prime : {11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157}) {
        BN_ULONG residue = BN_mod_word(modulus, prime), power = 1;
        bool found = false;
        for (BN_ULONG i = 0; i < prime && !found; ++i, power = power * 65537 % prime) found = power == residue;
        if (!found) return false;
    }
    return true;
}

Result<std::string> member_bytes(const Json& jwk, const char* name) {
    auto found = jwk.find(name);
    if (found == jwk.end() || !found->is_string()) return make_error(ErrorCode::kInvalidInput, std::string(name) + " is missing");
    auto bytes = from_base64url(found->get_ref<const std::string&>());
    if (!bytes) return make_error(ErrorCode::kInvalidInput, std::string(name) + " is not base64url");
    return bytes;
}

Result<PublicKey> rsa_key(const Json& jwk) {
    std::string modulus = TRY(member_bytes(jwk, "n")), exponent = TRY(member_bytes(jwk, "e"));
    BigNumber n = number_of(modulus), e = number_of(exponent);
    int bits = n ? BN_num_bits(n.get()) : 0;
    if (bits < kLeastRsaBits || bits > kMostRsaBits)
        return make_error(ErrorCode::kInvalidInput, "RSA keys have 2048 to 8192 bits, this one " + std::to_string(bits));
    if (!e || !BN_is_odd(e.get()) || BN_num_bits(e.get()) < 2 || BN_num_bits(e.get()) > 64 || !BN_is_odd(n.get()))
        return make_error(ErrorCode::kInvalidInput, "the exponent or the modulus is not one of an RSA key");
    if (has_roca_fingerprint(n.get()))
        return make_error(ErrorCode::kInvalidInput, "the key comes from a generator with the ROCA flaw; make a new one");
    ParamBuilder builder(OSSL_PARAM_BLD_new());
    if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
        return make_error(ErrorCode::kInvalidInput, "not an RSA key");
    PublicKey key = key_from("RSA", builder);
    if (!key) return make_error(ErrorCode::kInvalidInput, "not an RSA key");
    return key;
}

Result<PublicKey> p256_key(const Json& jwk) {
    std::string x = TRY(member_bytes(jwk, "x")), y = TRY(member_bytes(jwk, "y"));
    if (x.size() != kP256Bytes || y.size() != kP256Bytes) return make_error(ErrorCode::kInvalidInput, "x and y have 32 bytes each");
    std::string point = "\x04" + x + y;
    ParamBuilder builder(OSSL_PARAM_BLD_new());
    if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1)
        return make_error(ErrorCode::kInvalidInput, "not a P-256 key");
    PublicKey key = key_from("EC", builder);
    KeyContext context(key ? EVP_PKEY_CTX_new(key.get(), nullptr) : nullptr);
    if (!context || EVP_PKEY_public_check(context.get()) != 1) return make_error(ErrorCode::kInvalidInput, "the point is not on P-256");
    return key;
}

Result<PublicKey> ed25519_key(const Json& jwk) {
    std::string x = TRY(member_bytes(jwk, "x"));
    if (x.size() != kEd25519Bytes) return make_error(ErrorCode::kInvalidInput, "x has 32 bytes");
    PublicKey key = owned(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(x), x.size()));
    if (!key) return make_error(ErrorCode::kInvalidInput, "not an Ed25519 key");
    return key;
}

std::string text_member(const Json& jwk, const char* name) {
    auto found = jwk.find(name);
    return found != jwk.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// A key to verify signatures with (RFC 7517 sections 4.2, 4.3).
bool is_for_verifying(const Json& jwk) {
    if (jwk.contains("use") && jwk["use"] != "sig") return false;
    auto operations = jwk.find("key_ops");
    if (operations == jwk.end()) return true;
    return operations->is_array() && std::find(operations->begin(), operations->end(), "verify") != operations->end();
}

// The one algorithm of a key, or nullopt: none of ours.
std::optional<Algorithm> algorithm_of(const Json& jwk, bool allow_hs256) {
    std::string type = text_member(jwk, "kty"), curve = text_member(jwk, "crv"), named = text_member(jwk, "alg");
    if (jwk.contains("alg") && named.empty()) return std::nullopt;
    struct Kind {
        std::string_view type, curve;
        Algorithm algorithm;
    };
    for (const Kind& kind :
         {Kind{"RSA", "", Algorithm::kRs256}, Kind{"EC", "P-256", Algorithm::kEs256}, Kind{"OKP", "Ed25519", Algorithm::kEdDsa}})
        if (type == kind.type && (kind.curve.empty() || curve == kind.curve) && (named.empty() || named == name_of(kind.algorithm)))
            return kind.algorithm;
    if (type == "oct" && named == "HS256" && allow_hs256) return Algorithm::kHs256;
    return std::nullopt;
}

Result<KeySet::Key> read_key(const Json& jwk, Algorithm algorithm) {
    KeySet::Key key{text_member(jwk, "kid"), algorithm, nullptr, {}};
    switch (algorithm) {
        case Algorithm::kRs256:
            key.public_key = TRY(rsa_key(jwk));
            break;
        case Algorithm::kEs256:
            key.public_key = TRY(p256_key(jwk));
            break;
        case Algorithm::kEdDsa:
            key.public_key = TRY(ed25519_key(jwk));
            break;
        case Algorithm::kHs256:
            key.secret = TRY(member_bytes(jwk, "k"));
            if (key.secret.size() < kSha256Bytes) return make_error(ErrorCode::kInvalidInput, "HS256 keys have 32 bytes or more");
            break;
    }
    return key;
}

// r and s of 32 bytes each, as DER (RFC 7518 section 3.4).
std::string der_signature(std::string_view raw) {
    EcSignature signature(ECDSA_SIG_new());
    BigNumber r = number_of(raw.substr(0, kP256Bytes)), s = number_of(raw.substr(kP256Bytes));
    if (!signature || !r || !s || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return {};
    (void)r.release(), (void)s.release();
    unsigned char* der = nullptr;
    int size = i2d_ECDSA_SIG(signature.get(), &der);
    if (size <= 0) return {};
    std::string out(reinterpret_cast<char*>(der), static_cast<size_t>(size));
    OPENSSL_free(der);
    return out;
}

bool verify_with(EVP_PKEY* key, const EVP_MD* digest, std::string_view signed_bytes, std::string_view signature) {
    DigestContext context(EVP_MD_CTX_new());
    return context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
           EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(signed_bytes), signed_bytes.size()) == 1;
}

}  // namespace

std::string_view name_of(Algorithm algorithm) {
    constexpr std::string_view kNames[] = {"RS256", "ES256", "EdDSA", "HS256"};
    return kNames[static_cast<size_t>(algorithm)];
}

bool KeySet::Key::verify(std::string_view signed_bytes, std::string_view signature) const {
    switch (algorithm) {
        case Algorithm::kRs256:
            return verify_with(public_key.get(), EVP_sha256(), signed_bytes, signature);
        case Algorithm::kEs256: {
            if (signature.size() != 2 * kP256Bytes) return false;
            std::string der = der_signature(signature);
            return !der.empty() && verify_with(public_key.get(), EVP_sha256(), signed_bytes, der);
        }
        case Algorithm::kEdDsa:
            return verify_with(public_key.get(), nullptr, signed_bytes, signature);
        case Algorithm::kHs256: {
            std::string mac = hmac_sha256(secret, signed_bytes);
            return mac.size() == signature.size() && CRYPTO_memcmp(mac.data(), signature.data(), mac.size()) == 0;
        }
    }
    return false;
}

Result<KeySet> KeySet::parse(std::string_view jwks_json, bool allow_hs256) {
    auto document = jwks_json.size() <= kMaxJwks_bytes ? parse_strict_object(jwks_json) : std::nullopt;
    auto list = document ? document->find("keys") : Json::iterator();
    if (!document || list == document->end() || !list->is_array())
        return make_error(ErrorCode::kInvalidInput, "not a JWK set: a JSON object with an array \"keys\"");
    if (list->size() > kMaxKeys) return make_error(ErrorCode::kInvalidInput, "more than 1000 keys");
    auto keys = std::make_shared<std::vector<Key>>();
    for (const Json& jwk : *list) {
        if (!jwk.is_object()) return make_error(ErrorCode::kInvalidInput, "not a JWK set: a key is not an object");
        auto algorithm = algorithm_of(jwk, allow_hs256);
        std::string kid = text_member(jwk, "kid");
        if (!algorithm || kid.empty() || !is_for_verifying(jwk)) continue;
        auto key = read_key(jwk, *algorithm);
        if (!key) return make_error(ErrorCode::kInvalidInput, "key \"" + kid + "\": " + key.error().message);
        for (const Key& other : *keys)
            if (other.kid == kid) return make_error(ErrorCode::kInvalidInput, "two keys have the kid \"" + kid + "\"");
        if (!keys->empty() && (keys->front().algorithm == Algorithm::kHs256) != (*algorithm == Algorithm::kHs256))
            return make_error(ErrorCode::kInvalidInput, "symmetric and public keys stand together; keep them in sets of their own");
        keys->push_back(std::move(*key));
    }
    if (keys->empty())
        return make_error(ErrorCode::kInvalidInput, "no key that can be used: kid is needed, and RS256, ES256 (P-256) or EdDSA (Ed25519)");
    KeySet set;
    set.keys_ = std::move(keys);
    return set;
}

const KeySet::Key* KeySet::find(std::string_view kid) const {
    if (!keys_) return nullptr;
    for (const Key& key : *keys_)
        if (key.kid == kid) return &key;
    return nullptr;
}

size_t KeySet::size() const { return keys_ ? keys_->size() : 0; }

}  // namespace proveout
