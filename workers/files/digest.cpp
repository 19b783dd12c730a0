#include "files/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "proveout/result.h"

namespace proveout {

namespace {

constexpr size_t kReadChunk_bytes = 1 << 18;
constexpr size_t kSha256_bytes = 32;

}  // namespace

std::string hex(std::string_view bytes) {
    std::string text;
    text.reserve(2 * bytes.size());
    for (unsigned char byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) { CHECK(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1); }

void Sha256::add(std::string_view bytes) { CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1); }

void Sha256::add(std::string_view bytes, const std::function<void(size_t)>& passed) {
    for (size_t at = 0; at < bytes.size(); at += kReadChunk_bytes) {
        add(bytes.substr(at, kReadChunk_bytes));
        if (passed) passed(at);
    }
}

std::string Sha256::finish() {
    std::string digest(kSha256_bytes, '\0');
    CHECK(EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr) == 1);
    return digest;
}

std::string sha256(std::string_view bytes) {
    Sha256 hash;
    hash.add(bytes);
    return hash.finish();
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    std::string mac(kSha256_bytes, '\0');
    CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
               reinterpret_cast<unsigned char*>(mac.data()), nullptr) != nullptr);
    return mac;
}

std::string sha256_hex(std::string_view bytes, const std::function<void(size_t)>& passed) {
    Sha256 hash;
    hash.add(bytes, passed);
    return hex(hash.finish());
}

}  // namespace proveout
