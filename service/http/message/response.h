// response.h -- the head of a response as bytes.
#pragma once

#include <cstdint>
#include <string>

#include "http/http.h"

namespace proveout {

enum class BodyForm : uint8_t { kLength, kChunked, kUntilClose };

// With Date, Connection, Content-Type and the field of `form`. Control characters in fields become spaces: nobody splits a response.
std::string response_head(const HttpResponse& response, BodyForm form, int64_t content_length, bool keep_alive);

// 1xx, 204 and 304 have none.
bool may_have_body(int status);

// One piece of a chunked body.
std::string as_chunk(std::string_view bytes);

}  // namespace proveout
