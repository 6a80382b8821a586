"""The SQL of the store, one text that SQLite and PostgreSQL both take. Parameters are `:name`.

A word is looked for in a list `,a,b,` by taking `,a,` away and seeing whether that changes the list: LIKE
has wildcards that may stand in a word, and ignores case on SQLite alone.
"""

# What a member may do now: the quota in force, what was drawn in its window, credit, holds, pool, block and limits.
# Of several roles the one counts that leaves the most. One row.
_STANDING = """
drawn AS (
    SELECT
        CAST(coalesce(sum(CASE WHEN day_ms >= :day_start AND day_ms < :day_end THEN used_micros END), 0) AS BIGINT)
            AS day_micros,
        CAST(coalesce(sum(CASE WHEN day_ms >= :week_start AND day_ms < :week_end THEN used_micros END), 0) AS BIGINT)
            AS week_micros,
        CAST(coalesce(sum(CASE WHEN day_ms >= :month_start AND day_ms < :month_end THEN used_micros END), 0) AS BIGINT)
            AS month_micros
    FROM usage
    WHERE community = :community AND member = :member
    AND day_ms >= CASE WHEN :week_start < :month_start THEN :week_start ELSE :month_start END
),
candidates AS (
    SELECT 1 AS rank, limit_micros, period, kind AS source, subject FROM quotas
    WHERE community = :community AND kind = 'member' AND subject = :member
    UNION ALL
    SELECT 2 AS rank, limit_micros, period, kind AS source, subject FROM quotas
    WHERE community = :community AND kind = 'role' AND replace(:roles, ',' || subject || ',', '') <> :roles
    UNION ALL
    SELECT 3 AS rank, limit_micros, period, kind AS source, subject FROM quotas
    WHERE community = :community AND kind = 'community' AND subject = ''
    UNION ALL
    SELECT 4 AS rank, CAST(:operator_limit AS BIGINT), CAST(:operator_period AS TEXT), 'operator' AS source, ''
),
quota AS (
    SELECT
        rank, limit_micros, period, source, subject,
        CASE period WHEN 'day' THEN day_micros WHEN 'week' THEN week_micros ELSE month_micros END AS used_micros,
        CASE period WHEN 'day' THEN :day_end WHEN 'week' THEN :week_end ELSE :month_end END AS resets_ms
    FROM candidates CROSS JOIN drawn
),
chosen AS (
    SELECT limit_micros, period, source, subject, used_micros, resets_ms FROM quota
    ORDER BY rank, CASE WHEN limit_micros IS NULL THEN 0 ELSE 1 END, limit_micros - used_micros DESC, subject
    LIMIT 1
),
standing AS (
    SELECT
        chosen.limit_micros, chosen.period, chosen.source, chosen.subject, chosen.used_micros, chosen.resets_ms,
        coalesce(members.balance_micros, 0) AS balance_micros,
        members.last_order_ms,
        CAST(coalesce((
            SELECT sum(holds.allowance_micros + holds.balance_micros) FROM holds
            WHERE holds.community = :community AND holds.member = :member
        ), 0) AS BIGINT) AS held_micros,
        (SELECT count(*) FROM holds WHERE holds.member = :member) AS waiting,
        (SELECT count(*) FROM holds WHERE holds.community = :community) AS community_waiting,
        CASE WHEN pools.community IS NULL THEN CAST(:default_pool AS BIGINT) ELSE pools.limit_micros END
            - coalesce(pool_usage.used_micros, 0) AS pool_left_micros,
        :month_end AS pool_resets_ms,
        CAST(:total_pool AS BIGINT) - coalesce(total_usage.used_micros, 0) AS total_left_micros,
        blocks.member IS NOT NULL AND (blocks.until_ms IS NULL OR blocks.until_ms > :now_ms) AS blocked,
        blocks.until_ms AS blocked_until_ms,
        limits.longest_text, limits.in_flight, limits.cooldown_s, limits.confirm_micros,
        limits.products, limits.channels
    FROM chosen
    LEFT JOIN members ON members.community = :community AND members.member = :member
    LEFT JOIN pools ON pools.community = :community
    LEFT JOIN pool_usage ON pool_usage.community = :community AND pool_usage.month_ms = :month_start
    LEFT JOIN total_usage ON total_usage.month_ms = :month_start
    LEFT JOIN blocks ON blocks.community = :community AND blocks.member = :member
    LEFT JOIN limits ON limits.community = :community
)
"""

