#include "db/sqlite.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <random>
#include <set>
#include <thread>

#include "db/database_test_helpers.h"
#include "db/session.h"

namespace proveout {

namespace {

// The first column of all rows, or the error's text.
std::vector<std::string> ask(const std::string& path, const std::string& sql, int column = 0) {
    sqlite3* handle = nullptr;
    EXPECT_EQ(sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
    sqlite3_stmt* statement = nullptr;
    std::vector<std::string> found;
    int code = sqlite3_prepare_v2(handle, sql.c_str(), -1, &statement, nullptr);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(statement);
        if (code != SQLITE_ROW) break;
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
        found.push_back(text ? text : "");
    }
    if (code != SQLITE_DONE) found.push_back(std::string("error: ") + sqlite3_errmsg(handle));
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    return found;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST(Sqlite, MigratesUpDownUp) {
    TempFolder folder;
    std::string path = folder.path("db.sqlite");
    const std::string kSchema = "SELECT sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name";
    ASSERT_TRUE(migrate_sqlite(path, newest_sqlite_schema()).ok());
    Lines newest = ask(path, kSchema);
    EXPECT_GT(newest.size(), 20u);
    for (int version = newest_sqlite_schema(); version > 0; --version) {
        ASSERT_TRUE(migrate_sqlite(path, version - 1).ok());
        ASSERT_TRUE(migrate_sqlite(path, version).ok());
        ASSERT_TRUE(migrate_sqlite(path, version - 1).ok());
    }
    EXPECT_EQ(ask(path, kSchema), Lines{});
    ASSERT_TRUE(open_sqlite(path).ok());
    EXPECT_EQ(ask(path, kSchema), newest);
    EXPECT_FALSE(migrate_sqlite(path, newest_sqlite_schema() + 1).ok());
    ask(path, "PRAGMA user_version = 99");
    auto newer = open_sqlite(path);
    ASSERT_FALSE(newer.ok());
    EXPECT_NE(newer.error().message.find("schema 99"), std::string::npos);
}

TEST(Sqlite, OneProcessHoldsIt) {
    TempFolder folder;
    auto first = open_sqlite(folder.path("db.sqlite"));
    ASSERT_TRUE(first.ok());
    auto second = open_sqlite(folder.path("db.sqlite"));
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::kIo);
    EXPECT_NE(second.error().message.find("pid " + std::to_string(getpid())), std::string::npos) << second.error().message;
    first.value().reset();
    EXPECT_TRUE(open_sqlite(folder.path("db.sqlite")).ok());
    EXPECT_FALSE(open_sqlite(folder.path("nowhere/db.sqlite")).ok());
    std::ofstream(folder.path("junk.sqlite")) << std::string(5000, 'x');
    EXPECT_FALSE(open_sqlite(folder.path("junk.sqlite")).ok());
}

TEST(Sqlite, FinalIsFinalForEveryone) {
    TempFolder folder;
    std::string path = folder.path("db.sqlite");
    auto database = std::move(open_sqlite(path).value());
    NewRun run = new_run("acme");
    ASSERT_EQ(database->submit(run, {}).value(), SubmitOutcome::kAccepted);
    ClaimedRun claimed = database->claim("o", 15, 0).value().value();
    Lines fence = ask(path, "UPDATE jobs SET fence = 0");
    ASSERT_EQ(fence.size(), 1u);
    EXPECT_NE(fence[0].find("a fence never falls"), std::string::npos);
    ASSERT_EQ(database->finish(run.sim_id, claimed.fence, good_end()).value(), FenceAnswer::kHeld);
    for (const char* sql :
         {"UPDATE sim_runs SET status = 'queued'", "UPDATE sim_runs SET report = '{}'", "UPDATE jobs SET state = 'queued'"}) {
        Lines answer = ask(path, sql);
        ASSERT_EQ(answer.size(), 1u) << sql;
        EXPECT_NE(answer[0].find("stays as it is"), std::string::npos) << answer[0];
    }
    EXPECT_EQ(ask(path, "SELECT json_extract(object_paths, '$.\"out.mp4\"') FROM sim_runs"),
              Lines{"simulations/" + run.sim_id + "/out.mp4"});
    EXPECT_EQ(ask(path, "PRAGMA foreign_key_check"), Lines{});
}

// No statement reads a whole table, but for those that are meant to or have a small one before them.
TEST(Sqlite, StatementsUseIndexes) {
    TempFolder folder;
    std::string path = folder.path("db.sqlite");
    ASSERT_TRUE(migrate_sqlite(path, newest_sqlite_schema()).ok());
    const std::set<std::string> kWhole = {"run_rows", "take_dead_uploads", "forget_deliveries"};
    for (const auto& [name, text] : parse_statements({kCommonSql, kSqliteSql})) {
        for (const std::string& line : ask(path, "EXPLAIN QUERY PLAN " + text, 3)) {
            EXPECT_EQ(line.find("error:"), std::string::npos) << name << ": " << line;
            bool scan = line.starts_with("SCAN") && line.find("INDEX") == std::string::npos && line.find("CONSTANT") == std::string::npos;
            bool whole = kWhole.count(name) || line.find("SCAN counted") == 0 || line.find("SCAN a") == 0;
            EXPECT_FALSE(scan && !whole) << name << ": " << line;
        }
    }
}

// A process is killed in the middle of its commits: what it was told is there, the rest is whole.
TEST(Sqlite, SurvivesKill) {
    TempFolder folder;
    std::string path = folder.path("db.sqlite");
    std::mt19937_64 random(7);
    std::set<std::string> submitted, finished;
    for (int round = 0; round < 12; ++round) {
        int pipe_ends[2];
        ASSERT_EQ(pipe(pipe_ends), 0);
        pid_t child = fork();
        if (child == 0) {
            close(pipe_ends[0]);
            auto say = [&](char what, const std::string& id) {
                std::string line = what + id + "\n";
                if (write(pipe_ends[1], line.data(), line.size()) < 0) _exit(3);
            };
            auto opened = open_sqlite(path);
            if (!opened.ok()) _exit(2);
            Database& database = **opened;
            database.release_all_running().value();
            say('r', "");
            while (true) {
                NewRun run = new_run("t");
                database.submit(run, {1 << 20, 0}).value();
                say('s', run.sim_id);
                auto claimed = database.claim("o", 15, 0).value();
                if (!claimed) _exit(4);
                database.put_progress(claimed->run.sim_id, claimed->fence, Stage::kSimulate, 50).value();
                database.finish(claimed->run.sim_id, claimed->fence, good_end()).value();
                say('f', claimed->run.sim_id);
            }
        }
        close(pipe_ends[1]);
        std::string heard;
        char buffer[4096];
        ASSERT_GT(read(pipe_ends[0], buffer, 1), 0);  // 'r'
        std::this_thread::sleep_for(std::chrono::milliseconds(5 + random() % 100));
        kill(child, SIGKILL);
        for (ssize_t got; (got = read(pipe_ends[0], buffer, sizeof buffer)) > 0;) heard.append(buffer, static_cast<size_t>(got));
        close(pipe_ends[0]);
        int status = 0;
        waitpid(child, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status));
        for (size_t at = 0, end; (end = heard.find('\n', at)) != std::string::npos; at = end + 1)
            if (end > at) (heard[at] == 's' ? submitted : finished).insert(heard.substr(at + 1, end - at - 1));
        auto database = std::move(open_sqlite(path).value());
        EXPECT_EQ(ask(path, "PRAGMA integrity_check"), Lines{"ok"});
        for (const std::string& id : submitted) ASSERT_TRUE(database->get_run("t", id).value()) << id;
        for (const std::string& id : finished) ASSERT_EQ(database->get_run("t", id).value()->status, RunStatus::kSucceeded) << id;
        EXPECT_LE(database->running_runs().value(), 1);
    }
    EXPECT_GT(finished.size(), 5u);
    EXPECT_EQ(ask(path, "SELECT count(*) FROM sim_runs r WHERE last_event <> (SELECT count(*) FROM events e WHERE e.sim_id = r.sim_id)"),
              Lines{"0"});
}

// Figures, not a test: --gtest_also_run_disabled_tests --gtest_filter='*Figures*'
TEST(Sqlite, DISABLED_Figures) {
    TempFolder folder;
    auto database = std::move(open_sqlite(folder.path("db.sqlite")).value());
    auto now = [] { return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count(); };
    auto report = [&](const char* what, std::vector<double> times_ms) {
        double sum = 0;
        for (double time : times_ms) sum += time;
        std::sort(times_ms.begin(), times_ms.end());
        std::printf("%-32s %6zu calls, %7.0f/s, p50 %.2f ms, p99 %.2f ms, max %.2f ms\n", what, times_ms.size(),
                    1000 * static_cast<double>(times_ms.size()) / sum, times_ms[times_ms.size() / 2], times_ms[times_ms.size() * 99 / 100],
                    times_ms.back());
    };
    auto timed = [&](std::vector<double>& times, auto&& call) {
        double start = now();
        call();
        times.push_back(now() - start);
    };
    std::vector<double> submits, claims, progress, ends, reads, lists;
    for (int i = 0; i < 10'000; ++i) {
        NewRun run = new_run("tenant" + std::to_string(i % 100));
        run.job_json = std::string(10'000, 'x');
        timed(submits, [&] { database->submit(run, {20'000, 0}).value(); });
    }
    for (int i = 0; i < 1000; ++i) {
        ClaimedRun claimed;
        timed(claims, [&] { claimed = database->claim("o", 15, 0).value().value(); });
        timed(progress, [&] { database->put_progress(claimed.run.sim_id, claimed.fence, Stage::kSimulate, 50).value(); });
        timed(ends, [&] { database->finish(claimed.run.sim_id, claimed.fence, good_end()).value(); });
        timed(reads, [&] { database->get_run("", claimed.run.sim_id).value(); });
        timed(lists, [&] { database->list_runs(claimed.run.tenant, {}, 50, "").value(); });
    }
    report("submit (10 KB, queue growing)", submits);
    report("claim (10,000 queued, 100 tenants)", claims);
    report("put_progress", progress);
    report("finish", ends);
    report("get_run", reads);
    report("list_runs (50 of 100)", lists);
}

}  // namespace proveout
