"""A generation's way to the gateway: queued -> submitting -> running | unconfirmed | rejected."""

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import Unpack

from core.domain.changes import GenerationChanges, MoveChanges
from core.domain.errors import Conflict, GatewayError, StaleJob
from core.domain.lifecycle import Reason, State
from core.domain.models import Job
from core.domain.products import Catalog, Product
from core.domain.quoting import unquoted
from core.engine.callbacks import Naming
from core.engine.circuit_breaker import CircuitBreaker
from core.engine.lease import Lease, holds
from core.engine.pace import Pace
from core.engine.persist import moved, persist
from core.engine.progress import Progress
from core.engine.wakeups import Stopping, Wakeups
from core.ports import Clock, Gateway
from core.stores.store import Store

log = logging.getLogger(__name__)

STALLED_S = 24 * 3600
"""How long the parts of an order that has begun wait for one of them to be taken, before its member is asked."""


class Submitter:
    """Submits each generation at most once."""

    def __init__(
        self,
        *,
        store: Store,
        gateway: Gateway,
        catalog: Catalog,
        clock: Clock,
        pace: Pace,
        breaker: CircuitBreaker,
        wakeups: Wakeups,
        naming: Naming,
        lease: Lease,
        progress: Progress,
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._catalog = catalog
        self._clock = clock
        self._pace = pace
        self._breaker = breaker
        self._wakeups = wakeups
        self._naming = naming
        self._lease = lease
        self._progress = progress

    async def submit(self, job: Job, number: int) -> Job:
        if not self._breaker.passes:
            self._progress.begin(job)
        loop = asyncio.get_running_loop()
        until_s = loop.time() + max(0, self._left_s(job))
        async with AsyncExitStack() as passed:
            try:
                async with asyncio.timeout_at(until_s) as patience:
                    with self._wakeups.ending(job.named(number), patience):
                        await passed.enter_async_context(self._breaker.passage())
                        await asyncio.sleep(0)  # an order that has just become too old must not pass
            except TimeoutError:
                now = await self._store.again(job)
                if loop.time() < until_s or not (now.waits or self._left_s(now) <= 0):
                    return now  # woken, as by a cancel; or another part has gone on
                return await self._store.cancel(now, now.reason or Reason.WAITED_TOO_LONG)
            if self._wakeups.stopping:
                raise Stopping
            return await self._post(job, number)

    def _left_s(self, job: Job) -> float:
        """Return how long a job may still wait: until its first submission, then from each news of it to the next."""
        if job.waits:
            return self._pace.queue_s - self._clock.since_ms(job.created_ms) / 1000
        return STALLED_S - self._clock.since_ms(max(made.updated_ms for made in job.generations)) / 1000

    async def _intend(self, job: Job, number: int, product: Product) -> Job:
        """Commit that a request is about to leave."""
        now_ms = self._clock.now_ms()
        sent: MoveChanges = {
            "attempts": job.generation(number).attempts + 1,
            "submitted_ms": now_ms,
            "deadline_ms": now_ms + round(product.deadline_s * 1000),
        }
        return await moved(self._store, job, number, State.SUBMITTING, **sent)

    async def _post(self, job: Job, number: int) -> Job:
        product = self._catalog[job.product]
        job = await self._intend(job, number, product)
        made = job.generation(number)
        try:
            if not holds(self._lease, job):  # after a long pause another worker may have the job
                return await self._store.move(job, number, State.QUEUED)
            request_id = await self._gateway.submit(product, made.parameters, made.callback_token)
        except GatewayError as error:
            return await self._not_submitted(job, number, error)
        self._breaker.succeed()
        try:
            return await self._note(job, number, State.RUNNING, request_id=request_id, reason=None, detail=None)
        except StaleJob:
            # Whichever worker took the job over does not know its request id.
            await self._naming.confirm(job, number, request_id, self._wakeups.pause)
            raise
        except Conflict:
            log.exception("job %s.%d: the gateway gave it another job's request id, %s", job, number, request_id)
            return await self._note(job, number, State.UNCONFIRMED, reason=Reason.UNCONFIRMED)

    async def _not_submitted(self, job: Job, number: int, error: GatewayError) -> Job:
        told: GenerationChanges = {"reason": error.reason, "detail": unquoted(job, error)}
        if error.accepted is None:
            log.warning("job %s.%d: submission unconfirmed: %s", job, number, error)
            return await self._note(job, number, State.UNCONFIRMED, **told)
        if error.retry or error.pauses:
            self._trip_breaker(job, error)
        else:
            self._breaker.succeed()  # the gateway works, and rejects this request only
        if error.retry:
            return await self._note(job, number, State.QUEUED, **told)
        log.error("job %s.%d: rejected: %s (%s)", job, number, error.operator, error)
        return await self._note(job, number, State.REJECTED, **told)

    async def _note(self, job: Job, number: int, to: State, **changed: Unpack[MoveChanges]) -> Job:
        """Record what only this process knows; retry until it is written."""
        return await persist(f"job {job.job_id}", lambda: self._store.move(job, number, to, **changed))

    def _trip_breaker(self, job: Job, error: GatewayError) -> None:
        if self._breaker.fail(error):
            level = logging.CRITICAL if error.pauses else logging.WARNING
            log.log(level, "job %s: submissions paused: %s (%s)", job, error.operator, error)

    async def lose_sight(self, job: Job, number: int) -> Job:
        # The POST may or may not have left, so it is never repeated.
        log.warning("job %s.%d: was being submitted when the process ended", job, number)
        return await self._store.move(job, number, State.UNCONFIRMED, reason=Reason.UNCONFIRMED)
