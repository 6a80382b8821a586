"""What follows when the gateway calls back: a hint to look, never a proof."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet

from core.lifecycle import State
from core.models import Job

log = logging.getLogger(__name__)

NAMELESS = frozenset({State.SUBMITTING, State.UNCONFIRMED})
"""The gateway's name for the job is not known yet, or was lost: the callback brings it."""


class Callbacks:
    """Works on callbacks after they were answered, one at a time for each job."""

    def __init__(self, confirm: Callable[[Job, str], Awaitable[None]], wake: Callable[[str], None]) -> None:
        """`confirm` asks the gateway about the id that a callback brought; `wake` lets the job's carrier look."""
        self._confirm = confirm
        self._wake = wake
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def under_way(self) -> AbstractSet[asyncio.Task[None]]:
        """What a stop must wait for."""
        return set(self._tasks.values())

    def take(self, job: Job, request_id: str) -> None:
        """Follow a callback; one more for the same job meanwhile says nothing new."""
        if job.job_id in self._tasks:
            return
        task = asyncio.create_task(self._follow(job, request_id), name=f"callback of {job.job_id}")
        self._tasks[job.job_id] = task
        task.add_done_callback(lambda _: self._tasks.pop(job.job_id, None))

    async def _follow(self, job: Job, request_id: str) -> None:
        try:
            if job.state in NAMELESS and request_id:
                await self._confirm(job, request_id)
        except Exception:
            log.exception("job %s: the callback could not be followed", job.job_id)
        self._wake(job.job_id)
