#include "http/message/head.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <vector>

namespace proveout {

namespace {

constexpr size_t kMaxMethodLength = 20, kMaxLengthDigits = 18;

Error fault(std::string text) { return make_error(ErrorCode::kInvalidInput, std::move(text)); }

bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// tchar of RFC 9110 section 5.6.2.
bool is_token_char(char c) {
    return is_alpha(c) || is_digit(c) || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

// What a field value may hold: visible ASCII, space, tab, and bytes above ASCII (obs-text).
bool is_field_char(char c) {
    auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

bool list_has(std::string_view list, std::string_view word) {
    for (size_t at = 0; at <= list.size();) {
        size_t end = std::min(list.find(',', at), list.size());
        if (equal_ignoring_case(trimmed(list.substr(at, end - at)), word)) return true;
        at = end + 1;
    }
    return false;
}

// Fields of one value that mean something here: of two, one reader takes the first and another the last.
constexpr std::string_view kOnce[] = {"authorization", "content-type", "content-encoding", "idempotency-key", "last-event-id",
                                      "range",         "origin"};

// The fields that decide about framing, as they come by.
struct Seen {
    bool once[std::size(kOnce)] = {};
    int fields = 0, hosts = 0, codings = 0, lengths = 0;
    bool chunked = false, close = false, keep_alive = false;
    Framing framing;
};

Status read_request_line(std::string_view line, const HttpLimits& limits, Seen& seen) {
    size_t first = line.find(' '), last = line.rfind(' ');
    if (first == std::string_view::npos || first == last || line.find(' ', first + 1) != last)
        return fault("the request line must be a method, a target and a version with one space between them");
    std::string_view method = line.substr(0, first), version = line.substr(last + 1);
    if (method.empty() || method.size() > kMaxMethodLength ||
        !std::all_of(method.begin(), method.end(), [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; }))
        return fault("the method must be of capital letters");
    if (version != "HTTP/1.1" && version != "HTTP/1.0") return fault("the version must be HTTP/1.1 or HTTP/1.0");
    seen.framing.minor_version = version.back() - '0';
    TRY(read_target(line.substr(first + 1, last - first - 1), limits));
    return Unit{};
}

bool host_is_sound(std::string_view host) {
    return std::all_of(host.begin(), host.end(), [](char c) {
        return is_alpha(c) || is_digit(c) || (c != '\0' && std::string_view("-._~:[]%!$&'()*+;=").find(c) != std::string_view::npos);
    });
}

Status read_length(std::string_view value, Seen& seen) {
    if (++seen.lengths > 1) return fault("Content-Length may be given once");
    if (value.empty() || value.size() > kMaxLengthDigits || !std::all_of(value.begin(), value.end(), is_digit))
        return fault("Content-Length must be a number of at most 18 digits");
    for (char c : value) seen.framing.content_length = seen.framing.content_length * 10 + (c - '0');
    return Unit{};
}

Status judge_field(std::string_view name, std::string_view value, Seen& seen) {
    if (equal_ignoring_case(name, "host")) {
        if (++seen.hosts > 1) return fault("Host may be given once");
        if (!host_is_sound(value)) return fault("Host must be a name or an address with an optional port");
    } else if (equal_ignoring_case(name, "content-length")) {
        return read_length(value, seen);
    } else if (equal_ignoring_case(name, "transfer-encoding")) {
        if (++seen.codings > 1 || !equal_ignoring_case(value, "chunked")) return fault("Transfer-Encoding must be chunked, once");
        seen.framing.chunked = true;
    } else if (equal_ignoring_case(name, "trailer")) {
        return fault("trailer fields are not taken");
    } else if (equal_ignoring_case(name, "expect")) {
        if (!equal_ignoring_case(value, "100-continue")) return fault("Expect must be 100-continue");
        seen.framing.expects_continue = true;
    } else if (equal_ignoring_case(name, "connection")) {
        seen.close = seen.close || list_has(value, "close");
    } else if (equal_ignoring_case(name, "upgrade")) {
        // Answered as if it were not there (RFC 9110 section 7.8), and what follows on the connection is not read.
        seen.close = true;
    }
    for (size_t i = 0; i < std::size(kOnce); ++i) {
        if (!equal_ignoring_case(name, kOnce[i])) continue;
        if (seen.once[i]) return fault(std::string(kOnce[i]) + " may be given once");
        seen.once[i] = true;
    }
    return Unit{};
}

Status read_field(std::string_view line, const HttpLimits& limits, Seen& seen) {
    if (++seen.fields > limits.fields) return fault("more than " + std::to_string(limits.fields) + " header fields");
    if (line.front() == ' ' || line.front() == '\t') return fault("a header field may not be folded over lines");
    size_t colon = line.find(':');
    if (colon == std::string_view::npos) return fault("a header field must have a colon");
    std::string_view name = line.substr(0, colon), value = line.substr(colon + 1);
    if (name.empty() || !std::all_of(name.begin(), name.end(), is_token_char))
        return fault("the name of a header field must be letters, digits and hyphens up to the colon");
    if (!std::all_of(value.begin(), value.end(), is_field_char)) return fault("a header field may not hold control characters");
    return judge_field(name, trimmed(value), seen);
}

Status judge_whole(const Seen& seen) {
    const Framing& framing = seen.framing;
    if (framing.minor_version == 1 && seen.hosts == 0) return fault("HTTP/1.1 needs a Host field");
    if (framing.chunked && seen.lengths > 0) return fault("Content-Length and Transfer-Encoding exclude each other");
    if (framing.chunked && framing.minor_version == 0) return fault("HTTP/1.0 has no Transfer-Encoding");
    return Unit{};
}

// Path segments "." and "..", an empty segment before the last, or a byte that no path of ours has.
bool path_is_plain(std::string_view path) {
    for (char c : path)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\') return false;
    for (size_t at = 1; at <= path.size();) {
        size_t end = std::min(path.find('/', at), path.size());
        std::string_view segment = path.substr(at, end - at);
        if (segment == "." || segment == ".." || (segment.empty() && end < path.size())) return false;
        at = end + 1;
    }
    return true;
}

}  // namespace

HeadEnd find_head_end(std::string_view bytes, size_t from) {
    for (size_t i = from; i < bytes.size(); ++i) {
        if (bytes[i] == '\0') return {0, "the head holds a zero byte"};
        if (bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r')) return {0, "lines of the head must end with CR LF"};
        if (i > 0 && bytes[i - 1] == '\r' && bytes[i] != '\n') return {0, "a CR in the head must be followed by LF"};
        if (bytes[i] == '\n' && i >= 3 && bytes[i - 2] == '\n') return {i + 1, {}};
    }
    return {};
}

Result<Framing> scan_head(std::string_view head, const HttpLimits& limits) {
    Seen seen;
    bool first = true;
    while (true) {
        size_t end = head.find("\r\n");
        if (end == std::string_view::npos) return fault("the head is not complete");
        std::string_view line = head.substr(0, end);
        head.remove_prefix(end + 2);
        if (first) {
            TRY(read_request_line(line, limits, seen));
        } else if (line.empty()) {
            break;
        } else {
            TRY(read_field(line, limits, seen));
        }
        first = false;
    }
    if (!head.empty()) return fault("the head has bytes behind its end");
    TRY(judge_whole(seen));
    seen.framing.keep_alive = seen.framing.minor_version == 1 && !seen.close;
    seen.framing.expects_continue = seen.framing.expects_continue && seen.framing.minor_version == 1;
    return seen.framing;
}

Result<Target> read_target(std::string_view target, const HttpLimits& limits) {
    if (target.size() > static_cast<size_t>(limits.target_bytes))
        return fault("the target is longer than " + std::to_string(limits.target_bytes) + " bytes");
    if (target.empty() || target.front() != '/') return fault("the target must be a path that begins with /");
    for (char c : target)
        if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f || c == '#' || c == '\\')
            return fault("the target must be of printable ASCII without # and \\; other bytes are written as %XX");
    size_t question = std::min(target.find('?'), target.size());
    std::string_view raw_path = target.substr(0, question);
    auto path = percent_decode(raw_path, false);
    if (!path) return fault("a % in the path must be followed by two hexadecimal digits");
    // An encoded slash would be a slash after decoding: one path, two readings.
    if (std::count(path->begin(), path->end(), '/') != std::count(raw_path.begin(), raw_path.end(), '/') || !path_is_plain(*path))
        return fault("the path may not have empty or dot segments, encoded slashes or control characters");
    return Target{std::move(*path), std::string(question < target.size() ? target.substr(question + 1) : "")};
}

}  // namespace proveout
