"""Make previews of voices: a generation without member, hold or delivery, whose audio is kept for good."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from core.domain.allowed import Rule, allowed
from core.domain.audio import RawFormat, raw_format
from core.domain.contract import RequestStatus
from core.domain.errors import ArtifactsAway, GatewayError, RequestUnknown, StaleJob
from core.domain.ids import Ids
from core.domain.lifecycle import Reason
from core.domain.models import Artifact
from core.domain.previews import WORDS, Preview, PreviewState, Wanted, WhyNot, language_of
from core.domain.products import Catalog, Product
from core.domain.refusals import InvalidInput
from core.engine.downloads import Downloads, no_audio
from core.engine.pace import Pace, Patience
from core.engine.persist import persist
from core.engine.watching import FAILURES
from core.ports import ArtifactStore, Clock, Gateway, MediaTools

log = logging.getLogger(__name__)


class PreviewStore(Protocol):
    """Remembers previews and what they cost. Each method is one transaction.

    Raises StoreError; StaleJob where a preview has moved on since it was read.
    """

    async def look(self, voice: str, language: str, cost_micros: int) -> Preview | WhyNot | None:
        """Return the preview that there is or soon will be, or why none may be made; None where one may."""
        ...

    async def begin(self, preview_id: str, voice: str, language: str, cost_micros: int) -> Preview | WhyNot:
        """Decide as `look` does, and write the intent to make one and its cost where one may be made."""
        ...

    async def note(self, preview: Preview, request_id: str) -> Preview:
        """Record that the gateway has taken the request."""
        ...

    async def keep(self, preview: Preview, artifact: Artifact) -> Preview:
        """Record the audio."""
        ...

    async def fail(self, preview: Preview, reason: Reason, *, spent: bool) -> Preview:
        """Record that there will be none; what it costs is given back unless it may have been spent."""
        ...

    async def withdraw(self, preview: Preview) -> None:
        """Forget an intent of which it is proven that nothing came."""
        ...

    async def left(self) -> int | None:
        """Return what may be spent on previews this month; None where there is no budget."""
        ...


class Previews:
    """One for each voice and language. A voice that is not on offer raises InvalidInput."""

    def __init__(
        self,
        *,
        store: PreviewStore,
        gateway: Gateway,
        media: MediaTools,
        artifacts: ArtifactStore,
        catalog: Catalog,
        clock: Clock,
        pace: Pace,
        ids: Ids | None = None,
    ) -> None:
        """`artifacts`: a store of their own, which is never swept."""
        self._store = store
        self._gateway = gateway
        self._downloads = Downloads(gateway, artifacts, pace, asyncio.sleep)
        self._media = media
        self._artifacts = artifacts
        self._catalog = catalog
        self._product: Product = next(row for row in catalog.products.values() if row.speaker)
        self._clock = clock
        self._pace = pace
        self._ids = ids or Ids()

    @property
    def raw(self) -> RawFormat | None:
        """How to read them, should they have no header."""
        return raw_format(self._product.output_of({}))

    async def of(self, voice: str, language: str) -> Preview | Wanted | WhyNot:
        """Return the preview that is kept, or what it would cost to make it, or why there is none."""
        voice, language, cost_micros = self._priced(voice, language)
        found = await self._store.look(voice, language, cost_micros)
        if isinstance(found, WhyNot):
            return found
        if found is None:
            return Wanted(voice=voice, language=language, cost_micros=cost_micros)
        return await self._at_hand(found) or Wanted(voice=voice, language=language, cost_micros=0)

    async def make(self, voice: str, language: str) -> Preview | WhyNot:
        """Return the preview, made now or carried on where it stands; one that failed says why."""
        voice, language, cost_micros = self._priced(voice, language)
        found: Preview | WhyNot = await self._store.begin(self._ids.job(), voice, language, cost_micros)
        if isinstance(found, Preview) and found.state is PreviewState.SUBMITTING:
            found = await self._submit(found)
        if isinstance(found, WhyNot) or found.state is PreviewState.FAILED:
            return found
        return await self._at_hand(found) or await self._collect(found)

    async def left(self) -> int | None:
        """Return what may be spent on previews this month; None where there is no budget."""
        return await self._store.left()

    def cost_micros(self, voice: str, language: str) -> int:
        """Price one."""
        return self._priced(voice, language)[2]

    def _priced(self, voice: str, language: str) -> tuple[str, str, int]:
        known, language = self._catalog.voice(voice), language_of(language)
        if known is None:
            raise InvalidInput(self._product.speaker, voice, allowed(Rule.ONE_OF, choices=self._catalog.voices))
        return known, language, self._product.cost_micros(self._parameters(known, language))

    def _parameters(self, voice: str, language: str) -> Mapping[str, Any]:
        return {self._product.billed: WORDS[language], self._product.speaker: voice}

    async def _at_hand(self, preview: Preview) -> Preview | None:
        """Return a preview with where its file lies here; None where it can't be had."""
        try:
            return await self._brought(preview)
        except ArtifactsAway as error:
            log.warning("%s can't be brought from the shared store now: %s", _called(preview), error)
            return None

    async def _brought(self, preview: Preview) -> Preview | None:
        """Return a preview with where its file lies here; None where it is lost. Raises ArtifactsAway."""
        if preview.state is not PreviewState.KEPT or preview.artifact is None:
            return None
        path = await self._artifacts.bring(preview.preview_id, preview.artifact)
        return replace(preview, artifact=replace(preview.artifact, path=str(path))) if path else None

    async def _is_away(self, preview: Preview) -> bool:
        """Say whether a preview that the gateway does not hand out again may be kept where it can't be reached now."""
        try:
            await self._brought(preview)
        except ArtifactsAway:
            return True
        return False

    async def _submit(self, preview: Preview) -> Preview | WhyNot:
        parameters = self._parameters(preview.voice, preview.language)
        try:
            request_id = await self._gateway.submit(self._product, parameters, "")
        except GatewayError as error:
            log.warning("preview %s, %s in %s: %s", preview.preview_id, preview.voice, preview.language, error)
            return await self._not_submitted(preview, error)
        return await persist(_called(preview), lambda: self._store.note(preview, request_id))

    async def _not_submitted(self, preview: Preview, error: GatewayError) -> Preview | WhyNot:
        if error.retry or error.pauses:  # the next try may go well, and this one was none
            await persist(_called(preview), lambda: self._store.withdraw(preview))
            return WhyNot.AWAY
        spent = error.accepted is None
        return await persist(_called(preview), lambda: self._store.fail(preview, error.reason, spent=spent))

    async def _collect(self, preview: Preview) -> Preview | WhyNot:
        """Wait for the audio of a request and keep it; several processes may do so at once."""
        left_s = self._product.deadline_s - self._clock.since_ms(preview.tried_ms) / 1000
        lasts, empty, unknown = (Patience(s) for s in (left_s, self._pace.empty_s, self._pace.unknown_s))
        while True:
            is_late, reason = not lasts.lasts(), None
            try:
                answer = await self._gateway.status(preview.request_id or "")
            except GatewayError as error:
                log.warning("%s: its status is unknown for now: %s", _called(preview), error)
                if isinstance(error, RequestUnknown):
                    reason = None if unknown.lasts() else Reason.FORGOTTEN
                elif is_late:
                    return WhyNot.AWAY
            else:
                unknown.renew()
                if answer.status is not RequestStatus.COMPLETED:
                    reason = FAILURES.get(answer.status) or (Reason.TOO_SLOW if is_late else None)
                elif answer.media_urls:
                    return await self._keep(preview, answer.media_urls)
                elif not empty.lasts():
                    reason = Reason.NO_MEDIA
            if reason:
                return await self._fail(preview, reason)
            await asyncio.sleep(self._pace.poll_min_s)

    async def _keep(self, preview: Preview, urls: Sequence[str]) -> Preview | WhyNot:
        stem = self._artifacts.path(preview.preview_id, "audio")
        artifacts, trouble = await self._downloads.fetched(_called(preview), urls, stem, self.raw, self._media.probe)
        if not artifacts:
            return await self._fail(preview, no_audio(trouble))
        self._artifacts.share(preview.preview_id, artifacts[:1])
        return await self._store.keep(preview, artifacts[0])

    async def _fail(self, preview: Preview, reason: Reason) -> Preview | WhyNot:
        log.warning("%s: %s", _called(preview), reason)
        if await self._is_away(preview):
            return WhyNot.AWAY
        # ERROR is not charged to the operator; of a preview that was there before, its file alone is lost.
        spent = reason is not Reason.GATEWAY_ERROR or preview.state is PreviewState.KEPT
        try:
            failed = await self._store.fail(preview, reason, spent=spent)
        except StaleJob:  # another process was faster
            return WhyNot.TRIED
        await self._artifacts.drop(preview.preview_id)
        return failed


def _called(preview: Preview) -> str:
    return f"preview {preview.preview_id} ({preview.voice}, {preview.language})"
