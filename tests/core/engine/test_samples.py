"""Samples are made once, however many ask, and who gives up the wait leaves the request alone."""

import asyncio
from contextlib import suppress
from pathlib import Path

from core.domain.ids import Ids
from core.domain.lifecycle import Reason
from core.domain.models import Artifact
from core.domain.previews import Preview, PreviewState, WhyNot
from core.engine.samples import AT_ONCE, Samples
from core.files.artifacts import ArtifactFolder
from tests.audio import PROBE, Shapes


class Slow:
    """Makes previews when it is told to."""

    raw = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: list[str] = []
        self.ready = asyncio.Event()
        self.most = self.now = 0

    async def make(self, voice: str, language: str) -> Preview | WhyNot:
        self.made.append(voice)
        self.now += 1
        self.most = max(self.most, self.now)
        await self.ready.wait()
        self.now -= 1
        path = self.folder / voice
        path.write_bytes(voice.encode())
        state = PreviewState.FAILED if voice == "Mute" else PreviewState.KEPT
        return Preview(
            preview_id=voice, voice=voice, language=language, state=state, cost_micros=1, month_ms=0, tried_ms=0,
            reason=Reason.SILENT, artifact=None if voice == "Mute" else Artifact.of(path, PROBE, 1),
        )  # fmt: skip


def samples(slow: Slow) -> Samples:
    return Samples(slow, Shapes(), ArtifactFolder(slow.folder / "kept"), Ids())  # type: ignore[arg-type]


async def test_who_asks_at_once_shares_what_is_made_a_few_at_a_time(tmp_path: Path) -> None:
    slow = Slow(tmp_path)
    heard = samples(slow)
    names = ["Mute", *(f"Voice{n}" for n in range(6))]
    asked = [asyncio.create_task(heard.heard(names, "en", "mp3")) for _ in range(3)]
    while len(slow.made) < AT_ONCE:
        await asyncio.sleep(0)
    asked.pop().cancel()
    slow.ready.set()
    first, second = await asyncio.gather(*asked)
    assert sorted(slow.made) == sorted(names)
    assert slow.most == AT_ONCE
    assert first.content == second.content == "".join(names[1:]).encode()
    assert first.missing == {"Mute": WhyNot.TRIED}
    assert list(first.begins_ms) == names[1:]
    assert not list((tmp_path / "kept").iterdir())  # what was joined is not kept, as it is joined anew


async def test_what_is_late_at_the_end_is_given_up(tmp_path: Path) -> None:
    slow = Slow(tmp_path)
    heard = samples(slow)
    asked = asyncio.create_task(heard.heard(["Aria"], "en", "mp3"))
    while not slow.made:
        await asyncio.sleep(0)
    await heard.close(0)
    with suppress(asyncio.CancelledError):
        await asked
    assert asked.cancelled()
