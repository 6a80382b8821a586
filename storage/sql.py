"""The SQL of the store, one text that SQLite and PostgreSQL both take. Parameters are `:name`."""

# The quota in force, what was drawn in its window, the free credit, what is held, and the pool: one row.
_STANDING = """
standing AS (
    SELECT
        quota.limit_micros, quota.period, quota.source,
        CASE quota.period WHEN 'day' THEN :day_end WHEN 'week' THEN :week_end ELSE :month_end END AS resets_ms,
        CAST(coalesce((
            SELECT sum(usage.used_micros) FROM usage
            WHERE usage.community = :community AND usage.member = :member
            AND usage.day_ms >=
                CASE quota.period WHEN 'day' THEN :day_start WHEN 'week' THEN :week_start ELSE :month_start END
            AND usage.day_ms <
                CASE quota.period WHEN 'day' THEN :day_end WHEN 'week' THEN :week_end ELSE :month_end END
        ), 0) AS BIGINT) AS used_micros,
        coalesce((
            SELECT members.balance_micros FROM members
            WHERE members.community = :community AND members.member = :member
        ), 0) AS balance_micros,
        CAST(coalesce((
            SELECT sum(holds.allowance_micros + holds.balance_micros) FROM holds
            WHERE holds.community = :community AND holds.member = :member
        ), 0) AS BIGINT) AS held_micros,
        (SELECT count(*) FROM holds WHERE holds.member = :member) AS waiting,
        (
            SELECT pools.limit_micros - coalesce((
                SELECT pool_usage.used_micros FROM pool_usage
                WHERE pool_usage.community = :community AND pool_usage.month_ms = :month_start
            ), 0)
            FROM pools WHERE pools.community = :community
        ) AS pool_left_micros
    FROM (
        SELECT candidates.limit_micros, candidates.period, candidates.source FROM (
            SELECT 1 AS rank, limit_micros, period, 'member' AS source FROM quotas
            WHERE community = :community AND member = :member
            UNION ALL
            SELECT 2 AS rank, limit_micros, period, 'community' AS source FROM quotas
            WHERE community = :community AND member = ''
            UNION ALL
            SELECT 3 AS rank, CAST(:operator_limit AS BIGINT), CAST(:operator_period AS TEXT), 'operator' AS source
        ) AS candidates ORDER BY candidates.rank LIMIT 1
    ) AS quota
)
"""

STANDING = f"WITH {_STANDING} SELECT * FROM standing"  # noqa: S608 - a constant

# The row that every order of a member writes first: on an engine with many writers it makes them queue up.
REMEMBER = """
INSERT INTO members (community, member, name, handle, seen_ms)
VALUES (:community, :member, :name, :handle, :now_ms)
ON CONFLICT (community, member) DO UPDATE
SET name = excluded.name, handle = excluded.handle, seen_ms = excluded.seen_ms
"""

# Allowance is drawn first, then balance. The decision reads what it decides on in the transaction that writes it.
ADMIT_HOLD = f"""
WITH {_STANDING},
split AS (
    SELECT
        CASE
            WHEN limit_micros IS NULL OR limit_micros - used_micros >= :cost_micros THEN :cost_micros
            WHEN limit_micros > used_micros THEN limit_micros - used_micros
            ELSE 0
        END AS from_allowance,
        balance_micros, pool_left_micros, waiting
    FROM standing
)
INSERT INTO holds (job_id, community, member, day_ms, month_ms, allowance_micros, balance_micros)
SELECT :job_id, :community, :member, :day_start, :month_start, from_allowance, :cost_micros - from_allowance
FROM split
WHERE :cost_micros - from_allowance <= balance_micros
AND (pool_left_micros IS NULL OR :cost_micros <= pool_left_micros)
AND waiting < :max_waiting
AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.event_id = :event_id)
"""  # noqa: S608 - constants

ADMIT_JOB = """
INSERT INTO jobs (
    job_id, event_id, platform, community, member, member_name, direct, product, parameters,
    characters, cost_micros, state, destination, callback_token, created_ms, updated_ms
)
SELECT
    :job_id, :event_id, :platform, :community, :member, :name, :direct, :product, :parameters,
    :characters, :cost_micros,
    'queued', :destination, :callback_token, :now_ms, :now_ms
WHERE EXISTS (SELECT 1 FROM holds WHERE holds.job_id = :job_id)
"""

# `sign` 1 places a hold, -1 gives it back.
LEDGER_HOLD = """
INSERT INTO ledger (
    entry_id, at_ms, community, member, kind, job_id, day_ms, month_ms, allowance_micros, balance_micros
)
SELECT
    job_id || ':' || :kind, :now_ms, community, member, :kind, job_id, day_ms, month_ms,
    :sign * allowance_micros, -:sign * balance_micros
FROM holds WHERE job_id = :job_id
"""

DRAW_USAGE = """
INSERT INTO usage (community, member, day_ms, used_micros)
SELECT community, member, day_ms, allowance_micros FROM holds WHERE job_id = :job_id AND allowance_micros > 0
ON CONFLICT (community, member, day_ms) DO UPDATE SET used_micros = usage.used_micros + excluded.used_micros
"""

DRAW_POOL = """
INSERT INTO pool_usage (community, month_ms, used_micros)
SELECT community, month_ms, allowance_micros + balance_micros FROM holds WHERE job_id = :job_id
ON CONFLICT (community, month_ms) DO UPDATE SET used_micros = pool_usage.used_micros + excluded.used_micros
"""