STANDING = f"WITH {_STANDING} SELECT * FROM standing"  # noqa: S608 - a constant

# The one decision on an order. It reads what it decides on in the transaction that writes it.
_DECISION = f"""
{_STANDING},
decision AS (
    SELECT standing.*, CASE
        WHEN replace(
            :admits, ',' || coalesce((SELECT state FROM communities WHERE community = :community), 'waiting') || ',', ''
        ) = :admits THEN 'community'
        WHEN blocked THEN 'blocked'
        WHEN replace(products, ',' || :product || ',', '') = products THEN 'product'
        WHEN replace(channels, ',' || :channel || ',', '') = channels THEN 'channel'
        WHEN :characters > longest_text THEN 'longest_text'
        WHEN :now_ms >= last_order_ms AND :now_ms < last_order_ms + cooldown_s * 1000 THEN 'cooldown'
        WHEN waiting >= :max_waiting THEN 'waiting'
        WHEN community_waiting >= in_flight THEN 'in_flight'
        WHEN limit_micros - used_micros < :cost_micros AND balance_micros < :cost_micros
            - CASE WHEN limit_micros > used_micros THEN limit_micros - used_micros ELSE 0 END THEN 'allowance'
        WHEN pool_left_micros < :cost_micros THEN 'pool'
        WHEN total_left_micros < :cost_micros THEN 'total_pool'
        WHEN :confirmed = 0 AND :cost_micros > confirm_micros THEN 'confirm'
    END AS refused_by
    FROM standing
)
"""  # noqa: S608 - a constant

# Why an order was refused: the decision once more, where it made no job and so has changed nothing that it reads.
REFUSAL = f"WITH {_DECISION} SELECT * FROM decision"  # noqa: S608 - a constant

REMEMBER = """
INSERT INTO members (community, member, name, handle, seen_ms)
VALUES (:community, :member, :name, :handle, :now_ms)
ON CONFLICT (community, member) DO UPDATE
SET name = excluded.name, handle = excluded.handle, seen_ms = excluded.seen_ms
"""

# Allowance is drawn first, then balance.
ADMIT_HOLD = f"""
WITH {_DECISION},
split AS (
    SELECT CASE
        WHEN limit_micros IS NULL OR limit_micros - used_micros >= :cost_micros THEN :cost_micros
        WHEN limit_micros > used_micros THEN limit_micros - used_micros
        ELSE 0
    END AS from_allowance
    FROM decision WHERE refused_by IS NULL
)
INSERT INTO holds (job_id, community, member, day_ms, month_ms, allowance_micros, balance_micros)
SELECT :job_id, :community, :member, :day_start, :month_start, from_allowance, :cost_micros - from_allowance
FROM split WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.event_id = :event_id)
"""  # noqa: S608 - constants

