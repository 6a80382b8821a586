"""Sides, rounds and medians.

Each side of each round runs in a process of its own, so that no heap, cache or CPU time is shared. Sides take turns,
so that a busy machine slows all of them alike. Ratios are taken within a round; medians are taken of the ratios.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Self, TypeVar

from benchmarks import processes
from benchmarks.place import Place

T = TypeVar("T")
Figures = dict[str, float]
"""The figures of one run of one side, by name; a name ends with its unit, and `cpu_us` is the CPU of one operation."""

ROOT = Path(__file__).parents[1]
SIDE_S = 120.0
"""The time limit of one run of most sides."""
ROUNDS = 7
SLOWER = 1.15
"""A side that takes so many times the CPU of its own recorded best voids its rows: something else ran, or it broke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A measuring function, as `module:name`, so that its imports happen only in its own process."""

    run: str
    options: Mapping[str, Any] = field(default_factory=dict)
    quick: Mapping[str, Any] = field(default_factory=dict)
    """Options for a smoke run, in place of the real ones."""
    postgres: bool = False
    """Whether it is passed the address of an empty database, as `postgres`."""
    limit_s: float = SIDE_S
    """How long one run may take."""

    @property
    def key(self) -> str:
        """Name the work that it does, for its best to be recorded."""
        return " ".join([self.run, *(["postgres"] if self.postgres else []), json.dumps(self.options)])


@dataclass(frozen=True, slots=True)
class Aim:
    """The aim for a figure; `unit` "" means a ratio."""

    limit: float
    unit: str = ""
    at_least: bool = False

    def met(self, value: float) -> bool:
        """Say whether a value meets the aim."""
        return value >= self.limit if self.at_least else value <= self.limit

    def __str__(self) -> str:
        """Format the aim for the table."""
        return f"{'>=' if self.at_least else '<='} {self.limit:g}{' ' + self.unit if self.unit else 'x'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table: a side's figure and its baseline's."""

    what: str
    side: str
    figure: str
    unit: str
    baseline: str | None = None
    aim: Aim | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """Sides that are measured in turns, and the lines they fill."""

    name: str
    sides: Mapping[str, Side]
    rows: Sequence[Row]
    rounds: int = ROUNDS
    prepare: Side | None = None
    """A setup that runs once before the rounds; it may leave files for the sides in the folder `shared`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A measured row; without a value, `why` gives the reason."""

    benchmark: str
    row: Row
    rounds: int = 0
    value: float | None = None
    baseline: float | None = None
    ratio: float | None = None
    cpu_us: float | None = None
    """CPU of one operation, over all threads and child processes."""
    baseline_cpu_us: float | None = None
    why: str = ""
    void: str = ""
    """Which side was too slow for the row to count."""
    judged: bool = True
    """False where the run was too small to be judged by the aim."""

    @property
    def verdict(self) -> str:
        """Return met, missed or void; "" where there is nothing to judge."""
        aim = self.row.aim
        judged = self.value if aim and aim.unit else self.ratio
        if aim is None or judged is None or not self.judged:
            return ""
        return "void" if self.void else "met" if aim.met(judged) else "missed"


@dataclass(slots=True)
class Measured:
    """The results of one benchmark."""

    benchmark: Benchmark
    bests: Mapping[str, float]
    """The least CPU of an operation that was recorded on this machine, by the key of a side, in us."""
    quick: bool = False
    rounds: list[dict[str, Figures]] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    """By side; a side that failed is skipped from then on."""

    def lines(self) -> list[Line]:
        """Return a line for each row."""
        return [self._line(row) for row in self.benchmark.rows]

    def cpu_by_key(self) -> dict[str, float]:
        """Return the CPU of one operation of each side, in us."""
        found = {side.key: self._median(name, "cpu_us") for name, side in self.benchmark.sides.items()}
        return {key: cpu_us for key, cpu_us in found.items() if cpu_us}

    def _line(self, row: Row) -> Line:
        if row.side in self.failures:
            return Line(benchmark=self.benchmark.name, row=row, why=self.failures[row.side])
        baseline = row.baseline if row.baseline not in self.failures else None
        return Line(
            benchmark=self.benchmark.name,
            row=row,
            rounds=len(self.rounds),
            value=self._median(row.side, row.figure),
            baseline=self._median(baseline, row.figure) if baseline else None,
            ratio=self._ratio(row.side, baseline, row.figure) if baseline else None,
            cpu_us=self._median(row.side, "cpu_us"),
            baseline_cpu_us=self._median(baseline, "cpu_us") if baseline else None,
            why=self.failures.get(row.baseline or "", ""),
            void=", ".join(name for name in (row.side, baseline) if name and self._slower(name)),
            judged=not self.quick,
        )

    def _slower(self, side: str) -> bool:
        cpu_us, best_us = self._median(side, "cpu_us"), self.bests.get(self.benchmark.sides[side].key)
        return bool(cpu_us and best_us and cpu_us > SLOWER * best_us)

    def _median(self, side: str, figure: str) -> float | None:
        values = [of_round[side][figure] for of_round in self.rounds if figure in of_round.get(side, {})]
        return median(values) if values else None

    def _ratio(self, side: str, baseline: str, figure: str) -> float | None:
        both = [(of_round[side][figure], of_round[baseline][figure]) for of_round in self.rounds]
        ratios = [ours / theirs for ours, theirs in both if theirs]
        return median(ratios) if ratios else None


