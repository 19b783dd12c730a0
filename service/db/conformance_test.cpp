// What every implementation of the Database must do. Each kind is a factory with a clock that the test turns where the kind allows it.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "db/conformance_test_helpers.h"
#include "db/database_test_helpers.h"

namespace proveout {

class DatabaseConformance : public ::testing::TestWithParam<DatabaseKind> {
  protected:
    void SetUp() override {
        fixture_ = GetParam().make();
        if (!fixture_->skip_reason().empty()) GTEST_SKIP() << fixture_->skip_reason();
    }
    Database& db() { return fixture_->database(); }
    void pass(double seconds) { fixture_->pass(seconds); }
    NewRun submit(const std::string& tenant, const std::string& key = {}, int priority = 0) {
        NewRun run = new_run(tenant, key);
        run.priority = priority;
        EXPECT_EQ(db().submit(run, {}).value(), SubmitOutcome::kAccepted);
        return run;
    }
    ClaimedRun claim() {
        auto claimed = db().claim("owner", 15, 0);
        EXPECT_TRUE(claimed.ok() && *claimed) << (claimed.ok() ? "none" : claimed.error().message);
        return claimed.ok() && *claimed ? **claimed : ClaimedRun{};
    }
    RunRecord get(const std::string& sim_id) { return db().get_run("", sim_id).value().value(); }
    std::vector<std::string> events(const std::string& sim_id) {
        std::vector<std::string> lines;
        int64_t id = 0;
        std::vector<RunEvent> stored = db().events_after(sim_id, 0, 1000).value();
        for (const RunEvent& event : stored) {
            EXPECT_EQ(event.id, ++id);
            nlohmann::json data = nlohmann::json::parse(event.data);
            std::string line = event.type;
            for (const char* name : {"status", "stage", "progress", "code", "count"})
                if (data.contains(name)) line += " " + (data[name].is_string() ? data[name].get<std::string>() : data[name].dump());
            lines.push_back(line);
        }
        EXPECT_EQ(db().last_event_id(sim_id).value(), id);
        return lines;
    }
    std::unique_ptr<DatabaseFixture> fixture_;
};
using Lines = std::vector<std::string>;

TEST_P(DatabaseConformance, ARunFromSubmitToEnd) {
    NewRun submitted = submit("acme");
    RunRecord queued = db().get_run("acme", submitted.sim_id).value().value();
    EXPECT_EQ(queued.status, RunStatus::kQueued);
    EXPECT_EQ(queued.stage, Stage::kNone);
    EXPECT_EQ(queued.attempt, 1);
    EXPECT_GT(queued.created_ms, 0);
    EXPECT_EQ(queued.started_ms, 0);
    EXPECT_EQ(db().get_run_by_job("acme", submitted.job_id).value()->sim_id, submitted.sim_id);
    EXPECT_EQ(db().queued_runs().value(), 1);

    ClaimedRun claimed = claim();
    EXPECT_EQ(claimed.run.sim_id, submitted.sim_id);
    EXPECT_EQ(claimed.job_json, submitted.job_json);
    EXPECT_EQ(claimed.timeout_s, 900);
    EXPECT_EQ(claimed.run.status, RunStatus::kRunning);
    EXPECT_GT(claimed.run.started_ms, 0);
    EXPECT_FALSE(db().claim("other", 15, 0).value());
    EXPECT_EQ(db().running_runs().value(), 1);

    const std::string& id = submitted.sim_id;
    EXPECT_EQ(db().put_progress(id, claimed.fence, Stage::kSimulate, 33.333).value(), FenceAnswer::kHeld);
    EXPECT_EQ(db().put_progress(id, claimed.fence, Stage::kPrepare, 20).value(), FenceAnswer::kHeld);
    EXPECT_EQ(get(id).progress, 33.3);
    EXPECT_EQ(get(id).stage, Stage::kSimulate);
    EXPECT_EQ(db().put_progress(id, claimed.fence, Stage::kUpload, 100).value(), FenceAnswer::kHeld);
    EXPECT_EQ(get(id).progress, 99);
    EXPECT_EQ(db().finish(id, claimed.fence, good_end()).value(), FenceAnswer::kHeld);

    RunRecord ended = get(id);
    EXPECT_EQ(ended.status, RunStatus::kSucceeded);
    EXPECT_EQ(ended.stage, Stage::kDone);
    EXPECT_EQ(ended.progress, 100);
    EXPECT_GT(ended.finished_ms, 0);
    EXPECT_FALSE(ended.error);
    EXPECT_EQ(nlohmann::json::parse(ended.report_json), nlohmann::json::parse(good_end().report_json));
    ASSERT_EQ(ended.artefacts.size(), 1u);
    EXPECT_EQ(ended.artefacts[0].name, "out.mp4");
    EXPECT_EQ(ended.artefacts[0].size_bytes, 12);
    EXPECT_EQ(events(id),
              (Lines{"status queued null 0.0", "status running prepare 0.0", "progress prepare 0.0", "progress simulate 33.3",
                     "progress simulate 33.3", "progress upload 99.0", "progress done 100.0", "status succeeded done 100.0", "end"}));
    EXPECT_EQ(db().runs_this_month().value(), 1);
}

TEST_P(DatabaseConformance, OtherTenantsSeeNothing) {
    NewRun run = submit("acme");
    EXPECT_FALSE(db().get_run("other", run.sim_id).value());
    EXPECT_FALSE(db().get_run_by_job("other", run.job_id).value());
    EXPECT_FALSE(db().request_cancel("other", run.sim_id).value());
    EXPECT_EQ(db().delete_run("other", run.sim_id).value(), Database::DeleteOutcome::kNotFound);
    EXPECT_TRUE(db().list_runs("other", {}, 10, "").value()->items.empty());
    UploadRecord upload{new_id("upl"), "acme", "gcode", "a.nc", "00", 3, 0};
    ASSERT_TRUE(db().put_upload(upload).ok());
    EXPECT_FALSE(db().get_upload("other", upload.upload_id).value());
    EXPECT_FALSE(db().delete_upload("other", upload.upload_id).value());
    EXPECT_TRUE(db().get_upload("acme", upload.upload_id).value());
    EXPECT_EQ(get(run.sim_id).status, RunStatus::kQueued);
}

TEST_P(DatabaseConformance, StaleFencesAreLost) {
    NewRun run = submit("acme");
    ClaimedRun first = claim();
    RunError error = run_error("WORKER_CRASH_LIMIT", "died");
    EXPECT_EQ(db().release(run.sim_id, first.fence, ReleaseReason::kCrash, 1, error, {}).value(), RunStatus::kQueued);
    RunRecord waiting = get(run.sim_id);
    EXPECT_EQ(waiting.attempt, 2);
    EXPECT_EQ(waiting.stage, Stage::kNone);
    EXPECT_EQ(waiting.progress, 0);
    EXPECT_EQ(db().put_progress(run.sim_id, first.fence, Stage::kSimulate, 5).value(), FenceAnswer::kLost);
    ClaimedRun second = claim();
    EXPECT_GT(second.fence, first.fence);
    for (int64_t fence : {first.fence, first.fence - 1, second.fence + 1, int64_t{0}}) {
        EXPECT_EQ(db().put_progress(run.sim_id, fence, Stage::kSimulate, 5).value(), FenceAnswer::kLost);
        EXPECT_EQ(db().put_alert(run.sim_id, fence, {"TIMEOUT", "error", "late"}).value(), FenceAnswer::kLost);
        EXPECT_EQ(db().finish(run.sim_id, fence, good_end()).value(), FenceAnswer::kLost);
        EXPECT_EQ(db().renew_lease(run.sim_id, fence, 10).value(), FenceAnswer::kLost);
        EXPECT_EQ(db().release(run.sim_id, fence, ReleaseReason::kCrash, 1, error, {}).value(), std::nullopt);
    }
    EXPECT_TRUE(get(run.sim_id).alerts.empty());
    EXPECT_EQ(db().finish(run.sim_id, second.fence, good_end()).value(), FenceAnswer::kHeld);
    EXPECT_EQ(db().finish(run.sim_id, second.fence, good_end()).value(), FenceAnswer::kLost);
    EXPECT_EQ(db().renew_lease(run.sim_id, second.fence, 10).value(), FenceAnswer::kLost);
    EXPECT_EQ(db().finish(new_id("sim"), 1, good_end()).value(), FenceAnswer::kLost);
}

TEST_P(DatabaseConformance, CrashesAreBoundedAndInterruptionsDoNotCount) {
    NewRun run = submit("acme");
    RunError error = run_error("WORKER_CRASH_LIMIT", "died twice");
    for (int i = 0; i < kMaxInterruptions; ++i)
        ASSERT_EQ(db().release(run.sim_id, claim().fence, ReleaseReason::kShutdown, 1, {}, {}).value(), RunStatus::kQueued);
    EXPECT_EQ(get(run.sim_id).attempt, kMaxInterruptions + 1);
    ASSERT_EQ(db().release(run.sim_id, claim().fence, ReleaseReason::kCrash, 1, error, {}).value(), RunStatus::kQueued);
    std::vector<StoredArtefact> logs{{"logs/engine.log", 3, "cd", "text/plain"}};
    ASSERT_EQ(db().release(run.sim_id, claim().fence, ReleaseReason::kCrash, 1, error, logs).value(), RunStatus::kFailed);
    RunRecord failed = get(run.sim_id);
    EXPECT_EQ(failed.error->code, "WORKER_CRASH_LIMIT");
    EXPECT_EQ(failed.error->message, "died twice");
    EXPECT_FALSE(failed.error->next_steps.empty());
    EXPECT_EQ(failed.stage, Stage::kPrepare);
    ASSERT_EQ(failed.artefacts.size(), 1u);
    ASSERT_EQ(failed.alerts.size(), 1u);
    EXPECT_EQ(failed.alerts[0].code, "WORKER_CRASH_LIMIT");

    NewRun unlucky = submit("acme");
    for (int i = 0; i < kMaxInterruptions; ++i) db().release(unlucky.sim_id, claim().fence, ReleaseReason::kShutdown, 1, {}, {}).value();
    EXPECT_EQ(db().release(unlucky.sim_id, claim().fence, ReleaseReason::kShutdown, 1, {}, {}).value(), RunStatus::kFailed);
}

TEST_P(DatabaseConformance, TenantsTakeTurns) {
    for (int i = 0; i < 6; ++i) submit("big");
    submit("small");
    submit("small");
    submit("tiny");
    std::multiset<std::string> round;
    for (int i = 0; i < 3; ++i) round.insert(claim().run.tenant);
    EXPECT_EQ(round, (std::multiset<std::string>{"big", "small", "tiny"}));
    round.clear();
    for (int i = 0; i < 2; ++i) round.insert(claim().run.tenant);
    EXPECT_EQ(round, (std::multiset<std::string>{"big", "small"}));
    for (int i = 0; i < 4; ++i) EXPECT_EQ(claim().run.tenant, "big");
    EXPECT_FALSE(db().claim("owner", 15, 0).value());
    submit("big");
    submit("tiny");
    EXPECT_EQ(claim().run.tenant, "tiny");  // served longer ago
    EXPECT_EQ(claim().run.tenant, "big");
}

TEST_P(DatabaseConformance, ATenantsRunsStartInOrder) {
    std::vector<std::string> expected;
    for (int i = 0; i < 5; ++i) expected.push_back(submit("acme").sim_id);
    expected.insert(expected.begin(), submit("acme", "", 1).sim_id);
    ClaimedRun first = claim();
    db().release(first.run.sim_id, first.fence, ReleaseReason::kShutdown, 1, {}, {}).value();  // keeps its place
    for (const std::string& id : expected) EXPECT_EQ(claim().run.sim_id, id);
}

TEST_P(DatabaseConformance, ClaimsByNameAndUnderALimit) {
    submit("acme");
    NewRun wanted = submit("acme");
    ClaimedRun claimed = db().claim("owner", 15, 2, wanted.sim_id).value().value();
    EXPECT_EQ(claimed.run.sim_id, wanted.sim_id);
    EXPECT_FALSE(db().claim("owner", 15, 0, wanted.sim_id).value());
    EXPECT_FALSE(db().claim("owner", 15, 0, new_id("sim")).value());
    EXPECT_FALSE(db().claim("owner", 15, 1).value());
    EXPECT_TRUE(db().claim("owner", 15, 2).value());
}

TEST_P(DatabaseConformance, LeasesEnd) {
    NewRun dead = submit("acme"), alive = submit("acme");
    ClaimedRun first = claim();
    EXPECT_EQ(first.run.sim_id, dead.sim_id);
    ClaimedRun second = db().claim("other", 60, 0).value().value();
    EXPECT_EQ(db().release_expired().value(), 0);
    EXPECT_EQ(db().renew_lease(alive.sim_id, second.fence, 60).value(), FenceAnswer::kHeld);
    if (!fixture_->turns_clock()) db().renew_lease(dead.sim_id, first.fence, 0.05).value();
    pass(fixture_->turns_clock() ? 16 : 0.3);
    EXPECT_EQ(db().release_expired().value(), 1);
    EXPECT_EQ(get(dead.sim_id).status, RunStatus::kQueued);
    EXPECT_EQ(get(dead.sim_id).attempt, 2);
    EXPECT_EQ(get(alive.sim_id).status, RunStatus::kRunning);
    EXPECT_EQ(db().put_progress(dead.sim_id, first.fence, Stage::kEncode, 50).value(), FenceAnswer::kLost);
    EXPECT_EQ(db().release_all_running().value(), 1);
    EXPECT_EQ(get(alive.sim_id).status, RunStatus::kQueued);
    EXPECT_EQ(db().release_all_running().value(), 0);
}

TEST_P(DatabaseConformance, ManyLeasesEndAtOnce) {
    for (int i = 0; i < 120; ++i) {
        submit("acme");
        ASSERT_TRUE(db().claim("owner", 0.001, 0).value());
    }
    pass(0.1);
    EXPECT_EQ(db().release_expired().value(), 120);
    EXPECT_EQ(db().queued_runs().value(), 120);
}

TEST_P(DatabaseConformance, Cancels) {
    NewRun queued = submit("acme");
    auto answer = db().request_cancel("acme", queued.sim_id).value().value();
    EXPECT_TRUE(answer.accepted);
    EXPECT_EQ(answer.run.status, RunStatus::kCancelled);
    EXPECT_EQ(answer.run.error->code, "CANCELLED");
    EXPECT_FALSE(db().request_cancel("acme", queued.sim_id).value()->accepted);
    EXPECT_EQ(events(queued.sim_id), (Lines{"status queued null 0.0", "status cancelled null 0.0", "end"}));
    EXPECT_FALSE(db().claim("owner", 15, 0).value());

    NewRun run = submit("acme");
    ClaimedRun claimed = claim();
    EXPECT_TRUE(db().request_cancel("acme", run.sim_id).value()->accepted);
    EXPECT_TRUE(get(run.sim_id).cancel_requested);
    EXPECT_TRUE(db().request_cancel("acme", run.sim_id).value()->accepted);
    EXPECT_EQ(db().renew_lease(run.sim_id, claimed.fence, 15).value(), FenceAnswer::kCancelRequested);
    EXPECT_EQ(db().put_progress(run.sim_id, claimed.fence, Stage::kSimulate, 40).value(), FenceAnswer::kCancelRequested);
    EXPECT_EQ(db().finish(run.sim_id, claimed.fence, good_end()).value(), FenceAnswer::kCancelRequested) << "an accepted cancel wins";
    EXPECT_EQ(db().release(run.sim_id, claimed.fence, ReleaseReason::kShutdown, 1, {}, {}).value(), RunStatus::kCancelled);
    EXPECT_EQ(get(run.sim_id).stage, Stage::kSimulate);
    EXPECT_EQ(get(run.sim_id).progress, 40);
    EXPECT_TRUE(get(run.sim_id).alerts.empty());
}

TEST_P(DatabaseConformance, DeletesOnlyWhatIsFinal) {
    NewRun run = submit("acme");
    EXPECT_EQ(db().delete_run("acme", run.sim_id).value(), Database::DeleteOutcome::kNotFinal);
    ClaimedRun claimed = claim();
    EXPECT_EQ(db().delete_run("acme", run.sim_id).value(), Database::DeleteOutcome::kNotFinal);
    FinalRun failed;
    failed.status = RunStatus::kFailed;
    failed.error = run_error("ENGINE_FAILED", "no");
    ASSERT_EQ(db().finish(run.sim_id, claimed.fence, failed).value(), FenceAnswer::kHeld);
    EXPECT_EQ(db().list_notifications("acme", false, 10, "").value()->page.items.size(), 1u);
    EXPECT_EQ(db().delete_run("acme", run.sim_id).value(), Database::DeleteOutcome::kDeleted);
    EXPECT_EQ(db().delete_run("acme", run.sim_id).value(), Database::DeleteOutcome::kNotFound);
    EXPECT_FALSE(db().get_run("", run.sim_id).value());
    EXPECT_TRUE(db().events_after(run.sim_id, 0, 10).value().empty());
    EXPECT_TRUE(db().list_notifications("acme", false, 10, "").value()->page.items.empty());
    EXPECT_EQ(db().runs_this_month().value(), 1);
}

TEST_P(DatabaseConformance, AlertsAreFolded) {
    NewRun run = submit("acme");
    ClaimedRun claimed = claim();
    for (int i = 0; i < 500; ++i) {
        Alert alert{"COLLISION_DETECTED", i == 3 ? "error" : "warning", "hit " + std::to_string(i)};
        ASSERT_EQ(db().put_alert(run.sim_id, claimed.fence, alert).value(), FenceAnswer::kHeld);
    }
    pass(0.005);
    ASSERT_EQ(db().put_alert(run.sim_id, claimed.fence, {"NOTE", "info", "quiet", 4}).value(), FenceAnswer::kHeld);
    RunRecord record = get(run.sim_id);
    ASSERT_EQ(record.alerts.size(), 2u);
    EXPECT_EQ(record.alerts[0].code, "COLLISION_DETECTED");
    EXPECT_EQ(record.alerts[0].count, 500);
    EXPECT_EQ(record.alerts[0].severity, "error");
    EXPECT_EQ(record.alerts[0].message, "hit 499");
    EXPECT_LE(record.alerts[0].first_at_ms, record.alerts[0].last_at_ms);
    EXPECT_EQ(record.alerts[1].count, 4);
    auto notes = db().list_notifications("acme", true, 10, "").value().value();
    ASSERT_EQ(notes.page.items.size(), 1u);  // none for info
    EXPECT_EQ(notes.unread_count, 1);
    EXPECT_EQ(notes.page.items[0].count, 500);
    EXPECT_EQ(notes.page.items[0].severity, "error");
    EXPECT_EQ(notes.page.items[0].sim_id, run.sim_id);

    FinalRun end = good_end();
    end.status = RunStatus::kWarning;
    ASSERT_EQ(db().finish(run.sim_id, claimed.fence, end).value(), FenceAnswer::kHeld);
    Lines lines = events(run.sim_id);
    EXPECT_LT(lines.size(), 100u);
    EXPECT_EQ(std::count(lines.begin(), lines.end(), "alert COLLISION_DETECTED 500"), 1);
    EXPECT_EQ(std::count(lines.begin(), lines.end(), "alert NOTE 4"), 1);
    EXPECT_EQ(get(run.sim_id).status, RunStatus::kWarning);
}

TEST_P(DatabaseConformance, AnotherAttemptCountsItsAlertsAnew) {
    NewRun run = submit("acme");
    Alert alert{"COLLISION_DETECTED", "error", "hit", 7};
    ClaimedRun first = claim();
    ASSERT_EQ(db().put_alert(run.sim_id, first.fence, alert).value(), FenceAnswer::kHeld);
    ASSERT_EQ(db().release(run.sim_id, first.fence, ReleaseReason::kShutdown, 1, {}, {}).value(), RunStatus::kQueued);
    ClaimedRun second = claim();
    ASSERT_EQ(db().put_alert(run.sim_id, second.fence, alert).value(), FenceAnswer::kHeld);
    EXPECT_EQ(get(run.sim_id).alerts[0].count, 7);
}

TEST_P(DatabaseConformance, AFailedRunHasOneAlertOfItsError) {
    NewRun run = submit("acme");
    ClaimedRun claimed = claim();
    FinalRun failed;
    failed.status = RunStatus::kFailed;
    failed.error = run_error("TIMEOUT", "took too long \xff\x01");
    failed.alerts = {{"TIMEOUT", "error", "took too long"}};
    ASSERT_EQ(db().finish(run.sim_id, claimed.fence, failed).value(), FenceAnswer::kHeld);
    ASSERT_EQ(get(run.sim_id).alerts.size(), 1u);
    EXPECT_EQ(get(run.sim_id).alerts[0].count, 1);
    EXPECT_EQ(get(run.sim_id).error->message, "took too long \xef\xbf\xbd\x01");
    EXPECT_EQ(get(run.sim_id).report_json, "");
}

TEST_P(DatabaseConformance, AnyTextIsStored) {
    NewRun run = new_run("acme");
    run.job_json = "{\"inline_gcode\":\"(\\u0000 \\ud800 \xc3\xa9)\"}";
    ASSERT_EQ(db().submit(run, {}).value(), SubmitOutcome::kAccepted);
    ClaimedRun claimed = claim();
    EXPECT_EQ(claimed.job_json, run.job_json);
    FinalRun end = good_end();
    end.report_json = "{\"notes\":[\"\\u0000 \\ud800x \\ud83d\\ude00 \\\\u0000 \xff\"]}";
    ASSERT_EQ(db().finish(run.sim_id, claimed.fence, end).value(), FenceAnswer::kHeld);
    EXPECT_EQ(nlohmann::json::parse(get(run.sim_id).report_json)["notes"][0],
              "\xef\xbf\xbd \xef\xbf\xbdx \xf0\x9f\x98\x80 \\u0000 \xef\xbf\xbd");
}

TEST_P(DatabaseConformance, IdempotencyKeys) {
    auto begin = [&](const std::string& tenant, const std::string& key, const std::string& sha) {
        return db().begin_idempotent(tenant, key, sha).value();
    };
    EXPECT_EQ(begin("acme", "k", "1").outcome, Idempotency::kFresh);
    EXPECT_EQ(begin("acme", "k", "1").outcome, Idempotency::kConflict);  // in progress
    EXPECT_EQ(begin("other", "k", "1").outcome, Idempotency::kFresh);
    ASSERT_TRUE(db().abort_idempotent("acme", "k").ok());
    EXPECT_EQ(begin("acme", "k", "1").outcome, Idempotency::kFresh);
    NewRun run = submit("acme", "k");
    IdempotencyAnswer replay = begin("acme", "k", "1");
    EXPECT_EQ(replay.outcome, Idempotency::kReplay);
    EXPECT_EQ(replay.sim_id, run.sim_id);
    EXPECT_EQ(replay.job_id, run.job_id);
    EXPECT_EQ(begin("acme", "k", "2").outcome, Idempotency::kConflict);
    ASSERT_TRUE(db().abort_idempotent("acme", "k").ok());  // used: stays
    EXPECT_EQ(begin("acme", "k", "1").outcome, Idempotency::kReplay);
    EXPECT_FALSE(db().submit(new_run("acme", "k"), {}).ok());  // whoever reserved too long is not let in twice

    EXPECT_EQ(begin("acme", "full", "1").outcome, Idempotency::kFresh);
    EXPECT_EQ(db().submit(new_run("acme", "full"), {1, 0}).value(), SubmitOutcome::kQueueFull);
    EXPECT_EQ(begin("acme", "full", "1").outcome, Idempotency::kFresh);  // not used up
    if (!fixture_->turns_clock()) return;
    pass(59);
    EXPECT_EQ(begin("acme", "full", "1").outcome, Idempotency::kConflict);
    pass(2);
    EXPECT_EQ(begin("acme", "full", "1").outcome, Idempotency::kFresh);
    pass(23 * 3600);
    ASSERT_TRUE(db().forget_expired().ok());
    EXPECT_EQ(begin("acme", "k", "1").outcome, Idempotency::kReplay);
    pass(3600);
    EXPECT_EQ(begin("acme", "k", "1").outcome, Idempotency::kFresh);
}

TEST_P(DatabaseConformance, LimitsOfQueueAndMonth) {
    EXPECT_EQ(db().submit(new_run("a"), {2, 3}).value(), SubmitOutcome::kAccepted);
    EXPECT_EQ(db().submit(new_run("b"), {2, 3}).value(), SubmitOutcome::kAccepted);
    EXPECT_EQ(db().submit(new_run("c"), {2, 3}).value(), SubmitOutcome::kQueueFull);
    claim();
    EXPECT_EQ(db().submit(new_run("c"), {2, 3}).value(), SubmitOutcome::kAccepted);
    claim();
    EXPECT_EQ(db().submit(new_run("c"), {2, 3}).value(), SubmitOutcome::kMonthLimit);
    EXPECT_EQ(db().runs_this_month().value(), 3);
    EXPECT_EQ(db().queued_runs().value(), 1);
}

TEST_P(DatabaseConformance, PagesNewestFirst) {
    std::vector<std::string> ids;
    for (int i = 0; i < 7; ++i) {
        ids.insert(ids.begin(), submit("acme").sim_id);
        if (i % 2) pass(0.002);
    }
    submit("other");
    std::vector<std::string> seen;
    std::string cursor;
    size_t pages = 0;
    do {
        auto page = db().list_runs("acme", {}, 3, cursor).value().value();
        for (const RunRecord& run : page.items) seen.push_back(run.sim_id);
        cursor = page.next_cursor;
        ++pages;
    } while (!cursor.empty());
    EXPECT_EQ(seen, ids);
    EXPECT_EQ(pages, 3u);
    EXPECT_EQ(db().list_runs("acme", {}, 7, "").value()->next_cursor, "");
    EXPECT_NE(db().list_runs("acme", {}, 6, "").value()->next_cursor, "");
    for (const char* bad : {"x", "1", "1.", ".sim_x", "1.sim_01", "-1.sim_01ARZ3NDEKTSV4RRFFQ69G5FAV", "1.upl_01ARZ3NDEKTSV4RRFFQ69G5FAV"})
        EXPECT_FALSE(db().list_runs("acme", {}, 7, bad).value()) << bad;

    ClaimedRun claimed = db().claim("owner", 15, 0, ids[2]).value().value();
    ASSERT_EQ(db().finish(ids[2], claimed.fence, good_end()).value(), FenceAnswer::kHeld);
    auto done = db().list_runs("acme", {RunStatus::kSucceeded, RunStatus::kWarning}, 10, "").value().value();
    ASSERT_EQ(done.items.size(), 1u);
    EXPECT_EQ(done.items[0].sim_id, ids[2]);
    EXPECT_EQ(done.items[0].report_json, "");
    EXPECT_EQ(done.items[0].artefacts.size(), 1u);
    EXPECT_EQ(db().list_runs("acme", {RunStatus::kQueued}, 10, "").value()->items.size(), 6u);
}

TEST_P(DatabaseConformance, Webhooks) {
    WebhookRecord hook;
    hook.webhook_id = new_id("whk");
    hook.tenant = "acme";
    hook.url = "https://example.com/x";
    hook.secret = "whsec_x";
    hook.events = {"simulation.started", "simulation.completed", "simulation.alert"};
    ASSERT_TRUE(db().put_webhook(hook).ok());
    auto page = db().list_webhooks("acme", 10, "").value().value();
    ASSERT_EQ(page.items.size(), 1u);
    EXPECT_EQ(page.items[0].events, hook.events);
    EXPECT_EQ(page.items[0].status, "enabled");
    EXPECT_TRUE(db().list_webhooks("other", 10, "").value()->items.empty());

    submit("other");
    NewRun run = submit("acme");
    ClaimedRun claimed = db().claim("owner", 15, 0, run.sim_id).value().value();
    db().put_alert(run.sim_id, claimed.fence, {"COLLISION_DETECTED", "error", "hit"}).value();
    db().put_alert(run.sim_id, claimed.fence, {"COLLISION_DETECTED", "error", "hit"}).value();
    db().finish(run.sim_id, claimed.fence, good_end()).value();
    auto due = db().due_deliveries(10, 30).value();
    ASSERT_EQ(due.size(), 3u);
    EXPECT_EQ(due[0].type, "simulation.started");
    EXPECT_EQ(due[1].type, "simulation.alert");
    EXPECT_EQ(due[2].type, "simulation.completed");
    EXPECT_EQ(due[0].webhook.secret, "whsec_x");
    EXPECT_EQ(due[0].sim_id, run.sim_id);
    EXPECT_TRUE(db().due_deliveries(10, 30).value().empty());  // leased
    ASSERT_TRUE(db().delivery_done(due[0].outbox_id).ok());
    ASSERT_TRUE(db().delivery_retry(due[1].outbox_id, 0).ok());
    auto again = db().due_deliveries(10, 30).value();
    ASSERT_EQ(again.size(), 1u);
    EXPECT_EQ(again[0].message_id, due[1].message_id);
    EXPECT_EQ(again[0].attempts, 1);
    ASSERT_TRUE(db().delivery_retry(due[1].outbox_id, 0).ok());
    ASSERT_TRUE(db().disable_webhook(hook.webhook_id).ok());
    EXPECT_EQ(db().list_webhooks("acme", 10, "").value()->items[0].status, "disabled");
    EXPECT_TRUE(db().due_deliveries(10, 30).value().empty());
    EXPECT_FALSE(db().delete_webhook("other", hook.webhook_id).value());
    EXPECT_TRUE(db().delete_webhook("acme", hook.webhook_id).value());
    EXPECT_FALSE(db().delete_webhook("acme", hook.webhook_id).value());
}

TEST_P(DatabaseConformance, Notifications) {
    for (int i = 0; i < 3; ++i) {
        NewRun run = submit("acme");
        FinalRun failed;
        failed.status = RunStatus::kFailed;
        failed.error = run_error("ENGINE_FAILED", "no " + std::to_string(i));
        db().finish(run.sim_id, claim().fence, failed).value();
    }
    auto list = db().list_notifications("acme", false, 2, "").value().value();
    ASSERT_EQ(list.page.items.size(), 2u);
    EXPECT_EQ(list.page.items[0].message, "no 2");
    EXPECT_EQ(list.unread_count, 3);
    EXPECT_EQ(db().list_notifications("acme", false, 2, list.page.next_cursor).value()->page.items[0].message, "no 0");
    std::string id = list.page.items[0].notification_id;
    EXPECT_FALSE(db().read_notification("other", id).value());
    EXPECT_TRUE(db().read_notification("acme", id).value());
    EXPECT_TRUE(db().read_notification("acme", id).value());
    auto unread = db().list_notifications("acme", true, 10, "").value().value();
    EXPECT_EQ(unread.page.items.size(), 2u);
    EXPECT_EQ(unread.unread_count, 2);
    EXPECT_GT(db().list_notifications("acme", false, 1, "").value()->page.items[0].read_ms, 0);
    ASSERT_TRUE(db().read_all_notifications("acme").ok());
    EXPECT_EQ(db().list_notifications("acme", true, 10, "").value()->unread_count, 0);
    EXPECT_FALSE(db().list_notifications("acme", true, 10, "bad").value());
}

TEST_P(DatabaseConformance, UploadsOutliveTheirDeletionWhileTheyAreRead) {
    UploadRecord used{new_id("upl"), "acme", "gcode", "part.nc", "aa", 10, 0}, unused = used;
    unused.upload_id = new_id("upl");
    ASSERT_TRUE(db().put_upload(used).ok());
    ASSERT_TRUE(db().put_upload(unused).ok());
    EXPECT_EQ(db().get_upload("acme", used.upload_id).value()->filename, "part.nc");
    EXPECT_GT(db().get_upload("acme", used.upload_id).value()->created_ms, 0);
    NewRun run = new_run("acme");
    run.upload_refs = {used.upload_id, used.upload_id};
    ASSERT_EQ(db().submit(run, {}).value(), SubmitOutcome::kAccepted);
    EXPECT_TRUE(db().take_dead_uploads(1).value().empty());
    EXPECT_TRUE(db().delete_upload("acme", used.upload_id).value());
    EXPECT_FALSE(db().delete_upload("acme", used.upload_id).value());
    EXPECT_TRUE(db().delete_upload("acme", unused.upload_id).value());
    EXPECT_FALSE(db().get_upload("acme", used.upload_id).value());
    EXPECT_TRUE(db().get_upload("", used.upload_id).value());  // the worker still finds it
    EXPECT_EQ(db().take_dead_uploads(1).value(), std::vector<std::string>{unused.upload_id});
    db().finish(run.sim_id, claim().fence, good_end()).value();
    EXPECT_EQ(db().take_dead_uploads(1).value(), std::vector<std::string>{used.upload_id});
    EXPECT_TRUE(db().take_dead_uploads(1).value().empty());
}

TEST_P(DatabaseConformance, TicketsWorkOnce) {
    NewRun run = submit("acme");
    ASSERT_TRUE(db().put_ticket("abc", "acme", run.sim_id, 60).ok());
    EXPECT_FALSE(db().take_ticket("abc", new_id("sim")).value());
    EXPECT_FALSE(db().take_ticket("abd", run.sim_id).value());
    EXPECT_EQ(db().take_ticket("abc", run.sim_id).value(), "acme");
    EXPECT_FALSE(db().take_ticket("abc", run.sim_id).value());
    ASSERT_TRUE(db().put_ticket("late", "acme", run.sim_id, 0.05).ok());
    pass(0.2);
    EXPECT_FALSE(db().take_ticket("late", run.sim_id).value());
}

TEST_P(DatabaseConformance, SettingsAndOldRuns) {
    EXPECT_FALSE(db().get_setting("x").value());
    ASSERT_TRUE(db().put_setting("x", "1").ok());
    ASSERT_TRUE(db().put_setting("x", "2").ok());
    EXPECT_EQ(db().get_setting("x").value(), "2");
    NewRun run = submit("acme"), going = submit("acme");
    db().finish(run.sim_id, claim().fence, good_end()).value();
    pass(0.01);
    EXPECT_TRUE(db().expired_runs(1, 10).value().empty());
    EXPECT_EQ(db().expired_runs(0, 10).value(), std::vector<std::string>{run.sim_id});
    EXPECT_EQ(db().delete_run("", run.sim_id).value(), Database::DeleteOutcome::kDeleted);  // any tenant's
    EXPECT_EQ(db().delete_run("", run.sim_id).value(), Database::DeleteOutcome::kNotFound);
    EXPECT_EQ(db().delete_run("", going.sim_id).value(), Database::DeleteOutcome::kNotFinal);
    EXPECT_TRUE(db().expired_runs(0, 10).value().empty());
    EXPECT_FALSE(db().get_run("acme", run.sim_id).value());
    EXPECT_TRUE(db().get_run("acme", going.sim_id).value());
    EXPECT_FALSE(db().check().value().empty());
}

TEST_P(DatabaseConformance, ListenersHearOfEveryCommit) {
    std::mutex mutex;
    std::multiset<std::string> heard;
    std::atomic<int> queued = 0;
    db().on_event([&](const std::string& sim_id) {
        std::lock_guard hold(mutex);
        heard.insert(sim_id);
    });
    db().on_queued([&] { ++queued; });
    NewRun run = submit("acme");
    ClaimedRun claimed = claim();
    db().put_progress(run.sim_id, claimed.fence, Stage::kSimulate, 10).value();
    db().finish(run.sim_id, claimed.fence, good_end()).value();
    auto all = [&] {
        std::lock_guard hold(mutex);
        return heard.count(run.sim_id) >= 4 && queued >= 1;
    };
    for (int i = 0; i < 200 && !all(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_TRUE(all());
    db().on_event({});
    db().on_queued({});
}

TEST_P(DatabaseConformance, ManyThreadsLoseNothing) {
    constexpr int kThreads = 4, kRuns = 25;
    std::mutex mutex;
    std::set<std::string> finished;
    std::atomic<int> twice = 0, submitted = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < kRuns; ++i) submitted += db().submit(new_run("tenant" + std::to_string(i % 3 + t % 2)), {}).ok();
            while (true) {
                auto claimed = db().claim("owner", 60, 0);
                if (!claimed.ok() || !*claimed) {
                    if (submitted == kThreads * kRuns && db().queued_runs().value() == 0) return;
                    continue;
                }
                const std::string& id = (*claimed)->run.sim_id;
                db().put_progress(id, (*claimed)->fence, Stage::kSimulate, 50).value();
                if (db().finish(id, (*claimed)->fence, good_end()).value() != FenceAnswer::kHeld) continue;
                std::lock_guard hold(mutex);
                twice += !finished.insert(id).second;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(finished.size(), size_t{kThreads} * kRuns);
    EXPECT_EQ(twice, 0);
    EXPECT_EQ(db().running_runs().value(), 0);
    EXPECT_EQ(db().runs_this_month().value(), kThreads * kRuns);
}

INSTANTIATE_TEST_SUITE_P(Kinds, DatabaseConformance, ::testing::ValuesIn(database_kinds()),
                         [](const auto& kind) { return kind.param.name; });

}  // namespace proveout
