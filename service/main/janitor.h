// janitor.h -- what must be done from time to time: runs of dead owners, retention, uploads that no run reads any more.
#pragma once

#include <memory>

#include "db/database.h"
#include "observe/log.h"
#include "store/store.h"

namespace proveout {

class Janitor {
  public:
    struct Options {
        double retention_days = 30;
        std::string object_prefix;
    };
    static std::unique_ptr<Janitor> start(const Options& options, Database& database, ArtefactStore& store, Log& log);
    virtual ~Janitor() = default;  // ends its thread
};

}  // namespace proveout
