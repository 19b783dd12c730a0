-- Statements that SQLite and PostgreSQL take alike. "-- :name" begins one; $1, $2 ... are its parameters.

-- :reserve_key
INSERT INTO idempotency (tenant, key, body_sha256, sim_id, job_id, expires_ms) VALUES ($1, $2, $3, '', '', $4)
ON CONFLICT (tenant, key) DO UPDATE SET body_sha256 = excluded.body_sha256, sim_id = '', job_id = '', expires_ms = excluded.expires_ms
WHERE idempotency.expires_ms <= $5
RETURNING 1

-- :find_key
SELECT body_sha256, sim_id, job_id FROM idempotency WHERE tenant = $1 AND key = $2

-- :drop_reservation
DELETE FROM idempotency WHERE tenant = $1 AND key = $2 AND sim_id = ''

-- :drop_reservations
DELETE FROM idempotency WHERE sim_id = ''

-- :use_key
INSERT INTO idempotency (tenant, key, body_sha256, sim_id, job_id, expires_ms) VALUES ($1, $2, '', $3, $4, $5)
ON CONFLICT (tenant, key) DO UPDATE SET sim_id = excluded.sim_id, job_id = excluded.job_id, expires_ms = excluded.expires_ms
WHERE idempotency.sim_id = ''
RETURNING 1

-- :join_turns
INSERT INTO turns (tenant) VALUES ($1) ON CONFLICT (tenant) DO NOTHING

-- :mark_waiting
UPDATE turns SET waiting = 1 WHERE tenant = $1 AND waiting = 0

-- :leave_turns
UPDATE turns SET waiting = 0
WHERE tenant = $1 AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.tenant = turns.tenant AND jobs.state = 'queued')

-- :take_turn
UPDATE turns SET last_turn = (SELECT max(last_turn) + 1 FROM turns) WHERE tenant = $1

-- :insert_run
INSERT INTO sim_runs (sim_id, job_id, tenant, status, created_ms, last_event) VALUES ($1, $2, $3, 'queued', $4, 1)

-- :insert_job
INSERT INTO jobs (sim_id, job_id, tenant, state, priority, timeout_s) VALUES ($1, $2, $3, 'queued', $4, $5)

-- :insert_document
INSERT INTO documents (sim_id, job) VALUES ($1, $2)

-- :insert_run_upload
INSERT INTO run_uploads (sim_id, upload_id) VALUES ($1, $2) ON CONFLICT DO NOTHING

-- :count_usage
INSERT INTO usage (month, runs) VALUES ($1, 1) ON CONFLICT (month) DO UPDATE SET runs = usage.runs + 1 RETURNING runs

-- :get_usage
SELECT runs FROM usage WHERE month = $1

-- :count_queued
SELECT count(*) FROM jobs WHERE state = 'queued'

-- :count_queued_up_to
SELECT count(*) FROM (SELECT 1 FROM jobs WHERE state = 'queued' LIMIT $1) counted

-- :count_running
SELECT count(*) FROM jobs WHERE state = 'running'

-- :insert_event
INSERT INTO events (sim_id, id, type, data) VALUES ($1, $2, $3, $4)

-- :events_after
SELECT id, type, data FROM events WHERE sim_id = $1 AND id > $2 ORDER BY id LIMIT $3

-- :last_event
SELECT last_event FROM sim_runs WHERE sim_id = $1

-- :get_run
SELECT sim_id, job_id, tenant, status, stage, progress, attempt, created_ms, started_ms, finished_ms, error, artefacts, cancel_requested, alerts,
       CASE WHEN $3 = 1 THEN report END
FROM ({run_rows}) run_rows WHERE sim_id = $1 AND ($2 = '' OR tenant = $2)

-- :get_run_by_job
SELECT sim_id, job_id, tenant, status, stage, progress, attempt, created_ms, started_ms, finished_ms, error, artefacts, cancel_requested, alerts,
       NULL
FROM ({run_rows}) run_rows WHERE job_id = $1 AND ($2 = '' OR tenant = $2)

-- :list_runs
SELECT sim_id, job_id, tenant, status, stage, progress, attempt, created_ms, started_ms, finished_ms, error, artefacts, cancel_requested, alerts,
       NULL
FROM ({run_rows}) run_rows
WHERE tenant = $1 AND (created_ms, sim_id) < ($2, $3) AND status IN ($5, $6, $7, $8, $9, $10)
ORDER BY created_ms DESC, sim_id DESC LIMIT $4

-- :claim_job
UPDATE jobs SET state = 'running', fence = fence + 1, owner = $2, lease_until_ms = $3 WHERE sim_id = $1 AND state = 'queued'

-- :get_document
SELECT job FROM documents WHERE sim_id = $1

-- :renew_lease
UPDATE jobs SET lease_until_ms = $3 WHERE sim_id = $1 AND fence = $2 AND state = 'running' RETURNING cancel_requested

-- :mark_cancel
UPDATE jobs SET cancel_requested = 1 WHERE sim_id = $1

-- :requeue_job
UPDATE jobs SET state = 'queued', fence = fence + 1, attempt = $2, crashes = $3, interruptions = $4, owner = '', lease_until_ms = 0
WHERE sim_id = $1

-- :end_job
UPDATE jobs SET state = 'ended', fence = $2, lease_until_ms = 0 WHERE sim_id = $1

-- :update_run
UPDATE sim_runs SET status = $2, stage = $3, progress = $4, started_ms = $5, last_event = $6 WHERE sim_id = $1

