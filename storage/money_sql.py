"""The SQL of money, one text that SQLite and PostgreSQL both take. Parameters are `:name`.

A word is looked for in a list `,a,b,` by taking `,a,` away and seeing whether that changes the list: LIKE
has wildcards that may stand in a word, and ignores case on SQLite alone.
"""

from storage.accounts_sql import ACCOUNT
from storage.communities_sql import HERE
from storage.jobs_sql import ALIKE


def _drawn(period: str, here: str, account: str) -> str:
    """Return the query for what an account has drawn from its allowance in the window of a period."""
    return f"""(
    SELECT CAST(coalesce(sum(used_micros), 0) AS BIGINT) FROM usage
    WHERE community_id = {here} AND account_id = {account} AND day_ms >= :{period}_start AND day_ms < :{period}_end
)"""


# What a member may do now: the quota in force, what was drawn in its window, credit, holds, pool, block and limits.
# What is spent is the account's; what an admin set for one of its identities holds for all of them. Of several quotas
# of one rank that counts which leaves the most, and of several blocks the one that ends last. One row.
# Nothing here is a table of its own but the candidates: SQLite takes longer to make one, or to sort one row, than for
# all that it is asked. A `+` keeps it from an index: an account has few holds, a community many.
def _standing(here: str, account: str) -> str:
    """Return what a member may do, by the ids of community and account: known ones are none if they no longer hold."""
    return f"""
candidates AS (
    SELECT 1 AS rank, limit_micros, period, kind AS source, subject FROM identities CROSS JOIN quotas
    WHERE account_id = {account} AND community_id = {here} AND kind = 'member' AND subject = identities.key
    UNION ALL
    SELECT 2 AS rank, limit_micros, period, kind AS source, subject FROM quotas
    WHERE community_id = {here} AND kind = 'role' AND replace(:roles, ',' || subject || ',', '') <> :roles
    UNION ALL
    SELECT 3 AS rank, limit_micros, period, kind AS source, subject FROM quotas
    WHERE community_id = {here} AND kind = 'community' AND subject = ''
    UNION ALL
    SELECT 4 AS rank, CAST(:operator_limit AS BIGINT), CAST(:operator_period AS TEXT), 'operator' AS source, ''
),
quota AS (
    SELECT
        rank, limit_micros, period, source, subject,
        CASE period
            WHEN 'day' THEN {_drawn("day", here, account)}
            WHEN 'week' THEN {_drawn("week", here, account)}
            ELSE {_drawn("month", here, account)}
        END AS used_micros,
        CASE period WHEN 'day' THEN :day_end WHEN 'week' THEN :week_end ELSE :month_end END AS resets_ms
    FROM candidates
),
chosen AS (
    SELECT limit_micros, period, source, subject, used_micros, resets_ms FROM quota
    ORDER BY rank, CASE WHEN limit_micros IS NULL THEN 0 ELSE 1 END, limit_micros - used_micros DESC, subject
    LIMIT 1
),
standing AS (
    SELECT
        here.community_id, here.state, payer.account_id,
        chosen.limit_micros, chosen.period, chosen.source, chosen.subject, chosen.used_micros, chosen.resets_ms,
        coalesce(balances.balance_micros, 0) AS balance_micros,
        (
            SELECT max(members.last_order_ms) FROM identities AS named
            JOIN members ON members.community_id = here.community_id AND members.member = named.key
            WHERE named.account_id = payer.account_id
        ) AS last_order_ms,
        CAST(coalesce((
            SELECT sum(holds.allowance_micros + holds.balance_micros) FROM holds
            WHERE holds.account_id = payer.account_id AND +holds.community_id = here.community_id
        ), 0) AS BIGINT) AS held_micros,
        (SELECT count(*) FROM holds WHERE holds.account_id = payer.account_id) AS waiting,
        (SELECT count(*) FROM holds WHERE holds.community_id = here.community_id) AS community_waiting,
        CASE WHEN pools.community_id IS NULL THEN CAST(:default_pool AS BIGINT) ELSE pools.limit_micros END
            AS pool_micros,
        CASE WHEN pools.community_id IS NULL THEN CAST(:default_pool AS BIGINT) ELSE pools.limit_micros END
            - coalesce(pool_usage.used_micros, 0) AS pool_left_micros,
        :month_end AS pool_resets_ms,
        CAST(:total_pool AS BIGINT) - coalesce(total_usage.used_micros, 0) AS total_left_micros,
        EXISTS (
            SELECT 1 FROM identities AS named
            JOIN blocks ON blocks.community_id = here.community_id AND blocks.member = named.key
            WHERE named.account_id = payer.account_id AND (blocks.until_ms IS NULL OR blocks.until_ms > :now_ms)
        ) AS blocked,
        (
            SELECT CASE WHEN count(*) = count(blocks.until_ms) THEN max(blocks.until_ms) END FROM identities AS named
            JOIN blocks ON blocks.community_id = here.community_id AND blocks.member = named.key
            WHERE named.account_id = payer.account_id
        ) AS blocked_until_ms,
        limits.longest_text, limits.in_flight, limits.cooldown_s, limits.confirm_micros,
        limits.products, limits.channels, limits.voice
    FROM chosen
    LEFT JOIN communities AS here ON here.community_id = {here} AND here.key = :community
    LEFT JOIN identities AS payer ON payer.key = :member AND payer.account_id = {account}
    LEFT JOIN balances ON balances.community_id = here.community_id AND balances.account_id = payer.account_id
    LEFT JOIN pools ON pools.community_id = here.community_id
    LEFT JOIN pool_usage ON pool_usage.community_id = here.community_id AND pool_usage.month_ms = :month_start
    LEFT JOIN total_usage ON total_usage.month_ms = :month_start
    LEFT JOIN limits ON limits.community_id = here.community_id
)
"""


