"""The SQL of audio that members reported."""

from storage.communities_sql import HERE

# One that its member can't file leaves no empty row behind: `LEAVE_NONE` follows.
OPEN_REPORT = """
INSERT INTO reported (job_id, community_id, state, reported_ms, sent_by, sent_by_name)
SELECT :job_id, community_id, 'open', :now_ms, :sent_by, :sent_by_name FROM communities WHERE key = :community
ON CONFLICT (job_id) DO NOTHING
"""
FILE = """
INSERT INTO reports (job_id, member, name, messages, reported_ms, reason)
SELECT job_id, :member, :name, :messages, :now_ms, :reason FROM reported
WHERE job_id = :job_id AND state = 'open'
AND (SELECT count(*) FROM reports WHERE member = :member AND reported_ms > :day_ago_ms) < :most
ON CONFLICT (job_id, member) DO NOTHING
RETURNING job_id
"""
CLAIM_NOTICE = """
UPDATE reported SET claimed_ms = :now_ms
WHERE job_id = :job_id AND state = 'open' AND notice IS NULL
AND (claimed_ms IS NULL OR claimed_ms <= :before_ms OR claimed_ms > :now_ms)
AND EXISTS (SELECT 1 FROM reports WHERE reports.job_id = :job_id AND reports.member = :member)
RETURNING job_id
"""
LEAVE_NONE = """
DELETE FROM reported
WHERE job_id = :job_id AND NOT EXISTS (SELECT 1 FROM reports WHERE reports.job_id = :job_id)
"""
_REPORT = """
SELECT
    reported.job_id, coalesce(sent_by, jobs.member) AS member, coalesce(sent_by_name, jobs.member_name) AS name,
    reported.state, reported.notice, reported.decided_by, reported.blocked_by, reported.blocked_until_ms,
    (SELECT count(*) FROM reports WHERE reports.job_id = reported.job_id) AS members,
    (
        SELECT messages FROM reports WHERE reports.job_id = reported.job_id ORDER BY reported_ms, member LIMIT 1
    ) AS messages
FROM reported JOIN jobs ON jobs.job_id = reported.job_id
WHERE reported.job_id = :job_id
"""
REPORT = _REPORT
REPORT_HERE = f"{_REPORT} AND reported.community_id = {HERE}"
FILED_BY = "SELECT 1 FROM reports WHERE job_id = :job_id AND member = :member"
WITHDRAW_REPORT = "DELETE FROM reports WHERE job_id = :job_id AND member = :member"
UNCLAIM = "UPDATE reported SET claimed_ms = NULL WHERE job_id = :job_id AND notice IS NULL"
NOTE_NOTICE = "UPDATE reported SET notice = :notice WHERE job_id = :job_id"
FORGET_NOTICE = """
UPDATE reported SET notice = NULL, claimed_ms = :now_ms WHERE job_id = :job_id AND notice = :notice
RETURNING job_id
"""
REPORTERS = "SELECT member, name, reason FROM reports WHERE job_id = :job_id ORDER BY reported_ms, member LIMIT :most"
# Where the chats have an order's audio. Deliveries to direct chats name the message that they copied.
HELD = """
SELECT kept, asker FROM deliveries WHERE job_id = :job_id AND number IN (
    SELECT min(number) FROM deliveries WHERE job_id = :job_id AND kept IS NOT NULL GROUP BY kept
) ORDER BY number DESC LIMIT :most
"""
ADD_MESSAGES = """
UPDATE reports
SET messages = substr(messages, 1, length(messages) - 1) || ',' || substr(CAST(:messages AS TEXT), 2)
WHERE job_id = :job_id
AND member = (SELECT member FROM reports WHERE job_id = :job_id ORDER BY reported_ms, member LIMIT 1)
"""
MESSAGES = "SELECT DISTINCT messages FROM reports WHERE job_id = :job_id"
NOTE_DELETED = "UPDATE reported SET state = 'deleted' WHERE job_id = :job_id AND state = 'left'"
FORGET_REPORTS = (
    "DELETE FROM reports WHERE job_id IN (SELECT job_id FROM reported WHERE reported_ms <= :forgotten_ms)",
    "DELETE FROM reported WHERE reported_ms <= :forgotten_ms",
)

DECIDE_REPORT = f"""
UPDATE reported SET state = :state, decided_by = :actor_name
WHERE job_id = :job_id AND community_id = {HERE} AND state = 'open'
"""
NOTE_BLOCK = f"""
UPDATE reported SET blocked_by = :actor_name, blocked_until_ms = :until_ms
WHERE job_id = :job_id AND community_id = {HERE} AND state <> 'dismissed' AND blocked_until_ms = 0
"""
# No block gets shorter by it.
BLOCK_LONGER = """
INSERT INTO blocks (community_id, member, until_ms, set_by, set_ms)
SELECT community_id, :member, :until_ms, :actor, :now_ms FROM communities WHERE key = :community
ON CONFLICT (community_id, member) DO UPDATE
SET until_ms = excluded.until_ms, set_by = excluded.set_by, set_ms = excluded.set_ms
WHERE blocks.until_ms < excluded.until_ms
"""
