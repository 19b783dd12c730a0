// What tells people of runs: alerts, notifications, webhooks; and the small tables: uploads, tickets, settings, clean-up.
#include <algorithm>

#include "db/sql_database.h"
#include "db/wire.h"
#include "domain/ids.h"

namespace proveout {

namespace {

constexpr double kMsPerDay = 86'400'000;

int rank_of(std::string_view severity) { return severity == "error" ? 2 : severity == "warning" ? 1 : 0; }

Status notify(SqlTransaction& tx, const LockedRun& run, const Alert& alert) {
    if (rank_of(alert.severity) == 0) return Unit{};
    std::string id = new_id("ntf");
    TRY(tx.run("put_notification", {id, run.tenant, run.sim_id, alert.code, alert.severity, alert.message, alert.count, tx.now_ms}));
    return Unit{};
}

}  // namespace

Status fold_alert(SqlTransaction& tx, LockedRun& run, const Alert& given, bool tell) {
    Alert alert = given;
    alert.message = clean_text(given.message);
    if (alert.severity != "error" && alert.severity != "warning") alert.severity = "info";
    alert.count = std::max<int64_t>(1, given.count);
    alert.first_at_ms = alert.last_at_ms = tx.now_ms;
    int64_t told_ms = 0, told_count = 0;
    SqlRows rows = TRY(tx.run("get_alert", {run.sim_id, alert.code}));
    bool worse = rows.empty();
    if (!rows.empty()) {
        const SqlRow& old = rows[0];
        worse = rank_of(alert.severity) > rank_of(old.text(0));
        if (rank_of(old.text(0)) > rank_of(alert.severity)) alert.severity = old.text(0);
        // Another attempt finds the same things again: they count once.
        if (old.integer(3) == run.attempt) alert.count += old.integer(1);
        alert.first_at_ms = old.integer(2);
        told_ms = old.integer(4);
        told_count = old.integer(5);
    }
    if (tell && (worse || tx.now_ms - told_ms >= kAlertEventEvery_ms || tx.now_ms < told_ms)) {
        TRY(add_event(tx, run, "alert", alert_event(alert)));
        told_ms = tx.now_ms;
        told_count = alert.count;
    } else if (worse) {
        told_count = -1;  // a new severity is told even if the count is what it was
    }
    TRY(tx.run("put_alert", {run.sim_id, alert.code, alert.severity, alert.message, alert.count, alert.first_at_ms, alert.last_at_ms,
                             int64_t{run.attempt}, told_ms, told_count}));
    TRY(notify(tx, run, alert));
    if (worse && rank_of(alert.severity) > 0) TRY(queue_webhooks(tx, run, "simulation.alert"));
    return Unit{};
}

Status tell_untold_alerts(SqlTransaction& tx, LockedRun& run) {
    SqlRows rows = TRY(tx.run("untold_alerts", {run.sim_id}));
    for (const SqlRow& row : rows) {
        Alert alert{row.text(0), row.text(1), row.text(2), row.integer(3), row.integer(4), row.integer(5)};
        TRY(add_event(tx, run, "alert", alert_event(alert)));
        TRY(tx.run("alert_told", {run.sim_id, alert.code, tx.now_ms}));
    }
    return Unit{};
}

Status queue_webhooks(SqlTransaction& tx, const LockedRun& run, std::string_view type) {
    std::string message_id = new_id("evt");
    TRY(tx.run("insert_delivery", {message_id, run.sim_id, type, tx.now_ms, run.tenant}));
    return Unit{};
}

Status SqlDatabase::put_upload(const UploadRecord& upload) {
    return write(upload.tenant, [&](SqlTransaction& tx) -> Status {
        int64_t created_ms = upload.created_ms ? upload.created_ms : tx.now_ms;
        std::string filename = clean_text(upload.filename);
        TRY(tx.run("put_upload", {upload.upload_id, upload.tenant, upload.kind, filename, upload.sha256, upload.size_bytes, created_ms}));
        return Unit{};
    });
}

Result<std::optional<UploadRecord>> SqlDatabase::get_upload(const std::string& tenant, const std::string& upload_id) {
    std::string scope = tenant.empty() ? std::string(kAllTenants) : tenant;
    SqlRows found = TRY(rows(SqlMode::kRead, scope, "get_upload", {upload_id, tenant}));
    if (found.empty()) return std::optional<UploadRecord>();
    const SqlRow& row = found[0];
    return std::optional(UploadRecord{row.text(0), row.text(1), row.text(2), row.text(3), row.text(4), row.integer(5), row.integer(6)});
}

Result<bool> SqlDatabase::delete_upload(const std::string& tenant, const std::string& upload_id) {
    return !TRY(rows(SqlMode::kWrite, tenant, "delete_upload", {upload_id, tenant})).empty();
}

Result<std::vector<std::string>> SqlDatabase::take_dead_uploads(double days) {
    std::vector<std::string> dead;
    return given(write(std::string(kAllTenants),
                       [&](SqlTransaction& tx) -> Status {
                           dead.clear();
                           int64_t before_ms = tx.now_ms - static_cast<int64_t>(days * kMsPerDay);
                           SqlRows found = TRY(tx.run("take_dead_uploads", {before_ms}));
                           for (const SqlRow& row : found) dead.push_back(row.text(0));
                           return Unit{};
                       }),
                 dead);
}

Status SqlDatabase::put_webhook(const WebhookRecord& webhook) {
    return write(webhook.tenant, [&](SqlTransaction& tx) -> Status {
        int64_t created_ms = webhook.created_ms ? webhook.created_ms : tx.now_ms;
        std::string events = joined_events(webhook.events), status = webhook.status.empty() ? "enabled" : webhook.status;
        TRY(tx.run("put_webhook", {webhook.webhook_id, webhook.tenant, webhook.url, status, webhook.secret, events, created_ms}));
        return Unit{};
    });
}

Result<bool> SqlDatabase::delete_webhook(const std::string& tenant, const std::string& webhook_id) {
    return !TRY(rows(SqlMode::kWrite, tenant, "delete_webhook", {tenant, webhook_id})).empty();
}

Status SqlDatabase::disable_webhook(const std::string& webhook_id) {
    return write(std::string(kAllTenants), [&](SqlTransaction& tx) -> Status {
        TRY(tx.run("disable_webhook", {webhook_id}));
        TRY(tx.run("drop_deliveries", {webhook_id}));
        return Unit{};
    });
}

Status SqlDatabase::delivery_done(int64_t outbox_id) { return change(std::string(kAllTenants), "delivery_done", {outbox_id}); }

Status SqlDatabase::delivery_retry(int64_t outbox_id, double delay_s) {
    return write(std::string(kAllTenants), [&](SqlTransaction& tx) -> Status {
        TRY(tx.run("delivery_retry", {outbox_id, tx.now_ms + static_cast<int64_t>(delay_s * 1000)}));
        return Unit{};
    });
}

Result<bool> SqlDatabase::read_notification(const std::string& tenant, const std::string& notification_id) {
    bool found = false;
    return given(write(tenant,
                       [&](SqlTransaction& tx) -> Status {
                           found = !TRY(tx.run("find_notification", {tenant, notification_id})).empty();
                           if (found) TRY(tx.run("read_notification", {tenant, notification_id, tx.now_ms}));
                           return Unit{};
                       }),
                 found);
}

Status SqlDatabase::read_all_notifications(const std::string& tenant) {
    return write(tenant, [&](SqlTransaction& tx) -> Status {
        TRY(tx.run("read_all_notifications", {tenant, tx.now_ms}));
        return Unit{};
    });
}

Status SqlDatabase::put_ticket(const std::string& ticket_sha256, const std::string& tenant, const std::string& sim_id, double ttl_s) {
    return write(tenant, [&](SqlTransaction& tx) -> Status {
        TRY(tx.run("put_ticket", {ticket_sha256, tenant, sim_id, tx.now_ms + static_cast<int64_t>(ttl_s * 1000)}));
        return Unit{};
    });
}

Result<std::optional<std::string>> SqlDatabase::take_ticket(const std::string& ticket_sha256, const std::string& sim_id) {
    std::optional<std::string> tenant;
    return given(write(std::string(kAllTenants),
                       [&](SqlTransaction& tx) -> Status {
                           SqlRows taken = TRY(tx.run("take_ticket", {ticket_sha256, sim_id, tx.now_ms}));
                           tenant = taken.empty() ? std::nullopt : std::optional(taken[0].text(0));
                           return Unit{};
                       }),
                 tenant);
}

Result<std::vector<std::string>> SqlDatabase::expired_runs(double days, int limit) {
    std::vector<std::string> expired;
    return given(read(std::string(kAllTenants),
                      [&](SqlTransaction& tx) -> Status {
                          expired.clear();
                          int64_t before_ms = tx.now_ms - static_cast<int64_t>(days * kMsPerDay);
                          SqlRows found = TRY(tx.run("expired_runs", {before_ms, int64_t{limit}}));
                          for (const SqlRow& row : found) expired.push_back(row.text(0));
                          return Unit{};
                      }),
                 expired);
}

Status SqlDatabase::forget_expired() {
    return write(std::string(kAllTenants), [&](SqlTransaction& tx) -> Status {
        TRY(tx.run("forget_keys", {tx.now_ms}));
        TRY(tx.run("forget_tickets", {tx.now_ms}));
        TRY(tx.run("forget_deliveries", {tx.now_ms - static_cast<int64_t>(kOutboxKept_s * 1000)}));
        return Unit{};
    });
}

Result<std::optional<std::string>> SqlDatabase::get_setting(const std::string& name) {
    SqlRows found = TRY(rows(SqlMode::kRead, std::string(kAllTenants), "get_setting", {name}));
    return found.empty() ? std::optional<std::string>() : std::optional(found[0].text(0));
}

Status SqlDatabase::put_setting(const std::string& name, const std::string& value) {
    return change(std::string(kAllTenants), "put_setting", {name, value});
}

}  // namespace proveout
