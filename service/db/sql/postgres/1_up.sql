-- Times are milliseconds since 1970 UTC, 0: not yet. Flags are 0 or 1. A session names its tenant
-- in proveout.tenant ('*': all); without that it sees no rows.

-- Whose turn it is: one row per tenant that ever submitted. waiting: may have queued runs.
CREATE TABLE turns (
    tenant TEXT PRIMARY KEY,
    last_turn BIGINT NOT NULL DEFAULT 0,
    waiting BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX turns_waiting ON turns (last_turn, tenant) WHERE waiting = 1;
CREATE INDEX turns_last ON turns (last_turn);

-- What the API shows of a run.
CREATE TABLE sim_runs (
    sim_id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL UNIQUE,
    tenant TEXT NOT NULL REFERENCES turns,
    status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'warning', 'failed', 'cancelled')),
    stage TEXT NOT NULL DEFAULT '' CHECK (stage IN ('', 'prepare', 'simulate', 'encode', 'upload', 'done')),
    progress DOUBLE PRECISION NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    created_ms BIGINT NOT NULL,
    started_ms BIGINT NOT NULL DEFAULT 0,
    finished_ms BIGINT NOT NULL DEFAULT 0,
    last_event BIGINT NOT NULL DEFAULT 0,
    error JSONB,
    artefacts JSONB,
    object_paths JSONB,
    timings JSONB,
    metrics JSONB,
    report JSONB
);
CREATE INDEX sim_runs_listed ON sim_runs (tenant, created_ms, sim_id, status);
CREATE INDEX sim_runs_finished ON sim_runs (finished_ms) WHERE finished_ms > 0;

-- What the queue knows of it. seq is the order of submission.
CREATE TABLE jobs (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sim_id TEXT NOT NULL UNIQUE REFERENCES sim_runs ON DELETE CASCADE,
    job_id TEXT NOT NULL,
    tenant TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'ended')),
    priority BIGINT NOT NULL DEFAULT 0,
    timeout_s DOUBLE PRECISION NOT NULL,
    attempt BIGINT NOT NULL DEFAULT 1,
    fence BIGINT NOT NULL DEFAULT 0,
    crashes BIGINT NOT NULL DEFAULT 0,
    interruptions BIGINT NOT NULL DEFAULT 0,
    cancel_requested BIGINT NOT NULL DEFAULT 0,
    owner TEXT NOT NULL DEFAULT '',
    lease_until_ms BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX jobs_queued ON jobs (tenant, priority DESC, seq) WHERE state = 'queued';
CREATE INDEX jobs_running ON jobs (lease_until_ms) WHERE state = 'running';

CREATE TABLE documents (
    sim_id TEXT PRIMARY KEY REFERENCES sim_runs ON DELETE CASCADE,
    job TEXT NOT NULL
);

CREATE TABLE events (
    sim_id TEXT NOT NULL REFERENCES sim_runs ON DELETE CASCADE,
    id BIGINT NOT NULL,
    type TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (sim_id, id)
);

-- told_*: what the newest event of it said, and when.
CREATE TABLE alerts (
    sim_id TEXT NOT NULL REFERENCES sim_runs ON DELETE CASCADE,
    code TEXT NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
    message TEXT NOT NULL,
    count BIGINT NOT NULL,
    first_at_ms BIGINT NOT NULL,
    last_at_ms BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    told_ms BIGINT NOT NULL,
    told_count BIGINT NOT NULL,
    PRIMARY KEY (sim_id, code)
);

CREATE TABLE notifications (
    notification_id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    sim_id TEXT NOT NULL REFERENCES sim_runs ON DELETE CASCADE,
    code TEXT NOT NULL,
    severity TEXT NOT NULL,
    message TEXT NOT NULL,
    count BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    read_ms BIGINT NOT NULL DEFAULT 0,
    UNIQUE (sim_id, code)
);
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
    created_ms BIGINT NOT NULL
);
CREATE INDEX webhooks_listed ON webhooks (tenant, created_ms, webhook_id);

