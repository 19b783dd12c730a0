// s3.h -- artefacts in an S3 bucket (MinIO and others), path-style. Staged objects lie under "<prefix>staged/", published ones are copied
// by the store itself to their final keys.
#pragma once

#include <memory>
#include <string>

#include "domain/clock.h"
#include "store/store.h"

namespace proveout {

struct S3Options {
    std::string endpoint;         // scheme://host[:port]
    std::string public_endpoint;  // that links are signed for; empty: endpoint
    std::string access_key, secret_key, region, bucket;
    std::string prefix;  // of all keys, "" or "a/b/"
    Clock clock = wall_ms;
    int64_t multipart_above_bytes = 64 << 20, part_bytes = 16 << 20;
};

// Errors: kInvalidInput (an endpoint that is none). Whether the bucket is there and private is check()'s to say: it may come later.
Result<std::unique_ptr<ArtefactStore>> open_s3_store(const S3Options& options);

}  // namespace proveout
