-- What was told of a budget near its end: of a member's allowance by their account, of a community's pool by account 0.
CREATE TABLE warnings (
    community_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    ends_ms BIGINT NOT NULL,
    percent INTEGER NOT NULL,
    PRIMARY KEY (community_id, account_id)
);
