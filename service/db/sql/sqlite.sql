-- Statements in SQLite's words: there is one writer, so nothing needs a lock.

-- Not a view, since SQLite calls its own JSON functions unsafe in one. {run_rows} in a statement stands for it.
-- :run_rows
SELECT r.sim_id, r.job_id, r.tenant, r.status, r.stage, r.progress, j.attempt, r.created_ms, r.started_ms, r.finished_ms, r.error, r.artefacts,
       j.cancel_requested,
       (SELECT json_group_array(json_object('code', a.code, 'severity', a.severity, 'message', a.message, 'count', a.count,
                                            'first_at_ms', a.first_at_ms, 'last_at_ms', a.last_at_ms))
        FROM (SELECT * FROM alerts WHERE sim_id = r.sim_id ORDER BY first_at_ms, code) a) AS alerts,
       r.report
FROM sim_runs r JOIN jobs j ON j.sim_id = r.sim_id

-- :hold_turn
SELECT 1 FROM turns WHERE tenant = $1

-- :next_turn
SELECT last_turn, tenant FROM turns WHERE waiting = 1 AND (last_turn, tenant) > ($1, $2) ORDER BY last_turn, tenant LIMIT 1

-- :next_turn_blocking
SELECT 0, '' WHERE 0

-- :close_turn
SELECT 1 FROM turns WHERE tenant = $1

-- :guard_claim
SELECT 1

-- :next_job
SELECT sim_id FROM jobs WHERE tenant = $1 AND state = 'queued' ORDER BY priority DESC, seq LIMIT 1

-- :lock_run
SELECT r.tenant, r.status, r.stage, r.progress, r.started_ms, r.last_event, r.job_id, j.state, j.fence, j.attempt, j.crashes, j.interruptions,
       j.cancel_requested, j.lease_until_ms, j.timeout_s
FROM sim_runs r JOIN jobs j ON j.sim_id = r.sim_id WHERE r.sim_id = $1

-- :end_run
UPDATE sim_runs SET status = $2, stage = $3, progress = $4, finished_ms = $5, last_event = $6, error = $7, artefacts = $8, object_paths = $9,
    timings = $10, metrics = $11, report = $12
WHERE sim_id = $1

-- :expired_jobs
SELECT sim_id FROM jobs WHERE state = 'running' AND lease_until_ms <= $1 ORDER BY lease_until_ms LIMIT $2

-- :due_deliveries
SELECT o.id, o.message_id, o.type, o.sim_id, o.created_ms, o.attempts, w.webhook_id, w.tenant, w.url, w.status, w.secret, w.events, w.created_ms
FROM outbox o JOIN webhooks w ON w.webhook_id = o.webhook_id
WHERE o.due_ms <= $1 ORDER BY o.due_ms LIMIT $2
