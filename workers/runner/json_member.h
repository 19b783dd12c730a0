// json_member.h -- reading what another process wrote: a member that is missing or of another type counts as absent, nothing throws.
// Private to runner/.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>

namespace proveout {

template <class T>
T value_or(const nlohmann::json& value, T absent) {
    if constexpr (std::is_same_v<T, std::string>)
        return value.is_string() ? value.get<std::string>() : absent;
    else if constexpr (std::is_same_v<T, bool>)
        return value.is_boolean() ? value.get<bool>() : absent;
    else
        return value.is_number() ? value.get<T>() : absent;
}

template <class T>
T member(const nlohmann::json& document, const char* name, T absent) {
    auto at = document.find(name);
    return at == document.end() ? absent : value_or<T>(*at, absent);
}

// A list whose entries are lists of `size` values. False: it is not there, or not such a list.
inline bool is_table(const nlohmann::json& document, const char* name, size_t size) {
    auto at = document.find(name);
    if (at == document.end() || !at->is_array()) return false;
    for (const nlohmann::json& row : *at)
        if (!row.is_array() || row.size() != size) return false;
    return true;
}

// Bytes that are no UTF-8 become replacement characters.
inline std::string dump(const nlohmann::json& document) { return document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

}  // namespace proveout
