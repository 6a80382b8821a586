"""Carry a job and its generations from state to state to their ends, through all faults on the way."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from core.domain.changes import MoveChanges
from core.domain.errors import DeliveryDelayed, StaleJob, StoreAway, StoreError
from core.domain.lifecycle import ASKS, VOIDS, DeliveryState, JobState, Reason, Stage, State
from core.domain.models import Job
from core.engine.behalf import take_up
from core.engine.delivery import Deliverer
from core.engine.fetching import Fetcher
from core.engine.generation import Generator
from core.engine.lease import PAUSE_S, Lease, holds
from core.engine.progress import Progress
from core.engine.telling import Teller
from core.engine.wakeups import Stopping, Wakeups
from core.stores.store import Store

T = TypeVar("T")
log = logging.getLogger(__name__)

FAULT_PAUSE_S = 5
LONGEST_PAUSE_S = 3600
FAULTS = 6
"""Faults in a row before a generation or a job is given up, so that its hold does not stay for ever."""

# Where a generation ends whose step keeps failing for an unforeseen reason.
_GIVE_UP: Mapping[State, State] = {
    State.QUEUED: State.CANCELLED,
    State.SUBMITTING: State.UNCONFIRMED,
    State.UNCONFIRMED: State.EXPIRED,
    State.RUNNING: State.FAILED,
    State.LATE: State.EXPIRED,
}

_BILLED = frozenset({State.UNCONFIRMED, State.RUNNING})
"""The operator may have to pay for a generation that is given up in one of these."""


class Executor:
    """Knows only the jobs that it carries."""

    def __init__(
        self,
        *,
        store: Store,
        generator: Generator,
        fetcher: Fetcher,
        deliverer: Deliverer,
        teller: Teller,
        progress: Progress,
        wakeups: Wakeups,
        lease: Lease,
    ) -> None:
        self._store = store
        self._generator = generator
        self._fetcher = fetcher
        self._deliverer = deliverer
        self._teller = teller
        self._progress = progress
        self._wakeups = wakeups
        self._lease = lease
        self._delivering: set[str] = set()
        """Jobs whose audio is on its way."""
        self._telling: set[tuple[str, Stage, int]] = set()
        """Ends that are being told."""

    async def carry(self, job: Job, number: int, place: AbstractContextManager[None]) -> Job:
        """Carry a generation to its end, and its job from there if it was the last; number 0: what is left of the job.

        A generation keeps its place at the gateway until then. Return the job as it was last seen.
        """
        take_up(job)
        try:
            with place:
                if number:
                    job = await self._until_there(job, number)
            if not number and job.state is JobState.OPEN:  # perhaps it was read while it was being changed
                job = await self.again(job)
            await self._carry_on(job)
        except Stopping:
            log.info("job %s: left for the next start", job)
        except StaleJob as error:
            log.info("job %s: somebody else carries it on: %s", job, error)
        except Exception:
            log.exception("job %s: could not be closed; the next start tries again", job)
        finally:
            self._deliverer.drop(job)
        return job

    async def _carry_on(self, job: Job) -> None:
        """Deliver a job, or tell how it ended or what it asks; of several tasks that could, one does."""
        if job.state is JobState.OPEN:
            self._progress.begin(job)
            return
        if job.state is not JobState.ASKING and job.job_id not in self._delivering:
            with _noted(self._delivering, job.job_id):
                job = await self._until_there(job, 0)
        end = (job.job_id, job.stage, job.reached_ms)
        if job.stage in VOIDS | {JobState.ASKING, DeliveryState.UNDELIVERABLE} and end not in self._telling:
            with _noted(self._telling, end):
                await self._finish(job)

    async def _until_there(self, job: Job, number: int) -> Job:
        """Take steps until the generation, or the job, is at its end; survive faults on the way."""
        faults = 0
        while not (job.generation(number).state not in ASKS if number else job.ended):
            if not self._deliverer.has_begun(job):
                if self._wakeups.stopping:
                    raise Stopping
                await self._hold(job)
            before = job.generation(number).state if number else job.stage
            try:
                job = await (self._generator.step(job, number) if number else self._hand_on(job))
                faults = 0
            except Stopping:
                raise
            except StaleJob as error:
                log.info("job %s.%d: %s", job, number, error)
                job = await self.again(job)
            except StoreAway as error:  # not the job's fault, however long it lasts
                log.warning("job %s.%d: nothing can be written in state %s: %s", job, number, before, error)
                await self._wakeups.pause(FAULT_PAUSE_S)
                job = await self.again(job)
            except Exception:
                faults += 1
                log.exception("job %s.%d: fault %d in state %s", job, number, faults, before)
                await self._wakeups.pause(FAULT_PAUSE_S)
                job = await self.again(job)
                if faults >= FAULTS:
                    job = await self._given_up(job, number)
        return job

    async def _hand_on(self, job: Job) -> Job:
        if not self._deliverer.has_begun(job):  # or else its audio was just looked into
            job = await self._fetcher.at_hand(job)
        return job if job.ended else await self._deliverer.deliver(job)

    async def _hold(self, job: Job) -> None:
        """Wait until the lease is valid. Raises StaleJob for a job taken under a lease that ran out, and Stopping."""
        while not holds(self._lease, job):
            if job.worker_id != self._lease.worker_id:
                raise StaleJob("the lease ran out under which it was taken")
            await self._wakeups.pause(PAUSE_S)

    async def again(self, job: Job) -> Job:
        """Read a job again, if the store answers. Raises StaleJob."""
        try:
            return await self._store.again(job)
        except StaleJob:
            raise
        except StoreAway as error:
            log.warning("job %s: the store does not answer: %s", job, error)
        except Exception:
            log.exception("job %s: the store does not answer", job)
        return job

    async def _given_up(self, job: Job, number: int) -> Job:
        """End what keeps failing for an unforeseen reason, if the store answers. Raises StaleJob."""
        try:
            if number and job.generation(number).state in ASKS:
                return await self._give_up(job, number)
            if not number and not job.ended:
                uncertain = job.stage is DeliveryState.SENDING
                reason = Reason.DELIVERY_UNCERTAIN if uncertain else Reason.INTERNAL
                return await self._store.move_delivery(job, DeliveryState.UNDELIVERABLE, reason=reason)
        except StaleJob:
            raise
        except StoreError as error:
            log.warning("job %s.%d: it can't be given up: %s", job, number, error)
        return job

    async def _give_up(self, job: Job, number: int) -> Job:
        made = job.generation(number)
        changed: MoveChanges = {"reason": Reason.INTERNAL}
        if made.state in _BILLED:
            changed["upstream_micros"] = made.cost_micros
        if made.state is State.UNCONFIRMED:
            changed["late"] = self._generator.late(job)
        return await self._store.move(job, number, _GIVE_UP[made.state], **changed)

    async def _finish(self, job: Job) -> None:
        """Tell the member how a job without delivered audio ended, or ask what they take; retry with growing pauses."""
        pause_s: float = FAULT_PAUSE_S
        while True:
            asked_s = 0.0
            try:
                await self._hold(job)
                now = await self._store.again(job)
                if now.closed_ms is not None or (now.stage, now.reached_ms) != (job.stage, job.reached_ms):
                    return None  # it was told, or sent again meanwhile; its task tells how that ends
                return await self._teller.tell(now)
            except (Stopping, StaleJob):
                raise
            except DeliveryDelayed as error:
                asked_s = error.retry_after_s
                log.info("job %s: telling is delayed: %s", job, error)
            except Exception:
                log.exception("job %s: could not be closed; trying again in %.0f s", job, pause_s)
            await self._wakeups.pause(max(asked_s, pause_s))
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


@contextmanager
def _noted(among: set[T], what: T) -> Iterator[None]:
    among.add(what)
    try:
        yield
    finally:
        among.discard(what)
