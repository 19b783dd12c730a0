#include "api/multipart.h"

#include <algorithm>
#include <cctype>

namespace proveout {

namespace {

constexpr size_t kMaxBoundaryBytes = 70;  // RFC 2046 section 5.1.1
constexpr size_t kMaxPartHeadBytes = 4096;

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
    return out;
}

// The value of `name` among the parameters of a header field, quoted or not.
std::string parameter(std::string_view field, std::string_view name) {
    for (size_t at = field.find(';'); at != std::string_view::npos;) {
        size_t start = field.find_first_not_of("; \t", at);
        if (start == std::string_view::npos) return {};
        size_t equals = field.find('=', start);
        if (equals == std::string_view::npos) return {};
        bool wanted = lower(field.substr(start, equals - start)) == name;
        std::string value;
        size_t end = equals + 1;
        if (end < field.size() && field[end] == '"') {
            for (++end; end < field.size() && field[end] != '"'; ++end) {
                // Browsers escape a quote only; a backslash before anything else is part of a Windows path.
                if (field[end] == '\\' && end + 1 < field.size() && field[end + 1] == '"') ++end;
                value += field[end];
            }
        } else {
            for (; end < field.size() && field[end] != ';' && field[end] != ' '; ++end) value += field[end];
        }
        if (wanted) return value;
        at = field.find(';', end);
    }
    return {};
}

Error fault(std::string message) { return make_error(ErrorCode::kInvalidInput, std::move(message)); }

// Name and file name from the head of a part.
struct PartHead {
    std::string name, filename;
};
PartHead read_head(std::string_view head) {
    PartHead out;
    for (size_t at = 0; at < head.size();) {
        size_t end = std::min(head.find("\r\n", at), head.size());
        std::string_view line = head.substr(at, end - at);
        if (lower(line.substr(0, 20)) == "content-disposition:") {
            out.name = parameter(line, "name");
            out.filename = parameter(line, "filename");
        }
        at = end + 2;
    }
    return out;
}

}  // namespace

bool is_multipart(std::string_view content_type) { return lower(content_type.substr(0, 19)) == "multipart/form-data"; }

Result<FilePart> single_file_part(std::string_view content_type, std::string_view body) {
    std::string boundary = parameter(content_type, "boundary");
    if (boundary.empty() || boundary.size() > kMaxBoundaryBytes) return fault("the form has no boundary of 1 to 70 characters");
    std::string first = "--" + boundary, next = "\r\n--" + boundary;
    if (body.substr(0, first.size()) != first) return fault("the form does not begin with its boundary");
    std::string_view rest = body.substr(first.size());
    if (rest.substr(0, 2) != "\r\n") return fault("the form has no part; one part named file is needed");
    size_t head_end = rest.substr(0, kMaxPartHeadBytes).find("\r\n\r\n");
    if (head_end == std::string_view::npos) return fault("the head of the form's part does not end");
    PartHead head = read_head(rest.substr(2, head_end - 2));
    if (head.name != "file") return fault("the form's part is not named file");
    size_t start = head_end + 4;
    size_t end = rest.find(next, start);
    if (end == std::string_view::npos) return fault("the form's part does not end");
    std::string_view after = rest.substr(end + next.size());
    if (after.substr(0, 2) != "--") return fault("the form has more than one part; one part named file is needed");
    return FilePart{rest.substr(start, end - start), head.filename};
}

}  // namespace proveout
