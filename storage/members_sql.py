"""The SQL of members: their names, orders whose price they have yet to agree to, entries."""

from storage.accounts_sql import ACCOUNT
from storage.communities_sql import EVER_HERE, HERE
from storage.money_sql import LOST

REMEMBER = """
INSERT INTO members (community_id, member, name, handle, seen_ms)
SELECT community_id, :member, :name, :handle, :now_ms FROM communities WHERE key = :community
ON CONFLICT (community_id, member) DO UPDATE
SET name = excluded.name, handle = excluded.handle, seen_ms = excluded.seen_ms
"""

FIND_HANDLE = f"""
SELECT member, name FROM members WHERE community_id = {HERE} AND handle = :handle ORDER BY seen_ms DESC LIMIT 1
"""

OFFER = """
INSERT INTO offers (offer_id, event_id, community_id, member, placed, cost_micros, expires_ms)
SELECT :offer_id, :event_id, community_id, :member, :placed, :cost_micros, :expires_ms
FROM communities WHERE key = :community
ON CONFLICT (event_id) DO UPDATE
SET placed = excluded.placed, cost_micros = excluded.cost_micros, expires_ms = excluded.expires_ms
RETURNING offer_id
"""
READ_OFFER = f"""
SELECT member, placed, cost_micros, expires_ms FROM offers WHERE offer_id = :offer_id AND community_id = {HERE}
"""
DROP_OFFER = "DELETE FROM offers WHERE offer_id = :offer_id"
FORGET_OFFERS = "DELETE FROM offers WHERE expires_ms <= :forgotten_ms"

_COLUMNS = """
    ledger.entry_id, ledger.at_ms, here.key AS community, ledger.member, coalesce(members.name, '') AS name,
    ledger.kind, coalesce(ledger.job_id, '') AS job_id, ledger.allowance_micros, ledger.balance_micros,
    ledger.charged_micros, ledger.upstream_micros, coalesce(ledger.actor, '') AS actor,
    coalesce(ledger_notes.note, 'request ' || ledger.credit_request_id, ledger.reason, '') AS note
"""
_FROM = """
FROM ledger
LEFT JOIN ledger_notes ON ledger_notes.entry_id = ledger.entry_id
JOIN communities AS written ON written.community_id = ledger.community_id
JOIN communities AS here ON here.community_id = coalesce(written.merged_into, written.community_id)
LEFT JOIN members ON members.community_id = here.community_id AND members.member = ledger.member
"""
_OF_MONEY = "ledger.kind <> 'hold' AND ledger.kind IN ('charge', 'grant', 'revoke')"
"""What members are told of."""
ENTRIES = f"""SELECT {_COLUMNS} {_FROM}
WHERE ledger.community_id IN {EVER_HERE} AND ledger.account_id = {ACCOUNT} AND {_OF_MONEY}
ORDER BY ledger.at_ms DESC, ledger.entry_id DESC LIMIT :most
"""
EXPORT_ALL = f"SELECT {_COLUMNS} {_FROM} ORDER BY ledger.at_ms, ledger.entry_id"
# With OR between them PostgreSQL would read the whole ledger.
EXPORT_JOB = f"""
SELECT {_COLUMNS} {_FROM}
WHERE ledger.entry_id IN (
    SELECT CAST(:job_id AS TEXT) || ':hold' UNION ALL SELECT CAST(:job_id AS TEXT) || ':charge'
    UNION ALL SELECT CAST(:job_id AS TEXT) || ':void'
    UNION ALL SELECT {LOST} FROM generations AS made WHERE made.job_id = :job_id
)
ORDER BY ledger.at_ms, ledger.entry_id
"""
REPORT = f"""
SELECT {_COLUMNS}, coalesce(jobs.product, '') AS product {_FROM}
LEFT JOIN jobs ON jobs.job_id = ledger.job_id
WHERE ledger.community_id IN {EVER_HERE} AND ledger.at_ms >= :start_ms AND ledger.at_ms < :end_ms
AND (:member = '' OR ledger.account_id = {ACCOUNT}) AND {_OF_MONEY}
ORDER BY ledger.at_ms, ledger.entry_id LIMIT :most
"""

# A budget that is warned of anew in each of its periods, and no more than once for as much.
_WARNED = f"CASE WHEN :shared = 1 THEN 0 ELSE {ACCOUNT} END"
CLAIM_WARNING = f"""
INSERT INTO warnings (community_id, account_id, ends_ms, percent)
SELECT community_id, {_WARNED}, :ends_ms, :percent
FROM communities WHERE key = :community
ON CONFLICT (community_id, account_id) DO UPDATE SET ends_ms = excluded.ends_ms, percent = excluded.percent
WHERE warnings.ends_ms <> excluded.ends_ms OR warnings.percent < excluded.percent
RETURNING percent
"""
DROP_WARNING = f"""
DELETE FROM warnings
WHERE community_id = {HERE} AND account_id = {_WARNED} AND ends_ms = :ends_ms AND percent = :percent
"""

DEFAULT_VOICES = f"""
SELECT
    coalesce((SELECT voice FROM member_voices WHERE member = :member), '') AS own,
    coalesce((SELECT voice FROM limits WHERE community_id = {HERE}), '') AS shared
"""
CHOOSE_VOICE = """
INSERT INTO member_voices (member, voice) VALUES (:member, :voice)
ON CONFLICT (member) DO UPDATE SET voice = excluded.voice
"""
FORGET_VOICE = "DELETE FROM member_voices WHERE member = :member"

FAVOURITES = "SELECT voice FROM favourite_voices WHERE member = :member"
LIKE = "INSERT INTO favourite_voices (member, voice) VALUES (:member, :voice) ON CONFLICT (member, voice) DO NOTHING"
UNLIKE = "DELETE FROM favourite_voices WHERE member = :member AND voice = :voice"
