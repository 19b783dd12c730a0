// database.h -- the one truth of the service, behind an interface that SQLite and PostgreSQL implement (one conformance suite for both).
//
// Every call is one transaction, durable when it returns. All times are the database's own clock. Calls may come from any thread and block;
// none holds a lock over another call. Errors: kIo "the database cannot be reached" (the API answers 503), nothing else; what a caller must
// tell apart is in the returned value.
//
// A run is executed under a fence: claim() raises it, and every later write of that attempt names it. A write whose fence is no longer the
// run's answers `lost`: another attempt has taken over, the caller ends its processes and reports nothing.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "domain/run.h"
#include "proveout/result.h"

namespace proveout {

template <class T>
struct Page {
    std::vector<T> items;     // newest first
    std::string next_cursor;  // empty exactly when nothing older exists
};

struct NewRun {
    std::string sim_id, job_id, tenant;
    std::string job_json;                  // the request body as accepted; inline_gcode included
    std::vector<std::string> upload_refs;  // uploads it reads: kept until the run is final, even if deleted
    std::string idempotency_key;           // empty: none
    double timeout_s = 900;
    int priority = 0;  // higher first within a tenant
};

enum class Idempotency : uint8_t { kFresh, kReplay, kConflict };
struct IdempotencyAnswer {
    Idempotency outcome = Idempotency::kFresh;
    std::string sim_id, job_id;  // kReplay
};

enum class SubmitOutcome : uint8_t { kAccepted, kQueueFull, kMonthLimit };
struct SubmitLimits {
    int64_t queue_max = 10000;
    int64_t runs_per_month = 0;  // of the installation; 0: none
};

struct ClaimedRun {
    RunRecord run;
    int64_t fence = 0;
    std::string job_json;
    double timeout_s = 900;
    int crashes = 0;  // attempts that release() took back for kCrash or kTransient: one more than retry_max is the run's end
};

enum class FenceAnswer : uint8_t { kHeld, kCancelRequested, kLost };

// Why an attempt ended without a result.
enum class ReleaseReason : uint8_t {
    kShutdown,   // the service stops: does not count against SIM_RETRY_MAX, bounded by kMaxInterruptions
    kCrash,      // its process died: tried again at most retry_max times, then WORKER_CRASH_LIMIT
    kTransient,  // store or disk out of reach: as kCrash, then the given error
};
constexpr int kMaxInterruptions = 10;

struct FinalRun {
    RunStatus status = RunStatus::kSucceeded;  // final
    std::optional<RunError> error;
    std::string report_json;
    std::vector<StoredArtefact> artefacts;   // all that exists
    std::string object_folder;               // where they lie, "MINIO_PREFIX/simulations/<sim_id>"; empty: without a prefix
    std::vector<Alert> alerts;               // folded into those there are
    std::string metrics_json, timings_json;  // small objects, for PostgreSQL's columns and for people
};

struct WebhookDelivery {
    int64_t outbox_id = 0;
    std::string message_id;  // the same on every retry
    WebhookRecord webhook;
    std::string type;  // simulation.completed ...
    std::string sim_id;
    int64_t created_ms = 0;
    int attempts = 0;  // made so far
};

class Database {
  public:
    virtual ~Database() = default;

    // The name for people ("SQLite 3.40.1, schema 4"); error: not reachable. For preflight and doctor.
    virtual Result<std::string> check() = 0;

    // Submits. begin_idempotent reserves the key (kFresh) until submit() or abort_idempotent(); a reservation whose process died ends
    // after 60 s, a used key after 24 h.
    virtual Result<IdempotencyAnswer> begin_idempotent(const std::string& tenant, const std::string& key,
                                                       const std::string& body_sha256) = 0;
    virtual Status abort_idempotent(const std::string& tenant, const std::string& key) = 0;
    // Run, first event, idempotency key, month's count and outbox rows in one transaction.
    virtual Result<SubmitOutcome> submit(const NewRun& run, const SubmitLimits& limits) = 0;
    virtual Result<int64_t> queued_runs() = 0;
    virtual Result<int64_t> running_runs() = 0;
    virtual Result<int64_t> runs_this_month() = 0;

    // Reads. nullopt: not there, or another tenant's. `tenant` empty: any tenant (workers, signed links).
    virtual Result<std::optional<RunRecord>> get_run(const std::string& tenant, const std::string& sim_id, bool with_report = true) = 0;
    // Without its report.
    virtual Result<std::optional<RunRecord>> get_run_by_job(const std::string& tenant, const std::string& job_id) = 0;
    // Reports are left out. cursor: a next_cursor of an earlier page, or empty. nullopt: bad cursor.
    virtual Result<std::optional<Page<RunRecord>>> list_runs(const std::string& tenant, const std::vector<RunStatus>& statuses, int limit,
                                                             const std::string& cursor) = 0;
    // Events after `after`, oldest first, at most `limit`. last_id: newest event's id, 0: none.
    virtual Result<std::vector<RunEvent>> events_after(const std::string& sim_id, int64_t after, int limit) = 0;
    virtual Result<int64_t> last_event_id(const std::string& sim_id) = 0;
    // Called after every commit that added events to a run, with its sim_id, from any thread; also for other nodes' commits where the
    // database can tell (PostgreSQL). Set once, before the first run.
    virtual void on_event(std::function<void(const std::string& sim_id)> listener) = 0;
    // Called when a queued run may have become claimable.
    virtual void on_queued(std::function<void()> listener) = 0;

