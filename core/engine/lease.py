"""A worker's right to carry jobs, which it keeps only while it is seen to be alive."""

from collections.abc import Callable, Collection
from typing import Protocol

from core.domain.models import Job
from core.engine.queue import Room
from core.ports import Store

RESUME = "!resume"
"""What is rung when an operator says that submissions make sense again: no job's id."""
PAUSE_S = 1.0
"""Between looks at a lease that is not valid just now."""

Hear = Callable[[str], None]
"""Takes the id of a job that there is something to see of, RESUME, or "" when jobs wait for a worker."""

Carried = Callable[[str], bool]
"""Says whether a job is carried by this process."""


class Signal(Protocol):
    """A word between processes."""

    async def start(self, hear: Hear) -> None:
        """Tell `hear` what is rung. Raises StoreError."""
        ...

    def notify(self, job_id: str = "") -> None:
        """Let every worker hear of a job, or that jobs wait."""
        ...

    async def stop(self) -> None:
        """Fall silent."""
        ...


class Lease(Protocol):
    """Raises StoreError where the store can't be asked."""

    @property
    def worker_id(self) -> str:
        """The name in the rows of our jobs, which fences off every former worker."""
        ...

    @property
    def valid(self) -> bool:
        """Whether nobody else can have taken our jobs yet."""
        ...

    @property
    def left(self) -> int:
        """The number of jobs that still waited for any worker when some were last taken."""
        ...

    async def start(self, hear: Hear) -> None:
        """Become a worker; from now on `hear` is told when there is something to take."""
        ...

    async def take(self, room: Room, carried: Carried) -> list[Job]:
        """Make jobs ours that nobody alive carries: of those that wait as many as may begin, and all under way.

        With them come, late, those that are ours without being carried here, as after a take whose answer was lost.
        """
        ...

    async def take_unshown(self, most: int) -> list[Job]:
        """Make jobs ours that have waited for a while and whose members were not shown that; they are to be left."""
        ...

    async def leave(self, job: Job) -> None:
        """Leave a job of ours to the first worker that takes it."""
        ...

    def notify(self, job_id: str = "") -> None:
        """Let every worker hear of a job, or that jobs wait."""
        ...

    async def hand_over(self, carried: Collection[str]) -> None:
        """Leave to others what is ours, but for the jobs that are still carried."""
        ...

    async def stop(self) -> None:
        """Leave everything to others, and be no worker any more."""
        ...


def holds(lease: Lease, job: Job) -> bool:
    """Say whether nobody else can have the job yet. Asked before what can't be taken back.

    Where it is not so, the job goes back to the executor, which waits for the lease or lets go of the job.
    """
    return lease.valid and job.worker_id == lease.worker_id


class SoleLease:
    """The lease where one process has the store to itself: every unfinished job is its own from the start."""

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

    async def leave(self, job: Job) -> None:
        """Nobody else is there."""

    def notify(self, job_id: str = "") -> None:
        """Nobody else is there."""

    async def hand_over(self, carried: Collection[str]) -> None:
        """Nobody else is there."""

    async def stop(self) -> None:
        """The next start finds everything."""
