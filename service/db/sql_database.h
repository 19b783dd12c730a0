// sql_database.h -- the Database in terms of named statements: what is stored, folded, ordered and counted is written once for both
// databases.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "db/database.h"
#include "db/session.h"

namespace proveout {

constexpr double kReservation_s = 60;            // a submit under way
constexpr double kKeyKept_s = 24 * 3600;         // an idempotency key
constexpr double kOutboxKept_s = 4 * 24 * 3600;  // longer than all retries of a delivery together (18 h and a fifth)
constexpr int64_t kAlertEventEvery_ms = 1000;    // a repeated alert tells of its new count at most this often
constexpr double kRunningMost_percent = 99;      // 100 is for runs that ended well
constexpr int kRescuedAtOnce = 100;              // expired leases looked at in one statement

// A run as its writers see it, locked until the transaction ends.
struct LockedRun {
    std::string sim_id, job_id, tenant;
    RunStatus status = RunStatus::kQueued;
    Stage stage = Stage::kNone;
    double progress = 0;
    int64_t started_ms = 0, last_event = 0, fence = 0, lease_until_ms = 0;
    int attempt = 1, crashes = 0, interruptions = 0;
    bool running = false, cancel_requested = false;
    double timeout_s = 0;
    FenceAnswer held() const { return cancel_requested ? FenceAnswer::kCancelRequested : FenceAnswer::kHeld; }
    bool held_by(int64_t of_fence) const { return running && fence == of_fence; }
};

// Steps inside a transaction (attempts.cpp, messages.cpp).
Result<std::optional<LockedRun>> lock_run(SqlTransaction& tx, const std::string& sim_id);
Status save_run(SqlTransaction& tx, LockedRun& run);
Status add_event(SqlTransaction& tx, LockedRun& run, std::string_view type, const std::string& data);
Status add_status_event(SqlTransaction& tx, LockedRun& run);
Status fold_alert(SqlTransaction& tx, LockedRun& run, const Alert& alert, bool tell);
Status tell_untold_alerts(SqlTransaction& tx, LockedRun& run);
Status queue_webhooks(SqlTransaction& tx, const LockedRun& run, std::string_view type);
// The one way to a final state.
Status end_run(SqlTransaction& tx, LockedRun& run, const FinalRun& final_run);

// Whose rows a call for `tenant` may see; empty: any tenant's.
inline std::string scope_of(const std::string& tenant) { return tenant.empty() ? std::string(kAllTenants) : tenant; }

// `value`, which a transaction has filled in, if the transaction is `done`.
template <class T>
Result<T> given(const Status& done, T& value) {
    if (!done.ok()) return done.error();
    return std::move(value);
}

class SqlDatabase : public Database {
  public:
    explicit SqlDatabase(std::unique_ptr<SqlBackend> backend);
    ~SqlDatabase() override;

    Result<std::string> check() override;
    Result<IdempotencyAnswer> begin_idempotent(const std::string& tenant, const std::string& key, const std::string& body_sha256) override;
    Status abort_idempotent(const std::string& tenant, const std::string& key) override;
    Result<SubmitOutcome> submit(const NewRun& run, const SubmitLimits& limits) override;
    Result<int64_t> queued_runs() override;
    Result<int64_t> running_runs() override;
    Result<int64_t> runs_this_month() override;
    Result<std::optional<RunRecord>> get_run(const std::string& tenant, const std::string& sim_id, bool with_report) override;
    Result<std::optional<RunRecord>> get_run_by_job(const std::string& tenant, const std::string& job_id) override;
    Result<std::optional<Page<RunRecord>>> list_runs(const std::string& tenant, const std::vector<RunStatus>& statuses, int limit,
                                                     const std::string& cursor) override;
    Result<std::vector<RunEvent>> events_after(const std::string& sim_id, int64_t after, int limit) override;
    Result<int64_t> last_event_id(const std::string& sim_id) override;
    void on_event(std::function<void(const std::string& sim_id)> listener) override;
    void on_queued(std::function<void()> listener) override;
    Result<std::optional<CancelAnswer>> request_cancel(const std::string& tenant, const std::string& sim_id) override;
    Result<DeleteOutcome> delete_run(const std::string& tenant, const std::string& sim_id) override;

