-- Which worker carries a job, '' for none, where several processes share the database.
ALTER TABLE jobs ADD COLUMN owner TEXT NOT NULL DEFAULT '';

CREATE INDEX jobs_free ON jobs (created_ms) WHERE closed_ms IS NULL AND owner = '';

CREATE INDEX jobs_owned ON jobs (owner) WHERE closed_ms IS NULL AND owner <> '';

-- Who carries jobs now: a worker that has not renewed its row in time, by the database's clock, is taken to be dead.
CREATE TABLE workers (
    worker_id TEXT NOT NULL PRIMARY KEY,
    alive_until_ms BIGINT NOT NULL
);
