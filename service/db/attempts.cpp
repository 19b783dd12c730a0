// The life of an attempt: claim, progress, alerts, end, and back to the queue.
#include <algorithm>
#include <cmath>

#include "db/sql_database.h"
#include "db/wire.h"
#include "domain/ids.h"

namespace proveout {

Result<std::optional<LockedRun>> lock_run(SqlTransaction& tx, const std::string& sim_id) {
    SqlRows rows = TRY(tx.run("lock_run", {sim_id}));
    if (rows.empty()) return std::optional<LockedRun>();
    const SqlRow& row = rows[0];
    LockedRun run;
    run.sim_id = sim_id;
    run.tenant = row.text(0);
    run.status = run_status_from(row.text(1)).value_or(RunStatus::kFailed);
    run.stage = stage_from(row.text(2)).value_or(Stage::kNone);
    run.progress = row.real(3);
    run.started_ms = row.integer(4);
    run.last_event = row.integer(5);
    run.job_id = row.text(6);
    run.running = row.text(7) == "running";
    run.fence = row.integer(8);
    run.attempt = static_cast<int>(row.integer(9));
    run.crashes = static_cast<int>(row.integer(10));
    run.interruptions = static_cast<int>(row.integer(11));
    run.cancel_requested = row.integer(12) != 0;
    run.lease_until_ms = row.integer(13);
    run.timeout_s = row.real(14);
    return std::optional(run);
}

Status save_run(SqlTransaction& tx, LockedRun& run) {
    TRY(tx.run("update_run", {run.sim_id, name_of(run.status), name_of(run.stage), run.progress, run.started_ms, run.last_event}));
    return Unit{};
}

Status add_event(SqlTransaction& tx, LockedRun& run, std::string_view type, const std::string& data) {
    TRY(tx.run("insert_event", {run.sim_id, ++run.last_event, type, data}));
    if (tx.changes.runs.empty() || tx.changes.runs.back() != run.sim_id) tx.changes.runs.push_back(run.sim_id);
    return Unit{};
}

Status add_status_event(SqlTransaction& tx, LockedRun& run) {
    return add_event(tx, run, "status", status_event(run.sim_id, run.status, run.stage, run.progress));
}

namespace {

std::string_view webhook_type(RunStatus status) {
    if (status == RunStatus::kFailed) return "simulation.failed";
    return status == RunStatus::kCancelled ? "simulation.cancelled" : "simulation.completed";
}

FinalRun cancelled_run() {
    FinalRun final_run;
    final_run.status = RunStatus::kCancelled;
    final_run.error = run_error("CANCELLED", "the run was cancelled");
    return final_run;
}

// A failed run has an alert with its error's code, whoever found it out.
Status alert_of_failure(SqlTransaction& tx, LockedRun& run, const FinalRun& final_run) {
    if (final_run.status != RunStatus::kFailed) return Unit{};
    SqlRows there = TRY(tx.run("get_alert", {run.sim_id, final_run.error->code}));
    if (!there.empty() && there[0].integer(3) == run.attempt) return Unit{};
    Alert alert;
    alert.code = final_run.error->code;
    alert.severity = "error";
    alert.message = final_run.error->message;
    return fold_alert(tx, run, alert, false);
}

}  // namespace

Status end_run(SqlTransaction& tx, LockedRun& run, const FinalRun& given) {
    FinalRun final_run = given;
    bool well = given.status == RunStatus::kSucceeded || given.status == RunStatus::kWarning;
    if (!well && !final_run.error)
        final_run.error = given.status == RunStatus::kCancelled ? cancelled_run().error : run_error("INTERNAL", "the run failed");
    for (const Alert& alert : final_run.alerts) TRY(fold_alert(tx, run, alert, false));
    TRY(alert_of_failure(tx, run, final_run));
    TRY(tell_untold_alerts(tx, run));
    run.status = final_run.status;
    if (well) {
        run.stage = Stage::kDone;
        run.progress = 100;
        TRY(add_event(tx, run, "progress", progress_event(run.sim_id, run.stage, run.progress)));
    }
    TRY(add_status_event(tx, run));
    TRY(add_event(tx, run, "end", end_event(run.sim_id)));
    TRY(queue_webhooks(tx, run, webhook_type(run.status)));

    auto or_null = [](const std::string& text) { return text.empty() ? SqlParam() : SqlParam(std::string_view(text)); };
    std::string error = final_run.error ? error_json(*final_run.error) : std::string();
    std::string artefacts = artefacts_json(final_run.artefacts);
    std::string folder = final_run.object_folder.empty() ? run_folder("", run.sim_id) : final_run.object_folder;
    std::string paths = object_paths_json(final_run.artefacts, folder);
    std::string timings = final_run.timings_json.empty() ? "{}" : clean_json(final_run.timings_json);
    std::string metrics = final_run.metrics_json.empty() ? "{}" : clean_json(final_run.metrics_json);
    std::string report = clean_json(final_run.report_json);
    TRY(tx.run("end_run", {run.sim_id, name_of(run.status), name_of(run.stage), run.progress, tx.now_ms, run.last_event, or_null(error),
                           artefacts, paths, timings, metrics, or_null(report)}));
    TRY(tx.run("end_job", {run.sim_id, run.fence}));
    return Unit{};
}

namespace {

// The run whose turn it is, its turn taken; empty: none. next_turn: the statement that finds the tenant.
Result<std::string> next_in_turn(SqlTransaction& tx, std::string_view next_turn) {
    int64_t after_turn = -1;
    std::string after_tenant;
    while (true) {
        SqlRows turns = TRY(tx.run(next_turn, {after_turn, after_tenant}));
        if (turns.empty()) return std::string();
        after_turn = turns[0].integer(0);
        after_tenant = turns[0].text(1);
        SqlRows jobs = TRY(tx.run("next_job", {after_tenant}));
        if (!jobs.empty()) {
            TRY(tx.run("take_turn", {after_tenant}));
            return jobs[0].text(0);
        }
        SqlRows closed = TRY(tx.run("close_turn", {after_tenant}));
        if (!closed.empty()) TRY(tx.run("leave_turns", {after_tenant}));
    }
}

// Other claims go on with other tenants; where those hold all that there are, one waits for them.
Result<std::string> next_in_turn(SqlTransaction& tx) {
    std::string next = TRY(next_in_turn(tx, "next_turn"));
    if (next.empty()) return next_in_turn(tx, "next_turn_blocking");
    return next;
}

Result<std::optional<ClaimedRun>> start_attempt(SqlTransaction& tx, LockedRun& run, const std::string& owner, double lease_s) {
    TRY(tx.run("claim_job", {run.sim_id, owner, tx.now_ms + static_cast<int64_t>(lease_s * 1000)}));
    run.status = RunStatus::kRunning;
    run.stage = Stage::kPrepare;
    run.progress = 0;
    bool first = run.started_ms == 0;
    if (first) run.started_ms = tx.now_ms;
    TRY(add_status_event(tx, run));
    TRY(add_event(tx, run, "progress", progress_event(run.sim_id, run.stage, run.progress)));
    if (first) TRY(queue_webhooks(tx, run, "simulation.started"));
    TRY(save_run(tx, run));
    ClaimedRun claimed;
    claimed.fence = run.fence + 1;
    claimed.timeout_s = run.timeout_s;
    claimed.crashes = run.crashes;
    SqlRows document = TRY(tx.run("get_document", {run.sim_id}));
    if (!document.empty()) claimed.job_json = document[0].text(0);
    SqlRows row = TRY(tx.run("get_run", {run.sim_id, "", int64_t{0}}));
    if (row.empty()) return make_error(ErrorCode::kIo, "the run vanished while it was claimed");
    claimed.run = run_of(row[0]);
    return std::optional(std::move(claimed));
}

}  // namespace

Result<std::optional<ClaimedRun>> SqlDatabase::claim(const std::string& owner, double lease_s, int64_t max_running,
                                                     const std::string& sim_id) {
    std::optional<ClaimedRun> claimed;
    return given(write(std::string(kAllTenants),
                       [&](SqlTransaction& tx) -> Status {
                           claimed.reset();
                           if (max_running > 0) {
                               TRY(tx.run("guard_claim"));
                               SqlRows running = TRY(tx.run("count_running"));
                               if (running[0].integer(0) >= max_running) return Unit{};
                           }
                           std::string next = sim_id.empty() ? TRY(next_in_turn(tx)) : sim_id;
                           if (next.empty()) return Unit{};
                           auto run = TRY(lock_run(tx, next));
                           if (!run || run->status != RunStatus::kQueued) return Unit{};
                           if (!sim_id.empty()) TRY(tx.run("take_turn", {run->tenant}));
                           claimed = TRY(start_attempt(tx, *run, owner, lease_s));
                           return Unit{};
                       }),
                 claimed);
}

Result<FenceAnswer> SqlDatabase::renew_lease(const std::string& sim_id, int64_t fence, double lease_s) {
    FenceAnswer answer = FenceAnswer::kLost;
    return given(write(std::string(kAllTenants),
                       [&](SqlTransaction& tx) -> Status {
                           SqlRows renewed = TRY(tx.run("renew_lease", {sim_id, fence, tx.now_ms + static_cast<int64_t>(lease_s * 1000)}));
                           answer = renewed.empty()              ? FenceAnswer::kLost
                                    : renewed[0].integer(0) != 0 ? FenceAnswer::kCancelRequested
                                                                 : FenceAnswer::kHeld;
                           return Unit{};
                       }),
                 answer);
}

Result<FenceAnswer> SqlDatabase::put_progress(const std::string& sim_id, int64_t fence, Stage stage, double percent) {
    FenceAnswer answer = FenceAnswer::kLost;
    return given(write(std::string(kAllTenants),
                       [&](SqlTransaction& tx) -> Status {
                           answer = FenceAnswer::kLost;
                           auto run = TRY(lock_run(tx, sim_id));
                           if (!run || !run->held_by(fence)) return Unit{};
                           run->stage = std::max(run->stage, stage);
                           double tenths =
                               std::isfinite(percent) ? std::round(std::clamp(percent, 0.0, kRunningMost_percent) * 10) / 10 : 0;
                           run->progress = std::max(run->progress, tenths);
                           TRY(add_event(tx, *run, "progress", progress_event(sim_id, run->stage, run->progress)));
                           TRY(save_run(tx, *run));
                           answer = run->held();
                           return Unit{};
                       }),
                 answer);
}

Result<FenceAnswer> SqlDatabase::put_alert(const std::string& sim_id, int64_t fence, const Alert& alert) {
    FenceAnswer answer = FenceAnswer::kLost;
    return given(write(std::string(kAllTenants),
                       [&](SqlTransaction& tx) -> Status {
                           answer = FenceAnswer::kLost;
                           auto run = TRY(lock_run(tx, sim_id));
                           if (!run || !run->held_by(fence)) return Unit{};
                           TRY(fold_alert(tx, *run, alert, true));
                           TRY(save_run(tx, *run));
                           answer = run->held();
                           return Unit{};
                       }),
                 answer);
}

Result<FenceAnswer> SqlDatabase::finish(const std::string& sim_id, int64_t fence, const FinalRun& final_run) {
    CHECK(is_final(final_run.status));
    FenceAnswer answer = FenceAnswer::kLost;
    return given(write(std::string(kAllTenants),
                       [&](SqlTransaction& tx) -> Status {
                           answer = FenceAnswer::kLost;
                           auto run = TRY(lock_run(tx, sim_id));
                           if (!run || !run->held_by(fence)) return Unit{};
                           answer = final_run.status == RunStatus::kCancelled ? FenceAnswer::kHeld : run->held();
                           if (answer == FenceAnswer::kHeld) TRY(end_run(tx, *run, final_run));
                           return Unit{};
                       }),
                 answer);
}

namespace {

Status requeue(SqlTransaction& tx, LockedRun& run) {
    TRY(tx.run("requeue_job", {run.sim_id, int64_t{run.attempt} + 1, int64_t{run.crashes}, int64_t{run.interruptions}}));
    run.status = RunStatus::kQueued;
    run.stage = Stage::kNone;
    run.progress = 0;
    TRY(add_status_event(tx, run));
    TRY(save_run(tx, run));
    TRY(tx.run("hold_turn", {run.tenant}));
    TRY(tx.run("mark_waiting", {run.tenant}));
    tx.changes.queued = true;
    return Unit{};
}

// An attempt that ended without a result: back to the queue, or the run's end. The fence rises either way, so that whoever held it is out.
Status release_run(SqlTransaction& tx, LockedRun& run, ReleaseReason reason, int retry_max, const RunError& error,
                   const std::vector<StoredArtefact>& artefacts) {
    bool interrupted = reason == ReleaseReason::kShutdown;
    (interrupted ? run.interruptions : run.crashes) += 1;
    bool again = interrupted ? run.interruptions <= kMaxInterruptions : run.crashes <= retry_max;
    if (again && !run.cancel_requested) return requeue(tx, run);
    FinalRun final_run;
    if (run.cancel_requested) {
        final_run = cancelled_run();
    } else {
        final_run.status = RunStatus::kFailed;
        final_run.error = error;
        final_run.artefacts = artefacts;
    }
    run.fence += 1;
    return end_run(tx, run, final_run);
}

RunError interrupted_error() {
    return run_error("WORKER_CRASH_LIMIT",
                     "the service was stopped " + std::to_string(kMaxInterruptions + 1) + " times while it worked on this run");
}

}  // namespace

Result<std::optional<RunStatus>> SqlDatabase::release(const std::string& sim_id, int64_t fence, ReleaseReason reason, int retry_max,
                                                      const RunError& error, const std::vector<StoredArtefact>& artefacts) {
    std::optional<RunStatus> status;
    return given(write(std::string(kAllTenants),
                       [&](SqlTransaction& tx) -> Status {
                           status.reset();
                           auto run = TRY(lock_run(tx, sim_id));
                           if (!run || !run->held_by(fence)) return Unit{};
                           RunError last = !error.code.empty() ? error : interrupted_error();
                           TRY(release_run(tx, *run, reason, retry_max, last, artefacts));
                           status = run->status;
                           return Unit{};
                       }),
                 status);
}

Result<int> SqlDatabase::release_expired() {
    int total = 0;
    while (true) {
        int released = 0;
        size_t found = 0;
        Status done = write(std::string(kAllTenants), [&](SqlTransaction& tx) -> Status {
            released = 0;
            SqlRows expired = TRY(tx.run("expired_jobs", {tx.now_ms, int64_t{kRescuedAtOnce}}));
            found = expired.size();
            for (const SqlRow& row : expired) {
                auto run = TRY(lock_run(tx, row.text(0)));
                if (!run || !run->running || run->lease_until_ms > tx.now_ms) continue;
                TRY(release_run(tx, *run, ReleaseReason::kShutdown, 0, interrupted_error(), {}));
                ++released;
            }
            return Unit{};
        });
        if (!done.ok()) return done.error();
        total += released;
        if (found < kRescuedAtOnce || released == 0) return total;
    }
}

Result<int> SqlDatabase::release_all_running() {
    int released = 0;
    return given(write(std::string(kAllTenants),
                       [&](SqlTransaction& tx) -> Status {
                           released = 0;
                           TRY(tx.run("drop_reservations"));
                           SqlRows running = TRY(tx.run("all_running"));
                           for (const SqlRow& row : running) {
                               auto run = TRY(lock_run(tx, row.text(0)));
                               if (!run || !run->running) continue;
                               TRY(release_run(tx, *run, ReleaseReason::kShutdown, 0, interrupted_error(), {}));
                               ++released;
                           }
                           return Unit{};
                       }),
                 released);
}

Result<std::optional<Database::CancelAnswer>> SqlDatabase::request_cancel(const std::string& tenant, const std::string& sim_id) {
    std::optional<CancelAnswer> answer;
    return given(write(tenant,
                       [&](SqlTransaction& tx) -> Status {
                           answer.reset();
                           auto run = TRY(lock_run(tx, sim_id));
                           if (!run || run->tenant != tenant) return Unit{};
                           bool accepted = !is_final(run->status);
                           if (run->running) {
                               TRY(tx.run("mark_cancel", {sim_id}));
                           } else if (accepted) {
                               TRY(end_run(tx, *run, cancelled_run()));
                           }
                           SqlRows row = TRY(tx.run("get_run", {sim_id, tenant, int64_t{1}}));
                           if (!row.empty()) answer = CancelAnswer{run_of(row[0]), accepted};
                           return Unit{};
                       }),
                 answer);
}

Result<Database::DeleteOutcome> SqlDatabase::delete_run(const std::string& tenant, const std::string& sim_id) {
    DeleteOutcome outcome = DeleteOutcome::kNotFound;
    return given(write(scope_of(tenant),
                       [&](SqlTransaction& tx) -> Status {
                           outcome = DeleteOutcome::kNotFound;
                           auto run = TRY(lock_run(tx, sim_id));
                           if (!run || (!tenant.empty() && run->tenant != tenant)) return Unit{};
                           outcome = is_final(run->status) ? DeleteOutcome::kDeleted : DeleteOutcome::kNotFinal;
                           if (outcome != DeleteOutcome::kDeleted) return Unit{};
                           TRY(tx.run("delete_run", {sim_id}));
                           tx.changes.runs.push_back(sim_id);
                           return Unit{};
                       }),
                 outcome);
}

}  // namespace proveout
