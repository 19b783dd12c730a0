// session.h -- one connection to a database of either kind: transactions of named statements (sql/*.sql).
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "proveout/result.h"

namespace proveout {

using SqlParam = std::variant<std::monostate, int64_t, double, std::string_view>;  // monostate: NULL
using SqlParams = std::vector<SqlParam>;

class SqlRow {
  public:
    using Cell = std::variant<std::monostate, int64_t, double, std::string>;
    std::vector<Cell> cells;
    int64_t integer(size_t column) const;  // NULL: 0
    double real(size_t column) const;
    std::string text(size_t column) const;  // NULL: ""
};
using SqlRows = std::vector<SqlRow>;

enum class SqlMode : uint8_t { kRead, kWrite };

class SqlSession {
  public:
    virtual ~SqlSession() = default;
    // tenant: whose rows the transaction may see where the database can tell; kAllTenants: all. Returns the database's time, wall ms.
    virtual Result<int64_t> begin(SqlMode mode, const std::string& tenant) = 0;
    virtual Result<SqlRows> run(std::string_view statement, const SqlParams& params) = 0;
    virtual Status commit() = 0;
    virtual void rollback() = 0;
};
constexpr std::string_view kAllTenants = "*";

// What a transaction that has been committed changed, for listeners.
struct SqlChanges {
    std::vector<std::string> runs;  // got events
    bool queued = false;            // something may be claimable
};

// The body of a transaction. It may be run again when the database asks for that, so it starts from nothing each time.
struct SqlTransaction {
    SqlSession& session;
    int64_t now_ms = 0;
    SqlChanges changes;
    bool abandon = false;  // roll back though nothing failed
    Result<SqlRows> run(std::string_view statement, const SqlParams& params = {}) { return session.run(statement, params); }
};
using SqlBody = std::function<Status(SqlTransaction&)>;

class SqlBackend {
  public:
    virtual ~SqlBackend() = default;
    virtual Status transact(SqlMode mode, const std::string& tenant, const SqlBody& body) = 0;
    virtual Result<std::string> check() = 0;
    virtual void set_listeners(std::function<void(const std::string&)> on_event, std::function<void()> on_queued) = 0;
};

// name -> text, of "-- :name" sections; later texts override earlier ones.
std::map<std::string, std::string, std::less<>> parse_statements(std::initializer_list<std::string_view> texts);

// Migrations of a dialect, number 1 first.
struct Migration {
    std::string_view up, down;
};
extern const std::string_view kCommonSql, kSqliteSql, kPostgresSql;
const std::vector<Migration>& sqlite_migrations();
const std::vector<Migration>& postgres_migrations();

}  // namespace proveout
