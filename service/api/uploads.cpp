// Uploads: programs and meshes. The bytes lie in a spool file until they are whole, then in the artefact store.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "api/multipart.h"
#include "api/state.h"
#include "domain/ids.h"
#include "files/digest.h"
#include "files/files.h"

namespace proveout {

namespace {

constexpr size_t kMaxLabelBytes = 128;
constexpr size_t kStlHeaderBytes = 84, kStlTriangleBytes = 50;

// A label, never a path: path parts, control characters and a leading . or - are taken out.
std::string label_of(std::string_view name) {
    size_t slash = name.find_last_of("/\\");
    if (slash != std::string_view::npos) name = name.substr(slash + 1);
    std::string out;
    for (char c : name)
        if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) out += c;
    out.erase(0, std::min(out.find_first_not_of(".- "), out.size()));
    while (out.size() > kMaxLabelBytes) {
        // Never half a character of UTF-8.
        do out.pop_back();
        while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xc0) == 0x80 && out.size() > kMaxLabelBytes - 4);
    }
    return out.empty() ? "upload" : out;
}

// By the first bytes and the size: nothing is parsed here.
std::string kind_of(std::string_view bytes) {
    if (bytes.size() >= kStlHeaderBytes) {
        uint32_t triangles;
        std::memcpy(&triangles, bytes.data() + kStlHeaderBytes - sizeof triangles, sizeof triangles);
        if (triangles > 0 && bytes.size() == kStlHeaderBytes + kStlTriangleBytes * static_cast<size_t>(triangles)) return "stl";
    }
    size_t start = bytes.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos) return "gcode";
    std::string_view head = bytes.substr(start, 4096);
    return head.substr(0, 5) == "solid" && (head.find("facet") != head.npos || head.find("endsolid") != head.npos) ? "stl" : "gcode";
}

Json upload_json(const UploadRecord& upload) {
    return {{"upload_id", upload.upload_id}, {"kind", upload.kind},     {"filename", upload.filename},
            {"size", upload.size_bytes},     {"sha256", upload.sha256}, {"created_at", rfc3339(upload.created_ms)}};
}

// The file's bytes and name in the request: all of the body, or the one part of a form.
struct Sent {
    std::string_view bytes;
    std::string filename;
};
std::optional<HttpResponse> find_sent(Call& call, std::string_view body, Sent& sent) {
    sent.filename = call.request.query_value("filename").value_or("");
    sent.bytes = body;
    std::string_view type = call.request.header("content-type");
    if (!is_multipart(type)) return std::nullopt;
    auto part = single_file_part(type, body);
    if (!part) return invalid(call, {{"/file", part.error().message}});
    sent.bytes = part->bytes;
    if (sent.filename.empty()) sent.filename = part->filename;
    return std::nullopt;
}

Status write_part(const std::string& path, std::string_view bytes) {
    int out = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out < 0) return make_error(ErrorCode::kIo, std::string("cannot write a spool file: ") + std::strerror(errno));
    bool ok = write_all(out, bytes);
    int error = errno;
    ok = ::close(out) == 0 && ok;
    if (!ok) return make_error(ErrorCode::kIo, std::string("cannot write a spool file: ") + std::strerror(error));
    return Unit{};
}

}  // namespace

HttpResponse create_upload(ApiState& state, Call& call) {
    if (state.draining()) return unavailable(call, make_error(ErrorCode::kIo, "it is stopping"));
    if (call.request.body_bytes == 0) return invalid(call, {{"/file", "is empty; send the bytes of a program or an STL"}});
    auto spooled = MappedFile::open(call.request.body_file);
    if (!spooled) return unavailable(call, spooled.error());
    Sent sent;
    if (auto refusal = find_sent(call, spooled->text(), sent)) return *refusal;
    if (sent.bytes.empty()) return invalid(call, {{"/file", "is empty; send the bytes of a program or an STL"}});
    UploadRecord upload;
    upload.upload_id = new_id("upl");
    upload.tenant = call.identity.tenant;
    upload.kind = kind_of(sent.bytes);
    upload.filename = label_of(sent.filename.empty() ? "upload" : sent.filename);
    upload.size_bytes = static_cast<int64_t>(sent.bytes.size());
    upload.sha256 = sha256_hex(sent.bytes);
    upload.created_ms = wall_ms();
    std::string file = call.request.body_file, part;
    if (sent.bytes.size() != spooled->text().size()) {
        part = state.parts.spool_dir + "/part-" + random_hex(8);
        if (auto written = write_part(part, sent.bytes); !written) {
            ::remove(part.c_str());
            return unavailable(call, written.error());
        }
        file = part;
    }
    Status stored = state.parts.store->put(state.key_of(upload.upload_id), file, upload.sha256, "application/octet-stream");
    if (!part.empty()) ::remove(part.c_str());
    if (!stored) return unavailable(call, stored.error());
    if (Status put = state.parts.database->put_upload(upload); !put) {
        (void)state.parts.store->remove(state.key_of(upload.upload_id));
        return unavailable(call, put.error());
    }
    HttpResponse response = json_response(201, upload_json(upload));
    response.headers.emplace_back("Location", "/uploads/" + upload.upload_id);
    return response;
}

HttpResponse get_upload(ApiState& state, Call& call) {
    auto upload = TRY_DB(state.parts.database->get_upload(call.identity.tenant, call.params[0]));
    if (!upload) return not_found(call, "upload");
    return json_response(200, upload_json(*upload));
}

HttpResponse delete_upload(ApiState& state, Call& call) {
    // The bytes go when no queued or running run reads them any more.
    if (!TRY_DB(state.parts.database->delete_upload(call.identity.tenant, call.params[0]))) return not_found(call, "upload");
    return empty_response(204);
}

}  // namespace proveout