STANDING = f"WITH {_standing(HERE, ACCOUNT)} SELECT * FROM standing"
STANDING_BY_IDS = f"WITH {_standing(':community_id', ':account_id')} SELECT * FROM standing"

REPEATED = "repeated"
"""In the place of a limit that refuses an order: audio that is kept answers it. Whoever may spend nothing has none."""


# The one decision on an order. It reads what it decides on in the transaction that writes it.
def _decision(here: str, account: str, unknown: str, repeated: str = "") -> str:
    """Return the query for what refuses an order, by the ids of community and account, unless these are `unknown`.

    `repeated` is the case of one that is answered by what is kept.
    """
    return f"""
{_standing(here, account)},
decision AS (
    SELECT standing.*, CASE
        WHEN {unknown} THEN 'unknown'
        WHEN replace(:admits, ',' || coalesce(nullif(state, ''), 'waiting') || ',', '') = :admits THEN 'community'
        WHEN blocked THEN 'blocked'
        WHEN replace(products, ',' || :product || ',', '') = products THEN 'product'
        WHEN replace(channels, ',' || :channel || ',', '') = channels THEN 'channel'
        WHEN :characters > longest_text THEN 'longest_text'
        WHEN cooldown_s > 0 AND :now_ms >= last_order_ms AND :now_ms < last_order_ms + cooldown_s * 1000 THEN 'cooldown'
        WHEN waiting >= :max_waiting THEN 'waiting'
        WHEN community_waiting >= in_flight THEN 'in_flight'
        {repeated}
        WHEN limit_micros - used_micros < :cost_micros AND balance_micros < :cost_micros
            - CASE WHEN limit_micros > used_micros THEN limit_micros - used_micros ELSE 0 END THEN 'allowance'
        WHEN pool_left_micros < :cost_micros THEN 'pool'
        WHEN total_left_micros < :cost_micros THEN 'total_pool'
        WHEN :confirmed = 0 AND (:dearer = 1 OR :cost_micros > confirm_micros) THEN 'confirm'
    END AS refused_by
    FROM standing
)
"""


