"""Hand finished audio to the chat, or tell the member why there is none."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from core.domain.audio import Want
from core.domain.errors import (
    CannotFit,
    DeliveryDelayed,
    DeliveryError,
    DeliveryRefused,
    DeliveryUncertain,
    MediaError,
    NotKept,
    StoreError,
    TooLarge,
)
from core.domain.lifecycle import VOIDS, DeliveryState, Late, Reason
from core.domain.models import Artifact, DeliveryChanges, Destination, Job, Kept, Receipt, Shown
from core.domain.quota import DAY_MS, Quota
from core.domain.troubles import TROUBLE_OF, Troubles
from core.engine.fitting import Fitter
from core.engine.lease import PAUSE_S, Lease, holds
from core.engine.lines import Lines
from core.engine.persist import persist
from core.engine.progress import show
from core.engine.wakeups import Wakeups
from core.ports import ArtifactStore, Clock, Deliveries
from core.stores import Store

log = logging.getLogger(__name__)

DELIVER_S = 1800
"""How long delivery to a chat is retried."""
ROOM_S = 5
"""The pause before another try where the spool is full."""
TELL_MS = 7 * DAY_MS
"""How long telling a member is retried."""

_REASONS: dict[type[Exception], Reason] = {
    DeliveryRefused: Reason.CHAT_REFUSED,
    DeliveryUncertain: Reason.DELIVERY_UNCERTAIN,
    DeliveryDelayed: Reason.CHAT_UNREACHABLE,
    TooLarge: Reason.TOO_LARGE,
    CannotFit: Reason.TOO_LARGE,
    MediaError: Reason.UNDECODABLE,
}


class Deliverer:
    """Carries jobs from their finished audio to their end in the chat."""

    def __init__(
        self,
        *,
        store: Store,
        fitter: Fitter,
        deliveries: Deliveries,
        quota_for: Callable[[Job], Quota],
        clock: Clock,
        artifacts: ArtifactStore,
        wakeups: Wakeups,
        lease: Lease,
        troubles: Troubles | None = None,
        why_waiting: Callable[[], Reason | None] = lambda: None,
    ) -> None:
        """`why_waiting` returns why all submissions are held back now, if they are."""
        self._store = store
        self._fitter = fitter
        self._deliveries = deliveries
        self._quota_for = quota_for
        self._clock = clock
        self._artifacts = artifacts
        self._wakeups = wakeups
        self._lines = Lines(wakeups)
        self._lease = lease
        self._troubles = troubles or Troubles()
        self._why_waiting = why_waiting
        self._showing: dict[str, asyncio.Task[bool]] = {}
        self._to_show: dict[str, Job] = {}
        """What came while something was being shown, by job id."""

    def serves(self, platform: str) -> bool:
        """Say whether the platform is configured."""
        return platform in self._deliveries

    # --- progress -------------------------------------------------------------------------------------------------

    def show_progress(self, job: Job) -> None:
        """Show how far the job is, in the background: the job never waits for this."""
        if job.waits:
            job = replace(job, held_back=self._why_waiting())
        if job.job_id in self._showing:
            self._to_show[job.job_id] = job
        elif self._deliveries[job.platform].shows(job):
            self._showing[job.job_id] = asyncio.create_task(self._show(job), name=f"progress of {job.job_id}")

    async def _show(self, job: Job) -> bool:
        try:
            done = await show(self._deliveries, await self._newest(job))
            while (later := self._to_show.pop(job.job_id, None)) and self._deliveries[later.platform].shows(later):
                done = await show(self._deliveries, await self._newest(later))
            return done
        finally:
            del self._showing[job.job_id]  # before the task ends, so that news from now on start a new one

    async def _newest(self, job: Job) -> Job:
        """Read an order of several parts again: whoever shows one part's news knows no later ones of the others."""
        if len(job.parts) == 1:
            return job
        try:
            now = await self._store.again(job)
        except StoreError as error:
            log.info("job %s: shown as it was: %s", job.job_id, error)
            return job
        return replace(now, held_back=job.held_back if now.waits else None)

    async def shown(self, job: Job) -> bool:
        """Show how far the job is, and wait until that is done; return as `show` does."""
        self.show_progress(job)
        task = self._showing.get(job.job_id)
        return await asyncio.shield(task) if task else True

    async def _progress_over(self, job: Job) -> Job:
        """Wait for a progress message under way, which must not overwrite what comes next.

        It may have changed the destination, so the job is read again.
        """
        self._to_show.pop(job.job_id, None)
        if task := self._showing.get(job.job_id):
            await asyncio.wait({task})
            return await self._store.again(job)
        return job

    # --- pending -> sending -> sent | undeliverable ---------------------------------------------------------------

    async def deliver(self, job: Job) -> Job:
        """Try until the chat has taken or refused the audio. Raises Stopping, StoreError.

        `sending` is committed only when all else is ready: a crash before that leaves no doubt.
        """
        until_s = asyncio.get_running_loop().time() + DELIVER_S  # monotonic: the clock may be set back
        uncertain = job.stage is DeliveryState.SENDING
        want: Want | None = None
        files: Sequence[Artifact] = ()
        tried = [job.destination]
        while not job.ended:
            try:
                wanted = self._fitter.wanted(job)  # the last try may have told more about the chat
                if wanted != want and not job.kept:
                    want, files = wanted, await self._fit(job, wanted)
                async with self._lines.turn(self._deliveries[job.platform].line(job)):
                    job = await self._progress_over(job)
                    receipt = await self._receipt(job)
                    if job.stage is DeliveryState.PENDING:
                        job = await self._store.move_delivery(job, DeliveryState.SENDING)
                    kept = await self._send(job, receipt, wanted, files, uncertain=uncertain)
            except NotKept as error:
                return await self._by_file(job, error, uncertain=uncertain)
            except DeliveryDelayed as error:
                uncertain = uncertain or error.doubtful
                if asyncio.get_running_loop().time() + error.retry_after_s > until_s:
                    return await self._give_up(job, error, uncertain=uncertain)
                job = await self._put_off(job, error, uncertain=uncertain)
                if not holds(self._lease, job):
                    return job
            except (DeliveryError, MediaError) as error:
                job = await self._elsewhere(job, error, tried, uncertain=uncertain)
            else:
                job = await self._delivered(job, kept)
        return job

    async def _send(
        self, job: Job, receipt: Receipt, want: Want, files: Sequence[Artifact], *, uncertain: bool
    ) -> Kept | None:
        try:
            return await self._hand_over(job, receipt, want, files, uncertain=uncertain)
        except TooLarge as error:
            log.info("job %s: the chat takes less than announced: %s", job.job_id, error)
            if job.kept:
                raise NotKept("what is kept is too large here") from error
            try:
                want = replace(want, max_bytes=error.max_bytes)
                smaller = await self._fit(job, want)
            except StoreError as outage:  # the chat has taken nothing, so there is no doubt
                raise DeliveryDelayed(str(outage), retry_after_s=ROOM_S) from outage
            return await self._hand_over(job, receipt, want, smaller, uncertain=uncertain)

    async def _fit(self, job: Job, want: Want) -> tuple[Artifact, ...]:
        if len(job.parts) > 1 and job.stage is DeliveryState.PENDING:  # not where an earlier try may have put the audio
            self.show_progress(job)  # the join may take a minute
        return await self._fitter.fitted(job, want)

    async def _hand_over(
        self, job: Job, receipt: Receipt, want: Want, files: Sequence[Artifact], *, uncertain: bool
    ) -> Kept | None:
        self._require(job)
        chat = self._deliveries[job.platform]
        if job.kept:
            return await chat.repeat(job, job.kept, receipt, uncertain=uncertain)
        first = job.artifacts[0]
        made = job.artifacts if len(job.parts) == 1 else [replace(first, size_bytes=sent.size_bytes) for sent in files]
        pairs = zip(made, files, strict=True)
        as_chosen = all(want.honours(one.probe, one.size_bytes, sent.probe) for one, sent in pairs)
        return await chat.deliver(job, files, replace(receipt, as_chosen=as_chosen), uncertain=uncertain)

    def _require(self, job: Job) -> None:
        """Raise DeliveryDelayed unless the job is still ours: after a long pause another worker may have it."""
        if not holds(self._lease, job):
            raise DeliveryDelayed("the lease ran out", retry_after_s=PAUSE_S)

    async def _receipt(self, job: Job) -> Receipt:
        standing = await self._store.standing(job.community, job.member, self._quota_for(job), job.roles)
        is_again = job.delivery is not None and job.delivery.number > 1
        is_free = job.free or job.state in VOIDS or is_again
        return Receipt(job=job, charged_micros=0 if is_free else job.fetched_micros, standing=standing)

    async def _ending(self, job: Job) -> Receipt:
        receipt = await self._receipt(job)
        trouble = TROUBLE_OF.get(job.why) if job.why else None
        return replace(receipt, told=await self._troubles.told_soon(trouble)) if trouble else receipt

    async def _delivered(self, job: Job, kept: Kept | None) -> Job:
        sent: DeliveryChanges = {"reason": None, "detail": None, "kept": kept}
        job = await persist(f"job {job.job_id}", lambda: self._store.move_delivery(job, DeliveryState.SENT, **sent))
        log.info("job %s: delivered", job.job_id)
        return job

    async def _put_off(self, job: Job, error: DeliveryDelayed, *, uncertain: bool) -> Job:
        log.info("job %s: delivery delayed: %s", job.job_id, error)
        if not uncertain:
            job = await self._store.move_delivery(job, DeliveryState.PENDING)
        await self._wakeups.pause(error.retry_after_s)
        return job

    async def _elsewhere(self, job: Job, error: Exception, tried: list[Destination], *, uncertain: bool) -> Job:
        """Go on to where a refusal points, unless an earlier try may have arrived; else give up."""
        place = _next_place(error, tried)
        if place is None or uncertain:
            return await self._give_up(job, error, uncertain=uncertain)
        log.info("job %s: delivering it elsewhere: %s", job.job_id, error)
        return await self._store.move_delivery(job, DeliveryState.PENDING, destination=place)

    async def _by_file(self, job: Job, error: NotKept, *, uncertain: bool) -> Job:
        """Have the next try send the files, unless this one may have arrived by the reference."""
        log.info("job %s: the chat does not keep its audio: %s", job.job_id, error)
        to, reason = DeliveryState.PENDING, None
        if uncertain:
            to, reason = DeliveryState.UNDELIVERABLE, Reason.DELIVERY_UNCERTAIN
        return await self._store.move_delivery(job, to, reason=reason, detail=str(error), kept=None)

    async def _give_up(self, job: Job, error: Exception, *, uncertain: bool) -> Job:
        reason = next(reason for kind, reason in _REASONS.items() if isinstance(error, kind))
        if uncertain:  # the last try was refused, but an earlier one may have arrived
            reason = Reason.DELIVERY_UNCERTAIN
        log.warning("job %s: undeliverable: %s: %s", job.job_id, reason, error)
        return await self._store.move_delivery(job, DeliveryState.UNDELIVERABLE, reason=reason, detail=str(error))

    # --- ended without audio in the chat --------------------------------------------------------------------------

    async def tell(self, job: Job) -> None:
        """Tell the member how it ended, then close the job; one that asks stays open.

        Raises DeliveryDelayed, Stopping, StoreError.
        """
        job = await self._progress_over(job)
        self._require(job)
        try:
            await self._tell(job, await self._ending(job))
        except DeliveryDelayed:
            if self._clock.since_ms(job.reached_ms) < TELL_MS:
                raise
            log.warning("job %s: the member was not told that it is %s: too late now", job.job_id, job.stage)
        except DeliveryError as error:
            log.warning("job %s: the member could not be told that it is %s: %s", job.job_id, job.stage, error)
        if not job.ended:
            await self._store.update(job, shown=Shown.ASKED)
            return
        await self._store.close_job(job, await self._kept(job))
        if not job.artifacts:
            await self._artifacts.drop(job.job_id)

    async def _tell(self, job: Job, ending: Receipt) -> None:
        """Tell the member where the chat takes it, each place once."""
        tried = [job.destination]
        while True:
            try:
                return await self._deliveries[job.platform].tell(replace(job, destination=tried[-1]), ending)
            except DeliveryRefused as error:
                if _next_place(error, tried) is None:
                    raise
                log.info("job %s: telling its member elsewhere: %s", job.job_id, error)

    async def _kept(self, job: Job) -> Destination | None:
        """Return what to keep of the destination, which telling may have changed."""
        if job.late is not Late.AWAITED:
            return None
        return self._deliveries[job.platform].lasting(await self._store.again(job))


def _next_place(error: Exception, tried: list[Destination]) -> Destination | None:
    """Return where to go after a refusal, and note it as tried; None where nothing is left that was not."""
    place = error.instead if isinstance(error, DeliveryRefused) else None
    if place is None or place in tried:
        return None
    tried.append(place)
    return place
