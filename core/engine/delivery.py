"""Hand finished audio to the chat."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

from core.domain.audio import LARGE_BYTES, Want
from core.domain.changes import DeliveryChanges
from core.domain.copies import replaced
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
from core.domain.lifecycle import DeliveryState, Reason
from core.domain.models import Artifact, Job, Kept
from core.domain.orders import Destination
from core.domain.quota import Standing
from core.domain.quoting import unquoted
from core.domain.receipts import Receipt
from core.domain.voices import Voice
from core.engine.fitting import Fitter
from core.engine.lease import Lease, holds, require
from core.engine.likely_voices import LikelyVoices
from core.engine.lines import Lines
from core.engine.persist import intend, persist
from core.engine.places import next_place
from core.engine.progress import Progress
from core.engine.receipts import Receipts
from core.engine.wakeups import Wakeups
from core.engine.warnings import Warnings
from core.ports import Deliveries
from core.stores.store import Store

log = logging.getLogger(__name__)

DELIVER_S = 1800
"""How long delivery to a chat is retried."""
ROOM_S = 5
"""The pause before another try where the spool is full."""

_REASONS: dict[type[Exception], Reason] = {
    DeliveryRefused: Reason.CHAT_REFUSED,
    DeliveryUncertain: Reason.DELIVERY_UNCERTAIN,
    DeliveryDelayed: Reason.CHAT_UNREACHABLE,
    TooLarge: Reason.TOO_LARGE,
    CannotFit: Reason.TOO_LARGE,
    MediaError: Reason.UNDECODABLE,
}

Ready = tuple[Want, Sequence[Artifact]]
"""What a chat takes, and the files for it."""


@dataclass(frozen=True, slots=True)
class _Known:
    """What is read of a member before their audio is sent."""

    standing: Standing
    voices: Sequence[Voice]


@dataclass(frozen=True, slots=True)
class _Begun:
    """An upload that starts with the commit of its job's charge."""

    turn: ExitStack
    """Its place in its chat's line."""
    want: Want
    files: Sequence[Artifact]
    known: _Known


