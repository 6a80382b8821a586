"""One history: record real work, cut the power at every event, and check what is left."""

import asyncio
import itertools
import random
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from storage.books_sql import CHECKS
from tests.proofs.power.disk import Cut, Disk, Uncertain, cuts
from tests.proofs.power.outcome import MAIN, Outcomes
from tests.proofs.power.recorder import Event, RecordedDriver, Recording
from tests.proofs.power.work import Work
from tests.schema import is_current

IN_MEMORY = Path("/dev/shm")
MOST_STORIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plan of a history."""

    seed: int
    cuts: int
    rounds: int = 60
    """Steps of work, each one or a few commits; the same number again after a power cut and recovery."""
    synchronous: str = "FULL"
    opened_every: int = 40
    """One of this number of cuts is opened by SQLite; the others are compared byte for byte."""


@dataclass
class Tally:
    """The result. `lost`: an earlier state than acknowledged; `broken`: a state that never was."""

    cuts: int = 0
    opened: int = 0
    commits: int = 0
    lost: int = 0
    broken: int = 0
    stories: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        for name in ("cuts", "opened", "commits", "lost", "broken"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.stories = (self.stories + other.stories)[:MOST_STORIES]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the real SQLite reads in a folder."""

    image: bytes
    marks: frozenset[int]
    wrong: str = ""
    empty: bool = False
    """There is no table."""


def look(files: Mapping[str, bytes]) -> Seen:
    """Open the files with SQLite, which recovers them, and run all checks."""
    with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        with closing(sqlite3.connect(Path(folder) / MAIN, isolation_level=None)) as database:
            try:
                return _look(database)
            except sqlite3.Error as error:
                return Seen(b"", frozenset(), f"{type(error).__name__}: {error}")


def _look(database: sqlite3.Connection) -> Seen:
    integrity = [row[0] for row in database.execute("PRAGMA integrity_check")]
    tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    marks = (
        frozenset(row[0] for row in database.execute("SELECT mark FROM power_marks"))
        if "power_marks" in tables
        else frozenset()
    )
    wrong = [] if integrity == ["ok"] else integrity
    if is_current(database):
        wrong += [rule for rule, query in CHECKS.items() if database.execute(query).fetchone()]
    pages = database.execute("PRAGMA page_count").fetchone()[0]
    return Seen(database.serialize() if pages else b"", marks, "; ".join(wrong), empty=not tables)


@dataclass
class Reference:
    """The database after each commit, as SQLite itself read it from complete files."""

    images: list[bytes] = field(default_factory=list)
    by_image: dict[bytes, int] = field(default_factory=dict)
    blank: int = 0
    """The last commit after which there was no table; up to it there is nothing to lose."""

    def add(self, seen: Seen) -> None:
        if seen.empty:
            self.blank = len(self.images)
        self.by_image.setdefault(seen.image, len(self.images))
        self.images.append(seen.image)

    def place(self, image: bytes, commits: int) -> int | None:
        """Return the commit whose state an image is, trying the expected ones first; None if it is none."""
        for commit in (commits, commits + 1):
            if commit < len(self.images) and self.images[commit] == image:
                return commit
        return self.by_image.get(image)


def record(folder: Path, plan: Plan, rng: random.Random) -> list[Event]:
    """Work on a folder's database and return the events of its files."""
    recording = Recording(synchronous=plan.synchronous, numbers=itertools.count(rng.getrandbits(40)))
    asyncio.run(Work(RecordedDriver(folder / MAIN, recording), rng).run(plan.rounds))
    return recording.events


def reference(start: Mapping[str, bytes], events: list[Event]) -> Reference:
    """Replay the events without a cut. Raises AssertionError if the model differs from the files."""
    disk, found = Disk.holding(start), Reference()
    found.add(look(start))
    for event in events:
        disk.take(event)
        if event.kind == "commit":
            seen = look(disk.now())
            assert not seen.wrong, seen.wrong
            assert seen.marks.issuperset(disk.acks)
            found.add(seen)
    assert look(disk.now()).marks.issuperset(disk.acks)
    return found


class History:
    """The outcomes of cutting the power at every event of a recording."""

    def __init__(self, plan: Plan, rng: random.Random) -> None:
        self.plan = plan
        self.rng = rng
        self.tally = Tally()
        self.outcomes = Outcomes(rng.randbytes(2**14))

    def run(self) -> Tally:
        """Work from an empty folder, then from what one of the cuts left."""
        files: Mapping[str, bytes] = {}
        for part in ("first life", "second life"):
            with tempfile.TemporaryDirectory() as folder:
                for name, content in files.items():
                    (Path(folder) / name).write_bytes(content)
                events = record(Path(folder), self.plan, self.rng)
            files = self.cut(files, events, part)
        return self.tally

    def cut(self, start: Mapping[str, bytes], events: list[Event], part: str) -> Mapping[str, bytes]:
        """Cut at every event; return the files that one of the cuts left."""
        known = reference(start, events)
        disk, left = Disk.holding(start), {}
        left_at = self.rng.randrange(len(events) // 2, len(events))
        self.tally.commits += len(known.images) - 1
        for n, event in enumerate(events):
            disk.take(event)
            uncertain = disk.uncertain()
            for cut in cuts(uncertain, self._share(len(events)), self.rng):
                self._judge(
                    known, disk, uncertain, cut, f"{part}, event {n} of {len(events)} ({event.kind} {event.path})"
                )
                if n == left_at:
                    left = self.outcomes.files(disk, uncertain, cut)
        return left

    def _share(self, events: int) -> int:
        """Return the number of outcomes to try at one event, so that the total is as planned."""
        share, rest = divmod(self.plan.cuts // 2, events)
        return max(1, share + (self.rng.randrange(events) < rest))

    def _judge(self, known: Reference, disk: Disk, uncertain: Uncertain, cut: Cut, where: str) -> None:
        self.tally.cuts += 1
        image = self.outcomes.image(disk, uncertain, cut)
        seen = None
        blank = disk.commits <= known.blank
        if image is None or blank or self.rng.randrange(self.plan.opened_every) == 0:
            self.tally.opened += 1
            seen = look(self.outcomes.files(disk, uncertain, cut))
            if wrong := "".join(_wrong(seen, image)):
                self._tell("broken", f"{where}: {wrong}")
                return
            if seen.empty and blank:
                return
            image = seen.image
        place = known.place(image, disk.commits)
        if place is None:
            self._tell("broken", f"{where}: no state that ever was")
        elif place < disk.commits:
            self._tell("lost", f"{where}: {disk.commits} commits were acknowledged, {place} are there")
        elif seen and not seen.marks.issuperset(disk.acks):
            self._tell("lost", f"{where}: marks {sorted(set(disk.acks) - seen.marks)} are missing")

    def _tell(self, what: str, story: str) -> None:
        setattr(self.tally, what, getattr(self.tally, what) + 1)
        if len(self.tally.stories) < MOST_STORIES:
            self.tally.stories.append(f"seed {self.plan.seed}, {self.plan.synchronous}, {what}: {story}")


def _wrong(seen: Seen, image: bytes | None) -> Iterator[str]:
    yield seen.wrong
    if not seen.wrong and image is not None and not seen.empty and seen.image != image:
        yield "SQLite recovers something else than was computed"


def history(plan: Plan) -> Tally:
    """Run one history; the same plan gives the same tally."""
    return History(plan, random.Random(plan.seed)).run()  # noqa: S311 - not a secret
