// json.h -- JSON of the API: bytes that are no UTF-8 become replacement characters, never an exception.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace proveout {

using Json = nlohmann::json;

inline std::string dump(const Json& document) { return document.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace proveout
