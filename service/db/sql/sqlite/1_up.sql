-- Times are milliseconds since 1970 UTC, 0: not yet. Flags are 0 or 1. JSON is text.

-- Whose turn it is: one row per tenant that ever submitted. waiting: may have queued runs.
CREATE TABLE turns (
    tenant TEXT PRIMARY KEY,
    last_turn INTEGER NOT NULL DEFAULT 0,
    waiting INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX turns_waiting ON turns (last_turn, tenant) WHERE waiting = 1;
CREATE INDEX turns_last ON turns (last_turn);

-- What the API shows of a run.
CREATE TABLE sim_runs (
    sim_id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL REFERENCES turns,
    status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'warning', 'failed', 'cancelled')),
    stage TEXT NOT NULL DEFAULT '' CHECK (stage IN ('', 'prepare', 'simulate', 'encode', 'upload', 'done')),
    progress REAL NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    created_ms INTEGER NOT NULL,
    started_ms INTEGER NOT NULL DEFAULT 0,
    finished_ms INTEGER NOT NULL DEFAULT 0,
    last_event INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    artefacts TEXT,
    object_paths TEXT,
    timings TEXT,
    metrics TEXT,
    report TEXT
) STRICT;
CREATE INDEX sim_runs_listed ON sim_runs (tenant, created_ms, sim_id, status);
CREATE INDEX sim_runs_finished ON sim_runs (finished_ms) WHERE finished_ms > 0;

CREATE TRIGGER sim_runs_final BEFORE UPDATE ON sim_runs
WHEN OLD.status IN ('succeeded', 'warning', 'failed', 'cancelled')
BEGIN
    SELECT RAISE(ABORT, 'a final run stays as it is');
END;

-- What the queue knows of it. seq is the order of submission.
CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    sim_id TEXT NOT NULL UNIQUE REFERENCES sim_runs ON DELETE CASCADE,
    job_id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'ended')),
    priority INTEGER NOT NULL DEFAULT 0,
    timeout_s REAL NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 1,
    fence INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    interruptions INTEGER NOT NULL DEFAULT 0,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    owner TEXT NOT NULL DEFAULT '',
    lease_until_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX jobs_queued ON jobs (tenant, priority DESC, seq) WHERE state = 'queued';
CREATE INDEX jobs_running ON jobs (lease_until_ms) WHERE state = 'running';

CREATE TRIGGER jobs_final BEFORE UPDATE ON jobs WHEN OLD.state = 'ended'
BEGIN
    SELECT RAISE(ABORT, 'an ended job stays as it is');
END;
CREATE TRIGGER jobs_fence BEFORE UPDATE ON jobs WHEN NEW.fence < OLD.fence
BEGIN
    SELECT RAISE(ABORT, 'a fence never falls');
END;

CREATE TABLE documents (
    sim_id TEXT PRIMARY KEY REFERENCES sim_runs ON DELETE CASCADE,
    job TEXT NOT NULL
) STRICT;

CREATE TABLE events (
    sim_id TEXT NOT NULL REFERENCES sim_runs ON DELETE CASCADE,
    id INTEGER NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (sim_id, id)
) STRICT, WITHOUT ROWID;

-- told_*: what the newest event of it said, and when.
CREATE TABLE alerts (
    sim_id TEXT NOT NULL REFERENCES sim_runs ON DELETE CASCADE,
    code TEXT NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
    message TEXT NOT NULL,
    count INTEGER NOT NULL,
    first_at_ms INTEGER NOT NULL,
    last_at_ms INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    told_ms INTEGER NOT NULL,
    told_count INTEGER NOT NULL,
    PRIMARY KEY (sim_id, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE notifications (
    notification_id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    sim_id TEXT NOT NULL REFERENCES sim_runs ON DELETE CASCADE,
    code TEXT NOT NULL,
    severity TEXT NOT NULL,
    message TEXT NOT NULL,
    count INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    read_ms INTEGER NOT NULL DEFAULT 0,
    UNIQUE (sim_id, code)
) STRICT;
CREATE INDEX notifications_listed ON notifications (tenant, created_ms, notification_id);
CREATE INDEX notifications_unread ON notifications (tenant, created_ms, notification_id) WHERE read_ms = 0;

-- events: ",simulation.started,simulation.failed,"
CREATE TABLE webhooks (
    webhook_id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    url TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('enabled', 'disabled')),
    secret TEXT NOT NULL,
    events TEXT NOT NULL,
    created_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX webhooks_listed ON webhooks (tenant, created_ms, webhook_id);

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL,
    webhook_id TEXT NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    sim_id TEXT NOT NULL REFERENCES sim_runs ON DELETE CASCADE,
    type TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outbox_due ON outbox (due_ms);
CREATE INDEX outbox_webhook ON outbox (webhook_id);
CREATE INDEX outbox_run ON outbox (sim_id);

CREATE TABLE uploads (
    upload_id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,
    filename TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX uploads_created ON uploads (created_ms);
CREATE INDEX uploads_deleted ON uploads (upload_id) WHERE deleted = 1;

CREATE TABLE run_uploads (
    sim_id TEXT NOT NULL REFERENCES sim_runs ON DELETE CASCADE,
    upload_id TEXT NOT NULL,
    PRIMARY KEY (sim_id, upload_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_uploads_upload ON run_uploads (upload_id);

-- sim_id empty: reserved by a submit under way.
CREATE TABLE idempotency (
    tenant TEXT NOT NULL,
    key TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    sim_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    expires_ms INTEGER NOT NULL,
    PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_expires ON idempotency (expires_ms);
CREATE INDEX idempotency_reserved ON idempotency (tenant) WHERE sim_id = '';

CREATE TABLE tickets (
    ticket_sha256 TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    sim_id TEXT NOT NULL,
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tickets_expires ON tickets (expires_ms);

-- Accepted runs per UTC month, of all tenants.
CREATE TABLE usage (
    month TEXT PRIMARY KEY,
    runs INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
