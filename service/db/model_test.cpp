// Random operations on a database beside a simple model of it, under a clock that the test turns. PROVEOUT_MODEL_SEEDS: how many (default
// 100).
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <random>

#include "db/database_test_helpers.h"
#include "db/sqlite.h"

namespace proveout {

namespace {

constexpr int kOperations = 80, kTenants = 4, kRetryMax = 1;
constexpr double kLease_s = 15;
constexpr int64_t kStart_ms = 1'700'000'000'000;

struct ModelRun {
    std::string tenant;
    int64_t order = 0, fence = 0, lease_until_ms = 0;
    int priority = 0, attempt = 1, crashes = 0, interruptions = 0;
    RunStatus status = RunStatus::kQueued;
    Stage stage = Stage::kNone;
    double progress = 0;
    bool cancel = false, deleted = false;
    std::map<std::string, std::pair<int, int64_t>> alerts;  // code: attempt, count
    std::vector<int64_t> old_fences;
};

class Model {
  public:
    explicit Model(uint64_t seed) : random_(seed), database_(std::move(open_sqlite(":memory:", [this] { return now_ms_; }).value())) {}

    void step() {
        switch (pick(12)) {
            case 0:
            case 1:
            case 2:
                return submit();
            case 3:
            case 4:
                return claim();
            case 5:
                return claim_by_name();
            case 6:
                return progress();
            case 7:
                return alert();
            case 8:
                return finish();
            case 9:
                return release();
            case 10:
                return pick(2) ? cancel() : remove();
            default:
                return pick(4) ? expire() : restart();
        }
    }

    void check_all() {
        int64_t queued = 0, running = 0;
        for (const auto& [id, run] : runs_) {
            check(id, run);
            if (run.deleted) continue;
            queued += run.status == RunStatus::kQueued;
            running += run.status == RunStatus::kRunning;
            check_events(id, run);
        }
        EXPECT_EQ(database_->queued_runs().value(), queued);
        EXPECT_EQ(database_->running_runs().value(), running);
        EXPECT_EQ(database_->runs_this_month().value(), static_cast<int64_t>(runs_.size()));
    }

  private:
    int pick(int count) { return static_cast<int>(random_() % static_cast<uint64_t>(count)); }

    std::string any_run() {
        if (runs_.empty()) return new_id("sim");
        auto at = runs_.begin();
        std::advance(at, pick(static_cast<int>(runs_.size())));
        return at->first;
    }

    // The fence of a writer: mostly the holder's, sometimes one that lost it.
    int64_t any_fence(const ModelRun& run) {
        if (!run.old_fences.empty() && pick(4) == 0)
            return run.old_fences[static_cast<size_t>(pick(static_cast<int>(run.old_fences.size())))];
        return run.fence;
    }

    void check(const std::string& id, const ModelRun& run) {
        auto stored = database_->get_run(run.tenant, id).value();
        ASSERT_EQ(stored.has_value(), !run.deleted);
        if (run.deleted) return;
        ASSERT_EQ(stored->status, run.status);
        ASSERT_EQ(stored->stage, run.stage);
        ASSERT_EQ(stored->progress, run.progress);
        ASSERT_EQ(stored->attempt, run.attempt);
        ASSERT_EQ(stored->cancel_requested, run.cancel);
        ASSERT_EQ(stored->finished_ms != 0, is_final(run.status));
        ASSERT_EQ(stored->error.has_value(), run.status == RunStatus::kFailed || run.status == RunStatus::kCancelled);
        ASSERT_EQ(stored->alerts.size(), run.alerts.size());
        for (const Alert& alert : stored->alerts) ASSERT_EQ(alert.count, run.alerts.at(alert.code).second);
    }

