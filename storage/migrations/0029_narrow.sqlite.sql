-- A finished job takes less room. Rows that are found by their key alone stand in the key's tree, which spares them a
-- second one. The rows of jobs and the ledger stay as they are: each of their many indexes would hold the whole key.
ALTER TABLE members RENAME TO old_members;

CREATE TABLE members (
    community_id BIGINT NOT NULL,
    member TEXT NOT NULL,
    name TEXT NOT NULL,
    handle TEXT,
    seen_ms BIGINT NOT NULL,
    last_order_ms BIGINT,
    PRIMARY KEY (community_id, member)
) WITHOUT ROWID;

INSERT INTO members (community_id, member, name, handle, seen_ms, last_order_ms)
SELECT community_id, member, name, handle, seen_ms, last_order_ms FROM old_members ORDER BY community_id, member;

DROP TABLE old_members;

CREATE INDEX members_by_handle ON members (community_id, handle);

ALTER TABLE identities RENAME TO old_identities;

CREATE TABLE identities (
    key TEXT NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL
) WITHOUT ROWID;

INSERT INTO identities (key, account_id) SELECT key, account_id FROM old_identities ORDER BY key;

DROP TABLE old_identities;

CREATE INDEX identities_by_account ON identities (account_id, key);

ALTER TABLE balances RENAME TO old_balances;

CREATE TABLE balances (
    community_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    balance_micros BIGINT NOT NULL CHECK (balance_micros >= 0),
    PRIMARY KEY (community_id, account_id)
) WITHOUT ROWID;

INSERT INTO balances (community_id, account_id, balance_micros)
SELECT community_id, account_id, balance_micros FROM old_balances;

DROP TABLE old_balances;

ALTER TABLE usage RENAME TO old_usage;

CREATE TABLE usage (
    community_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    day_ms BIGINT NOT NULL,
    used_micros BIGINT NOT NULL CHECK (used_micros >= 0),
    PRIMARY KEY (community_id, account_id, day_ms)
) WITHOUT ROWID;

INSERT INTO usage (community_id, account_id, day_ms, used_micros)
SELECT community_id, account_id, day_ms, used_micros FROM old_usage ORDER BY community_id, account_id, day_ms;

DROP TABLE old_usage;

ALTER TABLE pool_usage RENAME TO old_pool_usage;

CREATE TABLE pool_usage (
    community_id BIGINT NOT NULL,
    month_ms BIGINT NOT NULL,
    used_micros BIGINT NOT NULL CHECK (used_micros >= 0),
    PRIMARY KEY (community_id, month_ms)
) WITHOUT ROWID;

INSERT INTO pool_usage (community_id, month_ms, used_micros)
SELECT community_id, month_ms, used_micros FROM old_pool_usage;

DROP TABLE old_pool_usage;

ALTER TABLE holds RENAME TO old_holds;

CREATE TABLE holds (
    job_id TEXT NOT NULL PRIMARY KEY,
    community_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    day_ms BIGINT NOT NULL,
    month_ms BIGINT NOT NULL,
    allowance_micros BIGINT NOT NULL CHECK (allowance_micros >= 0),
    balance_micros BIGINT NOT NULL CHECK (balance_micros >= 0)
) WITHOUT ROWID;

INSERT INTO holds (job_id, community_id, account_id, day_ms, month_ms, allowance_micros, balance_micros)
SELECT job_id, community_id, account_id, day_ms, month_ms, allowance_micros, balance_micros FROM old_holds;

DROP TABLE old_holds;

CREATE INDEX holds_by_account ON holds (account_id);

CREATE INDEX holds_by_community ON holds (community_id);

ALTER TABLE deliveries RENAME TO old_deliveries;

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
    kept TEXT,
    PRIMARY KEY (job_id, number)
) WITHOUT ROWID;

INSERT INTO deliveries (job_id, number, state, destination, attempts, reason, detail, created_ms, updated_ms, kept)
SELECT job_id, number, state, destination, attempts, reason, detail, created_ms, updated_ms, kept
FROM old_deliveries ORDER BY job_id, number;

DROP TABLE old_deliveries;

-- The entry of a job names it: `job:kind`.
ALTER TABLE ledger DROP COLUMN job_id;

ALTER TABLE ledger ADD COLUMN job_id TEXT GENERATED ALWAYS AS (
    CASE WHEN kind = 'grant' OR kind = 'revoke' THEN NULL ELSE substr(entry_id, 1, instr(entry_id, ':') - 1) END
) VIRTUAL;

-- Only audio that is kept is found by its digest, of which less is enough. Whoever finds it decides by more than time.
DROP INDEX jobs_same;

UPDATE jobs SET digest = substr(digest, 1, 20) WHERE kept = 1 AND digest IS NOT NULL;

CREATE INDEX jobs_same ON jobs (digest) WHERE kept = 1;

-- One process carries all jobs of a file, so that none is looked for by its carrier: jobs_unfinished is enough.
DROP INDEX jobs_free;

DROP INDEX jobs_owned;
