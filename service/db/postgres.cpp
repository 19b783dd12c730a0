#include "db/postgres.h"

#include <libpq-fe.h>

#include <chrono>
#include <mutex>
#include <thread>

#include "db/postgres_listener.h"
#include "db/postgres_session.h"
#include "db/session.h"
#include "db/sql_database.h"
#include "domain/clock.h"

namespace proveout {

namespace {

constexpr size_t kIdleConnections = 8;       // kept for the next call
constexpr int kTries = 5;                    // of a transaction that the server sent back, or whose connection ended before its commit
constexpr int64_t kOutcomeMost_ms = 10'000;  // of asking what became of a commit: a worker's lease (15 s) still stands then
constexpr int kOutcomeWait_ms = 100;         // between two questions
constexpr int64_t kMigrationLock = 5709241;
constexpr int64_t kDown_ms = 300;  // after a connect that failed, calls fail at once: they must not all wait for a server that is away

void pause(int milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds)); }

Status migrate(PostgresSession& session, int version) {
    const auto& migrations = postgres_migrations();
    TRY(session.exec("CREATE TABLE IF NOT EXISTS proveout_schema (version INTEGER NOT NULL)"));
    SqlRows rows = TRY(session.exec("SELECT version FROM proveout_schema"));
    int64_t current = rows.empty() ? 0 : rows[0].integer(0);
    if (rows.empty()) TRY(session.exec("INSERT INTO proveout_schema VALUES (0)"));
    if (current > static_cast<int64_t>(migrations.size()))
        return make_error(ErrorCode::kIo, "the database has schema " + std::to_string(current) + ", this program knows schemas up to " +
                                              std::to_string(migrations.size()) + "; start a newer proveout");
    while (current != version) {
        bool up = current < version;
        const Migration& step = migrations[static_cast<size_t>(up ? current : current - 1)];
        current += up ? 1 : -1;
        Status done = Unit{};
        auto answer = session.exec("BEGIN;\n" + std::string(up ? step.up : step.down) +
                                   ";\nUPDATE proveout_schema SET version = " + std::to_string(current) + ";\nCOMMIT");
        if (!answer.ok()) {
            session.rollback();
            return answer.error();
        }
    }
    return Unit{};
}

// The lock is the session's, so that it ends with it.
Status migrate_under_lock(const std::string& url, int version) {
    auto session = TRY(PostgresSession::open(url));
    TRY(session->exec("SET lock_timeout = 0; SET statement_timeout = 0"));
    TRY(session->exec("SELECT pg_advisory_lock(" + std::to_string(kMigrationLock) + ")"));
    return migrate(*session, version);
}

class PostgresBackend : public SqlBackend {
  public:
    explicit PostgresBackend(std::string url) : url_(std::move(url)), listener_(url_) {}

    Status transact(SqlMode mode, const std::string& tenant, const SqlBody& body) override {
        Status last = Unit{};
        for (int i = 0; i < kTries; ++i) {
            auto session = TRY(take_session(i > 0));
            SqlChanges changes;
            Outcome outcome = attempt(*session, mode, tenant, body, changes, last);
            if (!session->lost()) give_back(std::move(session));
            if (outcome == Outcome::kFailed) return last;
            if (outcome == Outcome::kDone) {
                listener_.tell(changes);
                return Unit{};
            }
            pause(i * 20);
        }
        return last;
    }

    Result<std::string> check() override {
        auto session = TRY(take_session(false));
        auto rows = session->exec("SELECT current_setting('server_version'), (SELECT version FROM proveout_schema)");
        if (!rows.ok() && session->lost()) {  // it had gone stale
            session = TRY(take_session(true));
            rows = session->exec("SELECT current_setting('server_version'), (SELECT version FROM proveout_schema)");
        }
        if (!rows.ok()) return rows.error();
        std::string version = (*rows)[0].text(0);
        std::string name = "PostgreSQL " + version.substr(0, version.find(' ')) + ", schema " + std::to_string((*rows)[0].integer(1));
        give_back(std::move(session));
        return name;
    }