    void check_events(const std::string& id, const ModelRun& run) {
        std::vector<RunEvent> events = database_->events_after(id, 0, 100'000).value();
        int finals = 0;
        double progress = 0;
        for (size_t i = 0; i < events.size(); ++i) {
            ASSERT_EQ(events[i].id, static_cast<int64_t>(i) + 1);
            nlohmann::json data = nlohmann::json::parse(events[i].data);
            if (events[i].type == "status") {
                finals += is_final(*run_status_from(data["status"].get<std::string>()));
                progress = data["status"] == "queued" ? 0 : progress;
            } else if (events[i].type == "progress") {
                ASSERT_GE(data["progress"].get<double>(), progress);
                progress = data["progress"];
            }
            ASSERT_EQ(events[i].type == "end", is_final(run.status) && i + 1 == events.size());
        }
        ASSERT_EQ(finals, is_final(run.status));
    }

    void submit() {
        NewRun given = new_run("t" + std::to_string(pick(kTenants)));
        given.priority = pick(5) == 0;
        ASSERT_EQ(database_->submit(given, {}).value(), SubmitOutcome::kAccepted);
        ModelRun run;
        run.tenant = given.tenant;
        run.order = ++order_;
        run.priority = given.priority;
        runs_[given.sim_id] = run;
    }

    std::string next_in_turn() {
        std::string best;
        auto key = [&](const std::string& id) {
            const ModelRun& run = runs_.at(id);
            return std::tuple(turns_[run.tenant], run.tenant, -run.priority, run.order);
        };
        for (const auto& [id, run] : runs_)
            if (!run.deleted && run.status == RunStatus::kQueued && (best.empty() || key(id) < key(best))) best = id;
        return best;
    }

    void start(const std::string& id, const ClaimedRun& claimed) {
        ModelRun& run = runs_.at(id);
        ASSERT_GT(claimed.fence, run.fence);
        if (run.fence) run.old_fences.push_back(run.fence);
        run.fence = claimed.fence;
        run.status = RunStatus::kRunning;
        run.stage = Stage::kPrepare;
        run.lease_until_ms = now_ms_ + static_cast<int64_t>(kLease_s * 1000);
        int64_t last = 0;
        for (const auto& [tenant, turn] : turns_) last = std::max(last, turn);
        turns_[run.tenant] = last + 1;
        check(id, run);
    }

    void claim() {
        std::string expected = next_in_turn();
        auto claimed = database_->claim("model", kLease_s, 0).value();
        ASSERT_EQ(claimed ? claimed->run.sim_id : "", expected);
        if (claimed) start(expected, *claimed);
    }

    void claim_by_name() {
        std::string id = any_run();
        auto claimed = database_->claim("model", kLease_s, 0, id).value();
        auto there = runs_.find(id);
        ASSERT_EQ(claimed.has_value(), there != runs_.end() && !there->second.deleted && there->second.status == RunStatus::kQueued);
        if (claimed) start(id, *claimed);
    }

    FenceAnswer expected_answer(const ModelRun& run, int64_t fence) {
        if (run.deleted || run.status != RunStatus::kRunning || run.fence != fence) return FenceAnswer::kLost;
        return run.cancel ? FenceAnswer::kCancelRequested : FenceAnswer::kHeld;
    }

    void progress() {
        std::string id = any_run();
        if (!runs_.count(id)) return;
        ModelRun& run = runs_[id];
        int64_t fence = any_fence(run);
        Stage stage = static_cast<Stage>(1 + pick(5));
        double percent = pick(101);
        FenceAnswer expected = expected_answer(run, fence);
        ASSERT_EQ(database_->put_progress(id, fence, stage, percent).value(), expected);
        ASSERT_EQ(database_->renew_lease(id, fence, kLease_s).value(), expected);
        if (expected == FenceAnswer::kLost) return;
        run.stage = std::max(run.stage, stage);
        run.progress = std::max(run.progress, std::min(percent, 99.0));
        run.lease_until_ms = now_ms_ + static_cast<int64_t>(kLease_s * 1000);
        check(id, run);
    }

    static void fold(ModelRun& run, const std::string& code) {
        auto& [attempt, count] = run.alerts[code];
        count = attempt == run.attempt ? count + 1 : 1;
        attempt = run.attempt;
    }

    void alert() {
        std::string id = any_run();
        if (!runs_.count(id)) return;
        ModelRun& run = runs_[id];
        int64_t fence = any_fence(run);
        std::string code = pick(2) ? "COLLISION_DETECTED" : "ENGINE_FAILED";
        FenceAnswer expected = expected_answer(run, fence);
        ASSERT_EQ(database_->put_alert(id, fence, {code, pick(2) ? "error" : "info", "m"}).value(), expected);
        if (expected != FenceAnswer::kLost) fold(run, code);
        check(id, run);
    }

    void end(ModelRun& run, RunStatus status) {
        run.status = status;
        if (status == RunStatus::kSucceeded || status == RunStatus::kWarning) {
            run.stage = Stage::kDone;
            run.progress = 100;
        }
        auto there = run.alerts.find("ENGINE_FAILED");
        if (status == RunStatus::kFailed && (there == run.alerts.end() || there->second.first != run.attempt)) fold(run, "ENGINE_FAILED");
    }

    void finish() {
        std::string id = any_run();
        if (!runs_.count(id)) return;
        ModelRun& run = runs_[id];
        int64_t fence = any_fence(run);
        FinalRun final_run = good_end();
        final_run.status = static_cast<RunStatus>(2 + pick(4));
        if (final_run.status >= RunStatus::kFailed)
            final_run.error = run_error(final_run.status == RunStatus::kFailed ? "ENGINE_FAILED" : "CANCELLED", "m");
        FenceAnswer expected = expected_answer(run, fence);
        if (expected == FenceAnswer::kCancelRequested && final_run.status == RunStatus::kCancelled) expected = FenceAnswer::kHeld;
        ASSERT_EQ(database_->finish(id, fence, final_run).value(), expected);
        if (expected == FenceAnswer::kHeld) end(run, final_run.status);
        check(id, run);
    }

    void let_go(ModelRun& run, ReleaseReason reason) {
        bool interrupted = reason == ReleaseReason::kShutdown;
        int& count = interrupted ? run.interruptions : run.crashes;
        bool again = ++count <= (interrupted ? kMaxInterruptions : kRetryMax);
        run.old_fences.push_back(run.fence);
        run.fence = 0;  // nobody's
        if (run.cancel) return end(run, RunStatus::kCancelled);
        if (!again) return end(run, RunStatus::kFailed);
        run.status = RunStatus::kQueued;
        run.stage = Stage::kNone;
        run.progress = 0;
        ++run.attempt;
    }

    void release() {
        std::string id = any_run();
        if (!runs_.count(id)) return;
        ModelRun& run = runs_[id];
        int64_t fence = any_fence(run);
        ReleaseReason reason = static_cast<ReleaseReason>(pick(3));
        bool held = expected_answer(run, fence) != FenceAnswer::kLost;
        int64_t before = run.fence;
        std::optional<RunStatus> now = database_->release(id, fence, reason, kRetryMax, run_error("ENGINE_FAILED", "m"), {}).value();
        if (held) let_go(run, reason);
        ASSERT_EQ(now, held ? std::optional(run.status) : std::nullopt);
        if (held) run.fence = before;  // so that the next one must be higher
        check(id, run);
    }

    void cancel() {
        std::string id = any_run();
        if (!runs_.count(id)) return;
        ModelRun& run = runs_[id];
        auto answer = database_->request_cancel(run.tenant, id).value();
        ASSERT_EQ(answer.has_value(), !run.deleted);
        if (run.deleted) return;
        ASSERT_EQ(answer->accepted, !is_final(run.status));
        if (run.status == RunStatus::kQueued) end(run, RunStatus::kCancelled);
        if (run.status == RunStatus::kRunning) run.cancel = true;
        check(id, run);
    }

    void remove() {
        std::string id = any_run();
        if (!runs_.count(id)) return;
        ModelRun& run = runs_[id];
        auto expected = run.deleted            ? Database::DeleteOutcome::kNotFound
                        : is_final(run.status) ? Database::DeleteOutcome::kDeleted
                                               : Database::DeleteOutcome::kNotFinal;
        ASSERT_EQ(database_->delete_run(run.tenant, id).value(), expected);
        run.deleted = run.deleted || is_final(run.status);
        check(id, run);
    }

    void expire() {
        now_ms_ += pick(10'000);
        int expected = 0;
        for (auto& [id, run] : runs_) {
            if (run.deleted || run.status != RunStatus::kRunning || run.lease_until_ms > now_ms_) continue;
            let_go_of_crashed(run);
            ++expected;
        }
        ASSERT_EQ(database_->release_expired().value(), expected);
    }

    void restart() {
        int expected = 0;
        for (auto& [id, run] : runs_) {
            if (run.deleted || run.status != RunStatus::kRunning) continue;
            let_go_of_crashed(run);
            ++expected;
        }
        ASSERT_EQ(database_->release_all_running().value(), expected);
    }

    void let_go_of_crashed(ModelRun& run) {
        int64_t before = run.fence;
        if (!run.cancel && run.interruptions >= kMaxInterruptions) fold_interrupted(run);
        let_go(run, ReleaseReason::kShutdown);
        run.fence = before;
    }

    // Its end has another code than the ones this test gives.
    static void fold_interrupted(ModelRun& run) {
        fold(run, "WORKER_CRASH_LIMIT");
        run.alerts.try_emplace("ENGINE_FAILED", run.attempt, 0);
    }

    std::mt19937_64 random_;
    int64_t now_ms_ = kStart_ms, order_ = 0;
    std::map<std::string, ModelRun> runs_;
    std::map<std::string, int64_t> turns_;
    std::unique_ptr<Database> database_;
};

uint64_t seeds() {
    std::string_view given = getenv("PROVEOUT_MODEL_SEEDS") ? getenv("PROVEOUT_MODEL_SEEDS") : "100";
    uint64_t count = 0;
    std::from_chars(given.data(), given.data() + given.size(), count);
    return count;
}

}  // namespace

TEST(DatabaseModel, AgreesOnEveryState) {
    for (uint64_t seed = 1; seed <= seeds(); ++seed) {
        Model model(seed);
        for (int i = 0; i < kOperations && !::testing::Test::HasFailure(); ++i) model.step();
        model.check_all();
        ASSERT_FALSE(::testing::Test::HasFailure()) << "seed " << seed;
    }
}

}  // namespace proveout
