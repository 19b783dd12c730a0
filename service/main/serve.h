// serve.h -- the whole service in one process: API, worker pool, webhooks and clean-up over one database and one store.
#pragma once

#include <string>

#include "config/config.h"
#include "proveout/result.h"
#include "store/s3.h"

namespace proveout {

struct ServeOptions {
    const Config* config = nullptr;
    bool dev = false;     // makes what is missing: data directory, signing key, licence, token
    bool worker = false;  // `proveout worker`: executes runs of a shared database; serves HTTP only where HTTP_LISTEN is set
};

// Exit statuses of `serve`: 0 drained, 2 a key is missing or invalid, 5 address or data directory cannot be used; 130 at the second signal.
int serve(const ServeOptions& options);

// What the MINIO_... keys say of the store.
S3Options s3_options(const Config& config);

}  // namespace proveout
