#include <atomic>
#include <chrono>
#include <thread>

#include "db/conformance_test_helpers.h"
#include "db/database_test_helpers.h"
#include "db/postgres.h"
#include "db/postgres_server_test_helpers.h"
#include "db/sqlite.h"

namespace proveout {

namespace {

class SqliteFixture : public DatabaseFixture {
  public:
    explicit SqliteFixture(bool in_memory) {
        database_ = std::move(open_sqlite(in_memory ? ":memory:" : folder_.path("db.sqlite"), [this] { return now_ms_.load(); }).value());
    }
    Database& database() override { return *database_; }
    bool turns_clock() const override { return true; }
    void pass(double seconds) override { now_ms_ += static_cast<int64_t>(seconds * 1000); }

  private:
    TempFolder folder_;
    std::atomic<int64_t> now_ms_ = 1'700'000'000'000;
    std::unique_ptr<Database> database_;
};

class PostgresFixture : public DatabaseFixture {
  public:
    PostgresFixture() {
        if (PostgresServer* server = PostgresServer::get(reason_)) database_ = std::move(open_postgres(server->new_database()).value());
    }
    std::string skip_reason() const override { return reason_; }
    Database& database() override { return *database_; }
    bool turns_clock() const override { return false; }
    void pass(double seconds) override { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

  private:
    std::string reason_;
    std::unique_ptr<Database> database_;
};

}  // namespace

std::vector<DatabaseKind> database_kinds() {
    return {{"Sqlite", [] { return std::make_unique<SqliteFixture>(false); }},
            {"SqliteInMemory", [] { return std::make_unique<SqliteFixture>(true); }},
            {"Postgres", [] { return std::make_unique<PostgresFixture>(); }}};
}

}  // namespace proveout