    // nullopt: not there. A queued run is cancelled at once; a running one is marked. A final one is returned as it is with
    // `accepted` false.
    struct CancelAnswer {
        RunRecord run;
        bool accepted = false;
    };
    virtual Result<std::optional<CancelAnswer>> request_cancel(const std::string& tenant, const std::string& sim_id) = 0;
    enum class DeleteOutcome : uint8_t { kDeleted, kNotFound, kNotFinal };
    // With all that belongs to it. `tenant` empty: any tenant's (retention).
    virtual Result<DeleteOutcome> delete_run(const std::string& tenant, const std::string& sim_id) = 0;

    // The queue. claim: the next run whose turn it is (tenants take turns, a tenant's runs in order of priority, then submission), or none;
    // none too while `max_running` runs (0: no bound) are running anywhere. sim_id: that run only (a message named it), or empty.
    virtual Result<std::optional<ClaimedRun>> claim(const std::string& owner, double lease_s, int64_t max_running,
                                                    const std::string& sim_id = {}) = 0;
    virtual Result<FenceAnswer> renew_lease(const std::string& sim_id, int64_t fence, double lease_s) = 0;
    // Stores the stage and the percentage, never backwards within an attempt and at most 99, with an event. The claim has entered kPrepare
    // and set started_at; finish() enters kDone.
    virtual Result<FenceAnswer> put_progress(const std::string& sim_id, int64_t fence, Stage stage, double percent) = 0;
    // Folds into an alert of the same code (count, last_at, worst severity, newest message); an event and, for warning and error, a
    // notification and webhooks go with it. A repeated alert makes an event at most once a second, and its last state one before the end;
    // webhooks only when it is new or worse. Counts of another attempt are not added. Event data has no `media`: links end.
    virtual Result<FenceAnswer> put_alert(const std::string& sim_id, int64_t fence, const Alert& alert) = 0;
    // Final state, report, manifest, alerts, events (progress done, status, end), notifications, webhooks: one transaction. A failed run
    // gets an alert with its error's code unless this attempt has raised one. kCancelRequested: nothing was stored, since an accepted
    // cancel wins; finish as cancelled.
    virtual Result<FenceAnswer> finish(const std::string& sim_id, int64_t fence, const FinalRun& final_run) = 0;
    // Back to the queue for another attempt, or to its end; `error` is what the run fails with when no attempt is left, `artefacts` what
    // there is of it then. The answer tells the status that the run has now. nullopt: the fence is not held, nothing was changed.
    virtual Result<std::optional<RunStatus>> release(const std::string& sim_id, int64_t fence, ReleaseReason reason, int retry_max,
                                                     const RunError& error, const std::vector<StoredArtefact>& artefacts) = 0;
    // Runs whose lease has ended: released as kShutdown (the owner died, not the run's process). Returns how many.
    virtual Result<int> release_expired() = 0;
    // At start of a node that alone owns the database (SQLite): every running run belonged to a process that is gone.
    virtual Result<int> release_all_running() = 0;

    // Uploads.
    virtual Status put_upload(const UploadRecord& upload) = 0;
    virtual Result<std::optional<UploadRecord>> get_upload(const std::string& tenant, const std::string& upload_id) = 0;
    virtual Result<bool> delete_upload(const std::string& tenant, const std::string& upload_id) = 0;  // false: not there
    // Uploads deleted, or older than `days` days, that no queued or running run reads: their rows are gone, their bytes are the caller's to
    // remove.
    virtual Result<std::vector<std::string>> take_dead_uploads(double days) = 0;

    // Webhooks and the outbox.
    virtual Status put_webhook(const WebhookRecord& webhook) = 0;
    virtual Result<std::optional<Page<WebhookRecord>>> list_webhooks(const std::string& tenant, int limit, const std::string& cursor) = 0;
    virtual Result<bool> delete_webhook(const std::string& tenant, const std::string& webhook_id) = 0;
    virtual Status disable_webhook(const std::string& webhook_id) = 0;
    // Deliveries that are due; each is leased to the caller for lease_s. done: remove. retry: due again in delay_s.
    virtual Result<std::vector<WebhookDelivery>> due_deliveries(int limit, double lease_s) = 0;
    virtual Status delivery_done(int64_t outbox_id) = 0;
    virtual Status delivery_retry(int64_t outbox_id, double delay_s) = 0;

    // Notifications.
    struct NotificationPage {
        Page<NotificationRecord> page;
        int64_t unread_count = 0;
    };
    virtual Result<std::optional<NotificationPage>> list_notifications(const std::string& tenant, bool unread_only, int limit,
                                                                       const std::string& cursor) = 0;
    virtual Result<bool> read_notification(const std::string& tenant, const std::string& notification_id) = 0;
    virtual Status read_all_notifications(const std::string& tenant) = 0;

    // One-use tickets for event streams. take: true once within ttl_s of put, for that run.
    virtual Status put_ticket(const std::string& ticket_sha256, const std::string& tenant, const std::string& sim_id, double ttl_s) = 0;
    virtual Result<std::optional<std::string>> take_ticket(const std::string& ticket_sha256, const std::string& sim_id) = 0;  // tenant

    // Clean-up: final runs older than `days` days, at most `limit`; forgets expired keys, tickets, old outbox rows.
    virtual Result<std::vector<std::string>> expired_runs(double days, int limit) = 0;
    virtual Status forget_expired() = 0;

    // Small settings that must outlive the process: "license.high_water_ms", "signing_key". nullopt: not set.
    virtual Result<std::optional<std::string>> get_setting(const std::string& name) = 0;
    virtual Status put_setting(const std::string& name, const std::string& value) = 0;
};

}  // namespace proveout
