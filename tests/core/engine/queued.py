"""Jobs for a queue, and what it gives out."""

from dataclasses import replace

from core.domain.models import Job
from core.engine.queue import FairQueue
from tests.makers import BLANK


def queued(name: str, *, community: str = "c") -> Job:
    """`a1` is member a's first job."""
    return replace(BLANK, job_id=name, member=name[0], community=community)


def taken(queue: FairQueue) -> list[str]:
    names = []
    while found := queue.take():
        names.append(found.job_id)
    return names
