"""Handle the gateway's callbacks: each is a hint to ask the gateway, never a proof."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from collections.abc import Set as AbstractSet
from contextlib import suppress

from core.domain.contract import RequestStatus
from core.domain.errors import Conflict, GatewayError, StaleJob, StoreError
from core.domain.lifecycle import Late, State
from core.domain.models import Job
from core.domain.troubles import Trouble, Troubles
from core.engine.meters import Meters
from core.engine.wakeups import Stopping
from core.ports import Gateway, GatewayStatus
from core.stores.store import Store

log = logging.getLogger(__name__)

PAUSES_S = (1, 5, 10, 30, 60, 120, 240)
"""Pauses between tries to find out whether the gateway knows an id."""
Pause = Callable[[float], Awaitable[None]]
"""Waits so many seconds. May raise Stopping."""
NAMELESS = frozenset({State.SUBMITTING, State.UNCONFIRMED})
"""The request id is not known yet, or was lost: the callback brings it."""


class Arrivals:
    """Notices when callbacks do not come, as with a wrong PUBLIC_URL."""

    def __init__(self, meters: Meters | None = None, troubles: Troubles | None = None) -> None:
        self._meters = meters or Meters()
        self._troubles = troubles or Troubles()
        self.missing = False
        """Whether polling has found a finished job since the last callback."""

    def came(self) -> None:
        """Note a callback."""
        self.missing = False
        self._troubles.end(Trouble.CALLBACKS_MISSING)

    def missed(self, job: Job) -> bool:
        """Note that polling found a finished job; return whether it is the first since the last callback."""
        news, self.missing = not self.missing, True
        self._meters.count("callbacks_missed")
        if news:
            log.error("job %s: it is finished, and the gateway did not call PUBLIC_URL: jobs are polled", job)
            self._troubles.begin(Trouble.CALLBACKS_MISSING)
        return news


class Naming:
    """Gives a generation its request id where the submission itself did not bring it back."""

    def __init__(self, store: Store, gateway: Gateway) -> None:
        self._store = store
        self._gateway = gateway

    async def confirm(self, job: Job, number: int, request_id: str, pause: Pause) -> Job | None:
        """Record a request id for a generation that has none, if the gateway knows the id.

        The gateway has our answer and will not call back again, so it is asked until it can tell. An expired job for
        which it has audio is returned, to be carried on.
        """
        for pause_s in PAUSES_S:
            try:
                status = await self._gateway.status(request_id)
                if status.status is RequestStatus.OTHER:
                    log.warning(
                        "job %s.%d: the request id %r is not believed: no known status", job, number, request_id
                    )
                    return None
                named = await self._name(job.job_id, number, request_id, status)
            except (Conflict, GatewayError, StoreError) as error:
                log.warning("job %s.%d: the request id %r is not confirmed: %s", job, number, request_id, error)
                if isinstance(error, Conflict) or (isinstance(error, GatewayError) and not error.passes):
                    return None
            else:
                if named is None or status.status in {RequestStatus.FAILED, RequestStatus.ERROR}:
                    return None
                if named.stage is State.LATE:
                    return named
            await pause(pause_s)
        return None

    async def _name(self, job_id: str, number: int, request_id: str, status: GatewayStatus) -> Job | None:
        """Record the id; return the job if it had expired: it goes on again where there is audio."""
        for _ in (*NAMELESS, State.EXPIRED):  # it may move from one to the next at the same time
            with suppress(StaleJob):
                return await self._named(job_id, number, request_id, status)
        return None

    async def _named(self, job_id: str, number: int, request_id: str, status: GatewayStatus) -> Job | None:
        job = await self._store.job(job_id)
        if job is None:
            return None
        state = job.generation(number).state
        if state is State.SUBMITTING:
            await self._store.note(job, number, request_id=request_id)
        elif state is State.UNCONFIRMED:
            await self._store.move(job, number, State.RUNNING, request_id=request_id, reason=None, detail=None)
        elif job.late is not Late.AWAITED:
            return None
        elif not (status.status is RequestStatus.COMPLETED and status.media_urls):
            return job
        else:
            log.warning("job %s: it had expired, and its audio has come after all: free", job)
            return await self._store.move(job, number, State.LATE, request_id=request_id)
        log.info("job %s.%d: the gateway names it %s", job, number, request_id)
        return None


class Callbacks:
    """Works on callbacks after they have been answered, one at a time per generation."""

    def __init__(self, naming: Naming, wake: Callable[[str], None], accept: Callable[[Job], None]) -> None:
        """`wake` takes the name of a generation, which is carried somewhere; `accept` a job that has no worker."""
        self._naming = naming
        self._wake = wake
        self._accept = accept
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopped = asyncio.Event()

    def stop(self) -> AbstractSet[asyncio.Task[None]]:
        """Stop asking; return the tasks to wait for."""
        self._stopped.set()
        return set(self._tasks.values())

    def take(self, job: Job, number: int, request_id: str) -> None:
        """Follow a callback; a second one for the same generation meanwhile adds nothing."""
        name = job.named(number)
        if name in self._tasks:
            return
        task = asyncio.create_task(self._follow(job, number, request_id), name=f"callback of {name}")
        self._tasks[name] = task
        task.add_done_callback(lambda _: self._tasks.pop(name, None))

    async def _follow(self, job: Job, number: int, request_id: str) -> None:
        name, made = job.named(number), job.generation(number)
        try:
            known = made.request_id or request_id if job.late is Late.AWAITED else request_id
            if (made.state in NAMELESS or job.late is Late.AWAITED) and known:
                late = await self._naming.confirm(job, number, known, self._pause)
                if late is not None:
                    self._accept(late)
                    return
        except Stopping:
            log.warning("job %s.%d: its callback could not be followed before the stop", job, number)
        except Exception:
            log.exception("job %s.%d: the callback could not be followed", job, number)
        self._wake(name)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopped.wait()
                raise Stopping
