// execute.h -- one claimed run from its inputs to its end in the database. Private to queue/.
#pragma once

#include "queue/active_run.h"
#include "queue/worker_pool.h"

namespace proveout {

struct Workshop {
    const WorkerPoolOptions& options;
    Database& database;
    ArtefactStore& store;
    Log& log;
    Metrics& metrics;
    int64_t memory_bytes = 0;  // one run's share of the machine
};

// Blocks until the run has its end, or another owner, or is back in the queue. Call it from a thread that lives as long as the process.
void execute(const Workshop& shop, const ClaimedRun& claimed, ActiveRun& active);

}  // namespace proveout
