"""A generation's way from the gateway: running | unconfirmed | late -> fetched | failed | expired."""

import asyncio
import logging
import math
from contextlib import suppress

from core.domain.changes import MoveChanges
from core.domain.contract import RequestStatus
from core.domain.errors import GatewayError, RequestUnknown, StaleJob
from core.domain.ids import Ids
from core.domain.lifecycle import PASSING, Late, Reason, State
from core.domain.models import Generation, Job
from core.domain.products import Catalog
from core.domain.quoting import unquoted
from core.engine.callbacks import Arrivals
from core.engine.delivery import Deliverer
from core.engine.downloads import no_audio
from core.engine.fetching import Fetcher
from core.engine.lease import Lease, holds
from core.engine.pace import Deadline, Pace, Patience
from core.engine.persist import moved
from core.engine.polling import Polling
from core.engine.progress import Progress
from core.engine.wakeups import Wakeups
from core.ports import Clock, Gateway, GatewayStatus
from core.stores.store import Store

log = logging.getLogger(__name__)

UNSURE_S = 120
"""How long a generation waits for a callback after a plain 5xx to its submission: mostly nothing was accepted."""
LATE_S = 300
"""How long past its deadline a generation is asked about while the gateway gives no answer."""
FAILURES = {RequestStatus.FAILED: Reason.GATEWAY_FAILED, RequestStatus.ERROR: Reason.GATEWAY_ERROR}


