#include "db/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <mutex>

#include "db/session.h"
#include "db/sql_database.h"

namespace proveout {

namespace {

constexpr int kBusy_ms = 5000;                                            // a writer that is not ours, such as a backup
constexpr int64_t kWalKept_bytes = 64 << 20;                              // what a checkpoint leaves of a grown log
constexpr const char* kMemory = ":memory:";                               // tests: one connection, no lock
constexpr long kNetworkFileSystems[] = {0x6969, 0xFF534D42, 0xFE534D42};  // NFS, CIFS, SMB2: their locks cannot be relied on

Error sqlite_error(sqlite3* handle, std::string_view doing) {
    return make_error(ErrorCode::kIo,
                      "the database cannot be reached: " + std::string(doing) + ": " + (handle ? sqlite3_errmsg(handle) : "no memory"));
}

class SqliteSession : public SqlSession {
  public:
    static Result<std::unique_ptr<SqliteSession>> open(const std::string& path, bool writer, const Clock& clock) {
        auto session = std::unique_ptr<SqliteSession>(new SqliteSession(clock));
        int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (writer ? SQLITE_OPEN_CREATE : 0);
        if (sqlite3_open_v2(path.c_str(), &session->handle_, flags, nullptr) != SQLITE_OK)
            return sqlite_error(session->handle_, "cannot open " + path);
        sqlite3_busy_timeout(session->handle_, kBusy_ms);
        sqlite3_extended_result_codes(session->handle_, 1);
        TRY(session->exec(
            "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL;"));
        if (writer) {
            TRY(session->exec("PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = " + std::to_string(kWalKept_bytes)));
        } else {
            sqlite3_db_config(session->handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
            TRY(session->exec("PRAGMA wal_autocheckpoint = 0; PRAGMA query_only = ON"));
        }
        return session;
    }

    ~SqliteSession() override {
        for (auto& [name, statement] : prepared_) sqlite3_finalize(statement.handle);
        sqlite3_close(handle_);
    }

    Status exec(const std::string& sql) {
        if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) return sqlite_error(handle_, "a statement failed");
        return Unit{};
    }

    Result<int64_t> begin(SqlMode mode, const std::string&) override {
        TRY(exec(mode == SqlMode::kWrite ? "BEGIN IMMEDIATE" : "BEGIN"));
        return clock_();
    }
    Status commit() override { return exec("COMMIT"); }
    void rollback() override {
        if (!sqlite3_get_autocommit(handle_)) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
    }

    Result<SqlRows> run(std::string_view name, const SqlParams& params) override {
        Prepared* statement = TRY(prepare(name));
        for (size_t i = 0; i < params.size(); ++i) bind(*statement, i, params[i]);
        SqlRows rows;
        int code = 0;
        while ((code = sqlite3_step(statement->handle)) == SQLITE_ROW) rows.push_back(read_row(statement->handle));
        Error error = code == SQLITE_DONE ? Error() : sqlite_error(handle_, name);
        sqlite3_reset(statement->handle);
        sqlite3_clear_bindings(statement->handle);
        if (code != SQLITE_DONE) return error;
        return rows;
    }

    Result<int64_t> pragma(const std::string& name) {
        sqlite3_stmt* statement = nullptr;
        if (sqlite3_prepare_v2(handle_, ("PRAGMA " + name).c_str(), -1, &statement, nullptr) != SQLITE_OK)
            return sqlite_error(handle_, name);
        int code = sqlite3_step(statement);
        int64_t value = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
        sqlite3_finalize(statement);
        if (code != SQLITE_ROW) return sqlite_error(handle_, name);
        return value;
    }

  private:
    struct Prepared {
        sqlite3_stmt* handle = nullptr;
        std::vector<int> places;  // of $1, $2 ...; 0: not in this dialect's text
    };

    explicit SqliteSession(const Clock& clock) : clock_(clock) {}

    Result<Prepared*> prepare(std::string_view name) {
        auto there = prepared_.find(name);
        if (there != prepared_.end()) return &there->second;
        static const auto kStatements = parse_statements({kCommonSql, kSqliteSql});
        auto text = kStatements.find(name);
        CHECK(text != kStatements.end());
        Prepared statement;
        if (sqlite3_prepare_v3(handle_, text->second.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &statement.handle, nullptr) != SQLITE_OK)
            return sqlite_error(handle_, name);
        int count = sqlite3_bind_parameter_count(statement.handle);
        for (int i = 1; i <= count; ++i)
            statement.places.push_back(sqlite3_bind_parameter_index(statement.handle, ("$" + std::to_string(i)).c_str()));
        return &prepared_.emplace(std::string(name), std::move(statement)).first->second;
    }

