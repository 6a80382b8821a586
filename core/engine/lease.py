"""A worker's right to carry jobs, which it keeps only while it is seen to be alive."""

from collections.abc import Callable, Collection
from typing import Protocol

from core.domain.errors import DeliveryDelayed
from core.domain.models import Job
from core.engine.queue import Room
from core.stores.store import Store

RESUME = "!resume"
"""The signal that an operator has ended the pause of submissions; no job has this id."""
PAUSE_S = 1.0
"""The pause between looks at a lease that is not valid."""

Hear = Callable[[str], None]
"""Takes what to wake, a job by its id or a generation by its name; RESUME; or "" when jobs wait for a worker."""

Carried = Callable[[str], bool]
"""Says whether a job is carried by this process."""


class Signal(Protocol):
    """Signals between processes."""

    async def start(self, hear: Hear) -> None:
        """Begin to pass signals to `hear`. Raises StoreError."""
        ...

    def notify(self, name: str = "") -> None:
        """Signal a job, or a generation, to every worker, or that jobs wait."""
        ...

    async def stop(self) -> None:
        """Stop listening and sending."""
        ...


class Lease(Protocol):
    """A worker's right to its jobs. Raises StoreError where the store can't answer."""

    @property
    def worker_id(self) -> str:
        """What our jobs' rows hold; it fences off former workers."""
        ...

    @property
    def valid(self) -> bool:
        """Whether our jobs are still ours for certain."""
        ...

    @property
    def left(self) -> int:
        """How many jobs waited for any worker at the last take."""
        ...

    async def start(self, hear: Hear) -> None:
        """Become a worker, and pass signals to `hear`."""
        ...

    async def take(self, room: Room, carried: Carried) -> list[Job]:
        """Take jobs that no living worker has: all under way, and as many waiting ones as may begin.

        Jobs that are ours but not carried here, as after a take whose answer was lost, come with a later take.
        """
        ...

    async def take_unshown(self, most: int) -> list[Job]:
        """Take jobs that have waited for a while without their members being shown so; `leave` them afterwards."""
        ...

    async def leave(self, job: Job, *, told: bool) -> None:
        """Give a job up, for any worker to take; `told`: its member was shown that it waits."""
        ...

    def notify(self, name: str = "") -> None:
        """Signal a job, or a generation, to every worker, or that jobs wait."""
        ...

    async def hand_over(self, carried: Collection[str]) -> None:
        """Give up all our jobs but those still carried."""
        ...

    async def stop(self) -> None:
        """Give up all our jobs and be no worker any more."""
        ...


def holds(lease: Lease, job: Job) -> bool:
    """Say whether the job is still ours for certain: the fence before every step that can't be undone.

    Where it is not, the job goes back to the executor, which waits for the lease or drops the job.
    """
    return lease.valid and job.worker_id == lease.worker_id


def require(lease: Lease, job: Job) -> None:
    """Raise DeliveryDelayed unless the job is still ours: after a long pause another worker may have it."""
    if not holds(lease, job):
        raise DeliveryDelayed("the lease ran out", retry_after_s=PAUSE_S)


class SoleLease:
    """The lease of a process that has the store to itself: every unfinished job is its own."""

    worker_id = ""
    valid = True
    left = 0

    def __init__(self, store: Store) -> None:
        self._store = store
        self._taken = False

    async def start(self, hear: Hear) -> None:
        """Nobody will have anything to say."""

    async def take(self, room: Room, carried: Carried) -> list[Job]:  # noqa: ARG002 - they are all ours already
        """Return every unfinished job, once."""
        jobs = [] if self._taken else await self._store.unfinished()
        self._taken = True
        return jobs

    async def take_unshown(self, most: int) -> list[Job]:  # noqa: ARG002
        """Nothing waits but in our own queue, which shows it."""
        return []

    async def leave(self, job: Job, *, told: bool) -> None:
        """Nobody else is there."""

    def notify(self, name: str = "") -> None:
        """Nobody else is there."""

    async def hand_over(self, carried: Collection[str]) -> None:
        """Nobody else is there."""

    async def stop(self) -> None:
        """The next start finds everything."""
