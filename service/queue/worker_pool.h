// worker_pool.h -- executes queued runs in this process: claims them, runs each attempt in a child process, stages and publishes artefacts,
// and writes the end under the fence. At-least-once execution, exactly-once visible effect.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "db/database.h"
#include "license/license.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "store/store.h"

namespace proveout {

struct WorkerPoolOptions {
    int slots = 2;  // runs at one time
    int threads_per_run = 1;
    std::string owner;  // unique per process
    double lease_s = 15;
    int retry_max = 1;
    std::string workspace_root;  // SIM_TMP_DIR; workspaces that are there at start are removed, nothing else is
    std::string object_prefix;   // MINIO_PREFIX, normalised: "" or "a/b/"
    std::string binary, ffmpeg, camotics;
    double timeout_max_s = 900;
    double store_patience_s = 90;  // how long a run waits for a store that is away
};

class WorkerPool {
  public:
    static Result<std::unique_ptr<WorkerPool>> start(const WorkerPoolOptions& options, Database& database, ArtefactStore& store,
                                                     LicenseGuard& guard, Log& log, Metrics& metrics);
    virtual ~WorkerPool() = default;
    virtual void wake() = 0;  // something was queued, or a cancel was asked for
    virtual int running() const = 0;
    // Stops claiming, lets running attempts go on for grace_s, then ends them and gives them back to the queue. Returns when all are gone.
    virtual void drain(double grace_s) = 0;
};

}  // namespace proveout
