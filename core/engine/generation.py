"""The steps of a job while the gateway works on it: one per state, with the move that follows."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Unpack

from core.domain.contract import RequestStatus
from core.domain.errors import Conflict, GatewayError, RequestUnknown, StaleJob, StoreError
from core.domain.lifecycle import Late, Reason, State
from core.domain.models import Changes, Job, MoveChanges
from core.domain.products import Catalog, Product
from core.engine.callbacks import Arrivals, Naming
from core.engine.circuit_breaker import CircuitBreaker
from core.engine.delivery import Deliverer
from core.engine.downloads import no_audio
from core.engine.fetching import Fetcher
from core.engine.lease import Lease, holds
from core.engine.pace import Pace, Patience
from core.engine.persist import persist
from core.engine.wakeups import Stopping, Wakeups
from core.ports import Clock, Gateway, GatewayStatus
from core.stores import Store

log = logging.getLogger(__name__)

UNSURE_S = 120
"""How long a job waits for a callback after a plain 5xx to its submission: mostly nothing was accepted."""
LATE_S = 300
"""How long past its deadline a job is asked about while the gateway gives no answer."""


class Generator:
    """Carries a job from its submission until its audio is fetched or will not come."""

    def __init__(
        self,
        *,
        store: Store,
        gateway: Gateway,
        fetcher: Fetcher,
        deliverer: Deliverer,
        catalog: Catalog,
        clock: Clock,
        pace: Pace,
        breaker: CircuitBreaker,
        wakeups: Wakeups,
        naming: Naming,
        lease: Lease,
        arrivals: Arrivals,
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._fetcher = fetcher
        self._deliverer = deliverer
        self._catalog = catalog
        self._clock = clock
        self._pace = pace
        self._breaker = breaker
        self._wakeups = wakeups
        self._naming = naming
        self._lease = lease
        self._arrivals = arrivals
        self._table: Mapping[State, Callable[[Job], Awaitable[Job]]] = {
            State.QUEUED: self._submit,
            State.SUBMITTING: self._lose_sight,
            State.UNCONFIRMED: self._await_callback,
            State.RUNNING: self._watch,
            State.LATE: self._collect_late,
        }

    @property
    def late(self) -> Late:
        """Whether a callback may still bring the audio of a job that expires."""
        return Late.AWAITED if self._pace.callbacks else Late.NO

    async def step(self, job: Job) -> Job:
        """Take the step of the job's state. Raises Stopping, StoreError."""
        return await self._table[job.state](job)

    # --- queued -> submitting -> running | unconfirmed | rejected -------------------------------------------------

    async def _submit(self, job: Job) -> Job:
        if not self._breaker.passes:
            self._deliverer.show_progress(job)
        loop = asyncio.get_running_loop()
        until_s = loop.time() + max(0, self._pace.queue_s - self._clock.since_ms(job.created_ms) / 1000)
        async with AsyncExitStack() as passed:
            try:
                async with asyncio.timeout_at(until_s) as patience:
                    with self._wakeups.ending(job, patience):
                        await passed.enter_async_context(self._breaker.passage())
                        await asyncio.sleep(0)  # an order that has just become too old must not pass
            except TimeoutError:
                if loop.time() < until_s:  # woken, as by a cancel
                    return await self._store.again(job)
                return await self._store.move(job, State.CANCELLED, reason=job.reason or Reason.WAITED_TOO_LONG)
            if self._wakeups.stopping:
                raise Stopping
            return await self._post(job)

    async def _intend(self, job: Job, product: Product) -> Job:
        """Commit that a request is about to leave; where the commit's answer is lost, read whether it took effect."""
        now_ms = self._clock.now_ms()
        deadline_ms = now_ms + round(product.deadline_s * 1000)
        try:
            return await self._store.move(
                job, State.SUBMITTING, attempts=job.attempts + 1, submitted_ms=now_ms, deadline_ms=deadline_ms
            )
        except StaleJob:
            raise
        except StoreError:
            now = await persist(f"job {job.job_id}", lambda: self._store.again(job))
            if now.state is State.SUBMITTING:
                return now
            raise

    async def _post(self, job: Job) -> Job:
        product = self._catalog[job.product]
        job = await self._intend(job, product)
        try:
            if not holds(self._lease, job):  # after a long pause another worker may have the job
                return await self._store.move(job, State.QUEUED)
            request_id = await self._gateway.submit(product, job.parameters, job.callback_token)
        except GatewayError as error:
            return await self._not_submitted(job, error)
        self._breaker.succeed()
        try:
            return await self._note(job, State.RUNNING, request_id=request_id, reason=None, detail=None)
        except StaleJob:
            # Whichever worker took the job over does not know its request id.
            await self._naming.confirm(job.job_id, request_id, self._wakeups.pause)
            raise
        except Conflict:
            log.exception("job %s: the gateway gave it another job's request id, %s", job.job_id, request_id)
            return await self._note(job, State.UNCONFIRMED, reason=Reason.UNCONFIRMED)

    async def _not_submitted(self, job: Job, error: GatewayError) -> Job:
        told: Changes = {"reason": error.reason, "detail": str(error)}
        if error.accepted is None:
            log.warning("job %s: submission unconfirmed: %s", job.job_id, error)
            return await self._note(job, State.UNCONFIRMED, **told)
        if error.retry or error.pauses:
            self._trip_breaker(job, error)
        else:
            self._breaker.succeed()  # the gateway works, and rejects this request only
        if error.retry:
            return await self._note(job, State.QUEUED, **told)
        log.error("job %s: rejected: %s (%s)", job.job_id, error.operator, error)
        return await self._note(job, State.REJECTED, **told)

    async def _note(self, job: Job, to: State, **changes: Unpack[MoveChanges]) -> Job:
        """Record what only this process knows; retry until it is written."""
        return await persist(f"job {job.job_id}", lambda: self._store.move(job, to, **changes))

    def _trip_breaker(self, job: Job, error: GatewayError) -> None:
        if self._breaker.fail(error):
            level = logging.CRITICAL if error.pauses else logging.WARNING
            log.log(level, "job %s: submissions paused: %s (%s)", job.job_id, error.operator, error)

    async def _lose_sight(self, job: Job) -> Job:
        # The POST may or may not have left, so it is never repeated.
        log.warning("job %s: was being submitted when the process ended", job.job_id)
        return await self._store.move(job, State.UNCONFIRMED, reason=Reason.UNCONFIRMED)

    async def _await_callback(self, job: Job) -> Job:
        if job.request_id:  # a callback brought it before the submission was answered
            return await self._store.move(job, State.RUNNING, reason=None, detail=None)
        unsure_s = UNSURE_S - self._running_s(job) if job.reason == Reason.SERVER_FAILED else math.inf
        left_s = self._patience(job, unsure_s)
        self._deliverer.show_progress(job)  # it waits for no place any more, and can't be taken back
        while self._pace.callbacks and left_s() > 0:
            await self._wakeups.wait(job, min(left_s(), self._pace.look_s or left_s()))
            job = await self._store.again(job)
            if job.state is State.RUNNING:
                self._wakeups.wake(job.job_id)  # the callback has news: look at once
            if job.state is not State.UNCONFIRMED:
                return job
        return await self._expire(job, job.reason or Reason.UNCONFIRMED)

    # --- running -> ready | failed | expired ------------------------------------------------------------------

    async def _watch(self, job: Job) -> Job:
        product = self._catalog[job.product]
        left_s, loop = self._patience(job), asyncio.get_running_loop()
        until_s = loop.time() + max(left_s(), 0) + LATE_S
        wait_s, told = min(self._first_look_s(job, product), left_s()), False
        empty, unknown = Patience(self._pace.empty_s), Patience(self._pace.unknown_s)
        # After an outage the audio may be there, however late: only an answer after the deadline rules it out.
        while left_s() > 0 or not (told or loop.time() > until_s):
            self._deliverer.show_progress(job)
            net = self._is_net(product, wait_s)
            missed = not await self._wakeups.wait(job, wait_s) and net
            if not holds(self._lease, job):
                return job  # the executor waits for the lease or drops the job
            wait_s = min(self._poll_s(job, product), left_s()) if left_s() > 0 else self._pace.poll_max_s
            try:
                answer = await self._asked(job)
            except RequestUnknown as error:
                if not unknown.lasts():
                    return await self._fail(job, Reason.FORGOTTEN, str(error))
                wait_s = self._pace.poll_max_s
                continue
            unknown.renew()
            if answer is None:
                continue
            told = left_s() <= 0
            if missed and answer.status.is_final and self._arrivals.missed(job):
                self._wakeups.wake_all()  # their callbacks may not come either
            if answer.status is RequestStatus.COMPLETED and not answer.media_urls and empty.lasts():
                log.warning("job %s: finished without any audio, for now", job.job_id)
                wait_s, told = self._pace.poll_min_s, False
            elif answer.status is RequestStatus.COMPLETED:
                return await self._collect(job, answer)
            if answer.status in FAILURES:
                return await self._fail(job, FAILURES[answer.status], answer.error)
        log.warning("job %s: not finished by its deadline", job.job_id)
        return await self._expire(job, Reason.TOO_SLOW)

    async def _expire(self, job: Job, reason: Reason) -> Job:
        return await self._store.move(
            job, State.EXPIRED, reason=reason, late=self.late, upstream_micros=job.cost_micros
        )

    async def _asked(self, job: Job) -> GatewayStatus | None:
        """Ask for a job's status; None where no answer came. Raises RequestUnknown."""
        try:
            return await self._gateway.status(job.request_id or "")
        except GatewayError as error:
            log.warning("job %s: status unknown for now: %s", job.job_id, error)
            if isinstance(error, RequestUnknown):
                raise
            return None

    def _first_look_s(self, job: Job, product: Product) -> float:
        """Return when to look first: soon, unless a callback is due; a job found running may have missed its own."""
        called = self._is_called and self._running_s(job) <= self._pace.poll_max_s
        return self._poll_s(job, product) if called else self._pace.poll_min_s

    def _poll_s(self, job: Job, product: Product) -> float:
        """Return the poll interval: the shorter one around the product's usual duration, else the longer.

        Where the gateway calls back, polling is only a safety net: late, then at growing intervals.
        """
        running_s = self._running_s(job)
        if self._is_called:
            return max(self._pace.poll_min_s, self._pace.net * product.usual_s, running_s)
        soon = 0.75 * product.usual_s - self._pace.poll_max_s <= running_s < 2 * product.usual_s
        return self._pace.poll_min_s if soon else self._pace.poll_max_s

    @property
    def _is_called(self) -> bool:
        return self._pace.callbacks and not self._arrivals.missing

    def _is_net(self, product: Product, wait_s: float) -> bool:
        """Say whether a callback should come before this wait is over."""
        return self._is_called and wait_s >= self._pace.net * product.usual_s

    def _running_s(self, job: Job) -> float:
        return self._clock.since_ms(job.submitted_ms or job.created_ms) / 1000

    def _patience(self, job: Job, most_s: float = math.inf) -> Callable[[], float]:
        """Return a function for the seconds left until the deadline; setting the clock does not move it."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + min(self._catalog[job.product].deadline_s, most_s)
        begun_ms = job.submitted_ms or job.created_ms
        lasts_s = ((job.deadline_ms or begun_ms) - begun_ms) / 1000
        return lambda: min(lasts_s - self._clock.since_ms(begun_ms) / 1000, until_s - loop.time())

    async def _fail(self, job: Job, reason: Reason, detail: str | None) -> Job:
        log.warning("job %s: %s: %s", job.job_id, reason, detail)
        # ERROR is not charged to the operator (gateway documentation, "Status Values"); the others are undocumented.
        upstream_micros = 0 if reason is Reason.GATEWAY_ERROR else job.cost_micros
        return await self._store.move(job, State.FAILED, reason=reason, detail=detail, upstream_micros=upstream_micros)

    async def _collect(self, job: Job, answer: GatewayStatus) -> Job:
        if not answer.media_urls:
            return await self._fail(job, Reason.NO_MEDIA, answer.error)
        artifacts, trouble = await self._fetcher.fetched(job, answer.media_urls)
        if artifacts:
            return await self._store.move(job, State.READY, artifacts=artifacts)
        return await self._fail(job, no_audio(trouble), str(trouble))

    # --- late -> ready | expired ------------------------------------------------------------------------------

    async def _collect_late(self, job: Job) -> Job:
        """Fetch audio that came after its hold was released; what it costs us was recorded then."""
        artifacts, trouble = await self._fetcher.fetched(job, await self._fetcher.media_urls(job))
        if artifacts:
            return await self._store.move(job, State.READY, artifacts=artifacts, reason=None, detail=None)
        reason = no_audio(trouble) if trouble else Reason.NO_MEDIA
        log.warning("job %s: it came late, and there is no audio: %s: %s", job.job_id, reason, trouble)
        return await self._store.move(job, State.EXPIRED, reason=reason, detail=str(trouble or ""))


FAILURES = {RequestStatus.FAILED: Reason.GATEWAY_FAILED, RequestStatus.ERROR: Reason.GATEWAY_ERROR}
