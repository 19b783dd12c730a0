#include <openssl/evp.h>
#include <openssl/rand.h>

#include "files/digest.h"
#include "notify/webhooks.h"

namespace proveout {

namespace {

constexpr std::string_view kSecretPrefix = "whsec_";
constexpr size_t kSecretBytes = 32;  // Standard Webhooks 1.0: 24 to 64

std::string base64(std::string_view bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), reinterpret_cast<const unsigned char*>(bytes.data()),
                               static_cast<int>(bytes.size()));
    text.resize(static_cast<size_t>(size));
    return text;
}

// REQUIRES: what base64() made.
std::string from_base64(std::string_view text) {
    std::string bytes(text.size() / 4 * 3 + 3, '\0');
    int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()), reinterpret_cast<const unsigned char*>(text.data()),
                               static_cast<int>(text.size()));
    CHECK(size >= 0);
    size_t padding = text.size() - std::min(text.size(), text.find_last_not_of('=') + 1);
    bytes.resize(static_cast<size_t>(size) - padding);
    return bytes;
}

}  // namespace

std::string webhook_signature(std::string_view secret, std::string_view id, int64_t timestamp_s, std::string_view body) {
    CHECK(secret.substr(0, kSecretPrefix.size()) == kSecretPrefix);
    std::string key = from_base64(secret.substr(kSecretPrefix.size()));
    std::string content = std::string(id) + "." + std::to_string(timestamp_s) + "." + std::string(body);
    return "v1," + base64(hmac_sha256(key, content));
}

std::string new_webhook_secret() {
    unsigned char bytes[kSecretBytes];
    CHECK(RAND_bytes(bytes, sizeof bytes) == 1);
    return std::string(kSecretPrefix) + base64({reinterpret_cast<char*>(bytes), sizeof bytes});
}

}  // namespace proveout
