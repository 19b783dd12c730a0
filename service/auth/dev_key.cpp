#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "auth/auth.h"
#include "auth/key_pair.h"
#include "auth/watched_file.h"
#include "domain/ids.h"
#include "files/digest.h"

namespace proveout {

namespace {

using Ordered = nlohmann::ordered_json;

constexpr int64_t kLongestToken_s = 10LL * 366 * 86400;
constexpr size_t kEd25519Bytes = 32;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

std::string text_of(const Bio& bio) {
    char* data = nullptr;
    long size = BIO_get_mem_data(bio.get(), &data);
    return size > 0 ? std::string(data, static_cast<size_t>(size)) : std::string();
}

// The public half as a JWK's x.
Result<std::string> public_x(const std::string& private_pem) {
    Bio bio(BIO_new_mem_buf(private_pem.data(), static_cast<int>(private_pem.size())), BIO_free);
    Key key(PEM_read_bio_PrivateKey(
                bio.get(), nullptr, [](char*, int, int, void*) { return -1; }, nullptr),
            EVP_PKEY_free);
    unsigned char raw[kEd25519Bytes];
    size_t size = sizeof raw;
    if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519 || EVP_PKEY_get_raw_public_key(key.get(), raw, &size) != 1)
        return make_error(ErrorCode::kInvalidInput, "not an Ed25519 private key in PEM");
    return base64url({reinterpret_cast<char*>(raw), size});
}

// RFC 7638 and RFC 8037 appendix A.3.
std::string thumbprint(const std::string& x) {
    std::string members = "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"" + x + "\"}";
    return base64url(sha256(members));
}

std::string jwks_text(const std::string& x, const std::string& kid) {
    Ordered key{{"kty", "OKP"}, {"crv", "Ed25519"}, {"x", x}, {"kid", kid}, {"alg", "EdDSA"}, {"use", "sig"}};
    return Ordered{{"keys", Ordered::array({key})}}.dump(2) + "\n";
}

Result<DevKey> described(const std::string& data_dir, std::string private_pem) {
    auto x = public_x(private_pem);
    if (!x) return make_error(ErrorCode::kInvalidInput, data_dir + "/dev-key.pem: " + x.error().message);
    return DevKey{std::move(private_pem), thumbprint(*x), data_dir + "/dev-jwks.json"};
}

}  // namespace

Result<KeyPair> make_key_pair() {
    Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free);
    Bio secret(BIO_new(BIO_s_mem()), BIO_free), open(BIO_new(BIO_s_mem()), BIO_free);
    if (!key || !secret || !open || PEM_write_bio_PKCS8PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
        PEM_write_bio_PUBKEY(open.get(), key.get()) != 1)
        return make_error(ErrorCode::kIo, "the system gave no key");
    return KeyPair{text_of(secret), text_of(open)};
}

Status write_private_file(const std::string& path, std::string_view bytes, bool replace) {
    std::string temporary = path + ".part-" + random_hex(8);
    int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = descriptor >= 0 && ::write(descriptor, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) &&
                ::fsync(descriptor) == 0;
    int failure = errno;
    if (descriptor >= 0) ::close(descriptor);
    if (good) {
        good = replace ? ::rename(temporary.c_str(), path.c_str()) == 0 : ::link(temporary.c_str(), path.c_str()) == 0 || errno == EEXIST;
        failure = errno;
    }
    ::unlink(temporary.c_str());
    if (!good) return make_error(ErrorCode::kIo, "cannot write " + path + ": " + std::strerror(failure));
    return Unit{};
}

Result<DevKey> open_dev_key(const std::string& data_dir) {
    auto text = read_small_file(data_dir + "/dev-key.pem");
    if (!text)
        return make_error(ErrorCode::kInvalidInput, "there is no development key in " + data_dir +
                                                        "; proveout serve --dev makes one, --data-dir names its directory");
    return described(data_dir, std::move(*text));
}

Result<DevKey> make_or_open_dev_key(const std::string& data_dir) {
    std::string path = data_dir + "/dev-key.pem";
    if (::access(path.c_str(), F_OK) != 0) {
        KeyPair made = TRY(make_key_pair());
        TRY(write_private_file(path, made.private_pem, false));
    }
    DevKey key = TRY(open_dev_key(data_dir));
    std::string x = TRY(public_x(key.private_pem));
    TRY(write_private_file(key.jwks_file, jwks_text(x, key.kid), true));
    return key;
}

Result<std::string> mint_token(const TokenRequest& request, const DevKey& key, int64_t now_ms) {
    if (!is_tenant_name(request.tenant)) return make_error(ErrorCode::kInvalidInput, "the tenant is 1 to 64 letters, digits and . _ -");
    if (request.ttl_s < 1 || request.ttl_s > kLongestToken_s) return make_error(ErrorCode::kInvalidInput, "the ttl is 1 s to 10 years");
    std::string scope = request.scope;
    if (scope.empty())
        for (std::string_view one : kScopes) scope += (scope.empty() ? "" : " ") + std::string(one);
    int64_t now_s = now_ms / 1000;
    Ordered header{{"alg", "EdDSA"}, {"typ", "at+jwt"}, {"kid", key.kid}};
    Ordered claims{{"iss", request.issuer},        {"aud", request.audience}, {"sub", request.subject},
                   {"tenant", request.tenant},     {"scope", scope},          {"iat", now_s},
                   {"exp", now_s + request.ttl_s}, {"jti", new_uuid()}};
    std::string payload = claims.dump(-1, ' ', false, Ordered::error_handler_t::replace);
    return sign_jws(header.dump(), payload, key.private_pem);
}

}  // namespace proveout
