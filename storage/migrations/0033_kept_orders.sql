-- Orders that were refused for want of credit, with their words, until they are ordered or a day has passed.
CREATE TABLE kept_orders (
    order_id TEXT PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    community_id BIGINT NOT NULL,
    member TEXT NOT NULL,
    placed TEXT NOT NULL,
    locale TEXT NOT NULL,
    cost_micros BIGINT NOT NULL,
    kept_ms BIGINT NOT NULL,
    credit_request_id TEXT UNIQUE,
    goes INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX kept_orders_of_member ON kept_orders (community_id, member);
CREATE INDEX kept_orders_by_age ON kept_orders (kept_ms);
-- When those who administer a community were called last, by what for.
CREATE TABLE admin_calls (
    community_id BIGINT NOT NULL,
    about TEXT NOT NULL,
    called_ms BIGINT NOT NULL,
    PRIMARY KEY (community_id, about)
);
