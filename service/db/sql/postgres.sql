-- Statements in PostgreSQL's words. Locks are taken in the order turns (claims only), jobs, sim_runs, turns, usage.

-- {run_rows} in a statement stands for this.
-- :run_rows
SELECT r.sim_id, r.job_id, r.tenant, r.status, r.stage, r.progress, j.attempt, r.created_ms, r.started_ms, r.finished_ms,
       r.error::text AS error, r.artefacts::text AS artefacts, j.cancel_requested,
       (SELECT coalesce(json_agg(json_build_object('code', a.code, 'severity', a.severity, 'message', a.message, 'count', a.count,
                                                   'first_at_ms', a.first_at_ms, 'last_at_ms', a.last_at_ms)
                                 ORDER BY a.first_at_ms, a.code), '[]')::text
        FROM alerts a WHERE a.sim_id = r.sim_id) AS alerts,
       r.report::text AS report
FROM sim_runs r JOIN jobs j ON j.sim_id = r.sim_id

-- A submit under way: claims may go on with the tenant, but not take it off the list of those that wait.
-- :hold_turn
SELECT 1 FROM turns WHERE tenant = $1 FOR KEY SHARE

-- :next_turn
SELECT last_turn, tenant FROM turns WHERE waiting = 1 AND (last_turn, tenant) > ($1, $2) ORDER BY last_turn, tenant LIMIT 1
FOR NO KEY UPDATE SKIP LOCKED

-- :next_turn_blocking
SELECT last_turn, tenant FROM turns WHERE waiting = 1 AND (last_turn, tenant) > ($1, $2) ORDER BY last_turn, tenant LIMIT 1
FOR NO KEY UPDATE

-- :close_turn
SELECT 1 FROM turns WHERE tenant = $1 FOR UPDATE SKIP LOCKED

-- :guard_claim
SELECT 1 FROM (SELECT pg_advisory_xact_lock(5709242)) locked

-- :next_job
SELECT sim_id FROM jobs WHERE tenant = $1 AND state = 'queued' ORDER BY priority DESC, seq LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED

-- :lock_run
SELECT r.tenant, r.status, r.stage, r.progress, r.started_ms, r.last_event, r.job_id, j.state, j.fence, j.attempt, j.crashes, j.interruptions,
       j.cancel_requested, j.lease_until_ms, j.timeout_s
FROM jobs j JOIN sim_runs r ON j.sim_id = r.sim_id WHERE j.sim_id = $1
FOR NO KEY UPDATE OF j, r

-- :end_run
UPDATE sim_runs SET status = $2, stage = $3, progress = $4, finished_ms = $5, last_event = $6, error = $7::jsonb, artefacts = $8::jsonb,
    object_paths = $9::jsonb, timings = $10::jsonb, metrics = $11::jsonb, report = $12::jsonb
WHERE sim_id = $1

-- :expired_jobs
SELECT sim_id FROM jobs WHERE state = 'running' AND lease_until_ms <= $1 ORDER BY lease_until_ms LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED

-- :due_deliveries
SELECT o.id, o.message_id, o.type, o.sim_id, o.created_ms, o.attempts, w.webhook_id, w.tenant, w.url, w.status, w.secret, w.events, w.created_ms
FROM outbox o JOIN webhooks w ON w.webhook_id = o.webhook_id
WHERE o.due_ms <= $1 ORDER BY o.due_ms, o.id LIMIT $2
FOR NO KEY UPDATE OF o SKIP LOCKED

-- What nodes that were cut off may have missed.
-- :recent_runs
SELECT sim_id FROM sim_runs WHERE status IN ('queued', 'running')
UNION ALL SELECT sim_id FROM sim_runs WHERE finished_ms > $1
