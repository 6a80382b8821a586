-- Handing a job's audio to one place in a chat is a row of its own, from the moment that the job is ready. Where words
-- and audio go stands there from then on.
CREATE TABLE deliveries (
    job_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'sending', 'sent', 'undeliverable')),
    destination TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    reason TEXT,
    detail TEXT,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    PRIMARY KEY (job_id, number)
);

-- How many deliveries a job has had; the newest has this number.
ALTER TABLE jobs ADD COLUMN deliveries BIGINT NOT NULL DEFAULT 0;

INSERT INTO deliveries (job_id, number, state, destination, attempts, reason, detail, created_ms, updated_ms)
SELECT
    job_id, 1,
    CASE state WHEN 'generated' THEN 'pending' WHEN 'delivering' THEN 'sending' WHEN 'delivered' THEN 'sent' ELSE state END,
    destination, CASE state WHEN 'generated' THEN 0 ELSE 1 END, reason, detail, coalesce(resolved_ms, updated_ms), updated_ms
FROM jobs WHERE state IN ('generated', 'delivering', 'delivered', 'undeliverable');

DROP INDEX jobs_kept;

UPDATE jobs
SET deliveries = 1, reason = NULL, detail = NULL,
    artifacts = CASE state WHEN 'delivered' THEN '[]' ELSE artifacts END, updated_ms = coalesce(resolved_ms, updated_ms),
    state = 'ready'
WHERE state IN ('generated', 'delivering', 'delivered', 'undeliverable');

CREATE INDEX jobs_kept ON jobs (closed_ms) WHERE artifacts <> '[]';

-- What a member may have sent again.
CREATE INDEX jobs_history ON jobs (member, created_ms) WHERE artifacts <> '[]';
