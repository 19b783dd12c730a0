// Hashes, artefacts and names made from contents.
#include <cerrno>
#include <cstring>

#include "files/content_type.h"
#include "files/digest.h"
#include "report/report.h"

namespace proveout {

namespace {

constexpr size_t kReadChunk_bytes = 1 << 18;

}  // namespace

std::string content_sim_id(std::string_view program_text, std::string_view job_json, const std::function<void(size_t)>& passed) {
    // The program's length stands between the two texts, so that no other pair of texts reads the same.
    Sha256 hash;
    hash.add(std::to_string(program_text.size()) + ":");
    hash.add(program_text, passed);
    hash.add(job_json);
    std::string digest = hash.finish();
    // 26 digits of Crockford's base 32 as in a ULID; the first is 0 to 7, because 26 digits hold 130 bits.
    std::string id = "sim_";
    for (int digit = 0; digit < 26; ++digit) {
        int value = 0;
        for (int bit = digit * 5 - 2; bit < digit * 5 + 3; ++bit) {
            int byte = bit < 0 ? 0 : static_cast<unsigned char>(digest[static_cast<size_t>(bit / 8)]);
            value = value << 1 | (bit < 0 ? 0 : byte >> (7 - bit % 8) & 1);
        }
        id += "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[value];
    }
    return id;
}

Result<Artefact> describe_artefact(const std::string& path, const std::string& name) {
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
    if (!file) return make_error(ErrorCode::kIo, "cannot read " + path + ": " + std::strerror(errno));
    Artefact artefact;
    artefact.name = name;
    artefact.content_type = content_type_of(name);
    Sha256 hash;
    std::string chunk(kReadChunk_bytes, '\0');
    while (size_t count = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
        hash.add(std::string_view(chunk).substr(0, count));
        artefact.size_bytes += static_cast<int64_t>(count);
    }
    if (std::ferror(file.get())) return make_error(ErrorCode::kIo, "cannot read " + path + ": " + std::strerror(errno));
    artefact.sha256 = hex(hash.finish());
    return artefact;
}

}  // namespace proveout
