-- When the owners were told that a community waits, whether `added_by` added the bot or was only the first to be heard
-- there, and what whoever decided was called.
ALTER TABLE communities ADD COLUMN told_ms BIGINT;
ALTER TABLE communities ADD COLUMN was_added BIGINT NOT NULL DEFAULT 0;
ALTER TABLE communities ADD COLUMN decided_name TEXT NOT NULL DEFAULT '';
