"""What follows when the gateway calls back: a hint to look, never a proof."""

import asyncio
import logging
from collections.abc import Callable
from collections.abc import Set as AbstractSet

from core.errors import Conflict, GatewayError, StaleJob
from core.lifecycle import State
from core.models import Job
from core.ports import Gateway, Store

log = logging.getLogger(__name__)

NAMELESS = frozenset({State.SUBMITTING, State.UNCONFIRMED})
"""The gateway's name for the job is not known yet, or was lost: the callback brings it."""


STATUSES = frozenset("QUEUED PROCESSING COMPLETED FAILED ERROR".split())
"""What the gateway says of a request that it has (its documentation, "Status Values")."""


class Naming:
    """Gives a job the gateway's id that its own submission did not bring back."""

    def __init__(self, store: Store, gateway: Gateway) -> None:
        self._store = store
        self._gateway = gateway

    async def confirm(self, job_id: str, request_id: str) -> None:
        """Write an id down for a job that has none, if the gateway knows the id."""
        try:
            status = (await self._gateway.status(request_id)).status
            if status not in STATUSES:
                log.warning("job %s: the request id %r is not believed: its status is %r", job_id, request_id, status)
                return
            for _ in NAMELESS:  # it may move from one to the other while it is written down
                if await self._named(job_id, request_id):
                    log.info("job %s: the gateway names it %s", job_id, request_id)
                    break
        except (GatewayError, Conflict) as error:
            log.warning("job %s: the request id %r is not believed: %s", job_id, request_id, error)

    async def _named(self, job_id: str, request_id: str) -> bool:
        """Write the id down in the state in which the job is now; return False where it has just left it."""
        job = await self._store.job(job_id)
        try:
            if job is not None and job.state is State.SUBMITTING:
                await self._store.update(job, request_id=request_id)
            elif job is not None and job.state is State.UNCONFIRMED:
                await self._store.move(job, State.RUNNING, request_id=request_id, reason=None, detail=None)
        except StaleJob:
            return False
        return True


class Callbacks:
    """Works on callbacks after they were answered, one at a time for each job."""

    def __init__(self, naming: Naming, wake: Callable[[str], None]) -> None:
        """`wake` lets the job's carrier look."""
        self._naming = naming
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
                await self._naming.confirm(job.job_id, request_id)
        except Exception:
            log.exception("job %s: the callback could not be followed", job.job_id)
        self._wake(job.job_id)
