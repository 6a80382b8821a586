"""Take jobs in fair order and start their work; recover at the start, look for more, drain at the end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from typing import Any

from core.domain.changes import Shown
from core.domain.errors import GatewayError, StaleJob, StoreError
from core.domain.lifecycle import ASKS, PLACED, JobState, State
from core.domain.models import Job
from core.domain.reports import Resumed
from core.engine.callbacks import Arrivals, Callbacks, Naming
from core.engine.circuit_breaker import CircuitBreaker
from core.engine.executor import Executor
from core.engine.lease import RESUME, Lease
from core.engine.load import Load, Throughput
from core.engine.maintenance import end_questions, end_waits, sweep
from core.engine.outlooks import Outlooks
from core.engine.pace import Pace
from core.engine.progress import Progress
from core.engine.queue import FairQueue
from core.engine.tidying import Keep, Tidier
from core.engine.wakeups import Wakeups
from core.ports import Clock
from core.stores.store import Store

log = logging.getLogger(__name__)

USUAL_S = 30.0
"""A generation's assumed time at the gateway, until some have been seen."""

SOON_S = 0.5
"""How long a stop waits before it hands idle jobs over to other workers; the others may take longer."""
JOB = "job "
"""What the names of tasks begin with."""
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
        self._executor = executor
        self._platforms = platforms
        self._progress = progress
        self._queue = queue
        self._breaker = breaker
        self._wakeups = wakeups
        self._clock = clock
        self._tidier = tidier
        self._keep = keep
        self._throughput = Throughput()
        self._tasks: dict[str, dict[int, asyncio.Task[None]]] = {}
        """By job and by generation; 0 is the job's own."""
        self._forget = self._forget_task
        """One for all tasks, as each would keep its own."""
        self._lease = lease
        self._callbacks = Callbacks(naming, self.wake, self.accept)
        self._news = asyncio.Event()
        self._pace = pace
        self._arrivals = arrivals
        self._outlooks = outlooks
        self._beside: list[asyncio.Task[None]] = []
        """Background tasks from start to stop."""

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
        wait_s = self._throughput.wait_s(self._queue.waiting + left, in_flight, self._clock.now_ms(), USUAL_S)
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
        self._begin(job, beside=True)
        self._pump()
        if job.waits and self.stopping and job.job_id not in self._tasks:
            self._start(job, 0, self._leave_to_next(job))
        elif job.waits:
            self._progress.begin(job)

    def _begin(self, job: Job, *, beside: bool = False) -> None:
        """Line up what of a job waits, go on with what is under way, or else with what is left of the job itself.

        `beside`: what is sent again need not wait for the task that tells how it ended.
        """
        under_way = [made for made in job.generations if made.state in ASKS]
        for made in under_way:
            if made.state is State.QUEUED:
                self._queue.put(job, made.number)
            else:
                self._spawn(job, made.number)
        if not under_way and not (job.state is JobState.ASKING and job.shown == Shown.ASKED):
            self._spawn(job, 0, beside=beside)

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
        if not self._stir(name):
            self._lease.notify(name)

    def hear(self, name: str) -> None:
        """Take a signal from another process: what to wake, RESUME, or "" when jobs wait to be taken."""
        if not name:
            self._news.set()
        elif name == RESUME:
            self._breaker.resume()
        else:
            self._stir(name)

    def _stir(self, name: str) -> bool:
        job_id, _, number = name.partition(".")
        tasks, turns = self._tasks.get(job_id, {}), [] if number else self._queue.remove(job_id)
        if turns:
            job = turns[0].job
            self._start(job, 0, self._look_again(job, [turn.number for turn in turns]))
        if number and tasks:
            self._arrivals.came()
        for each in tasks:
            if number in ("", str(each)):
                self._wakeups.wake(f"{job_id}.{each}")
        return bool(turns or tasks)

    async def drain(self, drain_s: float) -> None:
        self._wakeups.stop()
        self._breaker.release()
        for task in self._beside:
            task.cancel()
        if self._beside:
            await asyncio.wait(self._beside)
        late = await self._come_to_rest(min(SOON_S, drain_s))
        await self._hand_over(lambda: self._lease.hand_over(self._tasks))
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
        while tasks := {*self._callbacks.stop(), *(task for of in self._tasks.values() for task in of.values())}:
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
                    self._start(job, 0, self._show_and_leave(job))
            except Exception:
                log.exception("no jobs could be taken")
                await asyncio.sleep(look_s)

    async def _take_up(self) -> list[Job]:
        jobs = await self._lease.take(self._queue.room(BATCH), self._carries)
        for job in jobs:
            self._queue.remove(job.job_id)  # it waited under a lease that has run out since
            if job.platform not in self._platforms:
                log.warning("job %s waits: %s is not configured", job, job.platform)
            else:
                self._begin(job)
        self._pump()  # only after all jobs in flight have been counted
        for job in jobs:
            others = self._pace.look_s is not None and job.job_id in self._queue  # they may have shown something older
            if others or job.shown in {Shown.NO_WORKER, Shown.PERHAPS_NO_WORKER}:
                self._progress.begin(job)
        if len(jobs) >= BATCH:
            self._news.set()
        return jobs

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

    def _carries(self, job_id: str) -> bool:
        return job_id in self._tasks or job_id in self._queue

    # --- one job --------------------------------------------------------------------------------------------------

    def _pump(self) -> None:
        while not self.stopping and (turn := self._queue.take()):
            self._spawn(turn.job, turn.number, placed=True)

    def _spawn(self, job: Job, number: int, *, placed: bool = False, beside: bool = False) -> None:
        if number and job.generation(number).state in PLACED and not placed:
            self._queue.occupy(job)
        tasks = {} if beside else self._tasks.get(job.job_id, {})
        # Any of them may carry the job itself.
        former = tuple(task for each, task in tasks.items() if number in (each, 0))
        self._start(job, number, self._carry(job, number, former))

    def _start(self, job: Job, number: int, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=JOB + job.named(number))
        self._tasks.setdefault(job.job_id, {})[number] = task
        task.add_done_callback(self._forget)

    def _forget_task(self, task: asyncio.Task[None]) -> None:
        name = task.get_name().removeprefix(JOB)
        job_id, _, at = name.rpartition(".")
        number = int(at)
        tasks = self._tasks.get(job_id, {})
        if tasks.get(number) is task:
            del tasks[number]
            self._wakeups.forget(name)
        if not tasks:
            self._tasks.pop(job_id, None)
            if job_id not in self._queue:
                self._progress.leave(job_id)

    async def _look_again(self, job: Job, numbers: Sequence[int]) -> None:
        """Read a job whose generations were taken out of the queue again: they still wait, or were cancelled."""
        try:
            job = await self._executor.again(job)
        except StaleJob as error:
            log.info("job %s: somebody else carries it on: %s", job, error)
            self._lease.notify(job.job_id)
            return
        for number in numbers:
            state = job.generation(number).state
            if state is State.QUEUED:
                self._queue.put(job, number)
            elif state in ASKS:
                self._spawn(job, number)
        if job.state is not JobState.OPEN:
            self._spawn(job, 0, beside=True)  # this task has the place of the job's own
        elif len(job.parts) > 1:  # some of it may have been cancelled
            self._progress.begin(job)
        self._pump()

    async def _carry(self, job: Job, number: int, former: Collection[asyncio.Task[None]]) -> None:
        """Carry a generation, or a job, to its end, after `former`: tasks that hold it under a lease that ran out."""
        if former:
            self._wakeups.wake(job.named(number))
            await asyncio.wait(former)
        now = await self._executor.carry(job, number, self._place(job, number))
        for made in now.generations[len(job.generations) :]:
            if number and made.part == job.generation(number).part and made.state is State.QUEUED:  # it is tried again
                self._queue.put(now, made.number)
        self._pump()

    def _place(self, taken: Job, number: int) -> AbstractContextManager[None]:
        has_one = number and taken.generation(number).state in PLACED
        return _Place(self, taken) if has_one else nullcontext()

    def free_place(self, taken: Job) -> None:
        """Free a generation's place at the gateway, for the next one."""
        self._queue.done(taken)
        self._throughput.note(self._clock.now_ms())
        self._pump()
        if self._pace.look_s is not None and self._queue.room(1).most:
            self._news.set()


@dataclass(frozen=True, slots=True)
class _Place(AbstractContextManager[None]):
    """A generation's place at the gateway, which is freed at the end."""

    worker: Worker
    taken: Job

    def __exit__(self, *_: object) -> None:
        self.worker.free_place(self.taken)
