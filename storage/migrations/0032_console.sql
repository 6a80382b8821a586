-- The console: links that let a member in once, at most one of each member, and the sessions that they begin. Of their
-- secrets only digests are kept.
CREATE TABLE sign_ins (
    member TEXT PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    locale TEXT NOT NULL,
    issued_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL
);

CREATE TABLE sessions (
    digest TEXT PRIMARY KEY,
    member TEXT NOT NULL,
    name TEXT NOT NULL,
    locale TEXT NOT NULL,
    begun_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL
);

CREATE INDEX sessions_by_member ON sessions (member, begun_ms);

-- What a process without a chat asks one that has it: who a member is in a community now.
CREATE TABLE questions (
    question_id TEXT PRIMARY KEY,
    community TEXT NOT NULL,
    member TEXT NOT NULL,
    asked_ms BIGINT NOT NULL,
    answer TEXT
);

-- The communities in which somebody was seen.
CREATE INDEX members_by_key ON members (member, community_id);

-- Requests for credit that wait for a decision.
CREATE INDEX credit_requests_open ON credit_requests (community_id, asked_ms) WHERE state = 'open';
