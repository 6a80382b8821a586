"""From the start of a process to "ready", with an existing database and both platforms configured.

Both sides: a new process of the same Python, timed until it prints a line, with warm file caches. Differences: the
service also reads its settings, opens its store and creates its clients and its web server. It is ready before it
contacts anybody: nothing answers at the platforms' addresses.
"""

import asyncio
import os
import sys
import time
from pathlib import Path

from benchmarks.harness import ROOT, Aim, Benchmark, Figures, Row, Side
from tests import tokens

READY_S = 60.0
NOBODY = "http://127.0.0.1:9"
BENCHMARK = Benchmark(
    name="start",
    sides={
        "service": Side(run="benchmarks.rows.start:service", options={"times": 1}, quick={"times": 1}),
        "imports": Side(run="benchmarks.rows.start:imports", options={"times": 1}, quick={"times": 1}),
    },
    rows=[Row(what="start to ready", side="service", baseline="imports", figure="ms", unit="ms", aim=Aim(1.3))],
)


async def service(*, folder: str, times: int, shared: str) -> Figures:  # noqa: ARG001
    """Start the service once to create its database, then again to be timed."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DISCORD_TOKEN": tokens.DISCORD,
        "DISCORD_API_URL": NOBODY,
        "TELEGRAM_TOKEN": tokens.TELEGRAM,
        "TELEGRAM_API_URL": NOBODY,
        "GATEWAY_URL": NOBODY,
        "GATEWAY_KEY": "no-key-needed",
        "DATA_DIR": folder,
        "HTTP_PORT": "0",
    }
    return await _timed(["-m", "bots", "run"], b"ready:", environment, folder, times)


async def imports(*, folder: str, times: int, shared: str) -> Figures:  # noqa: ARG001
    """Import the two platforms' libraries."""
    environment = {"PATH": os.environ["PATH"]}
    return await _timed(
        ["-c", "import discord, telegram; print('ready:', flush=True)"], b"ready:", environment, folder, times
    )


async def _timed(arguments: list[str], word: bytes, environment: dict[str, str], folder: str, times: int) -> Figures:
    await _until(arguments, word, environment, folder)
    taken = [await _until(arguments, word, environment, folder) for _ in range(times)]
    seconds, cpu_s = (sum(column) / times for column in zip(*taken, strict=True))
    return {"ms": 1000 * seconds, "cpu_us": 1e6 * cpu_s}


async def _until(arguments: list[str], word: bytes, environment: dict[str, str], folder: str) -> tuple[float, float]:
    """Start a process and end it once it prints a word; return wall and CPU seconds until then."""
    started_s = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, env=environment, cwd=folder,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said = b""
    try:
        if process.stdout is None:
            raise RuntimeError("a process needs a pipe")
        async with asyncio.timeout(READY_S):
            while word not in said:
                if not (line := await process.stdout.readline()):
                    raise RuntimeError(f"it ended and said {said.decode(errors='replace')}")
                said += line
        return time.perf_counter() - started_s, _cpu_s(process.pid)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def _cpu_s(pid: int) -> float:
    """Return the CPU that a process has used, if the system reports it."""
    stat = Path(f"/proc/{pid}/stat")
    ticks = [int(part) for part in stat.read_text().rpartition(")")[2].split()[11:13]] if stat.exists() else []
    return sum(ticks) / os.sysconf("SC_CLK_TCK")
