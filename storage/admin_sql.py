"""The SQL of what admins and operators do, one text for both engines. Each change stands beside its audit entry."""

# `before` is what the change replaces, read in the same transaction; it stands before the change in every list.
_AUDIT = """
INSERT INTO audit (
    audit_id, at_ms, community, actor, actor_name, act, target, before_value, after_value, outcome
)
SELECT :audit_id, :now_ms, :community, :actor, :actor_name, :act, :target, {before}, {after}, :outcome
"""


def audited(before: str, after: str = ":after") -> str:
    """Return the audit statement whose former value is the one row of this query, or 'none'."""
    return _AUDIT.format(before=f"coalesce(({before}), 'none')", after=after)


# Whoever may do nothing must not fill the audit either: so many attempts an hour are noted of each.
_FEW = """WHERE (
    SELECT count(*) FROM audit
    WHERE community = :community AND at_ms > :hour_ago_ms AND actor = :actor AND outcome <> 'applied'
) < :most
"""
ACTED = "SELECT 1 AS acted FROM audit WHERE audit_id = :audit_id"
DONE = _AUDIT.format(before="''", after=":after")
REFUSED = f"{_AUDIT}{_FEW}".format(before="''", after=":after")

QUOTA = audited("""
    SELECT coalesce(CAST(limit_micros AS TEXT), 'unlimited') || ' ' || period FROM quotas
    WHERE community = :community AND kind = :kind AND subject = :subject
""")
SET_QUOTA = """
INSERT INTO quotas (community, kind, subject, limit_micros, period, set_by, set_ms)
VALUES (:community, :kind, :subject, :limit_micros, :period, :actor, :now_ms)
ON CONFLICT (community, kind, subject) DO UPDATE
SET limit_micros = excluded.limit_micros, period = excluded.period, set_by = excluded.set_by, set_ms = excluded.set_ms
"""
CLEAR_QUOTA = "DELETE FROM quotas WHERE community = :community AND kind = :kind AND subject = :subject"
QUOTAS = """
SELECT quotas.kind, quotas.subject, coalesce(members.name, '') AS name, quotas.limit_micros, quotas.period
FROM quotas
LEFT JOIN members ON members.community = quotas.community AND members.member = quotas.subject
WHERE quotas.community = :community
ORDER BY quotas.kind, quotas.subject LIMIT :most
"""

_BALANCE = "SELECT CAST(balance_micros AS TEXT) FROM members WHERE community = :community AND member = :member"
BALANCE = audited(_BALANCE)
CREDITED = audited(_BALANCE, _BALANCE.replace("balance_micros AS", "balance_micros + :amount_micros AS").join("()"))
MEMBER = """
INSERT INTO members (community, member, name, seen_ms) VALUES (:community, :member, :name, :now_ms)
ON CONFLICT (community, member) DO NOTHING
"""
# Below zero, or more than anybody could ever spend, is no balance: the statement then meets no row.
CREDIT = """
UPDATE members SET balance_micros = balance_micros + :amount_micros
WHERE community = :community AND member = :member
AND balance_micros + :amount_micros >= 0 AND balance_micros + :amount_micros <= :most_micros
RETURNING balance_micros
"""
LEDGER_CREDIT = """
INSERT INTO ledger (entry_id, at_ms, community, member, kind, balance_micros, actor, note)
VALUES (:audit_id, :now_ms, :community, :member, :kind, :amount_micros, :actor, :note)
"""
HELD_BALANCE = "SELECT balance_micros FROM members WHERE community = :community AND member = :member"

BLOCK = audited("""
    SELECT coalesce('until ' || CAST(until_ms AS TEXT), 'for good') FROM blocks
    WHERE community = :community AND member = :member
""")
SET_BLOCK = """
INSERT INTO blocks (community, member, until_ms, set_by, set_ms)
VALUES (:community, :member, :until_ms, :actor, :now_ms)
ON CONFLICT (community, member) DO UPDATE
SET until_ms = excluded.until_ms, set_by = excluded.set_by, set_ms = excluded.set_ms
"""
CLEAR_BLOCK = "DELETE FROM blocks WHERE community = :community AND member = :member"

CLAIMED = audited("SELECT member FROM owners")
CLAIM = """
INSERT INTO owners (member, name, at_ms) SELECT :actor, :actor_name, :now_ms WHERE NOT EXISTS (SELECT 1 FROM owners)
"""
OWNERS = "SELECT member FROM owners"
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

