// content_type.h -- the media type of a run's file, by its name.
#pragma once

#include <string>
#include <string_view>

namespace proveout {

// "video/mp4" for out.mp4; "application/octet-stream" for what is not known.
std::string content_type_of(std::string_view name);

}  // namespace proveout
