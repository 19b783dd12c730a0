// postgres_session.h -- one connection to a PostgreSQL server. Every call has a deadline; whoever misses it loses the connection.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "db/session.h"

struct pg_conn;
struct pg_result;

namespace proveout {

class PostgresSession : public SqlSession {
  public:
    // until_ms (steady): no call waits longer for the server than to there; 0: no bound but each call's own.
    static Result<std::unique_ptr<PostgresSession>> open(const std::string& url, int64_t until_ms = 0);
    ~PostgresSession() override;

    Result<int64_t> begin(SqlMode mode, const std::string& tenant) override;
    Result<SqlRows> run(std::string_view statement, const SqlParams& params) override;
    Status commit() override;
    void rollback() override;
    // Statements in the simple protocol; the rows of the last one that has any.
    Result<SqlRows> exec(const std::string& sql);

    bool lost() const { return lost_; }                // the connection
    bool wants_retry() const { return wants_retry_; }  // deadlock, serialization: the transaction may be run again
    const std::string& transaction_id() const { return transaction_id_; }
    std::string quoted(const std::string& text);

    // For the listener: its descriptor, and the payloads that have arrived (channel, payload).
    int descriptor() const;
    Result<std::vector<std::pair<std::string, std::string>>> notifications();

  private:
    PostgresSession() = default;
    Status await();             // an answer can be read
    Result<SqlRows> answers();  // all of them
    Error failure(pg_result* result);
    Error connection_lost(const std::string& why);
    Status prepare(std::string_view name);

    pg_conn* connection_ = nullptr;
    int64_t until_ms_ = 0;
    std::set<std::string, std::less<>> prepared_;
    std::string transaction_id_;
    bool lost_ = false, wants_retry_ = false;
};

}  // namespace proveout
