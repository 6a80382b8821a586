-- Whether audio may come after a job has expired, or has: '', 'awaited' or 'came'.
ALTER TABLE jobs ADD COLUMN late TEXT NOT NULL DEFAULT '';

CREATE INDEX jobs_awaited ON jobs (closed_ms) WHERE late = 'awaited';