class SideFailed(Exception):
    """A side could not be measured."""


async def measure(measured: Measured, place: Place, say: Callable[[str], None]) -> None:
    """Run every side in every round; `say` receives the progress."""
    benchmark, quick = measured.benchmark, measured.quick
    with tempfile.TemporaryDirectory(prefix="bench-", dir=place.disk) as shared:
        if benchmark.prepare is not None:
            say(f"{benchmark.name}: preparing")
            try:
                await run(benchmark.prepare, place, Path(shared), quick=quick)
            except SideFailed as error:
                measured.failures.update(dict.fromkeys(benchmark.sides, f"preparing: {error}"))
        for number in range(1 if quick else benchmark.rounds):
            measured.rounds.append({})
            names = [name for name in benchmark.sides if name not in measured.failures]
            for name in names if number % 2 == 0 else reversed(names):
                say(f"{benchmark.name}: round {number + 1}, {name}")
                try:
                    measured.rounds[-1][name] = await run(benchmark.sides[name], place, Path(shared), quick=quick)
                except SideFailed as error:
                    measured.failures[name] = str(error)


async def run(side: Side, place: Place, shared: Path, *, quick: bool, profile: Path | None = None) -> Figures:
    """Run a side once in a process of its own. Raises SideFailed."""
    if side.postgres and place.server is None:
        raise SideFailed(place.why)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=place.disk) as folder:
        options = {**side.options, **(side.quick if quick else {}), "folder": folder, "shared": str(shared)}
        if side.postgres:
            options["postgres"] = await place.database()
        told, log = Path(folder) / "figures.json", Path(folder) / "log"
        with log.open("wb") as said:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "benchmarks.side", side.run, json.dumps(options), str(told),
                *([str(profile)] if profile else []),
                cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=said, stderr=said,
            )  # fmt: skip
            status = await _ended(process, side.limit_s)
        if status != 0 or not told.exists():
            raise SideFailed(_last_words(log.read_text(errors="replace")) or f"exit status {status}")
        figures: Figures = json.loads(told.read_text())
        return figures


async def _ended(process: asyncio.subprocess.Process, limit_s: float) -> int:
    try:
        async with asyncio.timeout(limit_s):
            return await process.wait()
    except TimeoutError:
        raise SideFailed(f"not done after {limit_s:.0f} s") from None
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _last_words(log: str) -> str:
    return next((line.strip() for line in reversed(log.splitlines()) if line.strip()), "")[:200]


class Watch:
    """Times a block: wall clock, and CPU of this process and its children."""

    def __enter__(self) -> Self:
        self._started_s, self._cpu_s = time.perf_counter(), processes.cpu_s()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._started_s
        self.cpu_s = processes.cpu_s() - self._cpu_s

    def figures(self, count: int, **more: float) -> Figures:
        """Return the figures for `count` operations."""
        cpu_us = 1e6 * self.cpu_s / count
        return {"count": count, "seconds": self.seconds, "per_s": count / self.seconds, "cpu_us": cpu_us, **more}


def ranked(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of all lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


async def at_once(count: int, work: Callable[[T], Awaitable[object]], items: Sequence[T]) -> None:
    """Process all items, `count` at a time."""
    left = iter(items)

    async def one_after_another() -> None:
        for item in left:
            await work(item)

    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(one_after_another())