class Deliverer:
    """Carries jobs from their finished audio to their end in the chat."""

    def __init__(
        self,
        *,
        store: Store,
        fitter: Fitter,
        deliveries: Deliveries,
        progress: Progress,
        receipts: Receipts,
        wakeups: Wakeups,
        lease: Lease,
        voices: LikelyVoices,
    ) -> None:
        self._store = store
        self._fitter = fitter
        self._deliveries = deliveries
        self._progress = progress
        self._receipts = receipts
        self._wakeups = wakeups
        self._lines = Lines(wakeups)
        self._lease = lease
        self._voices = voices
        self._warnings = Warnings(store, deliveries)
        self._begun: dict[str, _Begun] = {}

    @asynccontextmanager
    async def beginning(self, job: Job, artifacts: Sequence[Artifact]) -> AsyncIterator[bool]:
        """Say whether the upload may start with the commit that charges a job: all is ready, and the chat has room.

        If it may, `deliver` must come next once the commit is made.
        """
        begun = await self._ready(job, artifacts) if len(job.generations) == 1 else None
        if begun is None:
            yield False
            return
        with begun.turn:
            yield True
            self._begun[job.job_id] = replaced(begun, turn=begun.turn.pop_all())

    async def _ready(self, job: Job, artifacts: Sequence[Artifact]) -> _Begun | None:
        want = self._fitter.wanted(job)
        files = self._fitter.ready(artifacts, want)
        if files is None or job.restored or _is_large(files) or not self._is_free(job):
            return None
        self._progress.leave(job.job_id)
        known = await self._known(job)
        line = self._deliveries[job.platform].line(job)
        turn = await self._lines.turn_at_once(line) if self._is_free(job) else None  # as it may not be any more
        return None if turn is None else _Begun(turn, want, files, known)

    def _is_free(self, job: Job) -> bool:
        """Say whether nothing keeps an upload from starting, but for others in its line."""
        is_ours = holds(self._lease, job) and not self._wakeups.stopping
        return is_ours and not self._progress.is_shown(job) and not self._deliveries[job.platform].room_in_s(job)

    def has_begun(self, job: Job) -> bool:
        """Say whether the upload has started with the charge."""
        return job.job_id in self._begun

    def drop(self, job: Job) -> None:
        """Give up a turn that nobody took."""
        if begun := self._begun.pop(job.job_id, None):
            begun.turn.close()

    async def deliver(self, job: Job) -> Job:
        """Try until the chat has taken or refused the audio. Raises Stopping, StoreError.

        `sending` is committed only when all else is ready: a crash before that leaves no doubt.
        """
        if job.awaits_request:
            return await self._store.move_delivery(job, DeliveryState.UNDELIVERABLE, reason=Reason.RESTORED)
        until_s = asyncio.get_running_loop().time() + DELIVER_S  # monotonic: the clock may be set back
        begun = self._begun.get(job.job_id)
        uncertain = job.stage is DeliveryState.SENDING and begun is None
        ready = (begun.want, begun.files) if begun else None
        tried = [job.destination]
        while not job.ended:
            try:
                want, files = ready = await self._fitted(job, ready)
                if _is_large(files or job.artifacts):
                    self._announce(job)
                async with self._turn(job) as begun_with:
                    job = await self._progress.over(job)
                    known = begun_with or await self._known(job)
                    receipt = replaced(self._receipts.of_audio(job, known.standing), voices=known.voices)
                    job = await self._sending(job)
                    kept = await self._send(job, receipt, want, files, uncertain=uncertain)
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
                await self._warnings.look(receipt)
        return job

    async def _fitted(self, job: Job, ready: Ready | None) -> Ready:
        """Return what the chat takes and the files for it, new ones where the last try has told more about the chat."""
        want = self._fitter.wanted(job)
        if ready and ready[0] == want:
            return ready
        return want, () if job.kept else await self._fit(job, want)

    async def _fit(self, job: Job, want: Want) -> tuple[Artifact, ...]:
        if len(job.parts) > 1:  # the join may take a minute
            self._announce(job)
        return await self._fitter.fitted(job, want)

    def _announce(self, job: Job) -> None:
        """Say that the audio is on its way, unless an earlier try may have put it where that is said."""
        if job.stage is DeliveryState.PENDING:
            self._progress.begin(job)

    @asynccontextmanager
    async def _turn(self, job: Job) -> AsyncIterator[_Known | None]:
        """Wait for a turn to send; yield what is known of the member by then."""
        if begun := self._begun.pop(job.job_id, None):
            with begun.turn:
                yield begun.known
        else:
            async with self._lines.turn(self._deliveries[job.platform].line(job)):
                yield None

    async def _sending(self, job: Job) -> Job:
        """Commit that the upload starts, unless that was done. Raises DeliveryDelayed where the chat has no room."""
        if job.stage is not DeliveryState.PENDING:
            return job
        if later_s := self._deliveries[job.platform].room_in_s(job):
            raise DeliveryDelayed("the chat has had its share of messages for now", retry_after_s=later_s)
        return await intend(
            job,
            lambda: self._store.move_delivery(job, DeliveryState.SENDING),
            self._store.again,
            lambda now: now.stage is DeliveryState.SENDING,
        )

    async def _send(
        self, job: Job, receipt: Receipt, want: Want, files: Sequence[Artifact], *, uncertain: bool
    ) -> Kept | None:
        try:
            return await self._hand_over(job, receipt, want, files, uncertain=uncertain)
        except TooLarge as error:
            log.info("job %s: the chat takes less than announced: %s", job, error)
            if job.kept:
                raise NotKept("what is kept is too large here") from error
            try:
                want = replaced(want, max_bytes=error.max_bytes)
                smaller = await self._fit(job, want)
            except StoreError as outage:  # the chat has taken nothing, so there is no doubt
                raise DeliveryDelayed(str(outage), retry_after_s=ROOM_S) from outage
            return await self._hand_over(job, receipt, want, smaller, uncertain=uncertain)

    async def _hand_over(
        self, job: Job, receipt: Receipt, want: Want, files: Sequence[Artifact], *, uncertain: bool
    ) -> Kept | None:
        require(self._lease, job)
        chat = self._deliveries[job.platform]
        if job.kept:
            return await chat.repeat(job, job.kept, receipt, uncertain=uncertain)
        first = job.artifacts[0]
        made = job.artifacts if len(job.parts) == 1 else [replaced(first, size_bytes=sent.size_bytes) for sent in files]
        pairs = zip(made, files, strict=True)
        as_chosen = all(want.honours(one.probe, one.size_bytes, sent.probe) for one, sent in pairs)
        return await chat.deliver(job, files, replaced(receipt, as_chosen=as_chosen), uncertain=uncertain)

    async def _known(self, job: Job) -> _Known:
        """Read it at once; none of it may be read between the commit of `sending` and the upload."""
        voices = self._voices.beside(job, job.as_asked.member)
        return _Known(*await asyncio.gather(self._receipts.standing(job), voices))

    async def _delivered(self, job: Job, kept: Kept | None) -> Job:
        sent: DeliveryChanges = {"reason": None, "detail": None, "kept": kept}
        job = await persist(f"job {job.job_id}", lambda: self._store.move_delivery(job, DeliveryState.SENT, **sent))
        log.info("job %s: delivered", job)
        return job

    async def _put_off(self, job: Job, error: DeliveryDelayed, *, uncertain: bool) -> Job:
        log.info("job %s: delivery delayed: %s", job, error)
        if not uncertain and job.stage is DeliveryState.SENDING:
            job = await self._store.move_delivery(job, DeliveryState.PENDING)
        await self._wakeups.pause(error.retry_after_s)
        return job

    async def _elsewhere(self, job: Job, error: Exception, tried: list[Destination], *, uncertain: bool) -> Job:
        """Go on to where a refusal points, unless an earlier try may have arrived; else give up."""
        place = next_place(error, tried)
        if place is None or uncertain:
            return await self._give_up(job, error, uncertain=uncertain)
        log.info("job %s: delivering it elsewhere: %s", job, error)
        return await self._store.move_delivery(job, DeliveryState.PENDING, destination=place)

    async def _by_file(self, job: Job, error: NotKept, *, uncertain: bool) -> Job:
        """Have the next try send the files, unless this one may have arrived by the reference."""
        log.info("job %s: the chat does not keep its audio: %s", job, error)
        to, reason = DeliveryState.PENDING, None
        if uncertain:
            to, reason = DeliveryState.UNDELIVERABLE, Reason.DELIVERY_UNCERTAIN
        return await self._store.move_delivery(job, to, reason=reason, detail=unquoted(job, error), kept=None)

    async def _give_up(self, job: Job, error: Exception, *, uncertain: bool) -> Job:
        reason = next(reason for kind, reason in _REASONS.items() if isinstance(error, kind))
        if uncertain:  # the last try was refused, but an earlier one may have arrived
            reason = Reason.DELIVERY_UNCERTAIN
        log.warning("job %s: undeliverable: %s: %s", job, reason, error)
        return await self._store.move_delivery(
            job, DeliveryState.UNDELIVERABLE, reason=reason, detail=unquoted(job, error)
        )


def _is_large(files: Sequence[Artifact]) -> bool:
    return sum(file.size_bytes for file in files) > LARGE_BYTES