POOL = audited("""
    SELECT coalesce(
        (SELECT coalesce(CAST(limit_micros AS TEXT), 'unlimited') FROM pools WHERE community = :community), 'default'
    )
""")
SET_POOL = """
INSERT INTO pools (community, limit_micros) VALUES (:community, :limit_micros)
ON CONFLICT (community) DO UPDATE SET limit_micros = excluded.limit_micros
"""
KNOWN_COMMUNITY = """
SELECT 1 FROM members WHERE community = :community AND community <> member
UNION SELECT 1 FROM communities WHERE community = :community
"""
KNOWN = """
SELECT 1 FROM members WHERE community = :community
UNION SELECT 1 FROM communities WHERE community = :community
"""
COMMUNITY = audited("SELECT state FROM communities WHERE community = :community")
SET_COMMUNITY = """
INSERT INTO communities (
    community, state, title, added_by, added_name, asked_ms, decided_ms, decided_by, decided_name
)
VALUES (:community, :after, '', '', '', :now_ms, :now_ms, :actor, :actor_name)
ON CONFLICT (community) DO UPDATE
SET state = excluded.state, decided_ms = excluded.decided_ms, decided_by = excluded.decided_by,
    decided_name = excluded.decided_name
WHERE communities.state = 'waiting' OR CAST(:first AS BIGINT) = 0 AND communities.state <> excluded.state
RETURNING community
"""

LIMIT_COLUMNS = ("longest_text", "in_flight", "cooldown_s", "confirm_micros", "products", "channels")
LIMITS = "SELECT * FROM limits WHERE community = :community"


def limit(column: str) -> tuple[str, str]:
    """Return the audit statement and the change of one limit."""
    if column not in LIMIT_COLUMNS:
        raise ValueError(f"not a limit: {column}")
    change = f"""
    INSERT INTO limits (community, {column}, set_by, set_ms) VALUES (:community, :value, :actor, :now_ms)
    ON CONFLICT (community) DO UPDATE
    SET {column} = excluded.{column}, set_by = excluded.set_by, set_ms = excluded.set_ms
    """  # noqa: S608 - one of LIMIT_COLUMNS
    return audited(f"SELECT CAST({column} AS TEXT) FROM limits WHERE community = :community"), change  # noqa: S608


AUDIT = """
SELECT
    audit.at_ms, audit.actor, audit.actor_name, audit.act, audit.target, coalesce(members.name, '') AS target_name,
    audit.before_value AS before, audit.after_value AS after, audit.outcome
FROM audit
LEFT JOIN members ON members.community = audit.community AND members.member = audit.target
WHERE audit.community = :community ORDER BY audit.at_ms DESC, audit.audit_id DESC LIMIT :most
"""

REQUEST = "SELECT * FROM requests WHERE request_id = :request_id AND community = :community"
DECIDE = """
UPDATE requests SET state = :state, decided_by = :actor, decided_ms = :now_ms
WHERE request_id = :request_id AND community = :community AND state = 'open'
"""

# What members were charged, by day, member and product.
SPENT = """
SELECT
    ledger.day_ms, ledger.member, coalesce(members.name, ledger.member) AS name, jobs.product,
    CAST(sum(ledger.charged_micros) AS BIGINT) AS charged_micros, count(*) AS orders,
    CAST(sum(jobs.characters) AS BIGINT) AS characters
FROM ledger
JOIN jobs ON jobs.job_id = ledger.job_id
LEFT JOIN members ON members.community = ledger.community AND members.member = ledger.member
WHERE ledger.community = :community AND ledger.kind = 'charge'
AND ledger.day_ms >= :start_ms AND ledger.day_ms < :end_ms
AND (:member = '' OR ledger.member = :member)
GROUP BY ledger.day_ms, ledger.member, coalesce(members.name, ledger.member), jobs.product
ORDER BY ledger.day_ms, ledger.member, jobs.product
"""
COMMUNITIES = """
SELECT
    known.community, known.members, coalesce(pool_usage.used_micros, 0) AS used_micros,
    CASE WHEN pools.community IS NULL THEN CAST(:default_pool AS BIGINT) ELSE pools.limit_micros END AS pool_micros,
    coalesce(communities.title, '') AS title, coalesce(communities.state, '') AS state,
    coalesce(communities.added_by, '') AS added_by, coalesce(communities.added_name, '') AS added_name,
    coalesce(communities.was_added, 0) AS was_added
FROM (
    SELECT community, CAST(sum(members) AS BIGINT) AS members FROM (
        SELECT community, count(*) AS members FROM members GROUP BY community
        UNION ALL SELECT community, 0 FROM communities
    ) AS seen GROUP BY community
) AS known
LEFT JOIN communities ON communities.community = known.community
LEFT JOIN pools ON pools.community = known.community
LEFT JOIN pool_usage ON pool_usage.community = known.community AND pool_usage.month_ms = :month_start
ORDER BY CASE WHEN communities.state = 'waiting' THEN 0 ELSE 1 END, used_micros DESC, known.community LIMIT :most
"""
OPEN_JOBS = "SELECT state, count(*) AS jobs FROM jobs WHERE closed_ms IS NULL GROUP BY state"
