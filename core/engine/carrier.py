"""The worker, as the service sees it."""

from typing import Protocol

from core.domain.errors import GatewayError
from core.domain.models import Job
from core.domain.reports import Resumed
from core.engine.load import Load


class Carrier(Protocol):
    """The worker of this process, or a stand-in for the workers of other processes."""

    @property
    def stopping(self) -> bool:
        """Whether the process is about to end, so that new orders wait for the next start or another worker."""
        ...

    @property
    def running(self) -> bool:
        """Whether this process does its part in carrying jobs."""
        ...

    @property
    def alive(self) -> bool:
        """Whether any worker is known to run, here or in another process."""
        ...

    def trouble(self) -> GatewayError | None:
        """Return the error that makes every submission fail now, if only the operator can mend it."""
        ...

    async def seen(self, job: Job) -> Job:
        """Return an order with what its member may be told of its wait: why nothing begins, its place, how long."""
        ...

    def load(self) -> Load:
        """Return how busy the workers are and how long a new order would wait."""
        ...

    async def start(self) -> int:
        """Start, and take up unfinished jobs; return how many."""
        ...

    def accept(self, job: Job) -> None:
        """Take a job that was just admitted or is to be delivered again."""
        ...

    def cancelled(self, job: Job) -> None:
        """Drop a job that its member cancelled while it waited, and have them told."""
        ...

    def called_back(self, job: Job, number: int, request_id: str) -> None:
        """Take a callback as a hint to ask the gateway now; the work happens after this returns."""
        ...

    def resume(self) -> Resumed:
        """End the pause of submissions, here and in every other process."""
        ...

    async def drain(self, drain_s: float) -> None:
        """Finish what is between two committed states, within `drain_s`, and begin nothing more.

        Orders that come until `stop` are left to the next start, or to other workers.
        """
        ...

    async def stop(self, drain_s: float) -> None:
        """Drain, then give all jobs up; the next start carries on with them."""
        ...
