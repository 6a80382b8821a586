"""What `troubadour job` reads of the store."""

from collections.abc import Sequence
from typing import Protocol

from core.domain.traces import Trace


class Traces(Protocol):
    """Finds jobs by what stands in logs, and reads all of one. Raises StoreError."""

    async def named(self, name: str) -> str | None:
        """Return the id of the job that has this id, or a generation to which the gateway gave it."""
        ...

    async def beginning(self, beginning: str, most: int) -> Sequence[str]:
        """Return the ids of jobs that begin so."""
        ...

    async def trace(self, job_id: str, most: int) -> Trace:
        """Return all of a job that is there, of its deliveries the newest; jobs are never deleted."""
        ...
