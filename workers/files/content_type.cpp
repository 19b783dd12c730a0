#include "files/content_type.h"

#include <array>
#include <utility>

namespace proveout {

std::string content_type_of(std::string_view name) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 14> kTypes{{
        {"json", "application/json"},
        {"mp4", "video/mp4"},
        {"gif", "image/gif"},
        {"png", "image/png"},
        {"stl", "model/stl"},
        {"glb", "model/gltf-binary"},
        {"html", "text/html; charset=utf-8"},
        {"log", "text/plain; charset=utf-8"},
        {"txt", "text/plain; charset=utf-8"},
        {"nc", "text/plain; charset=utf-8"},
        {"sarif", "application/sarif+json"},
        {"xml", "application/xml"},
        {"camotics", "application/json"},
        {"jsonl", "application/x-ndjson"},
    }};
    size_t dot = name.rfind('.');
    if (dot != std::string_view::npos)
        for (const auto& [ending, type] : kTypes)
            if (name.substr(dot + 1) == ending) return std::string(type);
    return "application/octet-stream";
}

}  // namespace proveout