ADMIT_JOB = """
INSERT INTO jobs (
    job_id, event_id, platform, community, member, member_name, direct, product, parameters,
    characters, price_micros, cost_micros, state, destination, channel, roles, locale, callback_token,
    created_ms, updated_ms
)
SELECT
    :job_id, :event_id, :platform, :community, :member, :name, :direct, :product, :parameters,
    :characters, :price_micros, :cost_micros,
    'queued', :destination, :channel, :roles, :locale, :callback_token, :now_ms, :now_ms
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

# Last of what an admission and a void touch: all communities share its row, which is locked until the commit.
TOTAL = "SELECT used_micros FROM total_usage WHERE month_ms = :month_ms"
DRAW_TOTAL = """
INSERT INTO total_usage (month_ms, used_micros)
SELECT month_ms, allowance_micros + balance_micros FROM holds WHERE job_id = :job_id
ON CONFLICT (month_ms) DO UPDATE SET used_micros = total_usage.used_micros + excluded.used_micros
"""

# Whoever ordered is remembered also where the order was refused, which has no hold.
DRAW_BALANCE = """
INSERT INTO members (community, member, name, handle, seen_ms, last_order_ms)
SELECT
    :community, :member, :name, :handle, :now_ms, (SELECT CAST(:now_ms AS BIGINT) FROM holds WHERE job_id = :job_id)
WHERE 0 = 0
ON CONFLICT (community, member) DO UPDATE SET
    name = excluded.name, handle = excluded.handle, seen_ms = excluded.seen_ms,
    last_order_ms = coalesce(excluded.last_order_ms, members.last_order_ms),
    balance_micros = members.balance_micros
        - coalesce((SELECT holds.balance_micros FROM holds WHERE holds.job_id = :job_id), 0)
"""

RETURN_USAGE = """
UPDATE usage SET used_micros = used_micros - (SELECT allowance_micros FROM holds WHERE job_id = :job_id)
WHERE (community, member, day_ms) IN (SELECT community, member, day_ms FROM holds WHERE job_id = :job_id)
"""

RETURN_POOL = """
UPDATE pool_usage SET used_micros = used_micros
    - (SELECT allowance_micros + balance_micros FROM holds WHERE job_id = :job_id)
WHERE (community, month_ms) IN (SELECT community, month_ms FROM holds WHERE job_id = :job_id)
"""

RETURN_TOTAL = """
UPDATE total_usage SET used_micros = used_micros
    - (SELECT allowance_micros + balance_micros FROM holds WHERE job_id = :job_id)
