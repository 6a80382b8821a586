-- A community is a row with an id of its own; its key is the platform's name for it now, and may change. One that went
-- into another has no key any more: what was written of it, and is never rewritten, counts for the other.
-- A community of which only the key is known, such as a direct chat's, has the state ''.
ALTER TABLE communities RENAME TO old_communities;

CREATE TABLE communities (
    community_id INTEGER PRIMARY KEY,
    key TEXT UNIQUE,
    merged_into BIGINT,
    state TEXT NOT NULL DEFAULT '',
    title TEXT NOT NULL DEFAULT '',
    added_by TEXT NOT NULL DEFAULT '',
    added_name TEXT NOT NULL DEFAULT '',
    was_added BIGINT NOT NULL DEFAULT 0,
    asked_ms BIGINT NOT NULL DEFAULT 0,
    told_ms BIGINT,
    decided_ms BIGINT,
    decided_by TEXT NOT NULL DEFAULT '',
    decided_name TEXT NOT NULL DEFAULT '',
    CHECK ((key IS NULL) = (merged_into IS NOT NULL))
);

CREATE INDEX communities_merged ON communities (merged_into) WHERE merged_into IS NOT NULL;

CREATE INDEX communities_waiting ON communities (asked_ms) WHERE state = 'waiting';

INSERT INTO communities (
    key, state, title, added_by, added_name, was_added, asked_ms, told_ms, decided_ms, decided_by, decided_name
)
SELECT
    community, state, title, added_by, added_name, was_added, asked_ms, told_ms, decided_ms, decided_by, decided_name
FROM old_communities;

DROP TABLE old_communities;

INSERT INTO communities (key)
SELECT community FROM (
    SELECT community FROM members
    UNION SELECT community FROM quotas
    UNION SELECT community FROM pools
    UNION SELECT community FROM usage
    UNION SELECT community FROM pool_usage
    UNION SELECT community FROM blocks
    UNION SELECT community FROM limits
    UNION SELECT community FROM jobs
    UNION SELECT community FROM holds
    UNION SELECT community FROM ledger
    UNION SELECT community FROM audit
    UNION SELECT community FROM requests
    UNION SELECT community FROM offers
) AS known
WHERE community NOT IN (SELECT key FROM communities);

ALTER TABLE members RENAME TO old_members;

CREATE TABLE members (
    community_id BIGINT NOT NULL,
    member TEXT NOT NULL,
    name TEXT NOT NULL,
    handle TEXT,
    balance_micros BIGINT NOT NULL DEFAULT 0 CHECK (balance_micros >= 0),
    seen_ms BIGINT NOT NULL,
    last_order_ms BIGINT,
    PRIMARY KEY (community_id, member)
);

INSERT INTO members (community_id, member, name, handle, balance_micros, seen_ms, last_order_ms)
SELECT community_id, member, name, handle, balance_micros, seen_ms, last_order_ms
FROM old_members JOIN communities ON key = community;

DROP TABLE old_members;

CREATE INDEX members_by_handle ON members (community_id, handle);

ALTER TABLE quotas RENAME TO old_quotas;

CREATE TABLE quotas (
    community_id BIGINT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('member', 'role', 'community')),
    subject TEXT NOT NULL,
    limit_micros BIGINT CHECK (limit_micros >= 0),
    period TEXT NOT NULL CHECK (period IN ('day', 'week', 'month')),
    set_by TEXT NOT NULL,
    set_ms BIGINT NOT NULL,
    PRIMARY KEY (community_id, kind, subject)
);

INSERT INTO quotas (community_id, kind, subject, limit_micros, period, set_by, set_ms)
SELECT community_id, kind, subject, limit_micros, period, set_by, set_ms
FROM old_quotas JOIN communities ON key = community;

DROP TABLE old_quotas;

ALTER TABLE pools RENAME TO old_pools;

CREATE TABLE pools (
    community_id BIGINT NOT NULL PRIMARY KEY,
    limit_micros BIGINT CHECK (limit_micros >= 0)
);

INSERT INTO pools (community_id, limit_micros)
SELECT community_id, limit_micros FROM old_pools JOIN communities ON key = community;

DROP TABLE old_pools;

ALTER TABLE usage RENAME TO old_usage;

CREATE TABLE usage (
    community_id BIGINT NOT NULL,
    member TEXT NOT NULL,
    day_ms BIGINT NOT NULL,
    used_micros BIGINT NOT NULL CHECK (used_micros >= 0),
    PRIMARY KEY (community_id, member, day_ms)
);

INSERT INTO usage (community_id, member, day_ms, used_micros)
SELECT community_id, member, day_ms, used_micros FROM old_usage JOIN communities ON key = community;

DROP TABLE old_usage;

ALTER TABLE pool_usage RENAME TO old_pool_usage;

