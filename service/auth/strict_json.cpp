#include "auth/strict_json.h"

#include <set>
#include <string>
#include <vector>

namespace proveout {

std::optional<nlohmann::json> parse_strict_object(std::string_view text) {
    using Json = nlohmann::json;
    std::vector<std::set<std::string>> names;
    bool strict = true;
    auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
        if (depth > kMaxJsonDepth) strict = false;
        if (event == Json::parse_event_t::object_start) names.emplace_back();
        if (event == Json::parse_event_t::object_end && !names.empty()) names.pop_back();
        if (event == Json::parse_event_t::key && !names.back().insert(value.get<std::string>()).second) strict = false;
        return true;
    };
    Json parsed = Json::parse(text.begin(), text.end(), watch, false);
    if (!strict || !parsed.is_object()) return std::nullopt;
    return parsed;
}

}  // namespace proveout
