// key.h -- one verification key and what it verifies. Private to auth/.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>

#include "auth/auth.h"

namespace proveout {

enum class Algorithm : uint8_t { kRs256, kEs256, kEdDsa, kHs256 };
std::string_view name_of(Algorithm algorithm);

using PublicKey = std::shared_ptr<EVP_PKEY>;

struct KeySet::Key {
    std::string kid;
    Algorithm algorithm = Algorithm::kEdDsa;
    PublicKey public_key;
    std::string secret;  // kHs256

    bool verify(std::string_view signed_bytes, std::string_view signature) const;
};

inline const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace proveout