WHERE month_ms IN (SELECT month_ms FROM holds WHERE job_id = :job_id)
"""

# It counts in the month of the hold, whenever it is known.
DRAW_UPSTREAM = """
UPDATE total_usage SET used_micros = used_micros + :upstream_micros
WHERE month_ms IN (SELECT month_ms FROM ledger WHERE entry_id = :job_id || ':hold')
"""

RETURN_BALANCE = """
UPDATE members SET balance_micros = balance_micros + (SELECT balance_micros FROM holds WHERE job_id = :job_id)
WHERE (community, member) IN (SELECT community, member FROM holds WHERE job_id = :job_id)
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
SELECT job_id || ':upstream', :now_ms, community, member, 'upstream', job_id, upstream_micros, reason
FROM jobs WHERE job_id = :job_id
"""

CLOSE_HOLD = "DELETE FROM holds WHERE job_id = :job_id"

PLACE = "UPDATE jobs SET destination = :destination WHERE job_id = :job_id AND closed_ms IS NULL"

JOB = "SELECT * FROM jobs WHERE job_id = :job_id"
JOB_BY_EVENT = "SELECT * FROM jobs WHERE event_id = :event_id"
UNFINISHED = "SELECT * FROM jobs WHERE closed_ms IS NULL ORDER BY created_ms, job_id"
OLDEST_WAITING = """
SELECT * FROM jobs WHERE closed_ms IS NULL AND state = 'queued' ORDER BY created_ms, job_id LIMIT 1
"""
KEPT = """
SELECT * FROM jobs WHERE state = 'undeliverable' AND closed_ms < :before_ms AND artifacts <> '[]'
ORDER BY closed_ms LIMIT :most
"""

AWAITED = """
SELECT * FROM jobs WHERE late = 'awaited' AND closed_ms < :before_ms ORDER BY closed_ms LIMIT :most
"""

# One open wish at a time, and a pause after a decision. One that nobody decided on for long is forgotten before that.
ASK = """
INSERT INTO requests (request_id, community, member, name, amount_micros, asked_ms, state)
SELECT :request_id, :community, :member, :name, :amount_micros, :now_ms, 'open'
WHERE NOT EXISTS (
    SELECT 1 FROM requests WHERE community = :community AND member = :member
    AND (state = 'open' OR decided_ms > :paused_ms)
)
RETURNING request_id
"""
FORGET_WISHES = """
DELETE FROM requests
WHERE community = :community AND member = :member AND state = 'open' AND asked_ms <= :forgotten_ms
"""
WITHDRAW = """
DELETE FROM requests
WHERE request_id = :request_id AND community = :community AND member = :member AND state = 'open'
"""

OFFER = """
INSERT INTO offers (offer_id, event_id, community, member, placed, cost_micros, expires_ms)
VALUES (:offer_id, :event_id, :community, :member, :placed, :cost_micros, :expires_ms)
ON CONFLICT (event_id) DO UPDATE
SET placed = excluded.placed, cost_micros = excluded.cost_micros, expires_ms = excluded.expires_ms
RETURNING offer_id
"""
READ_OFFER = """
SELECT member, placed, cost_micros, expires_ms FROM offers WHERE offer_id = :offer_id AND community = :community
"""
DROP_OFFER = "DELETE FROM offers WHERE offer_id = :offer_id"
FORGET_OFFERS = "DELETE FROM offers WHERE expires_ms <= :forgotten_ms"

SEE_COMMUNITY = """
INSERT INTO communities (community, state, title, added_by, added_name, was_added, asked_ms, decided_by)
VALUES (:community, 'waiting', :title, :member, :name, :was_added, :now_ms, '')
ON CONFLICT (community) DO NOTHING RETURNING community
"""
RETITLE = "UPDATE communities SET title = :title WHERE community = :community AND :title <> '' AND title <> :title"
HEAR = """
UPDATE communities SET added_by = :member, added_name = :name, was_added = :was_added
WHERE community = :community AND state = 'waiting' AND added_by = '' AND :member <> ''
"""
_NEWCOMERS = "SELECT community, state, title, added_by, added_name, was_added, decided_name, told_ms FROM communities"
WAITING = f"{_NEWCOMERS} WHERE state = 'waiting' ORDER BY asked_ms DESC, community"
NEWCOMER = f"{_NEWCOMERS} WHERE community = :community"
# A press may come before it is noted that the message went out: then the others of the message wait and are untold yet.
_TOLD_WITH = """
WHERE community = :community OR (state = 'waiting' OR told_ms IS NOT NULL)
AND coalesce(told_ms, 0) = coalesce((SELECT told_ms FROM communities WHERE community = :community), 0)
ORDER BY asked_ms DESC, community
"""
TOLD_WITH = _NEWCOMERS + _TOLD_WITH
NOTE_TOLD = """
UPDATE communities SET told_ms = :now_ms
WHERE told_ms IS NULL AND replace(:told, ',' || community || ',', '') <> :told
"""
COMMUNITY = "SELECT state FROM communities WHERE community = :community"
# Whoever makes groups must not fill the table.
FORGET_WAITING = """
DELETE FROM communities WHERE state = 'waiting' AND community NOT IN (
    SELECT community FROM communities WHERE state = 'waiting' ORDER BY asked_ms DESC, community LIMIT :most
)
"""

FIND_HANDLE = """
SELECT member, name FROM members WHERE community = :community AND handle = :handle ORDER BY seen_ms DESC LIMIT 1
"""

_BY_COMMUNITY = ("communities", "members", "quotas", "pools", "usage", "pool_usage", "blocks", "limits")
_FOLLOWING = ("jobs", "holds", "ledger", "audit", "requests", "offers")

# A community that gets a new key takes everything along; where the new key already has rows, amounts add up
# and the longer block stands. Jobs come first: whoever carries one on still knows it by a former key, and is kept
# apart by the job's row.
MOVE_COMMUNITY = (
    *(f"UPDATE {table} SET community = :new WHERE community = :old" for table in _FOLLOWING),  # noqa: S608
    """
    INSERT INTO members (community, member, name, handle, balance_micros, seen_ms, last_order_ms)
    SELECT :new, member, name, handle, balance_micros, seen_ms, last_order_ms FROM members WHERE community = :old
    ON CONFLICT (community, member) DO UPDATE SET
        balance_micros = members.balance_micros + excluded.balance_micros,
        last_order_ms = CASE WHEN excluded.last_order_ms > coalesce(members.last_order_ms, 0)
            THEN excluded.last_order_ms ELSE members.last_order_ms END
    """,
    """
    INSERT INTO quotas (community, kind, subject, limit_micros, period, set_by, set_ms)
    SELECT :new, kind, subject, limit_micros, period, set_by, set_ms FROM quotas WHERE community = :old
    ON CONFLICT (community, kind, subject) DO NOTHING
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
    """
    INSERT INTO blocks (community, member, until_ms, set_by, set_ms)
    SELECT :new, member, until_ms, set_by, set_ms FROM blocks WHERE community = :old
    ON CONFLICT (community, member) DO UPDATE
    SET until_ms = excluded.until_ms, set_by = excluded.set_by, set_ms = excluded.set_ms
    WHERE blocks.until_ms < coalesce(excluded.until_ms, blocks.until_ms + 1)
    """,
    """
    INSERT INTO limits (
        community, longest_text, in_flight, cooldown_s, confirm_micros, products, channels, set_by, set_ms
    )
    SELECT :new, longest_text, in_flight, cooldown_s, confirm_micros, products, channels, set_by, set_ms
    FROM limits WHERE community = :old
    ON CONFLICT (community) DO NOTHING
    """,
    """
    INSERT INTO communities (
        community, state, title, added_by, added_name, was_added, asked_ms, told_ms,
        decided_ms, decided_by, decided_name
    )
    SELECT
        :new, state, title, added_by, added_name, was_added, asked_ms, told_ms,
        decided_ms, decided_by, decided_name
    FROM communities WHERE community = :old
    ON CONFLICT (community) DO UPDATE
    SET state = excluded.state, told_ms = excluded.told_ms, decided_ms = excluded.decided_ms,
        decided_by = excluded.decided_by, decided_name = excluded.decided_name
    WHERE excluded.state <> 'waiting'
    """,
    *(f"DELETE FROM {table} WHERE community = :old" for table in _BY_COMMUNITY),  # noqa: S608
)

_ENTRY = """
SELECT
    ledger.entry_id, ledger.at_ms, ledger.community, ledger.member, coalesce(members.name, '') AS name, ledger.kind,
    coalesce(ledger.job_id, '') AS job_id, ledger.allowance_micros, ledger.balance_micros, ledger.charged_micros,
    ledger.upstream_micros, coalesce(ledger.actor, '') AS actor, coalesce(ledger.note, '') AS note
FROM ledger
LEFT JOIN members ON members.community = ledger.community AND members.member = ledger.member
"""
ENTRIES = f"""{_ENTRY}
WHERE ledger.community = :community AND ledger.member = :member AND ledger.kind IN ('charge', 'grant', 'revoke')
ORDER BY ledger.at_ms DESC, ledger.entry_id DESC LIMIT :most
"""
EXPORT_ALL = f"{_ENTRY} ORDER BY ledger.at_ms, ledger.entry_id"
EXPORT = f"""{_ENTRY}
WHERE ledger.community = :community AND ledger.at_ms >= :start_ms AND ledger.at_ms < :end_ms
AND (:member = '' OR ledger.member = :member)
ORDER BY ledger.at_ms, ledger.entry_id LIMIT :most
"""
