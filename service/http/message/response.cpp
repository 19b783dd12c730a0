#include "http/message/response.h"

#include <array>
#include <ctime>

#include "domain/clock.h"

namespace proveout {

namespace {

// IMF-fixdate of RFC 9110 section 5.6.7, made once a second.
const std::string& date_now() {
    thread_local int64_t made_s = -1;
    thread_local std::string text;
    int64_t now_s = wall_ms() / 1000;
    if (now_s == made_s) return text;
    constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::time_t seconds = now_s;
    std::tm at{};
    gmtime_r(&seconds, &at);
    char line[64];
    std::snprintf(line, sizeof line, "%s, %02d %s %04d %02d:%02d:%02d GMT", kDays[static_cast<size_t>(at.tm_wday)], at.tm_mday,
                  kMonths[static_cast<size_t>(at.tm_mon)], at.tm_year + 1900, at.tm_hour, at.tm_min, at.tm_sec);
    text = line;
    made_s = now_s;
    return text;
}

void add_field(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ");
    for (char c : value) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
    out += "\r\n";
}

}  // namespace

bool may_have_body(int status) { return status >= 200 && status != 204 && status != 304; }

std::string response_head(const HttpResponse& response, BodyForm form, int64_t content_length, bool keep_alive) {
    std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
    out.append(status_text(response.status)).append("\r\n");
    add_field(out, "Date", date_now());
    if (may_have_body(response.status)) {
        if (!response.content_type.empty()) add_field(out, "Content-Type", response.content_type);
        if (form == BodyForm::kLength) add_field(out, "Content-Length", std::to_string(content_length));
        if (form == BodyForm::kChunked) add_field(out, "Transfer-Encoding", "chunked");
    }
    for (const auto& [name, value] : response.headers) add_field(out, name, value);
    if (!keep_alive) add_field(out, "Connection", "close");
    return out += "\r\n";
}

std::string as_chunk(std::string_view bytes) {
    char size[24];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    std::string out(size);
    out.reserve(out.size() + bytes.size() + 2);
    return out.append(bytes).append("\r\n");
}

}  // namespace proveout
