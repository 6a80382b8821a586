-- What the books are checked against. Per 1,000 characters when it was ordered; NULL of jobs from before: it is unknown.
ALTER TABLE jobs ADD COLUMN price_micros BIGINT;

-- When the hold was charged or released.
ALTER TABLE jobs ADD COLUMN resolved_ms BIGINT;

UPDATE jobs SET resolved_ms = coalesce(
    (SELECT at_ms FROM ledger WHERE entry_id = jobs.job_id || ':charge'),
    (SELECT at_ms FROM ledger WHERE entry_id = jobs.job_id || ':void')
);

-- What the operator pays, as far as is known, where nobody was charged.
ALTER TABLE jobs ADD COLUMN upstream_micros BIGINT NOT NULL DEFAULT 0;

UPDATE jobs SET upstream_micros = coalesce(
    (SELECT upstream_micros FROM ledger WHERE entry_id = jobs.job_id || ':upstream'), 0
);