CREATE TABLE outbox (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id TEXT NOT NULL,
    webhook_id TEXT NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    sim_id TEXT NOT NULL REFERENCES sim_runs ON DELETE CASCADE,
    type TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    due_ms BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX outbox_due ON outbox (due_ms);
CREATE INDEX outbox_webhook ON outbox (webhook_id);
CREATE INDEX outbox_run ON outbox (sim_id);

CREATE TABLE uploads (
    upload_id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    kind TEXT NOT NULL,
    filename TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    created_ms BIGINT NOT NULL,
    deleted BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX uploads_created ON uploads (created_ms);
CREATE INDEX uploads_deleted ON uploads (upload_id) WHERE deleted = 1;

CREATE TABLE run_uploads (
    sim_id TEXT NOT NULL REFERENCES sim_runs ON DELETE CASCADE,
    upload_id TEXT NOT NULL,
    PRIMARY KEY (sim_id, upload_id)
);
CREATE INDEX run_uploads_upload ON run_uploads (upload_id);

-- sim_id empty: reserved by a submit under way.
CREATE TABLE idempotency (
    tenant TEXT NOT NULL,
    key TEXT NOT NULL,
    body_sha256 TEXT NOT NULL,
    sim_id TEXT NOT NULL,
    job_id TEXT NOT NULL,
    expires_ms BIGINT NOT NULL,
    PRIMARY KEY (tenant, key)
);
CREATE INDEX idempotency_expires ON idempotency (expires_ms);
CREATE INDEX idempotency_reserved ON idempotency (tenant) WHERE sim_id = '';

CREATE TABLE tickets (
    ticket_sha256 TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    sim_id TEXT NOT NULL,
    expires_ms BIGINT NOT NULL
);
CREATE INDEX tickets_expires ON tickets (expires_ms);

-- Accepted runs per UTC month, of all tenants.
CREATE TABLE usage (
    month TEXT PRIMARY KEY,
    runs BIGINT NOT NULL
);

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE FUNCTION proveout_keep_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a final run stays as it is';
END $$;
CREATE TRIGGER sim_runs_final BEFORE UPDATE ON sim_runs FOR EACH ROW
WHEN (OLD.status IN ('succeeded', 'warning', 'failed', 'cancelled')) EXECUTE FUNCTION proveout_keep_final();
CREATE TRIGGER jobs_final BEFORE UPDATE ON jobs FOR EACH ROW WHEN (OLD.state = 'ended') EXECUTE FUNCTION proveout_keep_final();
CREATE FUNCTION proveout_keep_fence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a fence never falls';
END $$;
CREATE TRIGGER jobs_fence BEFORE UPDATE ON jobs FOR EACH ROW WHEN (NEW.fence < OLD.fence) EXECUTE FUNCTION proveout_keep_fence();

-- The second wall between tenants; the first is in every statement. Forced: it holds for the tables' owner too.
CREATE FUNCTION proveout_sees(row_tenant TEXT) RETURNS BOOLEAN LANGUAGE sql STABLE
RETURN current_setting('proveout.tenant', true) IN (row_tenant, '*');
ALTER TABLE turns ENABLE ROW LEVEL SECURITY;
ALTER TABLE turns FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON turns USING (proveout_sees(tenant));
ALTER TABLE sim_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE sim_runs FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON sim_runs USING (proveout_sees(tenant));
ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE jobs FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON jobs USING (proveout_sees(tenant));
ALTER TABLE notifications ENABLE ROW LEVEL SECURITY;
ALTER TABLE notifications FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON notifications USING (proveout_sees(tenant));
ALTER TABLE webhooks ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhooks FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON webhooks USING (proveout_sees(tenant));
ALTER TABLE uploads ENABLE ROW LEVEL SECURITY;
ALTER TABLE uploads FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON uploads USING (proveout_sees(tenant));
ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON idempotency USING (proveout_sees(tenant));
ALTER TABLE tickets ENABLE ROW LEVEL SECURITY;
ALTER TABLE tickets FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON tickets USING (proveout_sees(tenant));
-- These follow their run.
ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE documents FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON documents
    USING (proveout_sees('*') OR EXISTS (SELECT 1 FROM sim_runs r WHERE r.sim_id = documents.sim_id));
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE events FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON events
    USING (proveout_sees('*') OR EXISTS (SELECT 1 FROM sim_runs r WHERE r.sim_id = events.sim_id));
ALTER TABLE alerts ENABLE ROW LEVEL SECURITY;
ALTER TABLE alerts FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON alerts
    USING (proveout_sees('*') OR EXISTS (SELECT 1 FROM sim_runs r WHERE r.sim_id = alerts.sim_id));
ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON outbox
    USING (proveout_sees('*') OR EXISTS (SELECT 1 FROM sim_runs r WHERE r.sim_id = outbox.sim_id));
ALTER TABLE run_uploads ENABLE ROW LEVEL SECURITY;
ALTER TABLE run_uploads FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON run_uploads
    USING (proveout_sees('*') OR EXISTS (SELECT 1 FROM sim_runs r WHERE r.sim_id = run_uploads.sim_id));
