-- The one code by which somebody may claim the bot, by its hash: every process must know it and count its wrong tries.
CREATE TABLE codes (
    slot BIGINT NOT NULL PRIMARY KEY CHECK (slot = 1),
    digest TEXT NOT NULL,
    issued_ms BIGINT NOT NULL,
    until_ms BIGINT NOT NULL,
    tries_left BIGINT NOT NULL
);
