// Submits, reads and lists.
#include <algorithm>

#include "db/sql_database.h"
#include "db/wire.h"
#include "domain/clock.h"
#include "domain/ids.h"

namespace proveout {

SqlDatabase::SqlDatabase(std::unique_ptr<SqlBackend> backend) : backend_(std::move(backend)) {}
SqlDatabase::~SqlDatabase() = default;

Result<std::string> SqlDatabase::check() { return backend_->check(); }

void SqlDatabase::on_event(std::function<void(const std::string& sim_id)> listener) {
    std::lock_guard hold(listeners_mutex_);
    event_listener_ = std::move(listener);
    backend_->set_listeners(event_listener_, queued_listener_);
}

void SqlDatabase::on_queued(std::function<void()> listener) {
    std::lock_guard hold(listeners_mutex_);
    queued_listener_ = std::move(listener);
    backend_->set_listeners(event_listener_, queued_listener_);
}

Result<SqlRows> SqlDatabase::rows(SqlMode mode, const std::string& tenant, std::string_view statement, const SqlParams& params) {
    SqlRows found;
    return given(backend_->transact(mode, tenant,
                                    [&](SqlTransaction& tx) -> Status {
                                        found = TRY(tx.run(statement, params));
                                        return Unit{};
                                    }),
                 found);
}

Result<int64_t> SqlDatabase::number(const std::string& tenant, std::string_view statement, const SqlParams& params) {
    SqlRows found = TRY(rows(SqlMode::kRead, tenant, statement, params));
    return found.empty() ? int64_t{0} : found[0].integer(0);
}

Status SqlDatabase::change(const std::string& tenant, std::string_view statement, const SqlParams& params) {
    TRY(rows(SqlMode::kWrite, tenant, statement, params));
    return Unit{};
}

Result<IdempotencyAnswer> SqlDatabase::begin_idempotent(const std::string& tenant, const std::string& key, const std::string& body_sha256) {
    IdempotencyAnswer answer;
    return given(write(tenant,
                       [&](SqlTransaction& tx) -> Status {
                           answer = {};
                           int64_t until_ms = tx.now_ms + static_cast<int64_t>(kReservation_s * 1000);
                           SqlRows reserved = TRY(tx.run("reserve_key", {tenant, key, body_sha256, until_ms, tx.now_ms}));
                           if (!reserved.empty()) return Unit{};
                           SqlRows found = TRY(tx.run("find_key", {tenant, key}));
                           answer.outcome = Idempotency::kConflict;
                           if (found.empty() || found[0].text(0) != body_sha256 || found[0].text(1).empty()) return Unit{};
                           answer = {Idempotency::kReplay, found[0].text(1), found[0].text(2)};
                           return Unit{};
                       }),
                 answer);
}

Status SqlDatabase::abort_idempotent(const std::string& tenant, const std::string& key) {
    return change(tenant, "drop_reservation", {tenant, key});
}

namespace {

Status insert_run(SqlTransaction& tx, const NewRun& run) {
    TRY(tx.run("join_turns", {run.tenant}));
    TRY(tx.run("hold_turn", {run.tenant}));
    TRY(tx.run("insert_run", {run.sim_id, run.job_id, run.tenant, tx.now_ms}));
    TRY(tx.run("insert_job", {run.sim_id, run.job_id, run.tenant, int64_t{run.priority}, run.timeout_s}));
    TRY(tx.run("insert_document", {run.sim_id, run.job_json}));
    for (const std::string& upload : run.upload_refs) TRY(tx.run("insert_run_upload", {run.sim_id, upload}));
    std::string data = status_event(run.sim_id, RunStatus::kQueued, Stage::kNone, 0);
    TRY(tx.run("insert_event", {run.sim_id, int64_t{1}, "status", data}));
    TRY(tx.run("mark_waiting", {run.tenant}));
    tx.changes.runs.push_back(run.sim_id);
    tx.changes.queued = true;
    return Unit{};
}

Status use_key(SqlTransaction& tx, const NewRun& run) {
    if (run.idempotency_key.empty()) return Unit{};
    int64_t until_ms = tx.now_ms + static_cast<int64_t>(kKeyKept_s * 1000);
    SqlRows used = TRY(tx.run("use_key", {run.tenant, run.idempotency_key, run.sim_id, run.job_id, until_ms}));
    if (used.empty()) return make_error(ErrorCode::kIo, "another request has used this idempotency key meanwhile; send it again");
    return Unit{};
}

}  // namespace

Result<SubmitOutcome> SqlDatabase::submit(const NewRun& run, const SubmitLimits& limits) {
    SubmitOutcome outcome = SubmitOutcome::kAccepted;
    Status done = write(std::string(kAllTenants), [&](SqlTransaction& tx) -> Status {
        auto refuse = [&](SubmitOutcome why) -> Status {
            outcome = why;
            tx.abandon = true;
            return Unit{};
        };
        outcome = SubmitOutcome::kAccepted;
        std::string month = utc_month(tx.now_ms);
        SqlRows used = TRY(tx.run("get_usage", {month}));
        if (limits.runs_per_month > 0 && !used.empty() && used[0].integer(0) >= limits.runs_per_month)
            return refuse(SubmitOutcome::kMonthLimit);
        SqlRows queued = TRY(tx.run("count_queued_up_to", {limits.queue_max}));
        if (queued[0].integer(0) >= limits.queue_max) return refuse(SubmitOutcome::kQueueFull);
        TRY(insert_run(tx, run));
        TRY(use_key(tx, run));
        // Last, since every submit of every node waits for this row.
        SqlRows count = TRY(tx.run("count_usage", {month}));
        if (limits.runs_per_month > 0 && count[0].integer(0) > limits.runs_per_month) return refuse(SubmitOutcome::kMonthLimit);
        return Unit{};
    });
    if (!done.ok()) return done.error();
    if (outcome != SubmitOutcome::kAccepted && !run.idempotency_key.empty()) TRY(abort_idempotent(run.tenant, run.idempotency_key));
    return outcome;
}

Result<int64_t> SqlDatabase::queued_runs() { return number(std::string(kAllTenants), "count_queued"); }
Result<int64_t> SqlDatabase::running_runs() { return number(std::string(kAllTenants), "count_running"); }

Result<int64_t> SqlDatabase::runs_this_month() {
    int64_t runs = 0;
    return given(read(std::string(kAllTenants),
                      [&](SqlTransaction& tx) -> Status {
                          SqlRows used = TRY(tx.run("get_usage", {utc_month(tx.now_ms)}));
                          runs = used.empty() ? 0 : used[0].integer(0);
                          return Unit{};
                      }),
                 runs);
}

namespace {

std::optional<RunRecord> first_run(const SqlRows& rows) { return rows.empty() ? std::nullopt : std::optional(run_of(rows[0])); }

}  // namespace

Result<std::optional<RunRecord>> SqlDatabase::get_run(const std::string& tenant, const std::string& sim_id, bool with_report) {
    return first_run(TRY(rows(SqlMode::kRead, scope_of(tenant), "get_run", {sim_id, tenant, int64_t{with_report}})));
}

Result<std::optional<RunRecord>> SqlDatabase::get_run_by_job(const std::string& tenant, const std::string& job_id) {
    return first_run(TRY(rows(SqlMode::kRead, scope_of(tenant), "get_run_by_job", {job_id, tenant})));
}

template <class T, class Convert>
Result<std::optional<Page<T>>> SqlDatabase::page(const std::string& tenant, std::string_view statement, std::string_view id_prefix,
                                                 int limit, const std::string& cursor, SqlParams more, Convert convert) {
    auto from = parse_cursor(cursor, id_prefix);
    if (!from) return std::optional<Page<T>>();
    SqlParams params{tenant, from->first, from->second, int64_t{limit} + 1};
    params.insert(params.end(), more.begin(), more.end());
    SqlRows found = TRY(rows(SqlMode::kRead, tenant, statement, params));
    Page<T> page;
    size_t count = std::min(found.size(), static_cast<size_t>(limit));
    std::string last;
    for (size_t i = 0; i < count; ++i) {
        auto [item, created_ms, id] = convert(found[i]);
        page.items.push_back(std::move(item));
        last = cursor_of(created_ms, id);
    }
    if (found.size() > count) page.next_cursor = last;
    return std::optional(std::move(page));
}

Result<std::optional<Page<RunRecord>>> SqlDatabase::list_runs(const std::string& tenant, const std::vector<RunStatus>& statuses, int limit,
                                                              const std::string& cursor) {
    SqlParams names;
    for (int i = 0; i < 6; ++i) {
        RunStatus status = static_cast<RunStatus>(i);
        bool asked = statuses.empty() || std::find(statuses.begin(), statuses.end(), status) != statuses.end();
        names.push_back(asked ? name_of(status) : std::string_view());
    }
    return page<RunRecord>(tenant, "list_runs", "sim", limit, cursor, names, [](const SqlRow& row) {
        RunRecord run = run_of(row);
        return std::tuple(run, run.created_ms, run.sim_id);
    });
}

Result<std::vector<RunEvent>> SqlDatabase::events_after(const std::string& sim_id, int64_t after, int limit) {
    SqlRows found = TRY(rows(SqlMode::kRead, std::string(kAllTenants), "events_after", {sim_id, after, int64_t{limit}}));
    std::vector<RunEvent> events;
    for (const SqlRow& row : found) events.push_back({row.integer(0), row.text(1), row.text(2)});
    return events;
}

Result<int64_t> SqlDatabase::last_event_id(const std::string& sim_id) { return number(std::string(kAllTenants), "last_event", {sim_id}); }

namespace {

WebhookRecord webhook_of(const SqlRow& row, size_t at) {
    WebhookRecord webhook;
    webhook.webhook_id = row.text(at);
    webhook.tenant = row.text(at + 1);
    webhook.url = row.text(at + 2);
    webhook.status = row.text(at + 3);
    webhook.secret = row.text(at + 4);
    webhook.events = split_events(row.text(at + 5));
    webhook.created_ms = row.integer(at + 6);
    return webhook;
}

NotificationRecord notification_of(const SqlRow& row) {
    return {row.text(0), row.text(1), row.text(2), row.text(3), row.text(4), row.text(5), row.integer(6), row.integer(7), row.integer(8)};
}

}  // namespace

Result<std::optional<Page<WebhookRecord>>> SqlDatabase::list_webhooks(const std::string& tenant, int limit, const std::string& cursor) {
    return page<WebhookRecord>(tenant, "list_webhooks", "whk", limit, cursor, {}, [](const SqlRow& row) {
        WebhookRecord webhook = webhook_of(row, 0);
        return std::tuple(webhook, webhook.created_ms, webhook.webhook_id);
    });
}

Result<std::optional<Database::NotificationPage>> SqlDatabase::list_notifications(const std::string& tenant, bool unread_only, int limit,
                                                                                  const std::string& cursor) {
    std::string_view statement = unread_only ? "list_unread" : "list_notifications";
    auto found = TRY(page<NotificationRecord>(tenant, statement, "ntf", limit, cursor, {}, [](const SqlRow& row) {
        NotificationRecord notification = notification_of(row);
        return std::tuple(notification, notification.created_ms, notification.notification_id);
    }));
    if (!found) return std::optional<NotificationPage>();
    int64_t unread = TRY(number(tenant, "count_unread", {tenant}));
    return std::optional(NotificationPage{std::move(*found), unread});
}

Result<std::vector<WebhookDelivery>> SqlDatabase::due_deliveries(int limit, double lease_s) {
    std::vector<WebhookDelivery> due;
    return given(write(std::string(kAllTenants),
                       [&](SqlTransaction& tx) -> Status {
                           due.clear();
                           SqlRows found = TRY(tx.run("due_deliveries", {tx.now_ms, int64_t{limit}}));
                           for (const SqlRow& row : found) {
                               WebhookDelivery delivery;
                               delivery.outbox_id = row.integer(0);
                               delivery.message_id = row.text(1);
                               delivery.type = row.text(2);
                               delivery.sim_id = row.text(3);
                               delivery.created_ms = row.integer(4);
                               delivery.attempts = static_cast<int>(row.integer(5));
                               delivery.webhook = webhook_of(row, 6);
                               TRY(tx.run("lease_delivery", {delivery.outbox_id, tx.now_ms + static_cast<int64_t>(lease_s * 1000)}));
                               due.push_back(std::move(delivery));
                           }
                           return Unit{};
                       }),
                 due);
}

}  // namespace proveout