CREATE TABLE pool_usage (
    community_id BIGINT NOT NULL,
    month_ms BIGINT NOT NULL,
    used_micros BIGINT NOT NULL CHECK (used_micros >= 0),
    PRIMARY KEY (community_id, month_ms)
);

INSERT INTO pool_usage (community_id, month_ms, used_micros)
SELECT community_id, month_ms, used_micros FROM old_pool_usage JOIN communities ON key = community;

DROP TABLE old_pool_usage;

ALTER TABLE blocks RENAME TO old_blocks;

CREATE TABLE blocks (
    community_id BIGINT NOT NULL,
    member TEXT NOT NULL,
    until_ms BIGINT,
    set_by TEXT NOT NULL,
    set_ms BIGINT NOT NULL,
    PRIMARY KEY (community_id, member)
);

INSERT INTO blocks (community_id, member, until_ms, set_by, set_ms)
SELECT community_id, member, until_ms, set_by, set_ms FROM old_blocks JOIN communities ON key = community;

DROP TABLE old_blocks;

ALTER TABLE limits RENAME TO old_limits;

CREATE TABLE limits (
    community_id BIGINT NOT NULL PRIMARY KEY,
    longest_text BIGINT CHECK (longest_text > 0),
    in_flight BIGINT CHECK (in_flight > 0),
    cooldown_s BIGINT CHECK (cooldown_s >= 0),
    confirm_micros BIGINT CHECK (confirm_micros >= 0),
    products TEXT,
    channels TEXT,
    set_by TEXT NOT NULL,
    set_ms BIGINT NOT NULL
);

INSERT INTO limits (
    community_id, longest_text, in_flight, cooldown_s, confirm_micros, products, channels, set_by, set_ms
)
SELECT community_id, longest_text, in_flight, cooldown_s, confirm_micros, products, channels, set_by, set_ms
FROM old_limits JOIN communities ON key = community;

DROP TABLE old_limits;

ALTER TABLE holds RENAME TO old_holds;

CREATE TABLE holds (
    job_id TEXT NOT NULL PRIMARY KEY,
    community_id BIGINT NOT NULL,
    member TEXT NOT NULL,
    day_ms BIGINT NOT NULL,
    month_ms BIGINT NOT NULL,
    allowance_micros BIGINT NOT NULL CHECK (allowance_micros >= 0),
    balance_micros BIGINT NOT NULL CHECK (balance_micros >= 0)
);

INSERT INTO holds (job_id, community_id, member, day_ms, month_ms, allowance_micros, balance_micros)
SELECT job_id, community_id, member, day_ms, month_ms, allowance_micros, balance_micros
FROM old_holds JOIN communities ON key = community;

DROP TABLE old_holds;

CREATE INDEX holds_by_member ON holds (member);

CREATE INDEX holds_by_community ON holds (community_id);

-- The books find a job whose community is not its hold's.
DROP INDEX jobs_by_community;

ALTER TABLE jobs ADD COLUMN community_id BIGINT NOT NULL DEFAULT 0;

UPDATE jobs SET community_id = (SELECT community_id FROM communities WHERE key = jobs.community);

ALTER TABLE jobs DROP COLUMN community;

CREATE INDEX jobs_by_community ON jobs (community_id) WHERE closed_ms IS NULL;

ALTER TABLE requests RENAME TO old_requests;

-- A member's wish for credit; an admin grants it once.
CREATE TABLE credit_requests (
    credit_request_id TEXT NOT NULL PRIMARY KEY,
    community_id BIGINT NOT NULL,
    member TEXT NOT NULL,
    name TEXT NOT NULL,
    amount_micros BIGINT NOT NULL CHECK (amount_micros > 0),
    asked_ms BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'declined')),
    decided_by TEXT,
    decided_ms BIGINT
);

INSERT INTO credit_requests (
    credit_request_id, community_id, member, name, amount_micros, asked_ms, state, decided_by, decided_ms
)
SELECT
    request_id, community_id, member, name, amount_micros, old_requests.asked_ms, old_requests.state,
    old_requests.decided_by, old_requests.decided_ms
FROM old_requests JOIN communities ON key = community;

DROP TABLE old_requests;

CREATE INDEX credit_requests_by_member ON credit_requests (community_id, member, asked_ms);

ALTER TABLE offers RENAME TO old_offers;

CREATE TABLE offers (
    offer_id TEXT NOT NULL PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    community_id BIGINT NOT NULL,
    member TEXT NOT NULL,
    placed TEXT NOT NULL,
    cost_micros BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL
);

INSERT INTO offers (offer_id, event_id, community_id, member, placed, cost_micros, expires_ms)
SELECT offer_id, event_id, community_id, member, placed, cost_micros, expires_ms
FROM old_offers JOIN communities ON key = community;

DROP TABLE old_offers;
