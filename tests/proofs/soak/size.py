"""The size of a process, by the system and by its own metrics."""

import os
import re
from collections.abc import Collection
from dataclasses import dataclass, fields
from pathlib import Path

import aiohttp

SLACK = 2
"""The growth that is always allowed: a connection kept for a moment, one timer's task."""
SLACKS = {"calls": 0, "threads": (os.cpu_count() or 1) + 4}
"""At rest no chat is called. The loop's executor has so many threads at most, and starts each when it first needs it."""
SHARE = 0.10


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What must stay flat. Memory is in KiB, everything else a count."""

    descriptors: int
    connections: int
    threads: int
    tasks: int
    calls: int
    memory_kib: int

    def least(self, other: "Size") -> "Size":
        """Return the smaller of each figure."""
        return Size(**{name: min(getattr(self, name), getattr(other, name)) for name in FIGURES})

    def beyond(self, before: "Size", figures: Collection[str]) -> list[str]:
        """Return the figures that have grown beyond their share."""
        return [
            f"{name}: {getattr(before, name)} before, {getattr(self, name)} now"
            for name in figures
            if getattr(self, name) > getattr(before, name) * (1 + SHARE) + SLACKS.get(name, SLACK)
        ]


FIGURES = tuple(f.name for f in fields(Size))


async def measured(pid: int, port: int) -> tuple[Size, int]:
    """Return a process's size, and the number of its open jobs."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/metrics") as response,
    ):
        metrics = await response.text()
    opened = [_target(link) for link in Path(f"/proc/{pid}/fd").iterdir()]
    status = Path(f"/proc/{pid}/status").read_text()
    size = Size(
        descriptors=len(opened),
        connections=sum(target.startswith("socket:") for target in opened),
        threads=_number(r"Threads:\s+(\d+)", status),
        tasks=_number(r"troubadour_tasks (\d+)", metrics),
        calls=sum(map(int, re.findall(r"troubadour_calls_under_way\{[^}]*\} (\d+)", metrics))),
        memory_kib=_number(r"VmRSS:\s+(\d+)", status),
    )
    return size, sum(int(count) for count in re.findall(r"troubadour_jobs\{[^}]*\} (\d+)", metrics))


def _target(link: Path) -> str:
    try:
        return os.readlink(link)  # noqa: PTH115 - a socket's name is no path
    except FileNotFoundError:  # closed since it was listed
        return ""


def _number(pattern: str, text: str) -> int:
    found = re.search(pattern, text)
    assert found is not None, f"{pattern} is not in:\n{text}"
    return int(found[1])
