-- Who pays is an account; who asks, is named, blocked or given a quota is an identity, `platform:id`. Each identity has
-- an account, at first its own. To link a person's identities is to give one of them the account of the other.
CREATE TABLE accounts (
    account_id INTEGER PRIMARY KEY,
    opened_for TEXT NOT NULL UNIQUE
);

CREATE TABLE identities (
    key TEXT NOT NULL PRIMARY KEY,
    account_id BIGINT NOT NULL
);

CREATE INDEX identities_by_account ON identities (account_id, key);

INSERT INTO accounts (opened_for)
SELECT member FROM members
UNION SELECT member FROM usage
UNION SELECT member FROM holds
UNION SELECT member FROM ledger
UNION SELECT member FROM jobs
UNION SELECT member FROM blocks
UNION SELECT member FROM credit_requests
UNION SELECT subject FROM quotas WHERE kind = 'member';

INSERT INTO identities (key, account_id) SELECT opened_for, account_id FROM accounts;

-- Credit of an account in a community; who never had any has no row, and who has it all in a hold has one.
CREATE TABLE balances (
    community_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    balance_micros BIGINT NOT NULL CHECK (balance_micros >= 0),
    PRIMARY KEY (community_id, account_id)
);

INSERT INTO balances (community_id, account_id, balance_micros)
SELECT community_id, account_id, balance_micros FROM members JOIN identities ON key = member
WHERE balance_micros <> 0 OR EXISTS (
    SELECT 1 FROM holds WHERE holds.community_id = members.community_id AND holds.member = members.member
    AND holds.balance_micros > 0
);

ALTER TABLE members DROP COLUMN balance_micros;

ALTER TABLE usage RENAME TO old_usage;

CREATE TABLE usage (
    community_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    day_ms BIGINT NOT NULL,
    used_micros BIGINT NOT NULL CHECK (used_micros >= 0),
    PRIMARY KEY (community_id, account_id, day_ms)
);

INSERT INTO usage (community_id, account_id, day_ms, used_micros)
SELECT community_id, account_id, day_ms, used_micros FROM old_usage JOIN identities ON key = member;

DROP TABLE old_usage;

ALTER TABLE holds RENAME TO old_holds;

CREATE TABLE holds (
    job_id TEXT NOT NULL PRIMARY KEY,
    community_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    day_ms BIGINT NOT NULL,
    month_ms BIGINT NOT NULL,
    allowance_micros BIGINT NOT NULL CHECK (allowance_micros >= 0),
    balance_micros BIGINT NOT NULL CHECK (balance_micros >= 0)
);

INSERT INTO holds (job_id, community_id, account_id, day_ms, month_ms, allowance_micros, balance_micros)
SELECT job_id, community_id, account_id, day_ms, month_ms, allowance_micros, balance_micros
FROM old_holds JOIN identities ON key = member;

DROP TABLE old_holds;

CREATE INDEX holds_by_account ON holds (account_id);

CREATE INDEX holds_by_community ON holds (community_id);

-- No query looks for a community's jobs.
DROP INDEX jobs_by_community;

ALTER TABLE ledger RENAME TO old_ledger;

-- Append-only: the next migration closes it again. `member` is the identity that ordered or was credited, and
-- `account_id` the account that was its then. entry_id is `job:kind` for a job's entries, so that none can be written
-- twice, and else the audit_id of the act. allowance_micros is the change of what was used on day_ms, balance_micros the
-- change of the granted credit; of entries with a job, allowance_micros - balance_micros is the change of what was used
-- of the pool in month_ms.
CREATE TABLE ledger (
    entry_id TEXT NOT NULL PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    community_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    member TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (
        kind = 'hold' OR kind = 'charge' OR kind = 'void' OR kind = 'upstream' OR kind = 'grant' OR kind = 'revoke'
    ),
    job_id TEXT,
    day_ms BIGINT,
    month_ms BIGINT,
    allowance_micros BIGINT NOT NULL DEFAULT 0,
    balance_micros BIGINT NOT NULL DEFAULT 0,
    charged_micros BIGINT NOT NULL DEFAULT 0,
    upstream_micros BIGINT NOT NULL DEFAULT 0,
    actor TEXT,
    reason TEXT,
    credit_request_id TEXT
);

INSERT INTO ledger (
    entry_id, at_ms, community_id, account_id, member, kind, job_id, day_ms, month_ms, allowance_micros, balance_micros,
    charged_micros, upstream_micros, actor, reason, credit_request_id
)
SELECT
    entry_id, at_ms, community_id, account_id, member, kind, job_id, day_ms, month_ms, allowance_micros, balance_micros,
    charged_micros, upstream_micros, actor, reason, credit_request_id
FROM old_ledger JOIN identities ON key = member;

DROP TABLE old_ledger;

-- A member's history and a day's report leave holds out, and so do their indexes. To look a kind up in a list, as a
-- check or an index might, takes SQLite longer than to write the row.
CREATE INDEX ledger_by_account ON ledger (community_id, account_id, at_ms) WHERE kind <> 'hold';

CREATE INDEX ledger_by_time ON ledger (community_id, at_ms);

CREATE INDEX ledger_by_day ON ledger (community_id, day_ms) WHERE kind = 'charge';
