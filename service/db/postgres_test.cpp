#include "db/postgres.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "db/database_test_helpers.h"
#include "db/postgres_server_test_helpers.h"
#include "domain/clock.h"

namespace proveout {

class Postgres : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string reason;
        server_ = PostgresServer::get(reason);
        if (!server_) GTEST_SKIP() << reason;
        url_ = server_->new_database();
        name_ = url_.substr(url_.find("///") + 3, url_.find('?') - url_.find("///") - 3);
    }
    SqlRows rows(const std::string& sql) { return server_->admin(sql, name_).value(); }
    std::unique_ptr<Database> open() { return std::move(open_postgres(url_).value()); }
    bool wait_for(const std::function<bool()>& condition) {
        for (int i = 0; i < 500 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return condition();
    }
    PostgresServer* server_ = nullptr;
    std::string url_, name_;
};

TEST_F(Postgres, MigratesUpDownUp) {
    const std::string kSchema =
        "SELECT string_agg(line, E'\\n' ORDER BY line) FROM (SELECT format('%s.%s %s %s', table_name, column_name, data_type, is_nullable) "
        "line "
        "FROM information_schema.columns WHERE table_schema = 'public' UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = "
        "'public' "
        "UNION ALL SELECT format('%s %s %s', tablename, policyname, qual) FROM pg_policies UNION ALL SELECT tgname FROM pg_trigger "
        "WHERE NOT tgisinternal UNION ALL SELECT proname FROM pg_proc WHERE proname LIKE 'proveout%') lines";
    ASSERT_TRUE(migrate_postgres(url_, newest_postgres_schema()).ok());
    std::string newest = rows(kSchema)[0].text(0);
    EXPECT_NE(newest.find("sim_runs.report jsonb"), std::string::npos);
    for (int version = newest_postgres_schema(); version > 0; --version) {
        ASSERT_TRUE(migrate_postgres(url_, version - 1).ok());
        ASSERT_TRUE(migrate_postgres(url_, version).ok());
        ASSERT_TRUE(migrate_postgres(url_, version - 1).ok());
    }
    EXPECT_EQ(rows(kSchema)[0].text(0), "proveout_schema.version integer NO");
    std::vector<std::thread> nodes;  // several nodes start at one time
    std::atomic<int> started = 0;
    for (int i = 0; i < 4; ++i) nodes.emplace_back([&] { started += open_postgres(url_).ok(); });
    for (std::thread& node : nodes) node.join();
    EXPECT_EQ(started, 4);
    EXPECT_EQ(rows(kSchema)[0].text(0), newest);
    rows("UPDATE proveout_schema SET version = 99");
    EXPECT_FALSE(open_postgres(url_).ok());
}

TEST_F(Postgres, ASessionWithoutTenantSeesNothing) {
    auto database = open();
    NewRun run = new_run("acme"), other = new_run("other");
    database->submit(run, {}).value();
    database->submit(other, {}).value();
    ClaimedRun claimed = database->claim("o", 15, 0, run.sim_id).value().value();
    FinalRun end = good_end();
    end.object_folder = "shop/simulations/" + run.sim_id;
    database->finish(run.sim_id, claimed.fence, end).value();
    auto session = std::move(PostgresSession::open(url_).value());
    for (const char* table : {"sim_runs", "jobs", "events", "documents", "turns"}) {
        EXPECT_EQ(session->exec("SELECT count(*) FROM public." + std::string(table)).value()[0].integer(0), 0) << table;
        EXPECT_EQ(session->exec("SELECT set_config('proveout.tenant', 'acme', false)").ok(), true);
        EXPECT_GT(session->exec("SELECT count(*) FROM public." + std::string(table)).value()[0].integer(0), 0) << table;
        EXPECT_EQ(session->exec("SELECT count(*) FROM public.sim_runs WHERE tenant <> 'acme'").value()[0].integer(0), 0);
        EXPECT_EQ(session->exec("SELECT set_config('proveout.tenant', '', false)").ok(), true);
    }
    SqlRows row = rows(
        "SELECT status, progress, report ->> 'schema', object_paths ->> 'out.mp4', timings ->> 'simulate_s', metrics ->> "
        "'collision_count', "
        "jsonb_typeof(report) FROM public.sim_runs WHERE sim_id = '" +
        run.sim_id + "' AND job_id = '" + run.job_id + "'");
    ASSERT_EQ(row.size(), 1u);
    EXPECT_EQ(row[0].text(0), "succeeded");
    EXPECT_EQ(row[0].real(1), 100);
    EXPECT_EQ(row[0].text(2), "sim_report/v1");
    EXPECT_EQ(row[0].text(3), "shop/simulations/" + run.sim_id + "/out.mp4");
    EXPECT_EQ(row[0].text(4), "1.5");
    EXPECT_EQ(row[0].text(5), "0");
    EXPECT_EQ(row[0].text(6), "object");
    SqlRows waiting = rows("SELECT 1 FROM public.sim_runs WHERE sim_id = '" + other.sim_id +
                           "' AND report IS NULL AND object_paths IS NULL AND timings IS NULL AND metrics IS NULL AND status = 'queued'");
    EXPECT_EQ(waiting.size(), 1u);
}

