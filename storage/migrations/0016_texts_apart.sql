-- The ledger and the audit hold ids, amounts and codes. What people wrote or are called stands in rows beside them,
-- which can be erased while the books stay as they are.
ALTER TABLE ledger RENAME TO old_ledger;

-- Append-only. entry_id is `job:kind` for a job's entries, so that none can be written twice, and else the audit_id of
-- the act. allowance_micros is the change of what was used on day_ms, balance_micros the change of the granted credit;
-- of entries with a job, allowance_micros - balance_micros is the change of what was used of the pool in month_ms.
CREATE TABLE ledger (
    entry_id TEXT NOT NULL PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    community_id BIGINT NOT NULL,
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
    reason TEXT,
    credit_request_id TEXT
);

CREATE TABLE ledger_notes (
    entry_id TEXT NOT NULL PRIMARY KEY,
    note TEXT NOT NULL
);

INSERT INTO ledger_notes (entry_id, note)
SELECT entry_id, note FROM old_ledger
WHERE kind IN ('grant', 'revoke') AND note <> ''
AND entry_id NOT IN (SELECT audit_id FROM audit WHERE act = 'approve' AND outcome = 'applied');

INSERT INTO ledger (
    entry_id, at_ms, community_id, member, kind, job_id, day_ms, month_ms, allowance_micros, balance_micros,
    charged_micros, upstream_micros, actor, reason, credit_request_id
)
SELECT
    entry_id, at_ms, community_id, member, kind, job_id, day_ms, month_ms, allowance_micros, balance_micros,
    charged_micros, upstream_micros, actor, CASE WHEN job_id IS NOT NULL THEN note END,
    CASE WHEN entry_id IN (SELECT audit_id FROM audit WHERE act = 'approve' AND outcome = 'applied')
        THEN replace(note, 'request ', '') END
FROM old_ledger JOIN communities ON key = community;

DROP TABLE old_ledger;

CREATE INDEX ledger_by_member ON ledger (community_id, member, at_ms);

CREATE INDEX ledger_by_time ON ledger (community_id, at_ms);

CREATE INDEX ledger_by_day ON ledger (community_id, day_ms);

ALTER TABLE audit RENAME TO old_audit;

-- Who did what to whom, applied or refused.
CREATE TABLE audit (
    audit_id TEXT NOT NULL PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    community_id BIGINT NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    target TEXT NOT NULL,
    before_value TEXT NOT NULL,
    after_value TEXT NOT NULL,
    outcome TEXT NOT NULL
);

-- What the actor was called, and what they wrote where they named nobody that is known.
CREATE TABLE audit_texts (
    audit_id TEXT NOT NULL PRIMARY KEY,
    actor_name TEXT NOT NULL,
    wrote TEXT NOT NULL
);

INSERT INTO audit_texts (audit_id, actor_name, wrote)
SELECT audit_id, actor_name, CASE WHEN substr(target, 1, 1) = '@' THEN target ELSE '' END FROM old_audit;

INSERT INTO audit (audit_id, at_ms, community_id, actor, act, target, before_value, after_value, outcome)
SELECT
    audit_id, at_ms, community_id, actor, act, CASE WHEN substr(target, 1, 1) = '@' THEN '' ELSE target END,
    before_value, after_value, outcome
FROM old_audit JOIN communities ON key = community;

DROP TABLE old_audit;

CREATE INDEX audit_by_time ON audit (community_id, at_ms);
