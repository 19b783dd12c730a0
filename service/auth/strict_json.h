// strict_json.h -- small JSON objects from outside: no member twice, few levels. Private to auth/ and license/.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

namespace proveout {

constexpr int kMaxJsonDepth = 16;

// nullopt: not JSON, not an object, a member twice, or too deep.
std::optional<nlohmann::json> parse_strict_object(std::string_view text);

}  // namespace proveout
