"""The SQL of what admins and operators do, one text for both engines. Each change stands beside its audit entry."""

from core.domain.quota import LimitName
from storage.accounts_sql import ACCOUNT, sharing
from storage.communities_sql import EVER_HERE, HERE
from storage.jobs_sql import DELIVERED_BY, UNDER_WAY
from storage.pronunciations_sql import COMMUNITYS

# `before` is what the change replaces, read in the same transaction; it stands before the change in every list.
_AUDIT = """
INSERT INTO audit (audit_id, at_ms, community_id, actor, act, target, before_value, after_value, outcome)
SELECT :audit_id, :now_ms, community_id, :actor, :act, :target, {before}, {after}, :outcome
FROM communities WHERE key = :community
"""
# What people are called and wrote can be erased, which the audit can't.
AUDIT_TEXTS = """
INSERT INTO audit_texts (audit_id, actor_name, wrote)
SELECT audit_id, :actor_name, :wrote FROM audit WHERE audit_id = :audit_id
"""


def audited(before: str, after: str = ":after") -> str:
    """Return the audit statement whose former value is the one row of this query, or 'none'."""
    return _AUDIT.format(before=f"coalesce(({before}), 'none')", after=after)


# Whoever may do nothing must not fill the audit either: so many attempts an hour are noted of each.
_FEW = f"""AND (
    SELECT count(*) FROM audit
    WHERE community_id IN {EVER_HERE} AND at_ms > :hour_ago_ms AND actor = :actor AND outcome <> 'applied'
) < :most
"""
ACTED = "SELECT 1 AS acted FROM audit WHERE audit_id = :audit_id"
DONE = _AUDIT.format(before="''", after=":after")
REFUSED = f"{_AUDIT}{_FEW}".format(before="''", after=":after")

# What is set for a person takes the place of what was set for any identity of their account.
_QUOTAS = f"""
quotas WHERE community_id = {HERE} AND kind = :kind
AND (subject = :subject OR kind = 'member' AND subject IN {sharing(":subject")})
"""
QUOTA = audited(f"""
    SELECT coalesce(CAST(limit_micros AS TEXT), 'unlimited') || ' ' || period FROM {_QUOTAS}
    ORDER BY CASE WHEN limit_micros IS NULL THEN 0 ELSE 1 END, limit_micros DESC LIMIT 1
""")
CLEAR_QUOTA = f"DELETE FROM {_QUOTAS} RETURNING subject"
SET_QUOTA = """
INSERT INTO quotas (community_id, kind, subject, limit_micros, period, set_by, set_ms)
SELECT community_id, :kind, :subject, :limit_micros, :period, :actor, :now_ms
FROM communities WHERE key = :community
"""
QUOTAS = f"""
SELECT quotas.kind, quotas.subject, coalesce(members.name, '') AS name, quotas.limit_micros, quotas.period
FROM quotas
LEFT JOIN members ON members.community_id = quotas.community_id AND members.member = quotas.subject
WHERE quotas.community_id = {HERE}
ORDER BY quotas.kind, quotas.subject LIMIT :most
"""

_HELD = f"""coalesce((
    SELECT balance_micros FROM balances WHERE community_id = {HERE} AND account_id = {ACCOUNT}
), 0)"""
BALANCE = f"SELECT {_HELD} AS balance_micros"
KEPT = audited(f"SELECT CAST({_HELD} AS TEXT)")
CREDITED = audited(f"SELECT CAST({_HELD} AS TEXT)", f"CAST({_HELD} + :amount_micros AS TEXT)")
# Whom an admin named by a number alone has that for a name, and was not seen yet.
FIND_MEMBER = f"""
SELECT name FROM members
WHERE community_id = {HERE} AND member = :member AND (handle IS NOT NULL OR name <> :number)
"""
SEEN = f"""
SELECT member, name, coalesce(handle, '') AS handle FROM members
WHERE community_id = {HERE} ORDER BY member LIMIT :most
"""
MEMBER = """
INSERT INTO members (community_id, member, name, seen_ms)
SELECT community_id, :member, :name, :now_ms FROM communities WHERE key = :community
ON CONFLICT (community_id, member) DO NOTHING
"""
# Below zero, or more than anybody could ever spend, is no balance: the statement then meets no row.
_PAYING = "FROM communities CROSS JOIN identities WHERE communities.key = :community AND identities.key = :member"
CREDIT = f"""
INSERT INTO balances (community_id, account_id, balance_micros)
SELECT community_id, account_id, {_HELD} + :amount_micros {_PAYING}
AND {_HELD} + :amount_micros >= 0 AND {_HELD} + :amount_micros <= :most_micros
ON CONFLICT (community_id, account_id) DO UPDATE SET balance_micros = excluded.balance_micros
RETURNING balance_micros
"""
LEDGER_CREDIT = f"""
INSERT INTO ledger (entry_id, at_ms, community_id, account_id, member, kind, balance_micros, actor, credit_request_id)
SELECT :audit_id, :now_ms, community_id, account_id, :member, :kind, :amount_micros, :actor, :credit_request_id
{_PAYING}
"""
NOTE = "INSERT INTO ledger_notes (entry_id, note) VALUES (:audit_id, :note)"

