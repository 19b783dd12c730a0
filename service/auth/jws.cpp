#include <openssl/bio.h>
#include <openssl/pem.h>

#include <algorithm>

#include "auth/key.h"
#include "auth/strict_json.h"

namespace proveout {

namespace {

using Json = nlohmann::json;

constexpr size_t kMaxHeader_bytes = 4 * 1024, kMaxKid_bytes = 512;

Error refused(std::string why) { return make_error(ErrorCode::kInvalidInput, std::move(why)); }

struct Jws {
    Json header;
    std::string_view signed_bytes;  // of the token
    std::string payload, signature;
};

Result<Jws> split_jws(std::string_view token) {
    if (token.size() > kMaxToken_bytes) return refused("the token is too long");
    size_t first = token.find('.'), second = first == std::string_view::npos ? first : token.find('.', first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
        return refused("the token does not have three parts");
    if (first > kMaxHeader_bytes) return refused("the token's header is too long");
    Jws jws;
    auto header = from_base64url(token.substr(0, first)), payload = from_base64url(token.substr(first + 1, second - first - 1)),
         signature = from_base64url(token.substr(second + 1));
    if (!header || !payload || !signature) return refused("a part of the token is not base64url");
    auto object = parse_strict_object(*header);
    if (!object) return refused("the token's header is not a JSON object with every member once");
    jws.header = std::move(*object);
    jws.signed_bytes = token.substr(0, second);
    jws.payload = std::move(*payload);
    jws.signature = std::move(*signature);
    return jws;
}

bool same_type(std::string_view left, std::string_view right) {
    constexpr std::string_view kPrefix = "application/";
    auto lower = [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; };
    auto equal = [&](std::string_view a, std::string_view b) {
        return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
    };
    if (left.size() > kPrefix.size() && equal(left.substr(0, kPrefix.size()), kPrefix)) left.remove_prefix(kPrefix.size());
    return equal(left, right);
}

// What must hold whatever the key: typ, no crit, a text in alg.
Status check_header(const Json& header, const std::vector<std::string>& allowed_types) {
    auto type = header.find("typ");
    if (type != header.end() && !type->is_string()) return refused("the token's typ is not a text");
    std::string given = type == header.end() ? "" : type->get<std::string>();
    bool allowed = std::any_of(allowed_types.begin(), allowed_types.end(), [&](const std::string& one) {
        return one.empty() ? type == header.end() : type != header.end() && same_type(given, one);
    });
    if (!allowed) return refused("the token's typ is not one that is taken here");
    if (header.contains("crit")) return refused("the token has critical header members, which are not supported");
    if (header.contains("b64")) return refused("the token has an unencoded payload, which is not supported");
    return Unit{};
}

Result<std::string> verify(Jws jws, const KeySet::Key* key) {
    auto algorithm = jws.header.find("alg");
    bool same = key && algorithm != jws.header.end() && algorithm->is_string() && *algorithm == std::string(name_of(key->algorithm));
    if (!same || jws.signature.empty() || !key->verify(jws.signed_bytes, jws.signature))
        return refused("the token's key, algorithm or signature is not valid");
    return std::move(jws.payload);
}

struct BioFree {
    void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, BioFree>;

Bio bio_of(std::string_view text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

// Keys here have no pass phrase, and nobody is asked for one.
int no_pass_phrase(char*, int, int, void*) { return -1; }

PublicKey ed25519_of(EVP_PKEY* key) {
    if (!key) return nullptr;
    PublicKey owned(key, EVP_PKEY_free);
    return EVP_PKEY_get_id(key) == EVP_PKEY_ED25519 ? owned : nullptr;
}

}  // namespace

Result<std::string> verify_jws(std::string_view token, const KeySet& keys, const std::vector<std::string>& allowed_types) {
    Jws jws = TRY(split_jws(token));
    TRY(check_header(jws.header, allowed_types));
    auto kid = jws.header.find("kid");
    if (kid == jws.header.end() || !kid->is_string() || kid->get_ref<const std::string&>().size() > kMaxKid_bytes)
        return refused("the token names no key");
    const KeySet::Key* key = keys.find(kid->get_ref<const std::string&>());
    return verify(std::move(jws), key);
}

Result<std::string> verify_jws_with_pem(std::string_view token, std::string_view public_key_pem,
                                        const std::vector<std::string>& allowed_types) {
    Bio bio = bio_of(public_key_pem);
    KeySet::Key key;
    key.public_key = bio ? ed25519_of(PEM_read_bio_PUBKEY(bio.get(), nullptr, no_pass_phrase, nullptr)) : nullptr;
    if (!key.public_key) return make_error(ErrorCode::kInvalidInput, "the public key is not an Ed25519 key in PEM");
    Jws jws = TRY(split_jws(token));
    TRY(check_header(jws.header, allowed_types));
    return verify(std::move(jws), &key);
}

Result<std::string> read_jws_unverified(std::string_view token) {
    Jws jws = TRY(split_jws(token));
    return std::move(jws.payload);
}

Result<std::string> sign_jws(std::string_view header_json, std::string_view payload, std::string_view private_key_pem) {
    Bio bio = bio_of(private_key_pem);
    PublicKey key = bio ? ed25519_of(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr)) : nullptr;
    if (!key) return make_error(ErrorCode::kInvalidInput, "the private key is not an Ed25519 key in PEM");
    std::string token = base64url(header_json) + "." + base64url(payload);
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    unsigned char signature[64];
    size_t size = sizeof signature;
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1 ||
        EVP_DigestSign(context.get(), signature, &size, bytes_of(token), token.size()) != 1)
        return make_error(ErrorCode::kInvalidInput, "the private key does not sign");
    return token + "." + base64url({reinterpret_cast<char*>(signature), size});
}

}  // namespace proveout