    void set_listeners(std::function<void(const std::string&)> on_event, std::function<void()> on_queued) override {
        listener_.set(std::move(on_event), std::move(on_queued));
    }

  private:
    enum class Outcome : uint8_t { kDone, kAgain, kFailed };

    Outcome attempt(PostgresSession& session, SqlMode mode, const std::string& tenant, const SqlBody& body, SqlChanges& changes,
                    Status& last) {
        auto begun = session.begin(mode, tenant);
        if (!begun.ok()) {
            last = begun.error();
            return Outcome::kAgain;
        }
        SqlTransaction tx{session};
        tx.now_ms = *begun;
        last = body(tx);
        if (!last.ok() || tx.abandon) {
            bool again = !last.ok() && (session.lost() || session.wants_retry());
            session.rollback();
            return again ? Outcome::kAgain : last.ok() ? Outcome::kDone : Outcome::kFailed;
        }
        last = session.commit();
        changes = std::move(tx.changes);
        if (last.ok()) return Outcome::kDone;
        if (!session.lost()) return session.wants_retry() ? Outcome::kAgain : Outcome::kFailed;
        if (mode == SqlMode::kRead) return Outcome::kDone;
        return outcome_of(session.transaction_id(), last);
    }

    // The connection ended while the commit was under way: the server knows what became of it.
    Outcome outcome_of(const std::string& transaction_id, Status& last) {
        for (int64_t until_ms = steady_ms() + kOutcomeMost_ms; steady_ms() < until_ms;) {
            auto session = PostgresSession::open(url_, until_ms);
            auto rows =
                session.ok() ? (*session)->exec("SELECT pg_xact_status('" + transaction_id + "'::xid8)") : Result<SqlRows>(session.error());
            std::string status = rows.ok() && !rows->empty() ? (*rows)[0].text(0) : "";
            if (status == "committed") return Outcome::kDone;
            if (status == "aborted") return Outcome::kAgain;
            pause(kOutcomeWait_ms);
        }
        last = make_error(ErrorCode::kIo, "the database cannot be reached: what became of a commit is not known");
        return Outcome::kFailed;
    }

    Result<std::unique_ptr<PostgresSession>> take_session(bool fresh) {
        {
            std::lock_guard hold(mutex_);
            if (fresh) idle_.clear();  // the others have most likely been lost with the one that was
            if (!idle_.empty()) {
                auto session = std::move(idle_.back());
                idle_.pop_back();
                return session;
            }
            if (steady_ms() < down_until_ms_) return down_;
        }
        auto session = PostgresSession::open(url_);
        if (session.ok()) return session;
        std::lock_guard hold(mutex_);
        down_until_ms_ = steady_ms() + kDown_ms;
        down_ = session.error();
        return session;
    }

    void give_back(std::unique_ptr<PostgresSession> session) {
        std::lock_guard hold(mutex_);
        if (idle_.size() < kIdleConnections) idle_.push_back(std::move(session));
    }

    std::string url_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<PostgresSession>> idle_;
    int64_t down_until_ms_ = 0;
    Error down_;  // what the last connect that failed said
    PostgresListener listener_;
};

}  // namespace

int newest_postgres_schema() { return static_cast<int>(postgres_migrations().size()); }

Result<std::unique_ptr<Database>> open_postgres(const std::string& url) {
    TRY(migrate_under_lock(url, newest_postgres_schema()));
    return std::unique_ptr<Database>(new SqlDatabase(std::make_unique<PostgresBackend>(url)));
}

Status migrate_postgres(const std::string& url, int version) {
    if (version < 0 || version > newest_postgres_schema())
        return make_error(ErrorCode::kInvalidInput, "there is no schema " + std::to_string(version));
    return migrate_under_lock(url, version);
}

}  // namespace proveout