_BLOCKS = f"blocks WHERE community_id = {HERE} AND member IN {sharing(':member')}"
BLOCK = audited(f"""
    SELECT coalesce('until ' || CAST(until_ms AS TEXT), 'for good') FROM {_BLOCKS}
    ORDER BY CASE WHEN until_ms IS NULL THEN 0 ELSE 1 END, until_ms DESC LIMIT 1
""")
CLEAR_BLOCK = f"DELETE FROM {_BLOCKS} RETURNING member"
SET_BLOCK = """
INSERT INTO blocks (community_id, member, until_ms, set_by, set_ms)
SELECT community_id, :member, :until_ms, :actor, :now_ms FROM communities WHERE key = :community
"""

PRONUNCIATION = audited(f"SELECT 'set' FROM pronunciations WHERE owner = {COMMUNITYS} AND folded = :folded")

CLAIMED = audited("SELECT member FROM owners")
CLAIM = """
INSERT INTO owners (member, name, at_ms) SELECT :actor, :actor_name, :now_ms WHERE NOT EXISTS (SELECT 1 FROM owners)
"""
OWNERS = "SELECT member FROM owners"
OWNER_LOCALES = "SELECT member, locale FROM owner_locales"
KEEP_OWNER_LOCALE = """
INSERT INTO owner_locales (member, locale) VALUES (:member, :locale)
ON CONFLICT (member) DO UPDATE SET locale = excluded.locale
"""
KEEP_CODE = """
INSERT INTO codes (slot, digest, issued_ms, until_ms, tries_left) VALUES (1, :digest, :issued_ms, :until_ms, :tries)
ON CONFLICT (slot) DO UPDATE SET digest = excluded.digest, issued_ms = excluded.issued_ms,
until_ms = excluded.until_ms, tries_left = excluded.tries_left
"""
# One statement, so that no two tries anywhere count as one.
TRY_CODE = """
UPDATE codes SET tries_left = CASE WHEN digest = :digest THEN tries_left * :factor ELSE tries_left - 1 END
WHERE tries_left > 0 AND issued_ms <= :now_ms AND until_ms > :now_ms
RETURNING digest = :digest AS fits
"""
VOID_CODE = "DELETE FROM codes"

POOL = audited(f"""
    SELECT coalesce(
        (SELECT coalesce(CAST(limit_micros AS TEXT), 'unlimited') FROM pools WHERE community_id = {HERE}), 'default'
    )
""")
SET_POOL = """
INSERT INTO pools (community_id, limit_micros)
SELECT community_id, :limit_micros FROM communities WHERE key = :community
ON CONFLICT (community_id) DO UPDATE SET limit_micros = excluded.limit_micros
"""
KNOWN_COMMUNITY = """
SELECT 1 FROM communities WHERE key = :community AND (state <> '' OR EXISTS (
    SELECT 1 FROM members WHERE members.community_id = communities.community_id AND members.member <> :community
))
"""
KNOWN = """
SELECT 1 FROM communities WHERE key = :community AND (
    state <> '' OR EXISTS (SELECT 1 FROM members WHERE members.community_id = communities.community_id)
)
"""
WAITS = """(
    communities.state = 'waiting' AND CAST(:is_open AS BIGINT) = 0
    AND replace(:allowed, ',' || communities.key || ',', '') = :allowed
)"""
COMMUNITY = audited(f"""
    SELECT CASE WHEN state = 'waiting' AND NOT {WAITS} THEN 'let in by a setting' ELSE state END
    FROM communities WHERE key = :community AND state <> ''
""")
SET_COMMUNITY = """
UPDATE communities SET state = :after, decided_ms = :now_ms, decided_by = :actor, decided_name = :actor_name,
    asked_ms = CASE WHEN state = '' THEN :now_ms ELSE asked_ms END
WHERE key = :community AND (state IN ('', 'waiting') OR CAST(:first AS BIGINT) = 0 AND state <> :after)
RETURNING key
"""

LIMITS = f"SELECT * FROM limits WHERE community_id = {HERE}"


def limit(name: LimitName) -> tuple[str, str]:
    """Return the audit statement and the change of one limit."""
    column = LimitName(name).value
    change = f"""
    INSERT INTO limits (community_id, {column}, set_by, set_ms)
    SELECT community_id, :value, :actor, :now_ms
    FROM communities WHERE key = :community
    ON CONFLICT (community_id) DO UPDATE
    SET {column} = excluded.{column}, set_by = excluded.set_by, set_ms = excluded.set_ms
    """
    return audited(f"SELECT CAST({column} AS TEXT) FROM limits WHERE community_id = {HERE}"), change


