-- What is asked of the gateway for a job is a row of its own, and a job has as many as it has parts and further tries.
-- The job keeps its hold, its outcome and where it goes.
CREATE TABLE generations (
    job_id TEXT NOT NULL,
    number BIGINT NOT NULL,
    part BIGINT NOT NULL,
    parameters TEXT,
    characters BIGINT NOT NULL,
    cost_micros BIGINT NOT NULL CHECK (cost_micros >= 0),
    pause_ms BIGINT NOT NULL DEFAULT 0,
    state TEXT NOT NULL CHECK (state IN (
        'queued', 'submitting', 'unconfirmed', 'running', 'fetched', 'rejected', 'failed', 'expired', 'late', 'cancelled'
    )),
    callback_token TEXT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    request_id TEXT,
    submitted_ms BIGINT,
    deadline_ms BIGINT,
    reason TEXT,
    detail TEXT,
    artifacts TEXT NOT NULL DEFAULT '[]',
    upstream_micros BIGINT NOT NULL DEFAULT 0,
    updated_ms BIGINT NOT NULL,
    PRIMARY KEY (job_id, number)
);

INSERT INTO generations (
    job_id, number, part, characters, cost_micros, state, callback_token, attempts, request_id, submitted_ms,
    deadline_ms, reason, detail, artifacts, upstream_micros, updated_ms
)
SELECT
    job_id, 1, 1, characters, cost_micros, CASE state WHEN 'ready' THEN 'fetched' ELSE state END, callback_token,
    attempts, request_id, submitted_ms, deadline_ms, reason, detail, artifacts, upstream_micros, updated_ms
FROM jobs;

ALTER TABLE jobs RENAME TO old_jobs;

CREATE TABLE jobs (
    job_id TEXT NOT NULL PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    platform TEXT NOT NULL,
    community_id BIGINT NOT NULL,
    member TEXT NOT NULL,
    member_name TEXT NOT NULL,
    direct BIGINT NOT NULL,
    product TEXT NOT NULL,
    parameters TEXT NOT NULL,
    characters BIGINT NOT NULL,
    price_micros BIGINT,
    cost_micros BIGINT NOT NULL CHECK (cost_micros >= 0),
    state TEXT NOT NULL CHECK (state IN ('open', 'asking', 'ready', 'failed', 'expired', 'cancelled')),
    -- How many generations and deliveries it has: the newest of each has this number.
    generations BIGINT NOT NULL,
    deliveries BIGINT NOT NULL DEFAULT 0,
    destination TEXT NOT NULL,
    channel TEXT NOT NULL,
    roles TEXT NOT NULL,
    locale TEXT NOT NULL,
    digest TEXT,
    late TEXT NOT NULL DEFAULT '',
    kept BIGINT NOT NULL DEFAULT 0,
    shown BIGINT NOT NULL DEFAULT 0,
    worker_id TEXT NOT NULL DEFAULT '',
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    resolved_ms BIGINT,
    closed_ms BIGINT
);

INSERT INTO jobs (
    job_id, event_id, platform, community_id, member, member_name, direct, product, parameters, characters,
    price_micros, cost_micros, state, generations, deliveries, destination, channel, roles, locale, digest, late, kept, shown,
    worker_id, created_ms, updated_ms, resolved_ms, closed_ms
)
SELECT
    job_id, event_id, platform, community_id, member, member_name, direct, product, parameters, characters,
    price_micros, cost_micros,
    CASE state
        WHEN 'queued' THEN 'open' WHEN 'submitting' THEN 'open' WHEN 'unconfirmed' THEN 'open' WHEN 'running' THEN 'open'
        WHEN 'rejected' THEN 'failed' WHEN 'late' THEN 'expired' ELSE state
    END,
    1, deliveries, destination, channel, roles, locale, digest, late, CASE artifacts WHEN '[]' THEN 0 ELSE 1 END, shown,
    worker_id, created_ms, updated_ms, resolved_ms, closed_ms
FROM old_jobs;

DROP TABLE old_jobs;

-- The gateway names each request once. A callback finds its generation by the job's name.
CREATE UNIQUE INDEX generations_by_request ON generations (request_id);

CREATE INDEX jobs_unfinished ON jobs (created_ms) WHERE closed_ms IS NULL;

CREATE INDEX jobs_free ON jobs (created_ms) WHERE closed_ms IS NULL AND worker_id = '';

CREATE INDEX jobs_owned ON jobs (worker_id) WHERE closed_ms IS NULL AND worker_id <> '';

CREATE INDEX jobs_awaited ON jobs (closed_ms) WHERE late = 'awaited';

CREATE INDEX jobs_kept ON jobs (closed_ms) WHERE kept = 1;

CREATE INDEX jobs_same ON jobs (digest, created_ms) WHERE kept = 1;

-- What a member may have sent again.
CREATE INDEX jobs_history ON jobs (member, created_ms) WHERE kept = 1;
