"""Who carries jobs on, as the service sees it."""

from typing import Protocol

from core.domain.errors import GatewayError
from core.domain.lifecycle import Reason
from core.domain.models import Job
from core.domain.reports import Resumed
from core.engine.load import Load


class Carrier(Protocol):
    """The worker of this process, or what stands for the workers of others."""

    @property
    def stopping(self) -> bool:
        """Whether new orders must be refused because the process is about to end."""
        ...

    @property
    def running(self) -> bool:
        """Whether jobs are carried on, as far as is known here."""
        ...

    @property
    def alive(self) -> bool:
        """Whether anybody is known to carry jobs on, here or in another process."""
        ...

    def trouble(self) -> GatewayError | None:
        """Return what keeps every submission from succeeding now, if it is the operator's to mend."""
        ...

    def why_waiting(self) -> Reason | None:
        """Return what every order waits for that has not been submitted, if it is more than its turn."""
        ...

    def load(self) -> Load:
        """Say how busy it is, and how long who comes now would wait."""
        ...

    async def start(self) -> int:
        """Begin; return how many unfinished jobs were taken up."""
        ...

    def accept(self, job: Job) -> None:
        """Take a job that was just admitted, or one that is to be delivered again."""
        ...

    def cancelled(self, job: Job) -> None:
        """Let go of a job that its member cancelled while it waited, and let them be told."""
        ...

    def called_back(self, job: Job, request_id: str) -> None:
        """Take a callback as a hint; the work happens after this returns."""
        ...

    def resume(self) -> Resumed:
        """End the pauses of submissions, here and in every other process."""
        ...

    async def stop(self, drain_s: float) -> None:
        """Come to rest within `drain_s`."""
        ...
