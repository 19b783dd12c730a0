// postgres.h -- the database on a PostgreSQL server that many nodes share: SKIP LOCKED claims, the server's clock, row-level security as a
// second wall between tenants, LISTEN/NOTIFY for what other nodes commit.
//
// A connection lost while a transaction was being committed leaves its outcome open: it is asked for by transaction id, and the transaction
// is run again only if it did not take effect.
#pragma once

#include <memory>
#include <string>

#include "db/database.h"

namespace proveout {

// url: "postgresql://..."; its role owns the database and is no superuser. Migrates to the newest schema under a lock. Errors: kIo (cannot
// be reached, newer schema than this program). release_all_running() is not for this kind: other nodes may be at work.
Result<std::unique_ptr<Database>> open_postgres(const std::string& url);

// Migrates to schema `version` (0: empty), up or down. For tests and for operators going back.
Status migrate_postgres(const std::string& url, int version);
int newest_postgres_schema();

}  // namespace proveout
