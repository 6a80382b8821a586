"""Take jobs and have them run; recover at the start, look for more, drain at the end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from dataclasses import replace

from core.domain.changes import Shown
from core.domain.errors import GatewayError, StoreError
from core.domain.models import Job
from core.domain.reports import Resumed
from core.engine.callbacks import Arrivals, Callbacks, Naming
from core.engine.circuit_breaker import CircuitBreaker
from core.engine.executor import Executor
from core.engine.lease import RESUME, Lease
from core.engine.load import Load
from core.engine.maintenance import end_questions, end_waits, sweep
from core.engine.outlooks import Outlooks
from core.engine.pace import Pace
from core.engine.progress import Progress
from core.engine.queue import FairQueue
from core.engine.running import Runner
from core.engine.tidying import Keep, Tidier
from core.engine.wakeups import Wakeups
from core.ports import Clock
from core.stores.store import Store

log = logging.getLogger(__name__)

USUAL_S = 30.0
"""A generation's assumed time at the gateway, until some have been seen."""

SOON_S = 0.5
"""How long a stop waits before it hands idle jobs over to other workers; the others may take longer."""
BATCH = 32
"""The most jobs taken at a time, so that several workers share a rush."""


class Worker:
    """The `Carrier` of this process: owns all its unfinished jobs."""

    def __init__(
        self,
        *,
        store: Store,
        executor: Executor,
        platforms: Collection[str],
        progress: Progress,
        queue: FairQueue,
        breaker: CircuitBreaker,
        wakeups: Wakeups,
        clock: Clock,
        tidier: Tidier,
        keep: Keep,
        naming: Naming,
        lease: Lease,
        pace: Pace,
        arrivals: Arrivals,
        outlooks: Outlooks,
    ) -> None:
        self._store = store
        self._platforms = platforms
        self._progress = progress
        self._queue = queue
        self._breaker = breaker
        self._wakeups = wakeups
        self._clock = clock
        self._tidier = tidier
        self._keep = keep
        self._lease = lease
        self._callbacks = Callbacks(naming, self.wake, self.accept)
        self._news = asyncio.Event()
        self._pace = pace
        self._outlooks = outlooks
        self._beside: list[asyncio.Task[None]] = []
        """Background tasks from start to stop."""
        self._runner = Runner(
            executor=executor,
            progress=progress,
            queue=queue,
            wakeups=wakeups,
            clock=clock,
            lease=lease,
            arrivals=arrivals,
            freed=self._place_freed,
        )

    @property
    def stopping(self) -> bool:
        return self._wakeups.stopping

    def trouble(self) -> GatewayError | None:
        error = self._breaker.trouble()
        return error if error is not None and error.pauses else None

    @property
    def running(self) -> bool:
        alive = bool(self._beside) and not any(task.done() for task in self._beside)
        return alive and self._lease.valid and not self.stopping

    @property
    def alive(self) -> bool:
        return self.running

    async def seen(self, job: Job) -> Job:
        seen, others_go_on = self._outlooks.seen(job), self.stopping and self._pace.look_s is not None
        return replace(seen, held_back=None) if others_go_on else seen

    def load(self) -> Load:
        left, in_flight = self._lease.left, self._queue.in_flight
        wait_s = self._runner.throughput.wait_s(self._queue.waiting + left, in_flight, self._clock.now_ms(), USUAL_S)
        return Load(self._queue.jobs + left, in_flight, self._breaker.open_s + wait_s)

    async def start(self) -> int:
        """Start the background tasks and carry on every unfinished job that is ours."""
        await self._lease.start(self.hear)
        jobs = await self._take_up()
        beside = {
            "sweeper": sweep(self._store, self._tidier, self._clock, self._keep),
            "end of waits": end_waits(self._store, self._clock, self._pace.queue_s, self.cancelled),
            "end of questions": end_questions(self._store, self._clock, self.accept),
            "progress": self._progress.keep_fresh(),
        }
        if self._pace.look_s is not None:
            beside["looker"] = self._look(self._pace.look_s)
        self._beside = [asyncio.create_task(work, name=name) for name, work in beside.items()]
        return len(jobs)

    def accept(self, job: Job) -> None:
        if job.worker_id != self._lease.worker_id:  # any worker may take it
            self._news.set()
            self._lease.notify()
            return
        self._runner.begin(job, beside=True)
        self._runner.pump()
        if job.waits and self.stopping and job.job_id not in self._runner.busy:
            self._runner.start(job, 0, self._leave_to_next(job))
        elif job.waits:
            self._progress.begin(job)

    def cancelled(self, job: Job) -> None:
        """Wake the task or the worker that has the job, or have one take it."""
        self.wake(job.job_id)
        if not job.worker_id:
            self._news.set()
            self._lease.notify()

    def called_back(self, job: Job, number: int, request_id: str) -> None:
        self._callbacks.take(job, number, request_id)

    def resume(self) -> Resumed:
        self._lease.notify(RESUME)
        return Resumed(ended_pause=self._breaker.resume(), spread=self._pace.look_s is not None)

    def wake(self, name: str) -> None:
        """Wake a job, or one of its generations, here or in the process that carries it."""
        if not self._runner.stir(name):
            self._lease.notify(name)

    def hear(self, name: str) -> None:
        """Take a signal from another process: what to wake, RESUME, or "" when jobs wait to be taken."""
        if not name:
            self._news.set()
        elif name == RESUME:
            self._breaker.resume()
        else:
            self._runner.stir(name)

    async def drain(self, drain_s: float) -> None:
        self._wakeups.stop()
        self._breaker.release()
        for task in self._beside:
            task.cancel()
        if self._beside:
            await asyncio.wait(self._beside)
        late = await self._come_to_rest(min(SOON_S, drain_s))
        await self._hand_over(lambda: self._lease.hand_over(self._runner.busy))
        if late:
            log.info("draining: %d tasks", len(late))
            late = await self._come_to_rest(drain_s)
        for task in late:
            task.cancel()
        if late:
            log.warning("%d tasks did not come to rest in %.0f s", len(late), drain_s)
            await asyncio.wait(late)

    async def _come_to_rest(self, seconds: float) -> Collection[asyncio.Task[None]]:
        """Wait until nothing is under way any more, what comes meanwhile included; return what still is."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + seconds
        while tasks := {*self._callbacks.stop(), *self._runner.tasks()}:
            _, late = await asyncio.wait(tasks, timeout=max(0, until_s - loop.time()))
            if late:
                return late
        return ()

    async def stop(self, drain_s: float) -> None:
        await self.drain(drain_s)
        await self._hand_over(self._lease.stop)

    async def _hand_over(self, how: Callable[[], Awaitable[None]]) -> None:
        try:
            await how()
        except StoreError as error:
            log.warning("jobs are not handed over; other workers take them when the lease has run out: %s", error)

    async def _look(self, look_s: float) -> None:
        """Take jobs that have no worker: on a signal, when places are free again, and every `look_s`."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(look_s):
                    await self._news.wait()
            self._news.clear()
            try:
                await self._take_up()
                for job in await self._lease.take_unshown(BATCH):
                    self._runner.start(job, 0, self._show_and_leave(job))
            except Exception:
                log.exception("no jobs could be taken")
                await asyncio.sleep(look_s)

    async def _take_up(self) -> list[Job]:
        jobs = await self._lease.take(self._queue.room(BATCH), self._runner.carries)
        for job in jobs:
            self._queue.remove(job.job_id)  # it waited under a lease that has run out since
            if job.platform not in self._platforms:
                log.warning("job %s waits: %s is not configured", job, job.platform)
            else:
                self._runner.begin(job)
        self._runner.pump()  # only after all jobs in flight have been counted
        for job in jobs:
            others = self._pace.look_s is not None and job.job_id in self._queue  # they may have shown something older
            if others or job.shown in {Shown.NO_WORKER, Shown.PERHAPS_NO_WORKER}:
                self._progress.begin(job)
        if len(jobs) >= BATCH:
            self._news.set()
        return jobs

    def _place_freed(self) -> None:
        if self._pace.look_s is not None and self._queue.room(1).most:
            self._news.set()

    async def _leave_to_next(self, job: Job) -> None:
        """Show its member that a job waits for the next start, and note that: then it is shown anew."""
        try:
            if await self._progress.shown(job):
                await self._store.update(job, shown=Shown.NO_WORKER)
        except StoreError as error:
            log.warning("job %s: what its member was shown is not noted: %s", job, error)

    async def _show_and_leave(self, job: Job) -> None:
        """Show its member that a job waits; it stays ours until that is done, so that nobody starts it meanwhile."""
        try:
            await self._lease.leave(job, told=await self._progress.shown(job))
        except StoreError as error:
            log.warning("job %s: taken for a moment, it stays here: %s", job, error)
