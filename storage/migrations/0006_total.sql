-- What the operator may have to pay for a month: holds, charges, and what was submitted and not proven uncharged.
CREATE TABLE total_usage (
    month_ms BIGINT NOT NULL PRIMARY KEY,
    used_micros BIGINT NOT NULL CHECK (used_micros >= 0)
);

INSERT INTO total_usage (month_ms, used_micros)
SELECT month_ms, CAST(sum(used) AS BIGINT) FROM (
    SELECT month_ms, allowance_micros - balance_micros AS used FROM ledger
    WHERE job_id IS NOT NULL AND month_ms IS NOT NULL
    UNION ALL
    SELECT held.month_ms, lost.upstream_micros FROM ledger AS lost
    JOIN ledger AS held ON held.entry_id = lost.job_id || ':hold'
    WHERE lost.kind = 'upstream'
) AS entries GROUP BY month_ms;
