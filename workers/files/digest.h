// digest.h -- SHA-256 (FIPS 180-4) of texts, files and streams, with a key or without, and bytes as lower-case hexadecimal digits.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace proveout {

std::string hex(std::string_view bytes);

class Sha256 {
  public:
    Sha256();
    void add(std::string_view bytes);
    // passed: told how far `bytes` have been read; may be empty.
    void add(std::string_view bytes, const std::function<void(size_t)>& passed);
    std::string finish();  // 32 bytes; nothing may be added after it

  private:
    struct Free {
        void operator()(evp_md_ctx_st* context) const;
    };
    std::unique_ptr<evp_md_ctx_st, Free> context_;
};

std::string sha256(std::string_view bytes);                             // 32 bytes
std::string hmac_sha256(std::string_view key, std::string_view bytes);  // 32 bytes (RFC 2104)
std::string sha256_hex(std::string_view bytes, const std::function<void(size_t)>& passed = {});

}  // namespace proveout