class Watcher:
    """Watches generations until their audio is fetched, or will not come."""

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
        wakeups: Wakeups,
        lease: Lease,
        arrivals: Arrivals,
        polling: Polling,
        progress: Progress,
        ids: Ids,
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._fetcher = fetcher
        self._deliverer = deliverer
        self._catalog = catalog
        self._clock = clock
        self._pace = pace
        self._wakeups = wakeups
        self._lease = lease
        self._arrivals = arrivals
        self._polling = polling
        self._progress = progress
        self._ids = ids

    def late(self, job: Job) -> Late:
        """Say whether a callback may still bring the audio of a job that expires; what is joined can't wait for it."""
        return Late.AWAITED if self._pace.callbacks and len(job.generations) == 1 else Late.NO

    async def await_callback(self, job: Job, number: int) -> Job:
        made = job.generation(number)
        if made.request_id:  # a callback brought it before the submission was answered
            return await self._store.move(job, number, State.RUNNING, reason=None, detail=None)
        unsure_s = UNSURE_S - self._polling.running_s(job, made) if made.reason == Reason.SERVER_FAILED else math.inf
        deadline = self._deadline(job, made, unsure_s)
        self._progress.begin(job)  # it waits for no place any more, and can't be taken back
        while self._pace.callbacks and (left_s := deadline.left_s()) > 0:
            await self._wakeups.wait(job.named(number), min(left_s, self._pace.look_s or left_s))
            job = await self._store.again(job)
            made = job.generation(number)
            if made.state is State.RUNNING:
                self._wakeups.wake(job.named(number))  # the callback has news: look at once
            if made.state is not State.UNCONFIRMED:
                return job
        return await self._expire(job, number, made.reason or Reason.UNCONFIRMED)

    async def watch(self, job: Job, number: int) -> Job:
        made, asked_s = job.generation(number), 0.0
        deadline, loop = self._deadline(job, made), asyncio.get_running_loop()
        left_s = deadline.left_s()
        until_s = loop.time() + max(left_s, 0) + LATE_S
        wait_s, told = min(self._polling.first_s(job, made), left_s), False
        empty, unknown = Patience(self._pace.empty_s), Patience(self._pace.unknown_s)
        # After an outage the audio may be there, however late: only an answer after the deadline rules it out.
        while left_s > 0 or not (told or loop.time() > until_s):
            self._progress.begin(job)
            net = self._polling.is_net(job, made, wait_s)
            missed = not await self._wakeups.wait(job.named(number), wait_s) and net
            if not holds(self._lease, job):
                return job  # the executor waits for the lease or drops the job
            before_s, asked_s = asked_s, self._polling.running_s(job, made)
            try:
                answer = await self._asked(job, made)
            except RequestUnknown as error:
                if not unknown.lasts():
                    return await self._fail(job, number, Reason.FORGOTTEN, str(error))
                wait_s, left_s = self._pace.poll_max_s, deadline.left_s()
                continue
            left_s = deadline.left_s()
            wait_s = min(self._polling.pause_s(job, made, asked_s), left_s) if left_s > 0 else self._pace.poll_max_s
            unknown.renew()
            if answer is None:
                continue
            told = left_s <= 0
            if missed and answer.status.is_final and self._arrivals.missed(job):
                self._wakeups.wake_all()  # their callbacks may not come either
            if answer.status is RequestStatus.COMPLETED and not answer.media_urls and empty.lasts():
                log.warning("job %s.%d: finished without any audio, for now", job, number)
                wait_s, told = self._pace.poll_min_s, False
            elif answer.status is RequestStatus.COMPLETED:
                self._polling.learn(job, made, answer, before_s, asked_s)
                return await self._collect(job, number, answer)
            if answer.status in FAILURES:
                return await self._fail(job, number, FAILURES[answer.status], answer.error)
        log.warning("job %s.%d: not finished by its deadline", job, number)
        return await self._expire(job, number, Reason.TOO_SLOW)

    async def _expire(self, job: Job, number: int, reason: Reason) -> Job:
        lost = job.generation(number).cost_micros
        return await self._store.move(
            job, number, State.EXPIRED, reason=reason, late=self.late(job), upstream_micros=lost
        )

    async def _asked(self, job: Job, made: Generation) -> GatewayStatus | None:
        """Ask for a generation's status; None where no answer came. Raises RequestUnknown."""
        try:
            return await self._gateway.status(made.request_id or "")
        except GatewayError as error:
            log.warning("job %s.%d: status unknown for now: %s", job, made.number, error)
            if isinstance(error, RequestUnknown):
                raise
            return None

    def _deadline(self, job: Job, made: Generation, most_s: float = math.inf) -> Deadline:
        until_s = asyncio.get_running_loop().time() + min(self._catalog[job.product].deadline_s, most_s)
        begun_ms = made.submitted_ms or job.created_ms
        lasts_s = ((made.deadline_ms or begun_ms) - begun_ms) / 1000
        return Deadline(self._clock, begun_ms, lasts_s, until_s)

    async def _fail(self, job: Job, number: int, reason: Reason, detail: str | None) -> Job:
        made, detail = job.generation(number), detail and unquoted(job, detail)
        log.warning("job %s.%d: %s: %s", job, number, reason, detail)
        # ERROR is not charged to the operator (gateway documentation, "Status Values"); the others are undocumented.
        lost = 0 if reason is Reason.GATEWAY_ERROR else made.cost_micros
        failed: MoveChanges = {"reason": reason, "detail": detail, "upstream_micros": lost}
        again: MoveChanges = {**failed, "retry_token": self._ids.callback(job.job_id)}
        tried = sum(other.part == made.part for other in job.generations)
        # What was restored may have been tried again since.
        if len(job.parts) > 1 and reason in PASSING and tried == 1 and not job.restored:
            with suppress(StaleJob):  # nothing may be spent on it any more, or it has moved on
                return await self._store.move(job, number, State.FAILED, **again)
        return await self._store.move(job, number, State.FAILED, **failed)

    async def _collect(self, job: Job, number: int, answer: GatewayStatus) -> Job:
        if not answer.media_urls:
            return await self._fail(job, number, Reason.NO_MEDIA, answer.error)
        artifacts, trouble = await self._fetcher.fetched(job, number, answer.media_urls)
        if not artifacts:
            return await self._fail(job, number, no_audio(trouble), str(trouble))
        async with self._deliverer.beginning(job, artifacts) as sends:
            return await moved(self._store, job, number, State.FETCHED, artifacts=artifacts, sends=sends)

    async def collect_late(self, job: Job, number: int) -> Job:
        """Fetch audio that came after its hold was released; what it costs us was recorded then."""
        artifacts, trouble = await self._fetcher.fetched(job, number, await self._fetcher.media_urls(job, number))
        if artifacts:
            return await self._store.move(job, number, State.FETCHED, artifacts=artifacts, reason=None, detail=None)
        reason = no_audio(trouble) if trouble else Reason.NO_MEDIA
        log.warning("job %s.%d: it came late, and there is no audio: %s: %s", job, number, reason, trouble)
        return await self._store.move(job, number, State.EXPIRED, reason=reason, detail=unquoted(job, trouble or ""))