_IS_REPEATED = f"""WHEN :repeats = 1 AND (limit_micros IS NULL OR limit_micros > 0 OR balance_micros > 0)
            AND EXISTS (SELECT 1 FROM jobs WHERE {ALIKE}) THEN '{REPEATED}'"""
_DECISION = _decision(":community_id", ":account_id", "community_id IS NULL OR account_id IS NULL", _IS_REPEATED)

# Why an order was refused: the decision once more, where it made no job and so has changed nothing that it reads.
REFUSAL = f"WITH {_DECISION} SELECT * FROM decision"
SUPPOSED = f"WITH {_decision(HERE, ACCOUNT, 'community_id IS NULL')} SELECT * FROM decision"
"""The same decision on an order that nobody places, by somebody who may never have written."""

# Allowance is drawn first, then balance.
ADMIT_HOLD = f"""
WITH {_DECISION},
split AS (
    SELECT CASE
        WHEN limit_micros IS NULL OR limit_micros - used_micros >= :cost_micros THEN :cost_micros
        WHEN limit_micros > used_micros THEN limit_micros - used_micros
        ELSE 0
    END AS from_allowance, community_id, account_id
    FROM decision WHERE refused_by IS NULL
)
INSERT INTO holds (job_id, community_id, account_id, day_ms, month_ms, allowance_micros, balance_micros)
SELECT :job_id, community_id, account_id, :day_start, :month_start, from_allowance, :cost_micros - from_allowance
FROM split WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.event_id = :event_id)
AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.event_id = :event_id)
RETURNING allowance_micros, balance_micros
"""

ADMIT_JOB = """
INSERT INTO jobs (
    job_id, event_id, platform, community_id, member, member_name, direct, product, parameters,
    characters, price_micros, cost_micros, state, generations, destination, channel, roles, locale,
    digest, created_ms, updated_ms
)
VALUES (
    :job_id, :event_id, :platform, :community_id, :member, :name, :direct, :product, :parameters,
    :characters, :price_micros, :cost_micros,
    'open', :parts, :destination, :channel, :roles, :locale, :digest, :now_ms, :now_ms
)
"""

# `sign` 1 places a hold, -1 gives it back.
LEDGER_HOLD = """
INSERT INTO ledger (
    entry_id, at_ms, community_id, account_id, member, kind, day_ms, month_ms, allowance_micros, balance_micros
)
SELECT
    job_id || ':' || :kind, :now_ms, community_id, account_id, :member, :kind, day_ms, month_ms,
    :sign * allowance_micros, -:sign * balance_micros
FROM holds WHERE job_id = :job_id
"""

DRAW_USAGE = """
INSERT INTO usage (community_id, account_id, day_ms, used_micros)
SELECT community_id, account_id, day_ms, allowance_micros FROM holds WHERE job_id = :job_id AND allowance_micros > 0
ON CONFLICT (community_id, account_id, day_ms) DO UPDATE SET used_micros = usage.used_micros + excluded.used_micros
"""

DRAW_POOL = """
INSERT INTO pool_usage (community_id, month_ms, used_micros) VALUES (:community_id, :month_start, :cost_micros)
ON CONFLICT (community_id, month_ms) DO UPDATE SET used_micros = pool_usage.used_micros + excluded.used_micros
"""

# Last of what an admission and a void touch: all communities share its row, which is locked until the commit.
TOTAL = "SELECT used_micros FROM total_usage WHERE month_ms = :month_ms"
DRAW_TOTAL = """
INSERT INTO total_usage (month_ms, used_micros) VALUES (:month_start, :cost_micros)
ON CONFLICT (month_ms) DO UPDATE SET used_micros = total_usage.used_micros + excluded.used_micros
"""

DRAW_BALANCE = """
UPDATE balances SET balance_micros = balance_micros
    - :sign * (SELECT holds.balance_micros FROM holds WHERE holds.job_id = :job_id)
WHERE community_id = (SELECT community_id FROM holds WHERE job_id = :job_id AND balance_micros > 0)
AND account_id = (SELECT account_id FROM holds WHERE job_id = :job_id)
"""