    static void bind(const Prepared& statement, size_t i, const SqlParam& param) {
        if (i >= statement.places.size()) return;
        int place = statement.places[i];
        if (const auto* number = std::get_if<int64_t>(&param)) sqlite3_bind_int64(statement.handle, place, *number);
        if (const auto* real = std::get_if<double>(&param)) sqlite3_bind_double(statement.handle, place, *real);
        if (const auto* text = std::get_if<std::string_view>(&param))
            sqlite3_bind_text64(statement.handle, place, text->data() ? text->data() : "", text->size(), SQLITE_STATIC, SQLITE_UTF8);
    }

    static SqlRow read_row(sqlite3_stmt* statement) {
        SqlRow row;
        for (int i = 0, count = sqlite3_column_count(statement); i < count; ++i) {
            switch (sqlite3_column_type(statement, i)) {
                case SQLITE_INTEGER:
                    row.cells.emplace_back(int64_t{sqlite3_column_int64(statement, i)});
                    break;
                case SQLITE_FLOAT:
                    row.cells.emplace_back(sqlite3_column_double(statement, i));
                    break;
                case SQLITE_NULL:
                    row.cells.emplace_back();
                    break;
                default: {
                    const char* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, i));
                    row.cells.emplace_back(std::string(text ? text : "", static_cast<size_t>(sqlite3_column_bytes(statement, i))));
                }
            }
        }
        return row;
    }

    Clock clock_;
    sqlite3* handle_ = nullptr;
    std::map<std::string, Prepared, std::less<>> prepared_;
};

// The lock that says that this process alone uses the database: also on SQLite's own locks one could not tell an old process from ours.
class DirectoryLock {
  public:
    static Result<std::unique_ptr<DirectoryLock>> take(const std::string& database_path) {
        size_t slash = database_path.rfind('/');
        std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : database_path.substr(0, slash);
        struct statfs system {};
        if (statfs(folder.c_str(), &system) == 0)
            for (long kind : kNetworkFileSystems)
                if (static_cast<long>(system.f_type) == kind)
                    return make_error(ErrorCode::kIo, folder +
                                                          " lies on a network file system, whose locks SQLite cannot rely on; take "
                                                          "a local DATA_DIR, or PostgreSQL");
        auto lock = std::unique_ptr<DirectoryLock>(new DirectoryLock());
        std::string path = folder + "/proveout.lock";
        lock->descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (lock->descriptor_ < 0) return make_error(ErrorCode::kIo, folder + " is not writable");
        if (flock(lock->descriptor_, LOCK_EX | LOCK_NB) != 0) {
            char text[32] = {};
            if (pread(lock->descriptor_, text, sizeof text - 1, 0) <= 0) text[0] = '?';
            return make_error(ErrorCode::kIo, folder + " is held by another process (" + text + "); stop it, or take another DATA_DIR");
        }
        std::string holder = "pid " + std::to_string(getpid());
        if (ftruncate(lock->descriptor_, 0) != 0 || pwrite(lock->descriptor_, holder.data(), holder.size(), 0) < 0)
            return make_error(ErrorCode::kIo, path + " cannot be written");
        return lock;
    }
    ~DirectoryLock() {
        if (descriptor_ >= 0) close(descriptor_);
    }

  private:
    DirectoryLock() = default;
    int descriptor_ = -1;
};

Status migrate(SqliteSession& session, int version) {
    const auto& migrations = sqlite_migrations();
    int64_t current = TRY(session.pragma("user_version"));
    if (current > static_cast<int64_t>(migrations.size()))
        return make_error(ErrorCode::kIo, "the database has schema " + std::to_string(current) + ", this program knows schemas up to " +
                                              std::to_string(migrations.size()) + "; start a newer proveout");
    while (current != version) {
        bool up = current < version;
        const Migration& step = migrations[static_cast<size_t>(up ? current : current - 1)];
        current += up ? 1 : -1;
        std::string sql = "BEGIN IMMEDIATE;\n" + std::string(up ? step.up : step.down) +
                          ";\nPRAGMA user_version = " + std::to_string(current) + ";\nCOMMIT;";
        Status done = session.exec(sql);
        if (!done.ok()) {
            session.rollback();
            return done;
        }
    }
    return Unit{};
}

