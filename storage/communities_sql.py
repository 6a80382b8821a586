"""The SQL of communities: the platform's key for one leads to its id, by which all other tables know it."""

HERE = "(SELECT community_id FROM communities WHERE key = :community)"
EVER_HERE = f"(SELECT community_id FROM communities WHERE community_id = {HERE} OR merged_into = {HERE})"
"""What is never rewritten also counts for the community into which its own went."""

KNOW = "INSERT INTO communities (key) VALUES (:community) ON CONFLICT (key) DO NOTHING"

SEE_COMMUNITY = """
INSERT INTO communities (key, state, title, added_by, added_name, was_added, locale, asked_ms)
VALUES (:community, 'waiting', :title, :member, :name, :was_added, :locale, :now_ms)
ON CONFLICT (key) DO UPDATE
SET state = excluded.state, title = excluded.title, added_by = excluded.added_by, added_name = excluded.added_name,
    was_added = excluded.was_added, locale = excluded.locale, asked_ms = excluded.asked_ms
WHERE communities.state = ''
RETURNING key
"""
RETITLE = "UPDATE communities SET title = :title WHERE key = :community AND :title <> '' AND title <> :title"
HEAR = """
UPDATE communities
SET added_by = :member, added_name = :name, was_added = :was_added, locale = coalesce(nullif(locale, ''), :locale)
WHERE key = :community AND state = 'waiting' AND added_by = '' AND :member <> ''
"""
_NEWCOMERS = """
SELECT key AS community, state, title, added_by, added_name, was_added, decided_name, told_ms FROM communities
"""
WAITING = f"{_NEWCOMERS} WHERE state = 'waiting' ORDER BY asked_ms DESC, key"
LOCALE = "SELECT locale FROM communities WHERE key = :community"
NEWCOMER = f"{_NEWCOMERS} WHERE key = :community"
# A press may come before it is noted that the message went out: then the others of the message wait and are untold yet.
_TOLD_WITH = """
WHERE key = :community OR (state = 'waiting' OR told_ms IS NOT NULL)
AND coalesce(told_ms, 0) = coalesce((SELECT told_ms FROM communities WHERE key = :community), 0)
ORDER BY asked_ms DESC, key
"""
TOLD_WITH = _NEWCOMERS + _TOLD_WITH
NOTE_TOLD = """
UPDATE communities SET told_ms = :now_ms
WHERE told_ms IS NULL AND state <> '' AND replace(:told, ',' || key || ',', '') <> :told
"""
COMMUNITY = "SELECT state FROM communities WHERE key = :community AND state <> ''"
# Whoever makes groups must not fill the tables. A community of which more is written than who was seen there stays.
_FORGOTTEN = """
state = 'waiting' AND community_id NOT IN (
    SELECT community_id FROM communities WHERE state = 'waiting' ORDER BY asked_ms DESC, key LIMIT :most
)
AND NOT EXISTS (
    SELECT 1 FROM members WHERE members.community_id = communities.community_id AND last_order_ms IS NOT NULL
)
AND NOT EXISTS (SELECT 1 FROM balances WHERE balances.community_id = communities.community_id)
AND NOT EXISTS (SELECT 1 FROM audit WHERE audit.community_id = communities.community_id)
AND NOT EXISTS (SELECT 1 FROM credit_requests WHERE credit_requests.community_id = communities.community_id)
AND NOT EXISTS (SELECT 1 FROM offers WHERE offers.community_id = communities.community_id)
"""
FORGET_SEEN = f"""
DELETE FROM members WHERE community_id IN (SELECT community_id FROM communities WHERE {_FORGOTTEN})
"""
FORGET_WAITING = f"DELETE FROM communities WHERE {_FORGOTTEN}"

SEE = (SEE_COMMUNITY, RETITLE, HEAR, COMMUNITY, FORGET_SEEN, FORGET_WAITING)

# All that a community has hangs on its id. Whoever decides about it is told of the new key.
MOVE = """
UPDATE communities SET key = :new, told_ms = CASE WHEN state = 'waiting' THEN NULL ELSE told_ms END
WHERE key = :old AND NOT EXISTS (SELECT 1 FROM communities WHERE key = :new)
RETURNING community_id
"""
# What a setting let in by its former key stays so.
LET_IN = "UPDATE communities SET state = 'approved' WHERE key = :new AND state = 'waiting' AND :lets_in = 1"

