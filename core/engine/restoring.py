"""Make what a copy remembers fit to go on: what may have happened since it was made must not happen twice.

Nothing that waited is submitted, and no audio is sent unless somebody asks for it. What the gateway has is polled.
"""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from core.domain.lifecycle import DELIVERY_ENDS, DeliveryState, JobState, Late, Reason, State
from core.domain.models import Job
from core.stores.store import Store

MOST_AWAITED = 100_000
FOR_EVER_MS = 1 << 62
_ASKED = frozenset({State.SUBMITTING, State.UNCONFIRMED, State.RUNNING, State.LATE})


@dataclass(frozen=True, slots=True)
class Copy:
    """A database as it was when it was copied, with nobody else at it."""

    store: Store
    holds: str
    """What its books hold."""
    newest_ms: int | None
    """The time of the newest entry; None where there is none."""
    finish: Callable[[], Awaitable[str]]
    """Leaves a line in every audit, checks the books and puts it to use; returns what is to be known of that."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """The jobs of a copy to which something may still happen, by what may; one may stand in several places."""

    jobs: Sequence[Job]
    waiting: Sequence[Job]
    """Nothing of them was submitted."""
    waiting_in_part: Sequence[Job]
    submitted: Sequence[Job]
    """Something of them is, or may be, at the gateway."""
    awaited: Sequence[Job]
    """They expired, and their audio may come late."""
    asking: Sequence[Job]
    sending: Sequence[Job]
    """Their audio is there, and was not sent yet."""

    @property
    def waiting_micros(self) -> int:
        """What it may have cost since to generate all that waits."""
        waiting = (made for job in self.jobs for made in job.generations if made.state is State.QUEUED)
        return sum(made.cost_micros for made in waiting)


async def unfinished(store: Store) -> Unfinished:
    """Find what a copy has not finished."""
    awaited = await store.awaited_before(FOR_EVER_MS, MOST_AWAITED)
    jobs = [*await store.unfinished(), *awaited]
    in_part = [job for job in jobs if not job.waits and _some(job, {State.QUEUED})]
    return Unfinished(
        jobs=jobs,
        waiting=[job for job in jobs if job.waits],
        waiting_in_part=in_part,
        submitted=[job for job in jobs if _some(job, _ASKED)],
        awaited=[job for job in jobs if job.late is Late.AWAITED],
        asking=[job for job in jobs if job.state is JobState.ASKING],
        sending=[job for job in jobs if _is_on_its_way(job)],
    )


def _some(job: Job, states: Collection[State]) -> bool:
    return any(made.state in states for made in job.generations)


def _is_on_its_way(job: Job) -> bool:
    return job.delivery is not None and job.delivery.state not in DELIVERY_ENDS


async def settle(store: Store, found: Unfinished) -> None:
    """Cancel what waits, hold back what would be sent, and mark what is under way. May be cut short and run again."""
    for job in found.jobs:
        if job.delivery is None:
            await _cancel_waiting(store, await store.update(job, restored=True))
        elif _is_on_its_way(job):
            await store.move_delivery(job, DeliveryState.UNDELIVERABLE, reason=Reason.RESTORED)


async def _cancel_waiting(store: Store, job: Job) -> None:
    """Cancel each generation that waits; the gateway may have been asked for it since, and bill it."""
    for made in job.generations:
        if made.state is State.QUEUED:
            lost = made.cost_micros
            job = await store.move(job, made.number, State.CANCELLED, reason=Reason.RESTORED, upstream_micros=lost)
