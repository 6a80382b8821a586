-- One text for SQLite and PostgreSQL. Amounts are micros of a US dollar, times are milliseconds since 1970 (UTC).

CREATE TABLE members (
    community TEXT NOT NULL,
    member TEXT NOT NULL,
    name TEXT NOT NULL,
    handle TEXT,
    balance_micros BIGINT NOT NULL DEFAULT 0 CHECK (balance_micros >= 0),
    seen_ms BIGINT NOT NULL,
    PRIMARY KEY (community, member)
);

CREATE INDEX members_by_handle ON members (community, handle);

CREATE TABLE pools (
    community TEXT NOT NULL PRIMARY KEY,
    limit_micros BIGINT NOT NULL CHECK (limit_micros >= 0)
);

-- member '' is the community's default; limit_micros NULL is unlimited
CREATE TABLE quotas (
    community TEXT NOT NULL,
    member TEXT NOT NULL,
    limit_micros BIGINT CHECK (limit_micros >= 0),
    period TEXT NOT NULL CHECK (period IN ('day', 'week', 'month')),
    set_by TEXT NOT NULL,
    set_ms BIGINT NOT NULL,
    PRIMARY KEY (community, member)
);

-- What was drawn from a member's allowance on a day; a week or a month is the sum of its days.
CREATE TABLE usage (
    community TEXT NOT NULL,
    member TEXT NOT NULL,
    day_ms BIGINT NOT NULL,
    used_micros BIGINT NOT NULL CHECK (used_micros >= 0),
    PRIMARY KEY (community, member, day_ms)
);

CREATE TABLE pool_usage (
    community TEXT NOT NULL,
    month_ms BIGINT NOT NULL,
    used_micros BIGINT NOT NULL CHECK (used_micros >= 0),
    PRIMARY KEY (community, month_ms)
);

CREATE TABLE jobs (
    job_id TEXT NOT NULL PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    platform TEXT NOT NULL,
    community TEXT NOT NULL,
    member TEXT NOT NULL,
    member_name TEXT NOT NULL,
    direct BIGINT NOT NULL,
    product TEXT NOT NULL,
    parameters TEXT NOT NULL,
    characters BIGINT NOT NULL,
    cost_micros BIGINT NOT NULL CHECK (cost_micros >= 0),
    state TEXT NOT NULL,
    destination TEXT NOT NULL,
    callback_token TEXT NOT NULL UNIQUE,
    created_ms BIGINT NOT NULL,
    updated_ms BIGINT NOT NULL,
    attempts BIGINT NOT NULL DEFAULT 0,
    request_id TEXT,
    submitted_ms BIGINT,
    deadline_ms BIGINT,
    reason TEXT,
    detail TEXT,
    artifacts TEXT NOT NULL DEFAULT '[]',
    -- set when nothing is left to do: delivered, or ended and the member was told
    closed_ms BIGINT
);

-- The gateway names each request once; an answer that repeats an id is not believed.
CREATE UNIQUE INDEX jobs_by_request ON jobs (request_id);

CREATE INDEX jobs_unfinished ON jobs (created_ms) WHERE closed_ms IS NULL;

CREATE INDEX jobs_kept ON jobs (closed_ms) WHERE state = 'undeliverable';

CREATE INDEX jobs_by_community ON jobs (community) WHERE closed_ms IS NULL;

-- A row exists exactly while its job is unresolved.
CREATE TABLE holds (
    job_id TEXT NOT NULL PRIMARY KEY,
    community TEXT NOT NULL,
    member TEXT NOT NULL,
    day_ms BIGINT NOT NULL,
    month_ms BIGINT NOT NULL,
    allowance_micros BIGINT NOT NULL CHECK (allowance_micros >= 0),
    balance_micros BIGINT NOT NULL CHECK (balance_micros >= 0)
);

CREATE INDEX holds_by_member ON holds (member);

-- Append-only. entry_id is `job:kind` for a job's entries, so that none can be written twice.
-- allowance_micros is the change of what was used on day_ms, balance_micros the change of the granted credit;
-- of entries with a job, allowance_micros - balance_micros is the change of what was used of the pool in month_ms.
CREATE TABLE ledger (
    entry_id TEXT NOT NULL PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    community TEXT NOT NULL,
    member TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('hold', 'charge', 'void', 'upstream', 'grant', 'revoke')),
    job_id TEXT,
    day_ms BIGINT,
    month_ms BIGINT,
    allowance_micros BIGINT NOT NULL DEFAULT 0,
    balance_micros BIGINT NOT NULL DEFAULT 0,
    charged_micros BIGINT NOT NULL DEFAULT 0,
    upstream_micros BIGINT NOT NULL DEFAULT 0,
    actor TEXT,
    note TEXT
);

CREATE INDEX ledger_by_member ON ledger (community, member, at_ms);
