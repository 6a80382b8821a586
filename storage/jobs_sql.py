"""The SQL that reads jobs, generations and deliveries; how they change follows from the lifecycle."""

from functools import lru_cache

PLACE = "UPDATE jobs SET destination = :destination WHERE job_id = :job_id AND closed_ms IS NULL AND deliveries = 0"
PLACE_DELIVERY = """
UPDATE deliveries SET destination = :destination
WHERE job_id = :job_id AND number = (SELECT deliveries FROM jobs WHERE job_id = :job_id AND closed_ms IS NULL)
"""

OF_GENERATION = (
    "number", "part", "parameters", "characters", "cost_micros", "state", "callback_token", "updated_ms", "pause_ms",
    "attempts", "request_id", "submitted_ms", "deadline_ms", "reason", "detail", "artifacts",
    "upstream_micros",
)  # fmt: skip
_FIRST = ", ".join(f"first.{name} AS generation_{name}" for name in OF_GENERATION)
COLUMNS = f"""jobs.*, communities.key AS community, {_FIRST}, deliveries.number, deliveries.state AS delivery_state,
    deliveries.destination AS delivery_destination, deliveries.attempts AS delivery_attempts,
    deliveries.reason AS delivery_reason, deliveries.detail AS delivery_detail,
    deliveries.updated_ms AS delivery_updated_ms, deliveries.kept AS delivery_kept,
    deliveries.event_id AS delivery_event_id, deliveries.asker AS delivery_asker"""
DELIVERED_BY = "LEFT JOIN deliveries ON deliveries.job_id = jobs.job_id AND deliveries.number = jobs.deliveries"
BESIDE = f"""
LEFT JOIN communities ON communities.community_id = jobs.community_id
LEFT JOIN generations AS first ON first.job_id = jobs.job_id AND first.number = 1
{DELIVERED_BY}
"""
"""What is read beside a job's row: its community's key, its first generation, and its newest delivery."""
_JOBS = f"SELECT {COLUMNS} FROM jobs {BESIDE}"
GENERATIONS = "SELECT * FROM generations WHERE job_id = :job_id ORDER BY number"
"""All of a job's, where it has more than the first."""
DESTINATION = "(SELECT destination FROM jobs WHERE jobs.job_id = generations.job_id) AS destination"
"""Where a job goes may be noted at any time."""
NOTED = "destination, updated_ms, late, shown, closed_ms"
"""What others may note in a job's row while somebody carries it."""
STATES = """
SELECT number, generations.state, worker_id FROM jobs JOIN generations ON generations.job_id = jobs.job_id
WHERE jobs.job_id = :job_id ORDER BY number
"""
LOCK = "SELECT job_id FROM jobs WHERE job_id = :job_id FOR UPDATE"
"""Lets only one of a job's generations end at a time, where there are several writers."""
UNDER_WAY = """(
    SELECT CASE WHEN state = 'queued' AND EXISTS (
        SELECT 1 FROM generations AS begun WHERE begun.job_id = jobs.job_id AND begun.state <> 'queued'
    ) THEN 'running' ELSE state END
    FROM generations WHERE generations.job_id = jobs.job_id
    AND state IN ('queued', 'submitting', 'unconfirmed', 'running', 'late')
    ORDER BY CASE state
        WHEN 'running' THEN 1 WHEN 'submitting' THEN 2 WHEN 'unconfirmed' THEN 3 WHEN 'late' THEN 4 ELSE 5
    END LIMIT 1
)"""
"""How far its generations are under way."""
WAITS = """jobs.state = 'open' AND NOT EXISTS (
    SELECT 1 FROM generations WHERE generations.job_id = jobs.job_id AND generations.state <> 'queued'
)"""
"""Whether nothing of a job has been submitted."""

JOB = f"{_JOBS} WHERE jobs.job_id = :job_id"
JOB_BY_EVENT = f"""
{_JOBS} WHERE jobs.job_id IN (
    SELECT job_id FROM jobs WHERE event_id = :event_id
    UNION ALL SELECT job_id FROM deliveries WHERE event_id = :event_id
)
"""
UNFINISHED = f"{_JOBS} WHERE closed_ms IS NULL ORDER BY jobs.created_ms, jobs.job_id"
OLDEST_WAITING = f"""
{_JOBS} WHERE closed_ms IS NULL AND {WAITS} ORDER BY jobs.created_ms, jobs.job_id LIMIT 1
"""
KEPT = f"{_JOBS} WHERE jobs.kept = 1 AND closed_ms < :before_ms ORDER BY closed_ms LIMIT :most"
AWAITED = f"{_JOBS} WHERE late = 'awaited' AND closed_ms < :before_ms ORDER BY closed_ms LIMIT :most"

