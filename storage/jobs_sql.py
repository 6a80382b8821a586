"""The SQL that reads jobs; how they change follows from the lifecycle."""

from storage.communities_sql import KEYED

PLACE = "UPDATE jobs SET destination = :destination WHERE job_id = :job_id AND closed_ms IS NULL"

JOB = f"SELECT {KEYED} FROM jobs WHERE job_id = :job_id"
JOB_BY_EVENT = f"SELECT {KEYED} FROM jobs WHERE event_id = :event_id"
UNFINISHED = f"SELECT {KEYED} FROM jobs WHERE closed_ms IS NULL ORDER BY created_ms, job_id"
OLDEST_WAITING = f"""
SELECT {KEYED} FROM jobs WHERE closed_ms IS NULL AND state = 'queued' ORDER BY created_ms, job_id LIMIT 1
"""
KEPT = f"""
SELECT {KEYED} FROM jobs WHERE state = 'undeliverable' AND closed_ms < :before_ms AND artifacts <> '[]'
ORDER BY closed_ms LIMIT :most
"""

AWAITED = f"""
SELECT {KEYED} FROM jobs WHERE late = 'awaited' AND closed_ms < :before_ms ORDER BY closed_ms LIMIT :most
"""