# Where the new key was known before, the rows of two communities become those of one: amounts add up and the longer
# block stands. Jobs come first: whoever carries one on is kept apart by the job's row.
_OLD = "(SELECT community_id FROM communities WHERE key = :old AND key <> :new)"
_NEW = "(SELECT community_id FROM communities WHERE key = :new)"
_FOLLOWING = ("jobs", "holds", "credit_requests", "offers", "kept_orders", "reported")
_SPENT = ("balances", "quotas", "pools", "usage", "pool_usage")
_ADDED_UP = (*_SPENT, "members", "blocks", "limits", "warnings", "admin_calls")
MERGE = (
    *(f"UPDATE {table} SET community_id = {_NEW} WHERE community_id = {_OLD}" for table in _FOLLOWING),
    f"""
    INSERT INTO members (community_id, member, name, handle, seen_ms, last_order_ms)
    SELECT {_NEW}, member, name, handle, seen_ms, last_order_ms FROM members WHERE community_id = {_OLD}
    ON CONFLICT (community_id, member) DO UPDATE SET
        last_order_ms = CASE WHEN excluded.last_order_ms > coalesce(members.last_order_ms, 0)
            THEN excluded.last_order_ms ELSE members.last_order_ms END
    """,
    f"""
    INSERT INTO balances (community_id, account_id, balance_micros)
    SELECT {_NEW}, account_id, balance_micros FROM balances WHERE community_id = {_OLD}
    ON CONFLICT (community_id, account_id) DO UPDATE
    SET balance_micros = balances.balance_micros + excluded.balance_micros
    """,
    f"""
    INSERT INTO quotas (community_id, kind, subject, limit_micros, period, set_by, set_ms)
    SELECT {_NEW}, kind, subject, limit_micros, period, set_by, set_ms FROM quotas WHERE community_id = {_OLD}
    ON CONFLICT (community_id, kind, subject) DO NOTHING
    """,
    f"""
    INSERT INTO pools (community_id, limit_micros) SELECT {_NEW}, limit_micros FROM pools WHERE community_id = {_OLD}
    ON CONFLICT (community_id) DO NOTHING
    """,
    f"""
    INSERT INTO usage (community_id, account_id, day_ms, used_micros)
    SELECT {_NEW}, account_id, day_ms, used_micros FROM usage WHERE community_id = {_OLD}
    ON CONFLICT (community_id, account_id, day_ms) DO UPDATE SET used_micros = usage.used_micros + excluded.used_micros
    """,
    f"""
    INSERT INTO pool_usage (community_id, month_ms, used_micros)
    SELECT {_NEW}, month_ms, used_micros FROM pool_usage WHERE community_id = {_OLD}
    ON CONFLICT (community_id, month_ms) DO UPDATE SET used_micros = pool_usage.used_micros + excluded.used_micros
    """,
    f"""
    INSERT INTO blocks (community_id, member, until_ms, set_by, set_ms)
    SELECT {_NEW}, member, until_ms, set_by, set_ms FROM blocks WHERE community_id = {_OLD}
    ON CONFLICT (community_id, member) DO UPDATE
    SET until_ms = excluded.until_ms, set_by = excluded.set_by, set_ms = excluded.set_ms
    WHERE blocks.until_ms < coalesce(excluded.until_ms, blocks.until_ms + 1)
    """,
    f"""
    INSERT INTO limits (
        community_id, longest_text, in_flight, cooldown_s, confirm_micros, products, channels, voice, set_by, set_ms
    )
    SELECT {_NEW}, longest_text, in_flight, cooldown_s, confirm_micros, products, channels, voice, set_by, set_ms
    FROM limits WHERE community_id = {_OLD}
    ON CONFLICT (community_id) DO NOTHING
    """,
    f"""
    INSERT INTO pronunciations (owner, folded, written, spoken)
    SELECT CAST({_NEW} AS TEXT), folded, written, spoken FROM pronunciations WHERE owner = CAST({_OLD} AS TEXT)
    ON CONFLICT (owner, folded) DO NOTHING
    """,
    f"DELETE FROM pronunciations WHERE owner = CAST({_OLD} AS TEXT)",
    f"""
    INSERT INTO warnings (community_id, account_id, ends_ms, percent)
    SELECT {_NEW}, account_id, ends_ms, percent FROM warnings WHERE community_id = {_OLD}
    ON CONFLICT (community_id, account_id) DO NOTHING
    """,
    f"""
    INSERT INTO admin_calls (community_id, about, called_ms)
    SELECT {_NEW}, about, called_ms FROM admin_calls WHERE community_id = {_OLD}
    ON CONFLICT (community_id, about) DO NOTHING
    """,
    """
    UPDATE communities
    SET state = old.state, told_ms = old.told_ms, decided_ms = old.decided_ms, decided_by = old.decided_by,
        decided_name = old.decided_name
    FROM (SELECT * FROM communities WHERE key = :old) AS old
    WHERE communities.key = :new AND old.state NOT IN ('', 'waiting')
    """,
    *(f"DELETE FROM {table} WHERE community_id = {_OLD}" for table in _ADDED_UP),
    f"UPDATE communities SET merged_into = {_NEW} WHERE merged_into = {_OLD}",
    f"""
    UPDATE communities SET merged_into = {_NEW}, key = NULL, state = '' WHERE community_id = {_OLD}
    RETURNING community_id
    """,
)
