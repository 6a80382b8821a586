"""What stands in for the worker in a process that has none: another process carries the jobs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Protocol

from core.domain.errors import GatewayError, StoreError
from core.domain.lifecycle import HELD, Reason, State
from core.domain.models import Job
from core.domain.reports import Resumed
from core.engine.callbacks import Callbacks, Naming
from core.engine.delivery import PROGRESS_S, show
from core.engine.lease import RESUME, Signal
from core.engine.load import Load, Throughput
from core.ports import Deliveries

log = logging.getLogger(__name__)

LOOK_S = 2.0
"""The pause between two questions to the store about the workers' load."""
USUAL_S = 30.0
GONE_S = 20.0
"""After how long without a worker it is said that none is running; a dead one counts until its lease has run out."""


BATCH = 32
"""So many members are told at a look that no worker is running."""
HAND_S = PROGRESS_S + 5
"""The longest time that a job is kept from the workers, so that no worker's words are overwritten."""


class Unattended(Protocol):
    """Orders that wait while no worker is alive, each for one process to show. Raises StoreError."""

    async def take(self, most: int) -> list[Job]:
        """Make the oldest jobs ours that wait without any worker, and whose members were not shown that."""
        ...

    async def leave(self) -> None:
        """Leave what was taken to the first worker that takes it."""
        ...


class RemoteWorkers:
    """Implements `core.engine.carrier.Carrier` over the store alone."""

    def __init__(
        self,
        *,
        open_jobs: Callable[[], Awaitable[Mapping[State, int]]],
        workers: Callable[[], Awaitable[int]],
        naming: Naming,
        signal: Signal,
        unattended: Unattended,
        deliveries: Deliveries,
    ) -> None:
        """`workers` counts those alive. `signal` is how they hear of a job at once."""
        self._unattended = unattended
        self._deliveries = deliveries
        self._stopping = False
        self._open_jobs = open_jobs
        self._count_workers = workers
        self._alone = False
        self._seen_s = asyncio.get_running_loop().time()
        self._signal = signal
        self._callbacks = Callbacks(naming, signal.notify, self.accept)
        self._load = Load()
        self._task: asyncio.Task[None] | None = None

    @property
    def stopping(self) -> bool:
        """Whether new orders must be refused."""
        return self._stopping

    @property
    def alive(self) -> bool:
        """Whether another process carries jobs on, or did a moment ago: one that is started anew need not be missed."""
        return asyncio.get_running_loop().time() - self._seen_s < GONE_S

    @property
    def running(self) -> bool:
        """Whether this process is in touch with what the workers do."""
        return self._task is not None and not self._task.done() and not self.stopping

    def trouble(self) -> GatewayError | None:
        """Nothing is known here of what the workers meet at the gateway."""
        return None

    def why_waiting(self) -> Reason | None:
        """Say whether there is no worker; what the workers wait for is not known here."""
        return Reason.NO_WORKER if self._alone else None

    def load(self) -> Load:
        """Say how busy the workers were a moment ago."""
        return self._load

    async def start(self) -> int:
        """Begin to look; no job is taken up here."""
        await self._signal.start(lambda _: None)
        self._task = asyncio.create_task(self._look(), name="look at the workers")
        return 0

    def accept(self, job: Job) -> None:  # noqa: ARG002 - a worker finds it
        """Let the workers know of a job that was just admitted, or one that is to be delivered again."""
        self._load = replace(self._load, waiting=self._load.waiting + 1)  # until it is known how many there are
        self._signal.notify()

    def cancelled(self, job: Job) -> None:
        """Wake the worker that carries the job, or have one take it."""
        self._signal.notify(job.job_id if job.worker_id else "")

    def called_back(self, job: Job, request_id: str) -> None:
        """Follow a callback; the work happens after this returns."""
        self._callbacks.take(job, request_id)

    def resume(self) -> Resumed:
        """Let the workers end their pauses."""
        self._signal.notify(RESUME)
        return Resumed(opened=False, spread=True)

    async def stop(self, drain_s: float) -> None:
        """Finish the callbacks under way, for at most `drain_s`."""
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if tasks := self._callbacks.stop():
            await asyncio.wait(tasks, timeout=drain_s)
        await self._signal.stop()

    async def _look(self) -> None:
        while True:
            try:
                jobs = await self._open_jobs()
                self._alone = not await self._count_workers()
                if not self._alone:
                    self._seen_s = asyncio.get_running_loop().time()
                elif not self.alive:
                    await self._show_unattended()
            except StoreError as error:
                log.warning("the store does not say how busy the workers are: %s", error)
            except Exception:
                log.exception("it is not known how busy the workers are")
            else:
                waiting = jobs.get(State.QUEUED, 0)
                in_flight = sum(jobs.get(state, 0) for state in HELD) - waiting
                self._load = Load(waiting, in_flight, Throughput().wait_s(waiting, in_flight, 0, USUAL_S))
            await asyncio.sleep(LOOK_S)

    async def _show_unattended(self) -> None:
        """Tell some of those who wait that no worker is running; the next worker shows them how it goes on."""
        try:
            jobs = [replace(job, reason=Reason.NO_WORKER) for job in await self._unattended.take(BATCH)]
            await asyncio.gather(*(show(self._deliveries, job) for job in jobs))
        finally:
            await self._unattended.leave()
        if jobs:
            self._signal.notify()
