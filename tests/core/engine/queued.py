"""Jobs for a queue, and what it gives out."""

from core.domain.models import Job
from core.engine.queue import FairQueue
from tests.makers import job


def queued(name: str, *, community: str = "c") -> Job:
    """`a1` is member a's first job."""
    return job(job_id=name, member=name[0], community=community)


def taken(queue: FairQueue) -> list[str]:
    names = []
    while found := queue.take():
        names.append(found.job.job_id)
    return names
