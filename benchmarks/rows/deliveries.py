"""A delivered job through the whole service, as a process of its own, beside a bare script; one after the other.

Both sides: a WAV of 5 s from a local gateway, sent to a local Bot API as Opus with the same encoder settings, over
open connections; once over loopback, once with 20 ms of latency and 100 Mbit/s. The gateway and the chat are one other
process, which also says when a request was COMPLETED and when its audio was accepted. CPU is that of all processes of
a side, from a member's command, or the bare script's submission, to the accepted audio.

Differences: bare, one script submits, hears at once that the request is complete, asks for the status, downloads into
memory, encodes and uploads. The service reads the command, keeps its books, shows its progress, is called back, writes
files (fsync), decodes in a child process, charges and commits.
"""

import asyncio
import io
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from socket import socket
from typing import Any

import aiohttp
import av
from av.audio.stream import AudioStream

from benchmarks.harness import ROOT, Aim, Benchmark, Figures, Row, Side, Watch, ranked
from benchmarks.orders import TEXT
from benchmarks.peer import SECONDS
from benchmarks.peers import Reached, peer
from core.domain.audio import TARGETS
from tests import tokens

WARM, END_S = 5, 20.0
FAR = {"latency_s": 0.02, "bytes_per_s": 12_500_000}
FULL, QUICK = {"jobs": 40}, {"jobs": 3}
(OPUS, *_) = TARGETS["opus"].mono


def _sides(name: str, **options: object) -> dict[str, Side]:
    runs = {f"service{name}": "service", f"bare script{name}": "bare"}
    return {
        side: Side(run=f"benchmarks.rows.deliveries:{run}", options={**FULL, **options}, quick=QUICK)
        for side, run in runs.items()
    }


def _row(what: str, name: str, figure: str, unit: str, limit: float) -> Row:
    side, baseline = f"service{name}", f"bare script{name}"
    return Row(what=what, side=side, baseline=baseline, figure=figure, unit=unit, aim=Aim(limit))


BENCHMARK = Benchmark(
    name="deliveries",
    sides={**_sides(""), **_sides(", far", link=FAR)},
    rows=[
        _row("CPU of a delivered job, WAV 5 s", "", "cpu_us", "us", 1.5),
        _row("COMPLETED to accepted, loopback", "", "p50_ms", "ms", 1.2),
        _row("COMPLETED to accepted, 20 ms and 100 Mbit/s", ", far", "p50_ms", "ms", 1.05),
    ],
)


async def service(*, folder: str, jobs: int, shared: str, link: dict[str, float] | None = None) -> Figures:  # noqa: ARG001
    """Deliver what members order by command."""
    async with peer() as outside, serving(folder, outside):
        await outside.be(**link or {})
        await outside.order([TEXT] * WARM)
        with Watch() as watch:
            taken_s = await outside.order([TEXT] * jobs)
        return watch.figures(jobs, p50_ms=1000 * ranked(taken_s, 0.5))


async def bare(*, folder: str, jobs: int, shared: str, link: dict[str, float] | None = None) -> Figures:  # noqa: ARG001
    """Do the same by hand."""
    async with peer() as outside, aiohttp.ClientSession() as session:
        await outside.be(**link or {})
        for number in range(WARM):
            await _carry(session, outside, number)
        with Watch() as watch:
            names = [await _carry(session, outside, WARM + number) for number in range(jobs)]
        times = await outside.times()
        taken_s = [times["accepted"][str(WARM + n)] - times["complete"][name] for n, name in enumerate(names)]
        return watch.figures(jobs, p50_ms=1000 * ranked(taken_s, 0.5))


async def _carry(session: aiohttp.ClientSession, outside: Reached, number: int) -> str:
    async with session.post(f"{outside.url}/elevenlabs/v1/speech", json={"text": TEXT}) as answer:
        name = str((await answer.json())["request_id"])
    async with session.post(f"{outside.url}/control/complete/{name}") as answer:
        answer.raise_for_status()
    async with session.get(f"{outside.url}/v2/requests/status/{name}") as answer:
        (url,) = (await answer.json())["output"]["media_url"]
    async with session.get(url) as answer:
        audio = await answer.read()
    form = aiohttp.FormData({"chat_id": str(number), "duration": str(SECONDS)})
    form.add_field("voice", opus(audio), filename="speech.ogg", content_type="audio/ogg")
    async with session.post(f"{outside.url}/bot{tokens.TELEGRAM}/sendVoice", data=form) as answer:
        answer.raise_for_status()
    return name


def opus(audio: bytes) -> bytes:
    """Encode a file as the service does."""
    out = io.BytesIO()
    with av.open(io.BytesIO(audio), "r") as source, av.open(out, "w", format=OPUS.container) as sink:
        encoder: Any = OPUS.encoder  # the library's types know no name that is not written out
        stream: AudioStream = sink.add_stream(
            encoder,
            rate=OPUS.sample_rate_hz,
            layout="mono",
            bit_rate=OPUS.bitrate_bps,
            options=dict(OPUS.options),
        )
        for frame in source.decode(audio=0):
            frame.pts = None
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    return out.getvalue()


@asynccontextmanager
async def serving(folder: str, outside: Reached, **more: str) -> AsyncIterator[int]:
    """Run `troubadour run` with callbacks and a local Telegram, and yield its process id."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "TELEGRAM_TOKEN": tokens.TELEGRAM,
        "TELEGRAM_API_URL": outside.url,
        "GATEWAY_URL": outside.url,
        "GATEWAY_KEY": "no-key-needed",
        "PUBLIC_URL": "https://bench.invalid",
        "HTTP_PORT": str(port),
        "DATA_DIR": folder,
        "DIRECT_ALLOWANCE": "1000 day",
        "DEFAULT_POOL": "unlimited",
        "COMMUNITIES": "open",
        **more,
    }
    with (Path(folder) / "service.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bots", "run", cwd=folder, env=environment, stdout=log, stderr=log
        )
    try:
        await outside.call_at(port)
        if "TELEGRAM_API_URL" not in more:
            await outside.heard()
        yield process.pid
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        async with asyncio.timeout(END_S):
            await process.wait()
