// sqlite.h -- the database in one file of the data directory: one writer connection that is also the only checkpointer (SQLite before
// 3.51.3 can corrupt a WAL when a checkpoint races a commit of another connection), readers of their own, synchronous=FULL.
#pragma once

#include <memory>
#include <string>

#include "db/database.h"
#include "domain/clock.h"

namespace proveout {

// Opens or creates `path` and migrates it to the newest schema. Errors: kIo (not writable, newer schema than this program, held by another
// process).
Result<std::unique_ptr<Database>> open_sqlite(const std::string& path, Clock clock = wall_ms);

// Migrates the file to schema `version` (0: empty), up or down. For tests and for operators going back.
Status migrate_sqlite(const std::string& path, int version);
int newest_sqlite_schema();

}  // namespace proveout
