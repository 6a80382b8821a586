-- Audio that members reported: where their admins see it, and what those made of it.
CREATE TABLE reported (
    job_id TEXT PRIMARY KEY,
    community_id BIGINT NOT NULL,
    state TEXT NOT NULL,
    reported_ms BIGINT NOT NULL,
    claimed_ms BIGINT,
    notice TEXT,
    decided_by TEXT NOT NULL DEFAULT '',
    blocked_by TEXT NOT NULL DEFAULT '',
    blocked_until_ms BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX reported_by_age ON reported (reported_ms);
-- Who did, and the messages with the audio that they mean.
CREATE TABLE reports (
    job_id TEXT NOT NULL,
    member TEXT NOT NULL,
    name TEXT NOT NULL,
    messages TEXT NOT NULL,
    reported_ms BIGINT NOT NULL,
    PRIMARY KEY (job_id, member)
);
CREATE INDEX reports_of_member ON reports (member, reported_ms);