class SqliteBackend : public SqlBackend {
  public:
    SqliteBackend(std::string path, Clock clock, std::unique_ptr<DirectoryLock> lock, std::unique_ptr<SqliteSession> writer)
        : path_(std::move(path)), clock_(std::move(clock)), lock_(std::move(lock)), writer_(std::move(writer)) {}

    Status transact(SqlMode mode, const std::string& tenant, const SqlBody& body) override {
        if (mode == SqlMode::kRead && path_ != kMemory) return transact_on_reader(tenant, body);
        SqlChanges changes;
        {
            std::lock_guard hold(writer_mutex_);
            changes = TRY(transact_on(*writer_, mode, tenant, body));
        }
        tell(changes);
        return Unit{};
    }

    Result<std::string> check() override {
        std::lock_guard hold(writer_mutex_);
        int64_t version = TRY(writer_->pragma("user_version"));
        return std::string("SQLite ") + sqlite3_libversion() + ", schema " + std::to_string(version);
    }

    void set_listeners(std::function<void(const std::string&)> on_event, std::function<void()> on_queued) override {
        std::lock_guard hold(listeners_mutex_);
        on_event_ = std::move(on_event);
        on_queued_ = std::move(on_queued);
    }

  private:
    // Called without the lock: a listener may use the database.
    void tell(const SqlChanges& changes) {
        if (changes.runs.empty() && !changes.queued) return;
        std::function<void(const std::string&)> event;
        std::function<void()> queued;
        {
            std::lock_guard hold(listeners_mutex_);
            event = on_event_;
            queued = on_queued_;
        }
        for (const std::string& run : changes.runs)
            if (event) event(run);
        if (changes.queued && queued) queued();
    }

    static Result<SqlChanges> transact_on(SqliteSession& session, SqlMode mode, const std::string& tenant, const SqlBody& body) {
        SqlTransaction tx{session};
        tx.now_ms = TRY(session.begin(mode, tenant));
        Status done = body(tx);
        if (done.ok() && !tx.abandon) done = session.commit();
        session.rollback();  // unless committed
        if (!done.ok()) return done.error();
        return tx.abandon ? SqlChanges() : std::move(tx.changes);
    }

    Status transact_on_reader(const std::string& tenant, const SqlBody& body) {
        std::unique_ptr<SqliteSession> reader;
        {
            std::lock_guard hold(readers_mutex_);
            if (!readers_.empty()) {
                reader = std::move(readers_.back());
                readers_.pop_back();
            }
        }
        if (!reader) reader = TRY(SqliteSession::open(path_, false, clock_));
        auto changes = transact_on(*reader, SqlMode::kRead, tenant, body);
        if (!changes.ok()) return changes.error();  // the connection is closed
        std::lock_guard hold(readers_mutex_);
        readers_.push_back(std::move(reader));
        return Unit{};
    }

    std::string path_;
    Clock clock_;
    std::unique_ptr<DirectoryLock> lock_;
    std::mutex writer_mutex_, readers_mutex_, listeners_mutex_;
    std::unique_ptr<SqliteSession> writer_;
    std::vector<std::unique_ptr<SqliteSession>> readers_;  // destroyed before the writer, which makes the last checkpoint
    std::function<void(const std::string&)> on_event_;
    std::function<void()> on_queued_;
};

Result<std::unique_ptr<DirectoryLock>> lock_for(const std::string& path) {
    if (path == kMemory) return std::unique_ptr<DirectoryLock>();
    return DirectoryLock::take(path);
}

}  // namespace

int newest_sqlite_schema() { return static_cast<int>(sqlite_migrations().size()); }

Result<std::unique_ptr<Database>> open_sqlite(const std::string& path, Clock clock) {
    auto lock = TRY(lock_for(path));
    auto writer = TRY(SqliteSession::open(path, true, clock));
    TRY(migrate(*writer, newest_sqlite_schema()));
    auto backend = std::make_unique<SqliteBackend>(path, std::move(clock), std::move(lock), std::move(writer));
    return std::unique_ptr<Database>(new SqlDatabase(std::move(backend)));
}

Status migrate_sqlite(const std::string& path, int version) {
    if (version < 0 || version > newest_sqlite_schema())
        return make_error(ErrorCode::kInvalidInput, "there is no schema " + std::to_string(version));
    auto lock = TRY(lock_for(path));
    auto session = TRY(SqliteSession::open(path, true, wall_ms));
    return migrate(*session, version);
}

}  // namespace proveout