-- :all_running
SELECT sim_id FROM jobs WHERE state = 'running'

-- :delete_run
DELETE FROM sim_runs WHERE sim_id = $1

-- :expired_runs
SELECT sim_id FROM sim_runs WHERE finished_ms > 0 AND finished_ms < $1 ORDER BY finished_ms LIMIT $2

-- :get_alert
SELECT severity, count, first_at_ms, attempt, told_ms, told_count FROM alerts WHERE sim_id = $1 AND code = $2

-- :put_alert
INSERT INTO alerts (sim_id, code, severity, message, count, first_at_ms, last_at_ms, attempt, told_ms, told_count)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (sim_id, code) DO UPDATE SET severity = excluded.severity, message = excluded.message, count = excluded.count,
    last_at_ms = excluded.last_at_ms, attempt = excluded.attempt, told_ms = excluded.told_ms, told_count = excluded.told_count

-- :untold_alerts
SELECT code, severity, message, count, first_at_ms, last_at_ms FROM alerts WHERE sim_id = $1 AND told_count <> count ORDER BY first_at_ms, code

-- :alert_told
UPDATE alerts SET told_count = count, told_ms = $3 WHERE sim_id = $1 AND code = $2

-- :put_notification
INSERT INTO notifications (notification_id, tenant, sim_id, code, severity, message, count, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (sim_id, code) DO UPDATE SET severity = excluded.severity, message = excluded.message, count = excluded.count

-- :list_notifications
SELECT notification_id, tenant, code, severity, message, sim_id, count, created_ms, read_ms FROM notifications
WHERE tenant = $1 AND (created_ms, notification_id) < ($2, $3) ORDER BY created_ms DESC, notification_id DESC LIMIT $4

-- :list_unread
SELECT notification_id, tenant, code, severity, message, sim_id, count, created_ms, read_ms FROM notifications
WHERE tenant = $1 AND read_ms = 0 AND (created_ms, notification_id) < ($2, $3) ORDER BY created_ms DESC, notification_id DESC LIMIT $4

-- :count_unread
SELECT count(*) FROM notifications WHERE tenant = $1 AND read_ms = 0

-- :find_notification
SELECT 1 FROM notifications WHERE notification_id = $2 AND tenant = $1

-- :read_notification
UPDATE notifications SET read_ms = $3 WHERE notification_id = $2 AND tenant = $1 AND read_ms = 0

-- :read_all_notifications
UPDATE notifications SET read_ms = $2 WHERE tenant = $1 AND read_ms = 0

-- :put_webhook
INSERT INTO webhooks (webhook_id, tenant, url, status, secret, events, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)

-- :list_webhooks
SELECT webhook_id, tenant, url, status, secret, events, created_ms FROM webhooks
WHERE tenant = $1 AND (created_ms, webhook_id) < ($2, $3) ORDER BY created_ms DESC, webhook_id DESC LIMIT $4

-- :delete_webhook
DELETE FROM webhooks WHERE webhook_id = $2 AND tenant = $1 RETURNING 1

-- :disable_webhook
UPDATE webhooks SET status = 'disabled' WHERE webhook_id = $1

-- :drop_deliveries
DELETE FROM outbox WHERE webhook_id = $1

-- :insert_delivery
INSERT INTO outbox (message_id, webhook_id, sim_id, type, created_ms, due_ms)
SELECT CAST($1 AS TEXT), webhook_id, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS BIGINT), CAST($4 AS BIGINT) FROM webhooks
WHERE tenant = $5 AND status = 'enabled' AND events LIKE '%,' || CAST($3 AS TEXT) || ',%'

-- :lease_delivery
UPDATE outbox SET due_ms = $2 WHERE id = $1

-- :delivery_done
DELETE FROM outbox WHERE id = $1

-- :delivery_retry
UPDATE outbox SET due_ms = $2, attempts = attempts + 1 WHERE id = $1

-- :forget_deliveries
DELETE FROM outbox WHERE created_ms < $1

-- :put_upload
INSERT INTO uploads (upload_id, tenant, kind, filename, sha256, size_bytes, created_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)

-- :get_upload
SELECT upload_id, tenant, kind, filename, sha256, size_bytes, created_ms FROM uploads
WHERE upload_id = $1 AND ($2 = '' OR (tenant = $2 AND deleted = 0))

-- :delete_upload
UPDATE uploads SET deleted = 1 WHERE upload_id = $1 AND tenant = $2 AND deleted = 0 RETURNING 1

-- :take_dead_uploads
DELETE FROM uploads
WHERE (deleted = 1 OR created_ms < $1)
  AND NOT EXISTS (SELECT 1 FROM run_uploads u JOIN jobs j ON j.sim_id = u.sim_id
                  WHERE u.upload_id = uploads.upload_id AND j.state <> 'ended')
RETURNING upload_id

-- :put_ticket
INSERT INTO tickets (ticket_sha256, tenant, sim_id, expires_ms) VALUES ($1, $2, $3, $4)

-- :take_ticket
DELETE FROM tickets WHERE ticket_sha256 = $1 AND sim_id = $2 AND expires_ms > $3 RETURNING tenant

-- :forget_keys
DELETE FROM idempotency WHERE expires_ms <= $1

-- :forget_tickets
DELETE FROM tickets WHERE expires_ms <= $1

-- :get_setting
SELECT value FROM settings WHERE name = $1

-- :put_setting
INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value