DRAW_BALANCE = """
UPDATE members SET balance_micros = balance_micros - (SELECT balance_micros FROM holds WHERE job_id = :job_id)
WHERE EXISTS (
    SELECT 1 FROM holds WHERE holds.job_id = :job_id AND holds.balance_micros > 0
    AND holds.community = members.community AND holds.member = members.member
)
"""

RETURN_USAGE = """
UPDATE usage SET used_micros = used_micros - (SELECT allowance_micros FROM holds WHERE job_id = :job_id)
WHERE EXISTS (
    SELECT 1 FROM holds WHERE holds.job_id = :job_id AND holds.day_ms = usage.day_ms
    AND holds.community = usage.community AND holds.member = usage.member
)
"""

RETURN_POOL = """
UPDATE pool_usage SET used_micros = used_micros
    - (SELECT allowance_micros + balance_micros FROM holds WHERE job_id = :job_id)
WHERE EXISTS (
    SELECT 1 FROM holds WHERE holds.job_id = :job_id AND holds.month_ms = pool_usage.month_ms
    AND holds.community = pool_usage.community
)
"""

RETURN_BALANCE = """
UPDATE members SET balance_micros = balance_micros + (SELECT balance_micros FROM holds WHERE job_id = :job_id)
WHERE EXISTS (
    SELECT 1 FROM holds WHERE holds.job_id = :job_id AND holds.balance_micros > 0
    AND holds.community = members.community AND holds.member = members.member
)
"""

LEDGER_CHARGE = """
INSERT INTO ledger (entry_id, at_ms, community, member, kind, job_id, day_ms, month_ms, charged_micros)
SELECT
    job_id || ':charge', :now_ms, community, member, 'charge', job_id, day_ms, month_ms,
    allowance_micros + balance_micros
FROM holds WHERE job_id = :job_id
"""

LEDGER_UPSTREAM = """
INSERT INTO ledger (entry_id, at_ms, community, member, kind, job_id, upstream_micros, note)
SELECT job_id || ':upstream', :now_ms, community, member, 'upstream', job_id, :upstream_micros, reason
FROM jobs WHERE job_id = :job_id
"""

CLOSE_HOLD = "DELETE FROM holds WHERE job_id = :job_id"

PLACE = "UPDATE jobs SET destination = :destination WHERE job_id = :job_id AND closed_ms IS NULL"

JOB = "SELECT * FROM jobs WHERE job_id = :job_id"
JOB_BY_EVENT = "SELECT * FROM jobs WHERE event_id = :event_id"
JOB_BY_CALLBACK = "SELECT * FROM jobs WHERE callback_token = :token"
UNFINISHED = "SELECT * FROM jobs WHERE closed_ms IS NULL ORDER BY created_ms, job_id"
KEPT = """
SELECT * FROM jobs WHERE state = 'undeliverable' AND closed_ms < :before_ms AND artifacts <> '[]'
ORDER BY closed_ms LIMIT :most
"""

SET_QUOTA = """
INSERT INTO quotas (community, member, limit_micros, period, set_by, set_ms)
VALUES (:community, :member, :limit_micros, :period, :by, :now_ms)
ON CONFLICT (community, member) DO UPDATE
SET limit_micros = excluded.limit_micros, period = excluded.period, set_by = excluded.set_by, set_ms = excluded.set_ms
"""
CLEAR_QUOTA = "DELETE FROM quotas WHERE community = :community AND member = :member"

FIND_HANDLE = """
SELECT member, name FROM members WHERE community = :community AND handle = :handle ORDER BY seen_ms DESC LIMIT 1
"""

# A community that gets a new key takes everything along; where the new key already has rows, amounts add up.
MOVE_COMMUNITY = (
    """
    INSERT INTO members (community, member, name, handle, balance_micros, seen_ms)
    SELECT :new, member, name, handle, balance_micros, seen_ms FROM members WHERE community = :old
    ON CONFLICT (community, member) DO UPDATE SET balance_micros = members.balance_micros + excluded.balance_micros
    """,
    """
    INSERT INTO quotas (community, member, limit_micros, period, set_by, set_ms)
    SELECT :new, member, limit_micros, period, set_by, set_ms FROM quotas WHERE community = :old
    ON CONFLICT (community, member) DO NOTHING
    """,
    """
    INSERT INTO pools (community, limit_micros) SELECT :new, limit_micros FROM pools WHERE community = :old
    ON CONFLICT (community) DO NOTHING
    """,
    """
    INSERT INTO usage (community, member, day_ms, used_micros)
    SELECT :new, member, day_ms, used_micros FROM usage WHERE community = :old
    ON CONFLICT (community, member, day_ms) DO UPDATE SET used_micros = usage.used_micros + excluded.used_micros
    """,
    """
    INSERT INTO pool_usage (community, month_ms, used_micros)
    SELECT :new, month_ms, used_micros FROM pool_usage WHERE community = :old
    ON CONFLICT (community, month_ms) DO UPDATE SET used_micros = pool_usage.used_micros + excluded.used_micros
    """,
    *(f"DELETE FROM {table} WHERE community = :old" for table in ("members", "quotas", "pools", "usage", "pool_usage")),  # noqa: S608
    *(f"UPDATE {table} SET community = :new WHERE community = :old" for table in ("jobs", "holds", "ledger")),  # noqa: S608
)
