"""Memory above idle while ten minutes of speech in 200 parts are measured, joined and encoded for a chat.

The parts are samples of 16 bits at 24 kHz, each with a loudness and an offset of its own. Idle is after two of them
have been joined, so that the codecs are loaded. The peak is the system's own mark, of this process and of the child
that decodes together; after 200 requests another child takes its place. 64 MB are 61 MiB.
"""

import asyncio
import math
import random
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.harness import Aim, Benchmark, Figures, Row, Side, Watch
from benchmarks.processes import children, forget_peak, peak_bytes, rss_bytes
from core.domain.audio import RawFormat, Want
from core.domain.joining import AudioPart
from core.media.media import Media

MIB = 2**20
RATE_HZ = 24_000
RAW = RawFormat("s16le", RATE_HZ)
PAUSE_MS = 400
CHAPTER = 10
"""Parts."""
LOOK_S = 0.25
DISCORD = Want(10 * MIB, frozenset({"ogg/opus", "mp3/mp3"}), "opus")
BENCHMARK = Benchmark(
    name="joining",
    rounds=1,
    sides={
        "media": Side(
            run="benchmarks.rows.joining:media",
            options={"parts": 200, "part_s": 3},
            quick={"parts": 4, "part_s": 5},
            limit_s=600,
        )
    },
    rows=[
        Row(
            what="200 parts joined: memory above idle",
            side="media",
            figure="above_mib",
            unit="MiB",
            aim=Aim(61, "MiB"),
        ),
        Row(what="200 parts joined: time", side="media", figure="seconds", unit="s"),
    ],
)


async def media(*, folder: str, parts: int, part_s: int, shared: str) -> Figures:  # noqa: ARG001
    """Join a few parts, then all of them."""
    tools = Media(children=1, deadline_s=600)
    spoken = [await _part(tools, Path(folder), number, part_s) for number in range(parts)]
    await tools.join(spoken[:2], Path(folder) / "short", DISCORD)
    pids = (None, *children("core.media.child"))
    idle = sum(rss_bytes(pid) for pid in pids)
    for pid in pids:
        forget_peak(pid)
    async with _watched() as peaks:
        with Watch() as watch:
            files = await tools.join(spoken, Path(folder) / "joined", DISCORD)
    await tools.close()
    audio_s = sum(probe.duration_ms for _, probe in files) / 1000
    return watch.figures(1, above_mib=(max(peaks) - idle) / MIB, idle_mib=idle / MIB, files=len(files), audio_s=audio_s)


async def _part(tools: Media, folder: Path, number: int, seconds: int) -> AudioPart:
    path = folder / f"{number:03}"
    dice = random.Random(number)  # noqa: S311 - no secret
    loud, offset, edge = dice.uniform(1_500, 20_000), dice.randint(-1500, 1500), RATE_HZ // 5
    second = array("h", (round(offset + loud * _voice(n / RATE_HZ)) for n in range(RATE_HZ)))
    silence = array("h", [offset]) * edge
    path.write_bytes((silence + second * seconds + silence).tobytes())
    title = f"Chapter {number // CHAPTER + 1}" if number % CHAPTER == 0 else ""
    return AudioPart(path, await tools.probe(path, RAW), PAUSE_MS, title, RAW)


def _voice(at_s: float) -> float:
    """Return what buzzes in four syllables a second, between -1 and 1."""
    buzz = sum(math.sin(2 * math.pi * 140 * n * at_s) / n for n in range(1, 6))
    return buzz / 2 * math.sin(4 * math.pi * at_s) ** 2


@asynccontextmanager
async def _watched() -> AsyncIterator[list[int]]:
    """Note the most that this process and its child have taken, until the block ends."""
    peaks: list[int] = []

    async def look() -> None:
        while True:
            peaks.append(peak_bytes() + sum(_peak(pid) for pid in children("core.media.child")))
            await asyncio.sleep(LOOK_S)

    looking = asyncio.create_task(look())
    try:
        yield peaks
    finally:
        looking.cancel()


def _peak(pid: int) -> int:
    try:
        return peak_bytes(pid)
    except OSError:  # it has served its time
        return 0
