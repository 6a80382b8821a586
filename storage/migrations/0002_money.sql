-- Quotas of roles beside those of members and communities; subject is '' for a community's default.
CREATE TABLE all_quotas (
    community TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('member', 'role', 'community')),
    subject TEXT NOT NULL,
    limit_micros BIGINT CHECK (limit_micros >= 0),
    period TEXT NOT NULL CHECK (period IN ('day', 'week', 'month')),
    set_by TEXT NOT NULL,
    set_ms BIGINT NOT NULL,
    PRIMARY KEY (community, kind, subject)
);

INSERT INTO all_quotas (community, kind, subject, limit_micros, period, set_by, set_ms)
SELECT community, CASE WHEN member = '' THEN 'community' ELSE 'member' END, member, limit_micros, period, set_by, set_ms
FROM quotas;

DROP TABLE quotas;

ALTER TABLE all_quotas RENAME TO quotas;

-- until_ms NULL is for good
CREATE TABLE blocks (
    community TEXT NOT NULL,
    member TEXT NOT NULL,
    until_ms BIGINT,
    set_by TEXT NOT NULL,
    set_ms BIGINT NOT NULL,
    PRIMARY KEY (community, member)
);

-- What a community's admins set for everybody in it. NULL is no limit; lists are words between commas, such as ,a,b,
CREATE TABLE limits (
    community TEXT NOT NULL PRIMARY KEY,
    longest_text BIGINT CHECK (longest_text > 0),
    in_flight BIGINT CHECK (in_flight > 0),
    cooldown_s BIGINT CHECK (cooldown_s >= 0),
    confirm_micros BIGINT CHECK (confirm_micros >= 0),
    products TEXT,
    channels TEXT,
    set_by TEXT NOT NULL,
    set_ms BIGINT NOT NULL
);

ALTER TABLE members ADD COLUMN last_order_ms BIGINT;

ALTER TABLE jobs ADD COLUMN channel TEXT NOT NULL DEFAULT '';

-- The roles with which the order was admitted, as words between commas.
ALTER TABLE jobs ADD COLUMN roles TEXT NOT NULL DEFAULT '';

-- limit_micros NULL is unlimited; without a row the operator's default holds.
CREATE TABLE all_pools (
    community TEXT NOT NULL PRIMARY KEY,
    limit_micros BIGINT CHECK (limit_micros >= 0)
);

INSERT INTO all_pools (community, limit_micros) SELECT community, limit_micros FROM pools;

DROP TABLE pools;

ALTER TABLE all_pools RENAME TO pools;

CREATE INDEX holds_by_community ON holds (community);

CREATE INDEX ledger_by_time ON ledger (community, at_ms);

CREATE INDEX ledger_by_day ON ledger (community, day_ms);

-- Who did what to whom, applied or refused; never updated.
CREATE TABLE audit (
    audit_id TEXT NOT NULL PRIMARY KEY,
    at_ms BIGINT NOT NULL,
    community TEXT NOT NULL,
    actor TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    act TEXT NOT NULL,
    target TEXT NOT NULL,
    before_value TEXT NOT NULL,
    after_value TEXT NOT NULL,
    outcome TEXT NOT NULL
);

CREATE INDEX audit_by_time ON audit (community, at_ms);

-- A member's wish for credit; an admin grants it once.
CREATE TABLE requests (
    request_id TEXT NOT NULL PRIMARY KEY,
    community TEXT NOT NULL,
    member TEXT NOT NULL,
    name TEXT NOT NULL,
    amount_micros BIGINT NOT NULL CHECK (amount_micros > 0),
    asked_ms BIGINT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'declined')),
    decided_by TEXT,
    decided_ms BIGINT
);

CREATE INDEX requests_by_member ON requests (community, member, asked_ms);

-- An order whose price its member has yet to agree to.
CREATE TABLE offers (
    offer_id TEXT NOT NULL PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    community TEXT NOT NULL,
    member TEXT NOT NULL,
    placed TEXT NOT NULL,
    cost_micros BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL
);
