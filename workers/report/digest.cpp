// Hashes, artefacts and names made from contents.
#include <openssl/evp.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include "files/content_type.h"
#include "report/report.h"

namespace proveout {

namespace {

constexpr size_t kReadChunk_bytes = 1 << 18;

class Sha256 {
  public:
    Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
        CHECK(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
    }
    void add(std::string_view bytes) { CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1); }
    // passed: told how far `bytes` have been read; may be empty.
    void add(std::string_view bytes, const std::function<void(size_t)>& passed) {
        for (size_t at = 0; at < bytes.size(); at += kReadChunk_bytes) {
            add(bytes.substr(at, kReadChunk_bytes));
            if (passed) passed(at);
        }
    }
    std::array<uint8_t, 32> finish() {
        std::array<uint8_t, 32> digest;
        CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
        return digest;
    }

  private:
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

std::string hex(const std::array<uint8_t, 32>& digest) {
    std::string out;
    for (uint8_t byte : digest) {
        out += "0123456789abcdef"[byte >> 4];
        out += "0123456789abcdef"[byte & 15];
    }
    return out;
}

}  // namespace

std::string sha256_hex(std::string_view bytes, const std::function<void(size_t)>& passed) {
    Sha256 hash;
    hash.add(bytes, passed);
    return hex(hash.finish());
}

std::string content_sim_id(std::string_view program_text, std::string_view job_json, const std::function<void(size_t)>& passed) {
    // The program's length stands between the two texts, so that no other pair of texts reads the same.
    Sha256 hash;
    hash.add(std::to_string(program_text.size()) + ":");
    hash.add(program_text, passed);
    hash.add(job_json);
    auto digest = hash.finish();
    // 26 digits of Crockford's base 32 as in a ULID; the first is 0 to 7, because 26 digits hold 130 bits.
    std::string id = "sim_";
    for (int digit = 0; digit < 26; ++digit) {
        int value = 0;
        for (int bit = digit * 5 - 2; bit < digit * 5 + 3; ++bit) value = value << 1 | (bit < 0 ? 0 : digest[bit / 8] >> (7 - bit % 8) & 1);
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