TEST_F(Postgres, ASessionWithABoundWaitsNoLonger) {
    auto session = std::move(PostgresSession::open(url_, steady_ms() + 3000).value());
    EXPECT_FALSE(session->exec("SELECT pg_sleep(10)").ok());
    EXPECT_TRUE(session->lost());
}

TEST_F(Postgres, FinalIsFinalForEveryone) {
    auto database = open();
    NewRun run = new_run("acme");
    database->submit(run, {}).value();
    ClaimedRun claimed = database->claim("o", 15, 0).value().value();
    EXPECT_FALSE(server_->admin("UPDATE jobs SET fence = 0", name_).ok());
    database->finish(run.sim_id, claimed.fence, good_end()).value();
    EXPECT_FALSE(server_->admin("UPDATE sim_runs SET status = 'queued'", name_).ok());
    EXPECT_FALSE(server_->admin("UPDATE jobs SET state = 'queued'", name_).ok());
}

TEST_F(Postgres, OtherNodesHear) {
    auto here = open(), there = open();
    std::mutex mutex;
    std::multiset<std::string> heard;
    std::atomic<int> queued = 0;
    there->on_event([&](const std::string& sim_id) {
        std::lock_guard hold(mutex);
        heard.insert(sim_id);
    });
    there->on_queued([&] { ++queued; });
    std::this_thread::sleep_for(std::chrono::milliseconds(300));  // it listens
    NewRun run = new_run("acme");
    here->submit(run, {}).value();
    auto count = [&](const std::string& id) {
        std::lock_guard hold(mutex);
        return heard.count(id);
    };
    EXPECT_TRUE(wait_for([&] { return count(run.sim_id) == 1 && queued == 1; }));
    // The connection of the listener is cut: it comes back and tells what it may have missed.
    rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name_ + "' AND pid <> pg_backend_pid()");
    NewRun later = new_run("acme");
    here->submit(later, {}).value();
    EXPECT_TRUE(wait_for([&] { return count(later.sim_id) >= 1 && count(run.sim_id) >= 2; }));
    there->on_event({});
    there->on_queued({});
}