HISTORY = f"""
{_JOBS} WHERE member = :member AND jobs.kept = 1 AND closed_ms IS NOT NULL
AND (CAST(:community AS TEXT) IS NULL OR communities.key = :community)
ORDER BY jobs.created_ms DESC, jobs.job_id DESC LIMIT :most
"""
# Nobody's direct chat is open to others: it is a community of its own, and asked for all the same. What could not be
# delivered is kept, too, but for audio that is lost or that no chat takes.
ALIKE = """
jobs.digest = :digest AND jobs.kept = 1 AND jobs.closed_ms IS NOT NULL AND jobs.community_id = :community_id
AND (jobs.member = :member OR (jobs.direct = 0 AND :direct = 0 AND jobs.channel = :channel))
AND NOT EXISTS (
    SELECT 1 FROM generations AS made WHERE made.job_id = jobs.job_id AND made.state <> 'fetched' AND NOT EXISTS (
        SELECT 1 FROM generations AS later
        WHERE later.job_id = made.job_id AND later.part = made.part AND later.number > made.number
    )
)
AND EXISTS (
    SELECT 1 FROM deliveries AS last WHERE last.job_id = jobs.job_id AND last.number = jobs.deliveries
    AND (last.state = 'sent' OR last.reason IN (
        'chat_refused', 'chat_unreachable', 'delivery_uncertain', 'restored', 'audio_away'
    ))
)
"""
"""Which jobs have audio that answers an order."""
SAME = f"""
{_JOBS} WHERE {ALIKE}
ORDER BY CASE WHEN member = :member THEN 0 ELSE 1 END, jobs.created_ms DESC, jobs.job_id DESC LIMIT 1
"""
ANSWERED = """
SELECT 1 AS answered FROM deliveries WHERE job_id = :job_id AND replace(asker, :member, '') <> asker LIMIT 1
"""
"""`member`: as it stands in the JSON of who asked."""
DROP_FILES = "UPDATE jobs SET kept = :kept WHERE job_id = :job_id AND closed_ms IS NOT NULL RETURNING job_id"
LEAVE_ARTIFACTS = "UPDATE generations SET artifacts = :artifacts WHERE job_id = :job_id AND number = :number"
FORGET_KEPT = "UPDATE deliveries SET kept = NULL WHERE job_id = :job_id AND kept IS NOT NULL"


@lru_cache(maxsize=128)
def some(count: int) -> str:
    """Return the statement that reads so many jobs by their ids."""
    return f"{_JOBS} WHERE jobs.job_id IN ({', '.join(f':job_id_{n}' for n in range(count))})"


def taken(update: str) -> str:
    """Return a change of jobs that reads them as they are afterwards, on PostgreSQL."""
    return f"WITH jobs AS ({update} RETURNING *) SELECT {COLUMNS} FROM jobs {BESIDE}"


OPEN_DELIVERY = """
INSERT INTO deliveries (job_id, number, state, destination, attempts, created_ms, updated_ms)
SELECT job_id, deliveries, :state, destination, :attempts, :now_ms, :now_ms FROM jobs WHERE job_id = :job_id
RETURNING destination
"""

# One more, of audio that was sent: only while nothing is on its way.
REDELIVER = """
INSERT INTO deliveries (job_id, number, state, destination, created_ms, updated_ms, kept, event_id, asker)
SELECT
    job_id, :number + 1, 'pending', :destination, :now_ms, :now_ms,
    (SELECT kept FROM deliveries WHERE job_id = :job_id AND kept IS NOT NULL ORDER BY number DESC LIMIT 1),
    :event_id, :asker
FROM jobs
WHERE job_id = :job_id AND deliveries = :number AND closed_ms IS NOT NULL AND kept = 1
ON CONFLICT (job_id, number) DO NOTHING
"""

_OPENED = "number part parameters characters cost_micros pause_ms callback_token".split()
_SHARED = "job_id, state, updated_ms"


@lru_cache(maxsize=256)
def open_generations(count: int) -> str:
    """Return the statement that opens so many generations of a job; the arguments of each have its place appended."""
    rows = ", ".join(
        f"(:job_id, 'queued', :now_ms, {', '.join(f':{name}_{n}' for name in _OPENED)})" for n in range(count)
    )
    return f"INSERT INTO generations ({_SHARED}, {', '.join(_OPENED)}) VALUES {rows}"


ASKED = f"""
{_JOBS} WHERE closed_ms IS NULL AND jobs.state = 'asking' AND jobs.updated_ms <= :before_ms
ORDER BY jobs.updated_ms LIMIT :most
"""
