"""Carry one job from state to state to its end, through all faults on the way."""

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager

from core.domain.errors import DeliveryDelayed, StaleJob, StoreAway
from core.domain.lifecycle import ASKS, HELD, DeliveryState, Reason, State
from core.domain.models import Job, MoveChanges
from core.engine.delivery import Deliverer
from core.engine.fetching import Fetcher
from core.engine.generation import Generator
from core.engine.lease import PAUSE_S, Lease, holds
from core.engine.wakeups import Stopping, Wakeups
from core.stores import Store

log = logging.getLogger(__name__)

FAULT_PAUSE_S = 5
LONGEST_PAUSE_S = 3600
FAULTS = 6
"""Faults in a row before a job is given up, so that its hold does not stay for ever."""

# Where a job ends whose step keeps failing for an unforeseen reason.
_GIVE_UP: Mapping[State, State] = {
    State.QUEUED: State.CANCELLED,
    State.SUBMITTING: State.UNCONFIRMED,
    State.UNCONFIRMED: State.EXPIRED,
    State.RUNNING: State.FAILED,
    State.LATE: State.EXPIRED,
}

_BILLED = frozenset({State.UNCONFIRMED, State.RUNNING})
"""The operator may have to pay for a job that is given up in one of these."""


class Executor:
    """Knows only the job that it carries."""

    def __init__(
        self,
        *,
        store: Store,
        generator: Generator,
        fetcher: Fetcher,
        deliverer: Deliverer,
        wakeups: Wakeups,
        lease: Lease,
    ) -> None:
        self._store = store
        self._generator = generator
        self._fetcher = fetcher
        self._deliverer = deliverer
        self._wakeups = wakeups
        self._lease = lease

    async def carry(self, job: Job, place: AbstractContextManager[None]) -> None:
        """Carry a job to its end; it keeps its place at the gateway until its hold is resolved."""
        try:
            with place:
                job = await self._until(job, lambda job: job.state not in HELD)
            job = await self._until(job, lambda job: job.ended)
            if job.stage is not DeliveryState.SENT:
                await self._finish(job)
        except Stopping:
            log.info("job %s: left for the next start", job.job_id)
        except StaleJob as error:
            log.info("job %s: somebody else carries it on: %s", job.job_id, error)
        except Exception:
            log.exception("job %s: could not be closed; the next start tries again", job.job_id)

    async def _until(self, job: Job, there: Callable[[Job], bool]) -> Job:
        """Take steps until the job is there; survive faults on the way."""
        faults = 0
        while not there(job):
            if self._wakeups.stopping:
                raise Stopping
            await self._hold(job)
            before = job.stage
            try:
                job = await self._step(job)
                faults = 0
            except Stopping:
                raise
            except StaleJob as error:
                log.info("job %s: %s", job.job_id, error)
                job = await self.again(job)
            except StoreAway as error:  # not the job's fault, however long it lasts
                log.warning("job %s: nothing can be written in state %s: %s", job.job_id, before, error)
                await self._wakeups.pause(FAULT_PAUSE_S)
                job = await self.again(job)
            except Exception:
                faults += 1
                log.exception("job %s: fault %d in state %s", job.job_id, faults, before)
                await self._wakeups.pause(FAULT_PAUSE_S)
                job = await self.again(job, give_up=faults >= FAULTS)
        return job

    async def _step(self, job: Job) -> Job:
        if job.state in ASKS:
            return await self._generator.step(job)
        job = await self._fetcher.at_hand(job)
        return job if job.ended else await self._deliverer.deliver(job)

    async def _hold(self, job: Job) -> None:
        """Wait until the lease is valid. Raises StaleJob for a job taken under a lease that ran out, and Stopping."""
        while not holds(self._lease, job):
            if job.worker_id != self._lease.worker_id:
                raise StaleJob("the lease ran out under which it was taken")
            await self._wakeups.pause(PAUSE_S)

    async def again(self, job: Job, *, give_up: bool = False) -> Job:
        """Read a job again, if the store answers; `give_up` ends it. Raises StaleJob."""
        try:
            job = await self._store.again(job)
            if give_up and not job.ended:
                return await self._give_up(job)
        except StaleJob:
            raise
        except StoreAway as error:
            log.warning("job %s: the store does not answer: %s", job.job_id, error)
        except Exception:
            log.exception("job %s: the store does not answer", job.job_id)
        return job

    async def _give_up(self, job: Job) -> Job:
        if job.delivery:
            uncertain = job.delivery.state is DeliveryState.SENDING
            reason = Reason.DELIVERY_UNCERTAIN if uncertain else Reason.INTERNAL
            return await self._store.move_delivery(job, DeliveryState.UNDELIVERABLE, reason=reason)
        changes: MoveChanges = {"reason": Reason.INTERNAL}
        if job.state in _BILLED:
            changes["upstream_micros"] = job.cost_micros
        if job.state is State.UNCONFIRMED:
            changes["late"] = self._generator.late
        return await self._store.move(job, _GIVE_UP[job.state], **changes)

    async def _finish(self, job: Job) -> None:
        """Tell the member how a job without delivered audio ended; retry with growing pauses."""
        pause_s: float = FAULT_PAUSE_S
        while True:
            asked_s = 0.0
            try:
                await self._hold(job)
                now = await self._store.again(job)
                if (now.stage, now.reached_ms) != (job.stage, job.reached_ms):
                    return None  # it was sent again meanwhile; the task that carries it now tells how that ends
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
