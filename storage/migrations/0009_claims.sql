-- Whoever claimed the bot with the code from its terminal; they run it beside those whom OWNERS names.
CREATE TABLE owners (
    member TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    at_ms BIGINT NOT NULL
);
