"""What members are told while they wait: why nothing begins, how many begin before them, and how long it takes."""

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

from core.domain.copies import replaced
from core.domain.lifecycle import Reason
from core.domain.models import Job, Outlook
from core.engine.durations import Durations
from core.engine.queue import FairQueue
from core.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlooks:
    """Looks ahead for the jobs of one worker."""

    queue: FairQueue
    durations: Durations
    clock: Clock
    why_waiting: Callable[[], Reason | None]
    """Returns why all submissions are held back now, if they are."""
    left: Callable[[], int]
    """Returns how many jobs wait that no worker has taken yet."""

    def seen(self, job: Job) -> Job:
        """Return a job with what its member may be told of it now."""
        return replaced(job, held_back=self.why_waiting() if job.waits else None, outlook=self.of(job))

    def of(self, job: Job) -> Outlook:
        """Look ahead for a job, which need not have come to the queue yet."""
        usual_s, begun_ms = usual_s_of(job, self.durations, self.queue.limits.member), job.begun_ms
        if begun_ms is not None:
            return Outlook(usual_s=usual_s, running_s=self.clock.since_ms(begun_ms) / 1000)
        left, before = self.left(), self.queue.before(job)
        if left and job.job_id not in self.queue and not self.queue.has_begun(job):
            return Outlook(usual_s=usual_s, before=left + (before or 0), at_most=True)
        return Outlook(usual_s=usual_s, before=before)


def usual_s_of(job: Job, durations: Durations, at_once: int) -> float:
    """Return how long a job usually takes from its beginning, `at_once` of its parts at a time."""
    parts = job.parts
    longest = max(part.characters for part in parts)
    return durations.usual_s(job.product, longest) * ceil(len(parts) / at_once)
