"""Let members hear voices before they order: the previews that are kept, as one file that their chat plays."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.domain.audio import TARGETS, Want
from core.domain.ids import Ids
from core.domain.joining import AudioPart
from core.domain.models import Artifact
from core.domain.previews import Preview, WhyNot
from core.engine.previews import Previews
from core.ports import ArtifactStore, MediaTools

AudioKind = Literal["opus", "mp3"]
"""A key of TARGETS."""
AT_ONCE = 4
"""Previews that are made at the same time."""
PAUSE_MS = 700
"""Between two voices."""
MOST_REMEMBERED = 16
"""Files that are ready to be heard again."""
MOST_BYTES = 8_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one or more voices sound like, one after the other."""

    content: bytes
    """Empty where none of them can be heard."""
    mime: str = ""
    extension: str = ""
    begins_ms: Mapping[str, int]
    """When each voice is heard, by its name."""
    missing: Mapping[str, WhyNot]
    """Why others are not heard."""


class Samples:
    """Joins previews, and has those made that are missing: each once, however many ask for it."""

    def __init__(self, previews: Previews, media: MediaTools, artifacts: ArtifactStore, ids: Ids) -> None:
        """`artifacts`: where the previews are kept."""
        self._previews = previews
        self._media = media
        self._artifacts = artifacts
        self._ids = ids
        self._making: dict[tuple[str, str], asyncio.Task[Preview | WhyNot]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)
        self._ready: OrderedDict[tuple[str, ...], Sample] = OrderedDict()

    async def heard(self, voices: Sequence[str], language: str, kind: AudioKind) -> Sample:
        """Return a file of a kind with these voices. Raises StoreError, MediaError."""
        found = await asyncio.gather(*(self._preview(voice, language) for voice in voices))
        kept = {each.voice: each.artifact for each in found if isinstance(each, Preview) and each.artifact}
        missing = {
            voice: each if isinstance(each, WhyNot) else WhyNot.TRIED
            for voice, each in zip(voices, found, strict=True)
            if voice not in kept
        }
        if missing or not kept:  # another time there may be more
            return await self._joined(kept, missing, kind)
        key = (kind, language, *voices)
        sample = self._ready.pop(key, None) or await self._joined(kept, missing, kind)
        self._ready[key] = sample
        if len(self._ready) > MOST_REMEMBERED:
            self._ready.popitem(last=False)
        return sample

    async def _preview(self, voice: str, language: str) -> Preview | WhyNot:
        key = (voice, language)
        if key not in self._making:  # a task of its own: whoever gives up the wait leaves the request alone
            self._making[key] = asyncio.create_task(self._make(*key), name=f"preview of {voice}")
            self._making[key].add_done_callback(lambda _: self._making.pop(key))
        return await asyncio.shield(self._making[key])

    async def _make(self, voice: str, language: str) -> Preview | WhyNot:
        async with self._room:
            return await self._previews.make(voice, language)

    async def _joined(self, kept: Mapping[str, Artifact], missing: Mapping[str, WhyNot], kind: AudioKind) -> Sample:
        if not kept:
            return Sample(content=b"", begins_ms={}, missing=missing)
        parts = [
            AudioPart(Path(each.path), each.probe, pause_ms=PAUSE_MS, title=voice, raw=self._previews.raw)
            for voice, each in kept.items()
        ]
        want = Want(max_bytes=MOST_BYTES, playable=frozenset({TARGETS[kind].kind}), prefer=kind)
        name = self._ids.job()
        try:
            ((path, probe), *_) = await self._media.join(parts, self._artifacts.path(name, "sample"), want)
            content = await asyncio.to_thread(path.read_bytes)
        finally:
            await self._artifacts.drop_here(name)
        begins_ms = dict(zip(kept, _begins_ms(parts, probe.duration_ms), strict=True))
        return Sample(content=content, mime=probe.mime, extension=probe.extension, begins_ms=begins_ms, missing=missing)

    async def close(self, deadline_s: float) -> None:
        """Let what is being made come to an end; what is late is carried on when it is asked for again."""
        making = list(self._making.values())
        if making:
            _, late = await asyncio.wait(making, timeout=deadline_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)


def _begins_ms(parts: Sequence[AudioPart], total_ms: int) -> list[int]:
    """Return when each part begins: all were trimmed at their ends, each by about its share."""
    pauses_ms = PAUSE_MS * (len(parts) - 1)
    share = max(0, total_ms - pauses_ms) / max(1, sum(part.probe.duration_ms for part in parts))
    begins_ms, at_ms = [], 0.0
    for part in parts:
        begins_ms.append(round(at_ms))
        at_ms += part.probe.duration_ms * share + PAUSE_MS
    return begins_ms
