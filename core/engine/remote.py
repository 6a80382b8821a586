"""Stand in for the worker in a process that has none: another process carries the jobs."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from core.domain.errors import GatewayError, StoreError
from core.domain.lifecycle import PLACED, Reason, Stage, State
from core.domain.models import Job, Outlook
from core.domain.reports import Resumed
from core.engine.callbacks import Callbacks, Naming
from core.engine.durations import Durations
from core.engine.lease import RESUME, Signal
from core.engine.load import Load, Throughput
from core.engine.outlooks import usual_s_of
from core.engine.progress import PROGRESS_S, show
from core.engine.queue import Limits
from core.ports import Deliveries

log = logging.getLogger(__name__)

LOOK_S = 2.0
"""The pause between looks at the workers' load."""
USUAL_S = 30.0
GONE_S = 20.0
"""How long without a worker before members are told so; a dead one counts until its lease has run out."""


BATCH = 32
"""The most members told at one look that no worker is running."""
FIRST_SIGN_S = 1.0
HAND_S = PROGRESS_S + 5
"""The longest that a job is kept from the workers, so that a worker's words are not overwritten."""


class Unattended(Protocol):
    """Orders that wait while no worker is alive; one process shows each. Raises StoreError."""

    async def take(self, most: int) -> list[Job]:
        """Take the oldest jobs that wait without a worker and whose members have not been shown so."""
        ...

    async def leave(self, told: Collection[str]) -> None:
        """Give them up, for any worker to take; `told`: the ids of those whose members were shown that."""
        ...


class RemoteWorkers:
    """Implements `core.engine.carrier.Carrier` over the store alone."""

    def __init__(
        self,
        *,
        open_jobs: Callable[[], Awaitable[Mapping[Stage, int]]],
        workers: Callable[[], Awaitable[int]],
        naming: Naming,
        signal: Signal,
        unattended: Unattended,
        deliveries: Deliveries,
        durations: Durations,
        limits: Limits,
    ) -> None:
        """`workers` counts those alive; `signal` reaches them at once."""
        self._unattended = unattended
        self._deliveries = deliveries
        self._durations = durations
        self._limits = limits
        self._stopping = False
        self._open_jobs = open_jobs
        self._count_workers = workers
        self._alone = False
        self._seen_s = asyncio.get_running_loop().time()
        self._signal = signal
        self._callbacks = Callbacks(naming, signal.notify, self.accept)
        self._load = Load()
        self._task: asyncio.Task[None] | None = None
        self._first_signs: set[asyncio.Task[None]] = set()

    @property
    def stopping(self) -> bool:
        return self._stopping

    @property
    def alive(self) -> bool:
        """Whether a worker runs, or did a moment ago: one that restarts is not missed."""
        return asyncio.get_running_loop().time() - self._seen_s < GONE_S

    @property
    def running(self) -> bool:
        """Whether this process still looks at the workers."""
        return self._task is not None and not self._task.done() and not self.stopping

    def trouble(self) -> GatewayError | None:
        """Return None: what the workers meet at the gateway is not known here."""
        return None

    async def seen(self, job: Job) -> Job:
        """Say whether there is no worker, asked anew where none was, and how many wait; workers know more."""
        if self._alone:
            with suppress(StoreError):
                self._alone = not await self._count_workers()
        return self._seen(job)

    def _seen(self, job: Job) -> Job:
        usual_s = usual_s_of(job, self._durations, self._limits.member)
        outlook = Outlook(usual_s=usual_s, before=self._load.waiting or None, at_most=True)
        return replace(job, held_back=Reason.NO_WORKER if self._alone and job.waits else None, outlook=outlook)

    def load(self) -> Load:
        """Return what the last look saw."""
        return self._load

    async def start(self) -> int:
        """Begin to look; no job is taken here."""
        await self._signal.start(lambda _: None)
        self._task = asyncio.create_task(self._look(), name="look at the workers")
        return 0

    def accept(self, job: Job) -> None:
        """Say what there is to say of an order; a worker finds it then."""
        if job.waits and not self._alone:
            task = asyncio.create_task(self._show_first(self._seen(job)), name=f"first sign of {job.job_id}")
            self._first_signs.add(task)
            task.add_done_callback(self._first_signs.discard)
        else:
            self._signal.notify()
        self._load = replace(self._load, waiting=self._load.waiting + 1)  # until the next look

    async def _show_first(self, job: Job) -> None:
        """Show that an order waits before a worker hears of it, whose words come later."""
        try:
            async with asyncio.timeout(FIRST_SIGN_S):
                await show(self._deliveries, job)
        except TimeoutError:
            log.info("job %s: its chat is slow", job)
        finally:
            self._signal.notify()

    def cancelled(self, job: Job) -> None:
        self._signal.notify(job.job_id if job.worker_id else "")

    def called_back(self, job: Job, number: int, request_id: str) -> None:
        self._callbacks.take(job, number, request_id)

    def resume(self) -> Resumed:
        self._signal.notify(RESUME)
        return Resumed(ended_pause=False, spread=True)

    async def drain(self, drain_s: float) -> None:
        self._stopping = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        if tasks := {*self._callbacks.stop(), *self._first_signs}:
            await asyncio.wait(tasks, timeout=drain_s)

    async def stop(self, drain_s: float) -> None:
        await self.drain(drain_s)
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
                in_flight = sum(jobs.get(state, 0) for state in PLACED) - waiting
                self._load = Load(waiting, in_flight, Throughput().wait_s(waiting, in_flight, 0, USUAL_S))
            await asyncio.sleep(LOOK_S)

    async def _show_unattended(self) -> None:
        """Tell some waiting members that no worker is running; the next worker shows them progress again."""
        told: list[str] = []
        try:
            jobs = [self._seen(job) for job in await self._unattended.take(BATCH)]
            shown = await asyncio.gather(*(show(self._deliveries, job) for job in jobs))
            told = [job.job_id for job, done in zip(jobs, shown, strict=True) if done]
        finally:
            await self._unattended.leave(told)
        if jobs:
            self._signal.notify()
