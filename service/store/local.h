// local.h -- artefacts in a folder of the data directory, and the signed links under which the API hands them out.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "domain/clock.h"
#include "store/store.h"

namespace proveout {

struct LocalStoreOptions {
    std::string root;        // made if it is not there
    std::string key;         // 32 bytes or more: HMAC-SHA256 of links
    std::string public_url;  // scheme://host of absolute links; empty: paths on the same host
    Clock clock = wall_ms;
};

// What a request for a signed link may have.
struct SignedFile {
    std::string path;  // of the file
    int64_t size_bytes = 0;
    std::string filename, content_type, sha256;
    bool attachment = false;
};
enum class LinkFault : uint8_t { kNone, kForbidden, kNotFound };  // altered or expired; of a deleted run

class LocalStore : public ArtefactStore {
  public:
    // target: path and query as the client sent them ("/artefacts/simulations/sim_.../out.mp4?expires=...&signature=...").
    virtual LinkFault open_link(const std::string& path, const std::string& query, SignedFile& out) = 0;
};
constexpr std::string_view kArtefactRoute = "/artefacts/";

Result<std::unique_ptr<LocalStore>> open_local_store(const LocalStoreOptions& options);

}  // namespace proveout
