"""From COMPLETED at the gateway to audio accepted by the platform, with callbacks, one job at a time.

Both sides: an MP3 of 30 s (480 kB) from the same local server, uploaded as a form to the same local Bot API over open
connections, timed on the shared monotonic clock. Once over loopback, and once with 20 ms of latency and 100 Mbit/s.

Differences: bare aiohttp is notified directly and keeps the file in memory. The service receives the callback, polls
the status endpoint, writes the file to disk (fsync), decodes it in a child process, charges and commits (two fsyncs),
and sends a chat action. The aim allows for those round trips.
"""

import time
from pathlib import Path

import aiohttp

from benchmarks.app_rig import serving
from benchmarks.harness import Aim, Benchmark, Figures, Row, Side
from benchmarks.peers import Reached, peer
from benchmarks.sounds import mp3

FAR = {"latency_s": 0.02, "bytes_per_s": 12_500_000}
FULL, QUICK = {"jobs": 120}, {"jobs": 5}
SECONDS, WARM = 30, 3
AIM = Aim(1.3)


def _sides(name: str, **options: object) -> dict[str, Side]:
    full = {**FULL, **options}
    return {
        f"service{name}": Side(run="benchmarks.rows.handover:service", options=full, quick=QUICK),
        f"aiohttp{name}": Side(run="benchmarks.rows.handover:bare", options=full, quick=QUICK),
    }


def _row(what: str, name: str, figure: str) -> Row:
    cpu = figure == "p50_ms"
    return Row(what=what, side=f"service{name}", baseline=f"aiohttp{name}", figure=figure, unit="ms", aim=AIM, cpu=cpu)


BENCHMARK = Benchmark(
    name="handover",
    rounds=2,
    sides={**_sides(""), **_sides(", far", link=FAR)},
    rows=[
        _row("COMPLETED to accepted, loopback, p50", "", "p50_ms"),
        _row("COMPLETED to accepted, loopback, p99", "", "p99_ms"),
        _row("COMPLETED to accepted, 20 ms 100 Mbit/s, p50", ", far", "p50_ms"),
        _row("COMPLETED to accepted, 20 ms 100 Mbit/s, p99", ", far", "p99_ms"),
    ],
)


async def service(*, folder: str, jobs: int, shared: str, link: dict[str, float] | None = None) -> Figures:  # noqa: ARG001
    """Deliver through the whole service."""
    async with peer(mp3(Path(folder) / "audio.mp3", SECONDS)) as outside, serving(folder, outside) as running:
        await outside.be(**link or {})
        for _ in range(WARM):
            await running.deliver()
        cpu_s = time.process_time()
        taken_s = [await running.deliver() for _ in range(jobs)]
        return _figures(taken_s, time.process_time() - cpu_s)


async def bare(*, folder: str, jobs: int, shared: str, link: dict[str, float] | None = None) -> Figures:  # noqa: ARG001
    """Download and upload with bare aiohttp."""
    async with peer(mp3(Path(folder) / "audio.mp3", SECONDS)) as outside, aiohttp.ClientSession() as session:
        await outside.be(**link or {})
        for number in range(WARM):
            await _carry(session, outside, number)
        cpu_s = time.process_time()
        taken_s = [await _carry(session, outside, WARM + number) for number in range(jobs)]
        return _figures(taken_s, time.process_time() - cpu_s)


async def _carry(session: aiohttp.ClientSession, outside: Reached, number: int) -> float:
    started_s = time.monotonic()
    async with session.get(f"{outside.url}/media/request-{number}") as answer:
        audio = await answer.read()
    form = aiohttp.FormData({"chat_id": str(number), "duration": str(SECONDS)})
    form.add_field("voice", audio, filename="speech.mp3", content_type="audio/mpeg")
    async with session.post(f"{outside.url}/bot1:not-a-token/sendVoice", data=form) as answer:
        answer.raise_for_status()
    return float((await outside.times())["accepted"][str(number)]) - started_s


def _figures(taken_s: list[float], cpu_s: float) -> Figures:
    taken_ms = sorted(1000 * taken for taken in taken_s)
    return {
        "p50_ms": taken_ms[len(taken_ms) // 2],
        "p99_ms": taken_ms[min(len(taken_ms) - 1, len(taken_ms) * 99 // 100)],
        "cpu_us": 1e6 * cpu_s / len(taken_ms),
    }
