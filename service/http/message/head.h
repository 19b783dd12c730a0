// head.h -- the raw bytes of a request's head, judged before any parser sees them (RFC 9112; RFC 9110 for fields and Host).
//
// What is refused here is what two HTTP implementations could read in two ways: bare line ends, folded fields, more than one length,
// codings other than chunked, targets that are not plain paths. A parser behind this scan has nothing left to interpret.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/http.h"
#include "proveout/result.h"

namespace proveout {

struct HeadEnd {
    size_t end = 0;          // behind the empty line; 0: it has not come yet
    std::string_view fault;  // empty, or why no more bytes could make this a head
};
// Looks for the empty line in `bytes`; `from` bytes were looked at before. Bytes behind the end are not judged.
HeadEnd find_head_end(std::string_view bytes, size_t from);

struct Framing {
    int minor_version = 1;
    bool chunked = false;
    int64_t content_length = 0;  // 0 too if there is none
    bool has_body() const { return chunked || content_length > 0; }
    bool expects_continue = false;
    bool keep_alive = true;
};

// head: up to and with the empty line. Error kInvalidInput, in words for the client.
Result<Framing> scan_head(std::string_view head, const HttpLimits& limits);

// A target in origin form, split and decoded once. Error kInvalidInput.
struct Target {
    std::string path, query;
};
Result<Target> read_target(std::string_view target, const HttpLimits& limits);

}  // namespace proveout