// Connections are cut all the time while two nodes work: nothing is lost, nothing counted twice.
TEST_F(Postgres, LostConnectionsLoseNothing) {
    auto one = open(), two = open();
    std::atomic<bool> stop = false;
    std::atomic<int> accepted = 0, finished = 0, alerts = 0;
    std::vector<std::thread> threads;
    for (Database* database : {one.get(), two.get()}) {
        threads.emplace_back([&, database] {
            while (!stop) accepted += database->submit(new_run("t"), {}).ok();
        });
        threads.emplace_back([&, database] {
            while (!stop) {
                auto claimed = database->claim("o", 600, 0);
                if (!claimed.ok() || !*claimed) continue;
                const std::string& id = (*claimed)->run.sim_id;
                auto alert = database->put_alert(id, (*claimed)->fence, {"COLLISION_DETECTED", "error", "x"});
                alerts += alert.ok() && *alert == FenceAnswer::kHeld;
                auto end = database->finish(id, (*claimed)->fence, good_end());
                finished += end.ok() && *end == FenceAnswer::kHeld;
            }
        });
    }
    for (int i = 0; i < 40 || (finished <= 5 && i < 1000); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(40));
        rows("SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE datname = '" + name_ +
             "' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 2) chosen");
    }
    stop = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_GT(finished, 5);
    EXPECT_EQ(rows("SELECT count(*) FROM sim_runs")[0].integer(0), accepted);
    EXPECT_EQ(rows("SELECT count(*) FROM sim_runs WHERE status = 'succeeded'")[0].integer(0), finished);
    EXPECT_EQ(rows("SELECT coalesce(sum(count), 0)::bigint FROM alerts")[0].integer(0), alerts);
    EXPECT_EQ(rows("SELECT coalesce(sum(runs), 0)::bigint FROM usage")[0].integer(0), accepted);
    EXPECT_EQ(
        rows(
            "SELECT count(*) FROM sim_runs r WHERE last_event <> (SELECT max(id) FROM events e WHERE e.sim_id = r.sim_id) OR last_event <> "
            "(SELECT count(*) FROM events e WHERE e.sim_id = r.sim_id)")[0]
            .integer(0),
        0);
}

TEST_F(Postgres, ComesBackAfterTheServerDid) {
    auto database = open();
    NewRun run = new_run("acme");
    database->submit(run, {}).value();
    server_->stop(SIGQUIT);
    auto gone = database->get_run("acme", run.sim_id);
    ASSERT_FALSE(gone.ok());
    EXPECT_EQ(gone.error().code, ErrorCode::kIo);
    EXPECT_FALSE(database->check().ok());
    EXPECT_FALSE(database->submit(new_run("acme"), {}).ok());
    ASSERT_TRUE(server_->run());
    EXPECT_TRUE(wait_for([&] { return database->get_run("acme", run.sim_id).ok(); }));
    EXPECT_TRUE(database->get_run("acme", run.sim_id).value());
    EXPECT_EQ(database->submit(new_run("acme"), {}).value(), SubmitOutcome::kAccepted);
    EXPECT_NE(database->check().value().find("PostgreSQL"), std::string::npos);
}

TEST_F(Postgres, ClaimsBesideEachOther) {
    auto database = open();
    constexpr int kRuns = 60;
    for (int i = 0; i < kRuns; ++i) database->submit(new_run(i % 2 ? "big" : "small"), {}).value();
    std::mutex mutex;
    std::set<std::string> claimed;
    std::vector<std::thread> workers;
    for (int t = 0; t < 4; ++t)
        workers.emplace_back([&] {
            while (true) {
                auto one = database->claim("o", 600, 0).value();  // never none while any is queued
                if (!one) return;
                std::lock_guard hold(mutex);
                EXPECT_TRUE(claimed.insert(one->run.sim_id).second);
            }
        });
    for (std::thread& worker : workers) worker.join();
    EXPECT_EQ(claimed.size(), size_t{kRuns});
    EXPECT_FALSE(database->claim("o", 600, 0).value());
    EXPECT_EQ(rows("SELECT count(*) FROM turns WHERE waiting = 1")[0].integer(0), 0);
}

TEST_F(Postgres, TheRunningLimitHoldsAcrossNodes) {
    auto one = open(), two = open();
    for (int i = 0; i < 20; ++i) one->submit(new_run("t"), {}).value();
    std::atomic<int> claimed = 0;
    std::vector<std::thread> workers;
    for (Database* database : {one.get(), two.get(), one.get(), two.get()})
        workers.emplace_back([&, database] {
            for (int i = 0; i < 5; ++i) claimed += database->claim("o", 600, 3).value().has_value();
        });
    for (std::thread& worker : workers) worker.join();
    EXPECT_EQ(claimed, 3);
}

TEST_F(Postgres, WrongAddresses) {
    EXPECT_FALSE(open_postgres("postgresql:///none?user=proveout&host=/nowhere").ok());
    EXPECT_FALSE(open_postgres("postgresql://%zz").ok());
    EXPECT_FALSE(migrate_postgres(url_, 99).ok());
}

}  // namespace proveout
