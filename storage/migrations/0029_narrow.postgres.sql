-- A finished job takes less room. The entry of a job names it: `job:kind`.
ALTER TABLE ledger DROP COLUMN job_id;

ALTER TABLE ledger ADD COLUMN job_id TEXT GENERATED ALWAYS AS (
    CASE WHEN kind = 'grant' OR kind = 'revoke' THEN NULL ELSE split_part(entry_id, ':', 1) END
) STORED;

-- Only audio that is kept is found by its digest, of which less is enough. Whoever finds it decides by more than time.
DROP INDEX jobs_same;

UPDATE jobs SET digest = substr(digest, 1, 20) WHERE kept = 1 AND digest IS NOT NULL;

CREATE INDEX jobs_same ON jobs (digest) WHERE kept = 1;
