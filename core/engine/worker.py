"""Carry every job through its life: begin in fair order, recover at start, drain at the end."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.domain.errors import DeliveryDelayed, GatewayError, StaleJob, StoreAway, StoreError
from core.domain.lifecycle import ASKS, ENDED, HELD, Reason, State
from core.domain.models import Job, MoveChanges
from core.domain.reports import Resumed
from core.engine.callbacks import Callbacks, Naming
from core.engine.circuit_breaker import CircuitBreaker
from core.engine.delivery import Deliverer
from core.engine.executor import Executor
from core.engine.lease import PAUSE_S, RESUME, Lease, refuse_former
from core.engine.load import Load, Throughput
from core.engine.maintenance import end_waits, sweep
from core.engine.queue import FairQueue
from core.engine.wakeups import Stopping, Wakeups
from core.ports import Clock, Store

log = logging.getLogger(__name__)

USUAL_S = 30.0
"""How long a job is taken to stay at the gateway until some have shown it."""
FAULT_PAUSE_S = 5
LONGEST_PAUSE_S = 3600
FAULTS = 6
"""Faults in a row after which a job is given up, so that its hold is not kept for ever."""

# The way out for a job whose step keeps failing for a reason that we did not foresee.
_GIVE_UP: Mapping[State, State] = {
    State.QUEUED: State.CANCELLED,
    State.SUBMITTING: State.UNCONFIRMED,
    State.UNCONFIRMED: State.EXPIRED,
    State.RUNNING: State.FAILED,
    State.LATE: State.EXPIRED,
    State.GENERATED: State.UNDELIVERABLE,
    State.DELIVERING: State.UNDELIVERABLE,
}

_BILLED = frozenset({State.UNCONFIRMED, State.RUNNING})
"""Given up in one of these, a job may cost the operator what nobody pays for."""


SOON_S = 0.5
"""How long a stop waits before it leaves to other workers what has come to rest; what has not may take longer."""
BATCH = 32
"""So many jobs are taken at a time, so that several workers share a rush."""


class Worker:
    """Owns every unfinished job of this process."""

    def __init__(
        self,
        *,
        store: Store,
        executor: Executor,
        deliverer: Deliverer,
        queue: FairQueue,
        breaker: CircuitBreaker,
        wakeups: Wakeups,
        clock: Clock,
        spool: Path,
        naming: Naming,
        lease: Lease,
        look_s: float | None = None,
    ) -> None:
        """`look_s`: how often to look for jobs that nobody carries; None without other processes."""
        self._store = store
        self._executor = executor
        self._deliverer = deliverer
        self._queue = queue
        self._breaker = breaker
        self._wakeups = wakeups
        self._clock = clock
        self._spool = spool
        self._throughput = Throughput()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._lease = lease
        self._callbacks = Callbacks(naming, self.wake, self.accept)
        self._news = asyncio.Event()
        self._look_s = look_s
        self._beside: list[asyncio.Task[None]] = []
        """What goes on beside the jobs, from start to stop."""

    @property
    def stopping(self) -> bool:
        """Whether new orders must be refused because the process is about to end."""
        return self._wakeups.stopping

    def trouble(self) -> GatewayError | None:
        """Return what keeps every submission from succeeding now, if it is the operator's to mend."""
        error = self._breaker.trouble()
        return error if error is not None and error.pauses else None

    @property
    def running(self) -> bool:
        """Whether jobs are carried on here now."""
        alive = bool(self._beside) and not any(task.done() for task in self._beside)
        return alive and self._lease.valid and not self.stopping

    @property
    def alive(self) -> bool:
        """Whether anybody is known to carry jobs on."""
        return self.running

    def why_waiting(self) -> Reason | None:
        """Return what every order waits for that has not been submitted, if it is more than its turn."""
        return self._breaker.why()

    def load(self) -> Load:
        """Say how busy this worker is, and how long who comes now would wait."""
        waiting, in_flight = self._queue.waiting + self._lease.left, self._queue.in_flight
        wait_s = self._throughput.wait_s(waiting, in_flight, self._clock.now_ms(), USUAL_S)
        return Load(waiting, in_flight, self._breaker.closed_s + wait_s)

    async def start(self) -> int:
        """Take up every unfinished job that is ours from its committed state; return how many."""
        await self._lease.start(self.hear)
        jobs = await self._take_up()
        beside = {
            "sweeper": sweep(self._store, self._deliverer, self._clock, self._spool),
            "end of waits": end_waits(self._store, self._clock, self._executor.queue_s, self.cancelled),
        }
        if self._look_s is not None:
            beside["looker"] = self._look(self._look_s)
        self._beside = [asyncio.create_task(work, name=name) for name, work in beside.items()]
        return len(jobs)

    def accept(self, job: Job) -> None:
        """Take a job that was just admitted, or one that is to be delivered again."""
        if job.owner != self._lease.owner:  # it is for whoever takes it first
            self._news.set()
            self._lease.notify()
            return
        if job.state is not State.QUEUED:  # it need not wait until whoever tells how it ended is done
            self._spawn(job, beside=True)
            return
        self._queue.put(job)
        self._pump()
        if job.job_id not in self._tasks:
            self._deliverer.show_progress(job)

    def cancelled(self, job: Job) -> None:
        """Let whoever carries the job look at it, or somebody take it where nobody does."""
        self.wake(job.job_id)
        if not job.owner:
            self._news.set()
            self._lease.notify()

    def called_back(self, job: Job, request_id: str) -> None:
        """Let a job ask the gateway now instead of at its next turn; the work happens after this returns."""
        self._callbacks.take(job, request_id)

    def resume(self) -> Resumed:
        """End the pauses of submissions, here and in every other process."""
        self._lease.notify(RESUME)
        return Resumed(opened=self._breaker.resume(), spread=self._look_s is not None)

    def wake(self, job_id: str) -> None:
        """Let a job look at once, here or where it is carried."""
        if not self._stir(job_id):
            self._lease.notify(job_id)

    def hear(self, job_id: str) -> None:
        """Take what another process has to say: which job should look, RESUME, or "" when jobs wait to be taken."""
        if not job_id:
            self._news.set()
        elif job_id == RESUME:
            self._breaker.resume()
        else:
            self._stir(job_id)

    def _stir(self, job_id: str) -> bool:
        if job_id in self._tasks:
            self._executor.arrivals.came()  # what is carried is not cancelled, so that this is a callback
            self._wakeups.wake(job_id)
        elif waiting := self._queue.remove(job_id):
            self._start(waiting, self._look_again(waiting))
        else:
            return False
        return True

    async def stop(self, drain_s: float) -> None:
        """Finish what is between two committed states, for at most `drain_s`; the rest goes on at the next start."""
        self._wakeups.stop()
        self._breaker.release()
        tasks = {*self._tasks.values(), *self._callbacks.stop()}
        for task in self._beside:
            task.cancel()
        if self._beside:
            await asyncio.wait(self._beside)
        if tasks:
            log.info("draining: %d jobs", len(tasks))
            _, late = await asyncio.wait(tasks, timeout=min(SOON_S, drain_s))
            if late:
                await self._hand_over(lambda: self._lease.hand_over(self._tasks))
                _, late = await asyncio.wait(late, timeout=drain_s)
            for task in late:
                task.cancel()
            if late:
                log.warning("%d jobs did not come to rest in %.0f s", len(late), drain_s)
                await asyncio.wait(late)
        await self._hand_over(self._lease.stop)

    async def _hand_over(self, how: Callable[[], Awaitable[None]]) -> None:
        try:
            await how()
        except StoreError as error:
            log.warning("jobs are not handed over; other workers take them when the lease has run out: %s", error)

    async def _look(self, look_s: float) -> None:
        """Take jobs that nobody carries: when there are news, when places are free again, and now and then."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(look_s):
                    await self._news.wait()
            self._news.clear()
            try:
                await self._take_up()
                for job in await self._lease.take_unshown(BATCH):
                    self._start(job, self._show_and_leave(job))
            except Exception:
                log.exception("no jobs could be taken")
                await asyncio.sleep(look_s)

    async def _take_up(self) -> list[Job]:
        jobs = await self._lease.take(self._queue.room(BATCH), self._carries)
        for job in jobs:
            self._queue.remove(job.job_id)  # where it waited under a lease that ran out since
            if not self._deliverer.serves(job.platform):
                log.warning("job %s waits: %s is not configured", job.job_id, job.platform)
            elif job.state is State.QUEUED:
                self._queue.put(job)
            else:
                self._spawn(job)
        self._pump()  # only now, when all that is in flight has been counted
        if self._look_s is not None:  # another process may have shown something else
            for job in jobs:
                if job.job_id in self._queue:
                    self._deliverer.show_progress(job)
        if len(jobs) >= BATCH:
            self._news.set()
        return jobs

    async def _show_and_leave(self, job: Job) -> None:
        """Show its member that a job waits, and for as long let nobody begin it."""
        try:
            await self._deliverer.shown(job)
            await self._lease.leave(job)
        except StoreError as error:
            log.warning("job %s: taken for a moment, it stays here: %s", job.job_id, error)

    def _carries(self, job_id: str) -> bool:
        return job_id in self._tasks or job_id in self._queue

    # --- one job --------------------------------------------------------------------------------------------------

    def _pump(self) -> None:
        while not self.stopping and (job := self._queue.take()):
            self._spawn(job, placed=True)

    def _spawn(self, job: Job, *, placed: bool = False, beside: bool = False) -> None:
        if job.state in HELD and not placed:
            self._queue.occupy(job)
        former = None if beside else self._tasks.get(job.job_id)
        self._start(job, self._carry(job, former))

    def _start(self, job: Job, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"job {job.job_id}")
        self._tasks[job.job_id] = task
        task.add_done_callback(self._forget_task)

    def _forget_task(self, task: asyncio.Task[None]) -> None:
        job_id = task.get_name().removeprefix("job ")
        if self._tasks.get(job_id) is task:
            del self._tasks[job_id]
            self._wakeups.forget(job_id)

    async def _look_again(self, job: Job) -> None:
        """Read a job that was taken out of the queue: it waits on, or its member has cancelled it."""
        try:
            job = await self._again(job, give_up=False)
        except StaleJob as error:
            log.info("job %s: somebody else carries it on: %s", job.job_id, error)
            return
        if job.state is State.QUEUED:
            self._queue.put(job)
        else:
            self._spawn(job)
        self._pump()

    async def _carry(self, job: Job, former: asyncio.Task[None] | None) -> None:
        """Carry a job to its end. `former` still has it in hand, under a lease that ran out."""
        if former is not None:
            self._wakeups.wake(job.job_id)
            await asyncio.wait({former})
        try:
            if job.state in HELD:
                taken = job
                try:
                    job = await self._until(job, leave=HELD)
                finally:
                    self._queue.done(taken)
                    self._throughput.note(self._clock.now_ms())
                    self._pump()
                    if not self._queue.waiting:
                        self._news.set()
            job = await self._until(job, leave=frozenset(State) - ENDED)
            if job.state is not State.DELIVERED:
                await self._finish(job)
        except Stopping:
            log.info("job %s: left for the next start", job.job_id)
        except StaleJob as error:
            log.info("job %s: somebody else carries it on: %s", job.job_id, error)
        except Exception:
            log.exception("job %s: could not be closed; the next start tries again", job.job_id)

    async def _until(self, job: Job, *, leave: frozenset[State]) -> Job:
        """Take step after step until the job has left these states, and survive faults on the way."""
        faults = 0
        while job.state in leave:
            if self.stopping:
                raise Stopping
            while not self._lease.valid:
                await self._wakeups.pause(PAUSE_S)
            refuse_former(self._lease, job)
            before = job.state
            try:
                job = await self._step(job)
                faults = 0
            except Stopping:
                raise
            except StaleJob as error:
                log.info("job %s: %s", job.job_id, error)
                job = await self._again(job, give_up=False)
            except StoreAway as error:  # no fault of the job, however long it lasts
                log.warning("job %s: nothing can be written in state %s: %s", job.job_id, before, error)
                await self._wakeups.pause(FAULT_PAUSE_S)
                job = await self._again(job, give_up=False)
            except Exception:
                faults += 1
                log.exception("job %s: fault %d in state %s", job.job_id, faults, before)
                await self._wakeups.pause(FAULT_PAUSE_S)
                job = await self._again(job, give_up=faults >= FAULTS)
        return job

    async def _step(self, job: Job) -> Job:
        if job.state in ASKS:
            return await self._executor.generate(job)
        job = await self._executor.at_hand(job)
        return job if job.state in ENDED else await self._deliverer.deliver(job)

    async def _again(self, job: Job, *, give_up: bool) -> Job:
        try:
            job = await self._store.again(job)
            if give_up and job.state in _GIVE_UP:
                uncertain = job.state is State.DELIVERING
                changes: MoveChanges = {"reason": Reason.DELIVERY_UNCERTAIN if uncertain else Reason.INTERNAL}
                if job.state in _BILLED:
                    changes["upstream_micros"] = job.cost_micros
                if job.state is State.UNCONFIRMED:
                    changes["late"] = self._executor.late
                return await self._store.move(job, _GIVE_UP[job.state], **changes)
        except StaleJob:
            raise
        except StoreAway as error:
            log.warning("job %s: the store does not answer: %s", job.job_id, error)
        except Exception:
            log.exception("job %s: the store does not answer", job.job_id)
        return job

    async def _finish(self, job: Job) -> None:
        """Tell how it ended, where no audio says so; after a fault again, with ever longer pauses."""
        pause_s: float = FAULT_PAUSE_S
        while True:
            asked_s = 0.0
            try:
                now = await self._store.again(job)
                if (now.state, now.updated_ms) != (job.state, job.updated_ms):
                    return None  # it was sent again meanwhile, and whoever carries it says how that ends
                return await self._deliverer.tell(now)
            except (Stopping, StaleJob):
                raise
            except DeliveryDelayed as error:
                asked_s = error.retry_after_s
                log.info("job %s: telling is delayed: %s", job.job_id, error)
            except Exception:
                log.exception("job %s: could not be closed; trying again in %.0f s", job.job_id, pause_s)
            await self._wakeups.pause(max(asked_s, pause_s))
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