AUDIT = f"""
SELECT
    audit.at_ms, audit.actor, coalesce(audit_texts.actor_name, '') AS actor_name, audit.act,
    CASE WHEN audit.target = '' THEN coalesce(audit_texts.wrote, '') ELSE audit.target END AS target,
    coalesce(members.name, '') AS target_name, audit.before_value AS before, audit.after_value AS after, audit.outcome
FROM audit
LEFT JOIN audit_texts ON audit_texts.audit_id = audit.audit_id
LEFT JOIN members ON members.community_id = {HERE} AND members.member = audit.target
WHERE audit.community_id IN {EVER_HERE} ORDER BY audit.at_ms DESC, audit.audit_id DESC LIMIT :most
"""

CREDIT_REQUEST = f"""
SELECT * FROM credit_requests WHERE credit_request_id = :credit_request_id AND community_id = {HERE}
"""
DECIDE = f"""
UPDATE credit_requests SET state = :state, decided_by = :actor, decided_ms = :now_ms
WHERE credit_request_id = :credit_request_id AND community_id = {HERE} AND state = 'open'
"""

_CHARGES = f"""
ledger.community_id IN {EVER_HERE} AND ledger.kind = 'charge'
AND ledger.day_ms >= :start_ms AND ledger.day_ms < :end_ms AND (:member = '' OR ledger.account_id = {ACCOUNT})
"""
# What members were charged, summed in each way that a report shows, in one statement: so the sums are of one moment.
# Entries of earlier releases do not say what was bought; the others are read from their index alone.
USAGE = f"""
WITH charges AS (
    SELECT day_ms, member, product, charged_micros FROM ledger WHERE product IS NOT NULL AND {_CHARGES}
    UNION ALL
    SELECT ledger.day_ms, ledger.member, jobs.product, ledger.charged_micros
    FROM ledger JOIN jobs ON jobs.job_id = ledger.job_id WHERE ledger.product IS NULL AND {_CHARGES}
),
by_product AS MATERIALIZED (
    SELECT day_ms, product, sum(charged_micros) AS micros FROM charges GROUP BY day_ms, product
),
by_member AS MATERIALIZED (SELECT member, sum(charged_micros) AS micros FROM charges GROUP BY member)
SELECT 'day' AS side, CAST(day_ms AS TEXT) AS key, '' AS name, CAST(sum(micros) AS BIGINT) AS figure
FROM by_product GROUP BY day_ms
UNION ALL
SELECT 'product', product, '', CAST(sum(micros) AS BIGINT) FROM by_product GROUP BY product
UNION ALL
SELECT 'members', '', '', count(*) FROM by_member
UNION ALL
SELECT 'member', most.member, coalesce(members.name, most.member), CAST(most.micros AS BIGINT)
FROM (SELECT member, micros FROM by_member ORDER BY micros DESC, member LIMIT :most) AS most
LEFT JOIN members ON members.community_id = {HERE} AND members.member = most.member
"""
# A direct chat's key is its member's.
_DIRECT = """(
    EXISTS (SELECT 1 FROM identities WHERE identities.key = communities.key) OR EXISTS (
        SELECT 1 FROM members WHERE members.community_id = communities.community_id AND member = communities.key
    )
)"""
COMMUNITIES = f"""
SELECT
    communities.key AS community, coalesce(known.ordered, 0) AS members,
    coalesce(pool_usage.used_micros, 0) AS used_micros,
    CASE WHEN pools.community_id IS NULL THEN CAST(:default_pool AS BIGINT) ELSE pools.limit_micros END AS pool_micros,
    communities.title, communities.state, communities.added_by, communities.added_name, communities.was_added,
    CASE WHEN {WAITS} THEN 1 ELSE 0 END AS waits,
    CASE WHEN {_DIRECT} THEN 1 ELSE 0 END AS direct
FROM communities
LEFT JOIN (SELECT community_id, count(last_order_ms) AS ordered FROM members GROUP BY community_id) AS known
    ON known.community_id = communities.community_id
LEFT JOIN pools ON pools.community_id = communities.community_id
LEFT JOIN pool_usage ON pool_usage.community_id = communities.community_id AND pool_usage.month_ms = :month_start
WHERE communities.state <> '' OR known.ordered > 0 OR (known.community_id IS NOT NULL AND NOT {_DIRECT})
ORDER BY waits DESC, used_micros DESC, community
LIMIT :most
"""
OPEN_JOBS = f"""
SELECT coalesce(deliveries.state, {UNDER_WAY}, jobs.state) AS stage, count(*) AS jobs FROM jobs {DELIVERED_BY}
WHERE closed_ms IS NULL GROUP BY 1
"""
