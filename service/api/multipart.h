// multipart.h -- a form with one file (multipart/form-data, RFC 7578), found in bytes that stay where they are.
#pragma once

#include <string>
#include <string_view>

#include "proveout/result.h"

namespace proveout {

struct FilePart {
    std::string_view bytes;
    std::string filename;
};

bool is_multipart(std::string_view content_type);

// The one part, which is named "file". Error kInvalidInput: no boundary, no end, no such part, or more than one.
Result<FilePart> single_file_part(std::string_view content_type, std::string_view body);

}  // namespace proveout
