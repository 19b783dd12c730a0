// key_pair.h -- Ed25519 key pairs and files that only their owner reads, for development keys and licences.
#pragma once

#include <string>
#include <string_view>

#include "proveout/result.h"

namespace proveout {

struct KeyPair {
    std::string private_pem, public_pem;  // PKCS#8, SPKI
};
Result<KeyPair> make_key_pair();

// Mode 0600, durable, whole or not at all. replace false: a file that is there stays. Error kIo.
Status write_private_file(const std::string& path, std::string_view bytes, bool replace);

}  // namespace proveout