REMEMBER_ORDER = """
INSERT INTO members (community_id, member, name, handle, seen_ms, last_order_ms)
VALUES (:community_id, :member, :name, :handle, :now_ms, :now_ms)
ON CONFLICT (community_id, member) DO UPDATE SET
    name = excluded.name, handle = excluded.handle, seen_ms = excluded.seen_ms, last_order_ms = excluded.last_order_ms
"""

RETURN_USAGE = """
UPDATE usage SET used_micros = used_micros - (SELECT allowance_micros FROM holds WHERE job_id = :job_id)
WHERE (community_id, account_id, day_ms) IN (SELECT community_id, account_id, day_ms FROM holds WHERE job_id = :job_id)
"""

RETURN_POOL = """
UPDATE pool_usage SET used_micros = used_micros
    - (SELECT allowance_micros + balance_micros FROM holds WHERE job_id = :job_id)
WHERE (community_id, month_ms) IN (SELECT community_id, month_ms FROM holds WHERE job_id = :job_id)
"""

RETURN_TOTAL = """
UPDATE total_usage SET used_micros = used_micros
    - (SELECT allowance_micros + balance_micros FROM holds WHERE job_id = :job_id)
WHERE month_ms IN (SELECT month_ms FROM holds WHERE job_id = :job_id)
"""

# Upstream spend counts in the month of the hold, however late it becomes known.
DRAW_UPSTREAM = """
UPDATE total_usage SET used_micros = used_micros + :upstream_micros
WHERE month_ms IN (SELECT month_ms FROM ledger WHERE entry_id = :job_id || ':hold')
AND (CAST(:total_micros AS BIGINT) IS NULL OR used_micros + :upstream_micros <= :total_micros)
"""

LEDGER_CHARGE = """
INSERT INTO ledger (entry_id, at_ms, community_id, account_id, member, kind, day_ms, month_ms, charged_micros, product)
SELECT job_id || ':charge', :now_ms, community_id, account_id, :member, 'charge', day_ms, month_ms, :charged_micros,
    :product
FROM holds WHERE job_id = :job_id AND :charged_micros <= allowance_micros + balance_micros
"""

# What is left of a hold after its charge, which takes the allowance first, as the hold did.
SPEND_HOLD = """
UPDATE holds SET
    allowance_micros = CASE WHEN allowance_micros > :charged_micros THEN allowance_micros - :charged_micros ELSE 0 END,
    balance_micros = CASE
        WHEN allowance_micros >= :charged_micros THEN balance_micros
        ELSE balance_micros + allowance_micros - :charged_micros
    END
WHERE job_id = :job_id
"""

LOST = "made.job_id || ':upstream' || CASE made.number WHEN 1 THEN '' ELSE ':' || CAST(made.number AS TEXT) END"
"""The id of the entry of what the operator pays for a generation."""
LEDGER_UPSTREAM = f"""
INSERT INTO ledger (entry_id, at_ms, community_id, account_id, member, kind, upstream_micros, reason)
SELECT
    {LOST}, :now_ms, jobs.community_id, held.account_id, jobs.member, 'upstream', made.upstream_micros, made.reason
FROM generations AS made
JOIN jobs ON jobs.job_id = made.job_id
JOIN ledger AS held ON held.entry_id = made.job_id || ':hold'
WHERE made.job_id = :job_id AND made.number = :number
"""

CLOSE_HOLD = "DELETE FROM holds WHERE job_id = :job_id"

ADMIT = (ADMIT_JOB, LEDGER_HOLD, DRAW_USAGE, DRAW_BALANCE, REMEMBER_ORDER, DRAW_POOL, DRAW_TOTAL)
"""What follows a hold; what all communities share comes last."""
GIVE_BACK = (RETURN_USAGE, RETURN_POOL, DRAW_BALANCE, RETURN_TOTAL)
