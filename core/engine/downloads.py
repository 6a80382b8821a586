"""Download what the gateway has made, and see that it is audio."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from pathlib import Path

from core.domain.audio import Probe, RawFormat, may_be_samples
from core.domain.errors import GatewayError, MediaError, MediaUnavailable, SilentAudio
from core.domain.lifecycle import Reason
from core.domain.models import Artifact
from core.engine.fitting import artifact_of
from core.engine.pace import Pace
from core.ports import ArtifactStore, Gateway

log = logging.getLogger(__name__)


Look = Callable[[Path, RawFormat | None], Awaitable[Probe]]
"""Decodes a file. Raises MediaError."""


class Downloads:
    """Downloads the files of a request."""

    def __init__(
        self, gateway: Gateway, artifacts: ArtifactStore, pace: Pace, pause: Callable[[float], Awaitable[None]]
    ) -> None:
        self._gateway = gateway
        self._artifacts = artifacts
        self._pace = pace
        self._pause = pause

    async def fetched(
        self, what: str, urls: Sequence[str], stem: Path, raw: RawFormat | None, look: Look
    ) -> tuple[tuple[Artifact, ...], GatewayError | MediaError | None]:
        """Return the artifacts that could be fetched and decoded, and the last error of the others.

        `what`: whose they are, for the log. `stem`: how their paths begin. `raw`: the samples that were ordered.
        """
        artifacts: list[Artifact] = []
        trouble: GatewayError | MediaError | None = None
        for number, url in enumerate(urls):
            into = stem.with_name(f"{stem.name}-{number}")
            try:
                # What has its name is whole, as after a crash; only of samples does the answer say more than the file.
                content_type = await self._fetch(url, into) if raw or not into.is_file() else ""
                probe = await self._looked(look(into, raw if may_be_samples(content_type) else None))
                artifacts.append(artifact_of(into, probe))
            except (GatewayError, MediaError) as error:
                log.warning("%s: media %d: %s", what, number, error)
                trouble = error
        return tuple(artifacts), trouble

    async def _looked(self, look: Awaitable[Probe]) -> Probe:
        """Look into a file while its name comes to disk."""
        settling = asyncio.ensure_future(self._artifacts.settle())
        try:
            return await look
        finally:
            await settling

    async def _fetch(self, url: str, into: Path) -> str:
        for tried in count(1):
            try:
                return await self._gateway.fetch(url, into)
            except MediaUnavailable as error:
                if not error.may_retry or tried >= self._pace.fetch_tries:
                    raise
                await self._pause(self._pace.fetch_pause_s * 2 ** (tried - 1))
        raise AssertionError("counting has no end")


def no_audio(trouble: GatewayError | MediaError | None) -> Reason:
    """Return why none of the audio can be delivered."""
    if isinstance(trouble, SilentAudio):
        return Reason.SILENT
    return Reason.MEDIA_UNAVAILABLE if isinstance(trouble, GatewayError) else Reason.UNDECODABLE