    Result<std::optional<ClaimedRun>> claim(const std::string& owner, double lease_s, int64_t max_running,
                                            const std::string& sim_id) override;
    Result<FenceAnswer> renew_lease(const std::string& sim_id, int64_t fence, double lease_s) override;
    Result<FenceAnswer> put_progress(const std::string& sim_id, int64_t fence, Stage stage, double percent) override;
    Result<FenceAnswer> put_alert(const std::string& sim_id, int64_t fence, const Alert& alert) override;
    Result<FenceAnswer> finish(const std::string& sim_id, int64_t fence, const FinalRun& final_run) override;
    Result<std::optional<RunStatus>> release(const std::string& sim_id, int64_t fence, ReleaseReason reason, int retry_max,
                                             const RunError& error, const std::vector<StoredArtefact>& artefacts) override;
    Result<int> release_expired() override;
    Result<int> release_all_running() override;

    Status put_upload(const UploadRecord& upload) override;
    Result<std::optional<UploadRecord>> get_upload(const std::string& tenant, const std::string& upload_id) override;
    Result<bool> delete_upload(const std::string& tenant, const std::string& upload_id) override;
    Result<std::vector<std::string>> take_dead_uploads(double days) override;
    Status put_webhook(const WebhookRecord& webhook) override;
    Result<std::optional<Page<WebhookRecord>>> list_webhooks(const std::string& tenant, int limit, const std::string& cursor) override;
    Result<bool> delete_webhook(const std::string& tenant, const std::string& webhook_id) override;
    Status disable_webhook(const std::string& webhook_id) override;
    Result<std::vector<WebhookDelivery>> due_deliveries(int limit, double lease_s) override;
    Status delivery_done(int64_t outbox_id) override;
    Status delivery_retry(int64_t outbox_id, double delay_s) override;
    Result<std::optional<NotificationPage>> list_notifications(const std::string& tenant, bool unread_only, int limit,
                                                               const std::string& cursor) override;
    Result<bool> read_notification(const std::string& tenant, const std::string& notification_id) override;
    Status read_all_notifications(const std::string& tenant) override;
    Status put_ticket(const std::string& ticket_sha256, const std::string& tenant, const std::string& sim_id, double ttl_s) override;
    Result<std::optional<std::string>> take_ticket(const std::string& ticket_sha256, const std::string& sim_id) override;
    Result<std::vector<std::string>> expired_runs(double days, int limit) override;
    Status forget_expired() override;
    Result<std::optional<std::string>> get_setting(const std::string& name) override;
    Status put_setting(const std::string& name, const std::string& value) override;

  private:
    Status read(const std::string& tenant, const SqlBody& body) { return backend_->transact(SqlMode::kRead, tenant, body); }
    Status write(const std::string& tenant, const SqlBody& body) { return backend_->transact(SqlMode::kWrite, tenant, body); }
    Result<SqlRows> rows(SqlMode mode, const std::string& tenant, std::string_view statement, const SqlParams& params);
    Result<int64_t> number(const std::string& tenant, std::string_view statement, const SqlParams& params = {});
    Status change(const std::string& tenant, std::string_view statement, const SqlParams& params);
    // The rows of one page and a row more, if there is one.
    template <class T, class Convert>
    Result<std::optional<Page<T>>> page(const std::string& tenant, std::string_view statement, std::string_view id_prefix, int limit,
                                        const std::string& cursor, SqlParams more, Convert convert);
    std::unique_ptr<SqlBackend> backend_;
    std::mutex listeners_mutex_;  // of what follows
    std::function<void(const std::string&)> event_listener_;
    std::function<void()> queued_listener_;
};

}  // namespace proveout
