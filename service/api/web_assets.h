// web_assets.h -- the page's files, compiled in (web/ has their sources).
#pragma once

#include <string_view>

namespace proveout {

struct WebAsset {
    std::string_view path;  // "/", "/app.js"
    std::string_view bytes, content_type, etag;
};
const WebAsset* find_web_asset(std::string_view path);  // nullptr: none

}  // namespace proveout
