"""An operator who copies the database, and at some later moment stops the service and goes back to that copy."""

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bots.cli.restore import restore
from core.domain.errors import StoreError
from storage.backup import backup
from storage.engines import restoring
from storage.sqlite import SqliteDriver
from tests.proofs.sim.faults import RESTORES, Kind
from tests.proofs.sim.forgetting import Forgetting
from tests.proofs.sim.incarnation import let_go
from tests.proofs.sim.loop import SimLoop
from tests.schema import is_current

if TYPE_CHECKING:
    from tests.proofs.sim.history import History

SHARE = 0.2
"""Of the histories that somebody restores a copy in."""
TRIES = 4
MOST_STEPS = 30
"""Commits and changes of files that a restore is killed within."""
COMMITS = tuple(
    f"{effect} commit"
    for effect in "admission submitting running unconfirmed fetched failed pending sending sent".split()
)
"""What a copy may be made at once after."""
_JOBS = "SELECT job_id, state, restored FROM jobs ORDER BY job_id"
_LEDGER = "SELECT job_id, kind, at_ms FROM ledger ORDER BY rowid"


class Restoration:
    """The process of `troubadour restore`; to a history it is one more life of the program."""

    discord_bot = None
    ready = False
    places_taken = 0

    def __init__(self, history: "History", number: int, copy: Path) -> None:
        self.history = history
        self.number = number
        self.dead = False
        history.timeline.begin_process()
        self.loop = SimLoop(history.timeline, history.wire)
        self.stop = asyncio.Event()
        self.stop.set()  # it ends by itself
        self._drivers: list[SqliteDriver] = []
        self._copy = copy
        self.main = self.loop.create_task(self._main(), name="restore")

    def driver(self, path: Path) -> SqliteDriver:
        """Make a driver whose statements run in this thread."""
        self._drivers.append(SqliteDriver(path, kind=self.history.disk.connections(self.loop)))
        return self._drivers[-1]

    async def _main(self) -> None:
        async def agrees(_: str) -> bool:
            return True

        history = self.history
        opening = restoring(history.disk.database, self._copy, history.timeline)
        await restore(opening, "the copy", history.restores.said, agrees)

    def die(self) -> Sequence[Any]:
        """Return what must be kept until the history is over."""
        for driver in self._drivers:
            let_go(driver)
        return (*self.loop.die(), self.main)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a database says: enough to tell which of two it is."""

    jobs: tuple[tuple[Any, ...], ...]
    ledger: tuple[tuple[Any, ...], ...]
    whole: bool

    @classmethod
    def read(cls, file: Path, scratch: Path) -> "Standing":
        """Look at a copy of a file and its -wal, and change neither; one of an earlier release holds no orders here."""
        scratch.mkdir()
        for name in (file.name, f"{file.name}-wal"):
            if (file.parent / name).exists():
                shutil.copyfile(file.parent / name, scratch / name)
        with closing(sqlite3.connect(scratch / file.name)) as connection:
            whole = connection.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok"
            queries = (_JOBS, _LEDGER) if is_current(connection) else ("SELECT 1 WHERE 0",) * 2
            jobs, ledger = (tuple(connection.execute(query).fetchall()) for query in queries)
        shutil.rmtree(scratch)
        return cls(jobs, ledger, whole)

    @property
    def job_ids(self) -> set[str]:
        return {str(job_id) for job_id, *_ in self.jobs}


def _odds(kind: Kind) -> float:
    return 0.05 if kind.data == "migration" else 0.35


class Restores:
    """Makes the copies, has them restored, and looks at what stands in the database's place after each try."""

    def __init__(self, history: "History", featured: Kind | None) -> None:
        self._history = history
        rng = self._rng = random.Random(f"restores {history.seed}")  # noqa: S311 - a simulation
        going = rng.random() < SHARE or featured in RESTORES
        self._kinds = (
            {kind.data: kind for kind in RESTORES if rng.random() < _odds(kind) or kind is featured} if going else {}
        )
        if going and not self._kinds.keys() & {"moment", "commit", "migration"}:
            self._kinds["moment"] = RESTORES[0]
        self.migrates = "migration" in self._kinds
        """Whether the copy is to be from before a migration, which then has to come."""
        self.forgetting = Forgetting(history)
        self.made = 0
        """How many copies took the database's place."""
        self.due: Path | None = None
        """The copy that is to take the database's place at the next start."""
        self._armed: Collection[str] = ()
        """The commits of which the next is copied."""
        self._orders = 0
        self._copies: list[Path] = []
        self._kill_at = 0
        self._tried = 0
        self._before: Standing | None = None

    # --- the copies -----------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Plan a copy and, later, the way back."""
        if not self._kinds:
            return
        until_s = self._history.people.faults_end_s
        copied_s = self._rng.uniform(3, until_s * 0.6)
        if self.migrates:
            self._armed = ("migration",)
        else:
            self._history.timeline.after(copied_s, self._copy_soon)
        self._history.timeline.after(copied_s + self._rng.uniform(1, until_s - copied_s), self._go_back)

    def _copy_soon(self) -> None:
        if "commit" in self._kinds and (self._rng.random() < 0.7 or "moment" not in self._kinds):
            self._armed = self._rng.sample(COMMITS, 2)
        else:
            self._copy("moment")

    def committed(self, effects: Collection[str]) -> None:
        """Copy at once what was just committed, if that was waited for; an order that is refused is none."""
        before, self._orders = self._orders, self._history.orders
        if isinstance(self._history.incarnation, Restoration) or (
            "admission commit" in effects and self._orders == before
        ):
            return
        if not set(self._armed).isdisjoint(effects):
            self._armed = ()
            self._copy("migration" if "migration" in effects else "commit")

    def _copy(self, kind: str) -> None:
        history = self._history
        if history.mix.over:
            return
        if history.incarnation.dead:
            history.timeline.after(5.0, self._copy, kind)
            return
        target = history.disk.root / f"copy-{len(self._copies)}.db"
        try:
            backup(history.disk.database, target)
        except StoreError as error:
            history.tell(f"no copy: {error}")
            return
        history.tell(f"a copy is made ({kind})")
        self._fire(kind)
        self._copies.append(target)

    def _fire(self, kind: str) -> None:
        if kind in self._kinds:
            self._history.mix.fired[self._kinds[kind].name] += 1

    # --- the way back ---------------------------------------------------------------------------------------------

    def _go_back(self) -> None:
        """Stop the service, or find it killed, and let the newest copy take the place of what it has written."""
        history = self._history
        if history.mix.over:
            return
        if not self._copies:
            self._copy("moment")
        if not self._copies or history.timeline.now_s < history.incarnation.loop.asleep_until_s:
            history.timeline.after(5.0, self._go_back)
            return
        self._armed = ()
        self.due, self._tried = self._copies[-1], 0
        history.tell(f"somebody wants to go back to {self.due.name}")
        if history.incarnation.dead:
            return
        if self._rng.random() < 0.5:
            history.incarnation.loop.call_soon(history.incarnation.stop.set)
        else:
            history.kill("somebody went back")

    def process(self, number: int) -> Restoration | None:
        """Return the process that restores, if that is to be started now."""
        self._look()
        if self.due is None:
            return None
        if self._tried == TRIES:
            self._history.tell("nobody restores anything any more")
            self.due = None
            return None
        self._tried += 1
        disk = self._history.disk
        self._before = Standing.read(disk.database, disk.root / "looked at")
        killed = {"killed", "power"} & self._kinds.keys()
        self._kill_at = self._rng.randint(1, MOST_STEPS) if killed and self._tried == 1 else 0
        return Restoration(self._history, number, self.due)

    def driver(self, path: Path) -> SqliteDriver:
        """Make the driver that a restore opens its copy by."""
        assert isinstance(self._history.incarnation, Restoration)
        return self._history.incarnation.driver(path)

    def said(self, line: str) -> None:
        if " is restored." in line:
            self.due = None

    def step(self) -> None:
        """Pass an instant at which a restore may be killed."""
        if (
            not isinstance(self._history.incarnation, Restoration)
            or self._history.incarnation.dead
            or not self._kill_at
        ):
            return
        self._kill_at -= 1
        if self._kill_at == 0:
            kind = self._rng.choice(sorted({"killed", "power"} & self._kinds.keys()))
            self._fire(kind)
            self._history.kill("a step of a restore", power=kind == "power")

    def _look(self) -> None:
        """See which database stands there after a restore has ended, however it did: one of the two, whole."""
        if self._before is None:
            return
        history, before, self._before = self._history, self._before, None
        now = Standing.read(history.disk.database, history.disk.root / "looked at")
        copied = Standing.read(self._copies[-1], history.disk.root / "looked at")
        if not now.whole:
            history.breach("one of two databases stands, whole", "it is damaged")
        elif now != before or self.due is None:
            if now.job_ids != copied.job_ids or now.ledger[: len(copied.ledger)] != copied.ledger:
                history.breach("one of two databases stands, whole", "it is neither")
            self._restored()

    def _restored(self) -> None:
        history = self._history
        self.made += 1
        history.tell("a copy has taken the database's place")
        with closing(sqlite3.connect(history.disk.database)) as connection:
            connection.row_factory = sqlite3.Row
            self.forgetting.rewind(connection)
        if self.due is not None or self.made > 2:
            return
        if "aftermath" in self._kinds and self.made == 1:
            history.timeline.after(self._rng.uniform(0.3, 60), self._copy, "aftermath")
            history.timeline.after(self._rng.uniform(1, 120), self._go_back)
        elif "twice" in self._kinds and self.made == 1:
            self._fire("twice")
            history.timeline.after(self._rng.uniform(1, 120), self._go_back)
