-- What was bought stands beside each charge from now on, and reports read charges from their index alone.
ALTER TABLE ledger ADD COLUMN product TEXT;

DROP INDEX ledger_by_day;

CREATE INDEX ledger_by_day ON ledger (community_id, day_ms, member, account_id, product, charged_micros)
WHERE kind = 'charge';
