"""The tasks of the jobs that a worker carries: one for each generation whose turn it is, one for what is left."""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from core.domain.changes import Shown
from core.domain.errors import StaleJob
from core.domain.lifecycle import ASKS, PLACED, JobState, State
from core.domain.models import Job
from core.engine.callbacks import Arrivals
from core.engine.executor import Executor
from core.engine.lease import Lease
from core.engine.load import Throughput
from core.engine.progress import Progress
from core.engine.queue import FairQueue
from core.engine.wakeups import NOBODYS, Wakeups
from core.ports import Clock

log = logging.getLogger(__name__)

JOB = "job "
"""What the names of tasks begin with."""


class Runner:
    """Starts, wakes and forgets tasks."""

    def __init__(
        self,
        *,
        executor: Executor,
        progress: Progress,
        queue: FairQueue,
        wakeups: Wakeups,
        clock: Clock,
        lease: Lease,
        arrivals: Arrivals,
        freed: Callable[[], None],
    ) -> None:
        """`freed` is called when a place at the gateway was given back, and perhaps not taken."""
        self._executor = executor
        self._progress = progress
        self._queue = queue
        self._wakeups = wakeups
        self._clock = clock
        self._lease = lease
        self._arrivals = arrivals
        self._freed = freed
        self.throughput = Throughput()
        self._tasks: dict[str, dict[int, asyncio.Task[None]]] = {}
        """By job and by generation; 0 is the job's own."""
        self._forget = self._forget_task
        """One for all tasks, as each would keep its own."""

    @property
    def busy(self) -> Collection[str]:
        """The ids of the jobs that have tasks."""
        return self._tasks.keys()

    def tasks(self) -> list[asyncio.Task[None]]:
        """Return every task."""
        return [task for of in self._tasks.values() for task in of.values()]

    def carries(self, job_id: str) -> bool:
        """Say whether a job is carried here: it has a task, or waits for its turn."""
        return job_id in self._tasks or job_id in self._queue

    def begin(self, job: Job, *, beside: bool = False) -> None:
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

    def stir(self, name: str) -> bool:
        """Wake a job, or one of its generations; say whether it is here."""
        job_id, _, number = name.partition(".")
        tasks, turns = self._tasks.get(job_id, {}), [] if number else self._queue.remove(job_id)
        if turns:
            job = turns[0].job
            self.start(job, 0, self._look_again(job, [turn.number for turn in turns]))
        if number and tasks:
            self._arrivals.came()
        for each in tasks:
            if number in ("", str(each)):
                self._wakeups.wake(f"{job_id}.{each}")
        return bool(turns or tasks)

    def pump(self) -> None:
        """Start whatever has its turn."""
        while not self._wakeups.stopping and (turn := self._queue.take()):
            self._spawn(turn.job, turn.number, placed=True)

    def _spawn(self, job: Job, number: int, *, placed: bool = False, beside: bool = False) -> None:
        if number and job.generation(number).state in PLACED and not placed:
            self._queue.occupy(job)
        tasks = {} if beside else self._tasks.get(job.job_id, {})
        # Any of them may carry the job itself.
        former = tuple(task for each, task in tasks.items() if number in (each, 0))
        self.start(job, number, self._carry(job, number, former))

    def start(self, job: Job, number: int, work: Coroutine[Any, Any, None]) -> None:
        """Start a task for a job, or for one of its generations."""
        task = asyncio.create_task(work, name=JOB + job.named(number))
        self._tasks.setdefault(job.job_id, {})[number] = task
        task.add_done_callback(self._forget, context=NOBODYS)

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
        self.pump()

    async def _carry(self, job: Job, number: int, former: Collection[asyncio.Task[None]]) -> None:
        """Carry a generation, or a job, to its end, after `former`: tasks that hold it under a lease that ran out."""
        if former:
            self._wakeups.wake(job.named(number))
            await asyncio.wait(former)
        now = await self._executor.carry(job, number, self._place(job, number))
        for made in now.generations[len(job.generations) :]:
            if number and made.part == job.generation(number).part and made.state is State.QUEUED:  # it is tried again
                self._queue.put(now, made.number)
        self.pump()

    def _place(self, taken: Job, number: int) -> AbstractContextManager[None]:
        has_one = number and taken.generation(number).state in PLACED
        return _Place(self, taken) if has_one else nullcontext()

    def free_place(self, taken: Job) -> None:
        """Free a generation's place at the gateway, for the next one."""
        self._queue.done(taken)
        self.throughput.note(self._clock.now_ms())
        self.pump()
        self._freed()


@dataclass(frozen=True, slots=True)
class _Place(AbstractContextManager[None]):
    """A generation's place at the gateway, which is freed at the end."""

    runner: Runner
    taken: Job

    def __exit__(self, *_: object) -> None:
        self.runner.free_place(self.taken)
