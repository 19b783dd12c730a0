// The scan and the parser behind it: what both let through has the promised form, and no bytes end the process.
#include <cstdint>
#include <string_view>

#include "http/message/head.h"
#include "http/message/parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace proveout;
    constexpr size_t kPiece_bytes = 16 * 1024;
    std::string_view bytes(reinterpret_cast<const char*>(data), size);
    HttpLimits limits;
    HeadEnd whole = find_head_end(bytes, 0), late = find_head_end(bytes, size / 2);
    CHECK(!whole.fault.empty() || late.end == whole.end || whole.end <= size / 2);
    if (whole.end == 0 || whole.end > static_cast<size_t>(limits.head_bytes)) return 0;
    auto framing = scan_head(bytes.substr(0, whole.end), limits);
    if (!framing) return 0;
    MessageParser parser(limits);
    HttpRequest request;
    if (!parser.head(bytes.substr(0, whole.end), *framing, request)) return 0;  // Beast also minds the words of Connection
    CHECK(!request.path.empty() && request.path[0] == '/' && request.path.find("/../") == std::string::npos);
    CHECK(request.path.find_first_of(std::string_view("\0\r\n\\", 4)) == std::string::npos);
    if (framing->minor_version == 1) CHECK(!request.headers.empty());
    std::string body;
    for (std::string_view rest = bytes.substr(whole.end); framing->has_body();) {
        MessageParser::Fed fed = parser.body(rest.substr(0, kPiece_bytes), body);
        CHECK(fed.used <= rest.size() && body.size() <= size);
        rest.remove_prefix(fed.used);
        if (fed.done || !fed.fault.empty() || fed.used == 0) break;
    }
    if (!framing->chunked) CHECK(static_cast<int64_t>(body.size()) <= framing->content_length);
    return 0;
}
