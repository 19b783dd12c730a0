// ids.h -- identifiers of the API: a prefix and a ULID (26 characters of Crockford's base 32, ordered by time).
#pragma once

#include <string>
#include <string_view>

namespace proveout {

// "sim_01J..." ; ids made by one process rise even within a millisecond. prefix: sim job upl whk ntf evt.
std::string new_id(std::string_view prefix);

// True for `prefix` + "_" + 26 characters of the alphabet, upper case.
bool is_id(std::string_view prefix, std::string_view text);

// Where a run's artefacts and an upload's bytes lie in the store. prefix: of all keys, "" or "a/b/".
std::string run_folder(std::string_view prefix, std::string_view sim_id);
std::string upload_key(std::string_view prefix, std::string_view upload_id);

// The version-4 UUID of random bytes, lower case with hyphens.
std::string new_uuid();

// `bytes` random bytes from the system, as lower-case hex.
std::string random_hex(size_t bytes);

}  // namespace proveout
