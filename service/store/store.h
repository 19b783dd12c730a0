// store.h -- where artefacts and uploads live: the local disk, or S3. Keys are relative paths of [A-Za-z0-9._/-], never client text.
//
// Artefacts of an attempt are staged under its fence and moved to their final keys only by publish(), which the holder of the fence calls
// right before the database's finish(). What was staged and never published is removed by discard().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "proveout/result.h"

namespace proveout {

// What a link gives to the browser.
struct LinkOptions {
    std::string filename, content_type;
    bool attachment = false;  // false: shown in the page
    int64_t ttl_s = 3600;
};

class ArtefactStore {
  public:
    virtual ~ArtefactStore() = default;
    // A line for people; error: not usable ("the bucket is public", "not writable").
    virtual Result<std::string> check() = 0;

    // `prefix` is a run's folder ("simulations/sim_..."), name relative to it ("logs/ffmpeg.log"). Error: kIo.
    virtual Status stage(const std::string& prefix, int64_t fence, const std::string& name, const std::string& file,
                         const std::string& sha256, const std::string& content_type) = 0;
    virtual Status publish(const std::string& prefix, int64_t fence, const std::vector<std::string>& names) = 0;
    virtual Status discard(const std::string& prefix, int64_t fence) = 0;

    // Whole objects: uploads. get() makes a file that the caller may read (a link or a copy), and may not change.
    virtual Status put(const std::string& key, const std::string& file, const std::string& sha256, const std::string& content_type) = 0;
    virtual Status get(const std::string& key, const std::string& file) = 0;
    virtual Status remove(const std::string& key) = 0;            // absent is fine
    virtual Status remove_folder(const std::string& prefix) = 0;  // with all that is staged for it

    // A link that ends after options.ttl_s.
    virtual Result<std::string> link(const std::string& key, const LinkOptions& options) = 0;

    // Removes what attempts left staged that are not `live` (prefix, fence). Called at start and from time to time.
    virtual Status sweep(const std::function<bool(const std::string& prefix, int64_t fence)>& live) = 0;
};

}  // namespace proveout
