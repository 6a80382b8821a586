-- What was ordered, in short: who orders the same again can have the audio that is kept. Older orders are not found by it.
ALTER TABLE jobs ADD COLUMN digest TEXT;

CREATE INDEX jobs_same ON jobs (digest, created_ms) WHERE artifacts <> '[]';
