"""`troubadour backup --every`: a copy at each interval, verified before it counts, and so many of them kept."""

import asyncio
import logging
import re
import signal
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from core.domain.errors import ConfigurationError, StoreError
from core.files.private import FOLDER
from core.files.spool import sync

log = logging.getLogger(__name__)

KEEP = 28
"""How many copies are kept unless the operator says: a week of them at six hours."""
STAMP = "%Y%m%dT%H%M%SZ"
UNVERIFIED = ".unverified"
"""How the name of a copy ends until its books were found to balance."""


Copy = Callable[[Path, Callable[[], None]], None]
"""Copies the database to a new file, and calls the other between its steps. Raises StoreError."""
Verify = Callable[[Path], Awaitable[str]]
"""Returns what the books of a copy hold. Raises StoreError where they do not balance."""


class _Stopped(Exception):
    """A copy was given up, since the process is to end."""


class Backups:
    """Copies one database file into a folder, which may hold other files, too."""

    def __init__(self, database: Path, folder: Path, every_s: float, keep: int, *, copy: Copy, verify: Verify) -> None:
        self._database = database
        self._folder = folder
        self._every_s = every_s
        self._keep = keep
        self._copy_to = copy
        self._verify = verify
        self._stem = database.stem
        self._named = re.compile(rf"{re.escape(self._stem)}-(\d{{8}}T\d{{6}}Z)\.db", re.ASCII)
        self._stop = asyncio.Event()

    async def run(self) -> int:
        """Copy at each interval until SIGTERM or SIGINT, beginning when the newest copy is that old; return 0."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stop.set)
        try:
            self._folder.mkdir(FOLDER, parents=True, exist_ok=True)
            wait_s = self._first_s()
        except OSError as error:
            raise ConfigurationError(
                f"{self._folder} can't be used ({error.strerror}): name a folder that this user may write to."
            ) from None
        while not await self._stopped_within(wait_s):
            began_s = asyncio.get_running_loop().time()
            await self._unless_stopped(asyncio.create_task(self._round()))
            wait_s = self._every_s - (asyncio.get_running_loop().time() - began_s)
        log.info("stopping; what was not copied whole is dropped")
        return 0

    def _first_s(self) -> float:
        """Return how long the newest copy is good for, and say so; one of a time to come says nothing."""
        now = datetime.now(UTC)
        made = max((at for at in self._copies().values() if at <= now), default=None)
        wait_s = max(0.0, (made - now).total_seconds() + self._every_s) if made else 0.0
        newest = f"the newest is of {made:%Y-%m-%d %H:%M} UTC" if made else "there is none yet"
        log.info("backups of %s in %s: %s; the next in %.0f s", self._database, self._folder, newest, wait_s)
        return wait_s

    async def _stopped_within(self, wait_s: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, wait_s)):
                await self._stop.wait()
        return self._stop.is_set()

    async def _unless_stopped(self, work: asyncio.Task[None]) -> None:
        stopped = asyncio.create_task(self._stop.wait())
        await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in (work, stopped):
            task.cancel()
        await asyncio.wait({work, stopped})
        error = None if work.cancelled() else work.exception()
        if error and not isinstance(error, _Stopped):
            raise error

    async def _round(self) -> None:
        target = self._folder / f"{self._stem}-{datetime.now(UTC):{STAMP}}.db"
        try:
            self._drop_unfinished()
            holds = await self._copy(target)
            size_bytes, left = target.stat().st_size, self._drop_old(target)
        except (StoreError, OSError) as error:
            log.error("the backup failed; the next try is in %.0f s: %s", self._every_s, error)  # noqa: TRY400
            return
        log.info(
            "%s is whole, %d bytes, and its books balance: %s; %d copies are kept", target, size_bytes, holds, left
        )

    async def _copy(self, target: Path) -> str:
        """Make a copy that has its name once its books balance; return what they hold. Raises StoreError, OSError."""
        unverified = target.with_name(f"{target.name}{UNVERIFIED}")
        try:
            await asyncio.to_thread(self._copy_to, unverified, self._go_on)
            holds = await self._verify(unverified)
            unverified.replace(target)
            sync(self._folder)
        finally:
            unverified.unlink(missing_ok=True)
        return holds

    def _go_on(self) -> None:
        """Give a copy up where the process is to end; called in its thread."""
        if self._stop.is_set():
            raise _Stopped

    def _copies(self) -> Mapping[Path, datetime]:
        """Return the copies that were made here, by their names."""
        return {path: at for path in self._folder.iterdir() if (at := self._moment(path.name))}

    def _moment(self, name: str) -> datetime | None:
        found = self._named.fullmatch(name)
        with suppress(ValueError):  # the 31st of February is in no name of ours
            return datetime.strptime(found[1], STAMP).replace(tzinfo=UTC) if found else None
        return None

    def _drop_unfinished(self) -> None:
        """Remove what a process has left that was killed during a copy."""
        for path in self._folder.iterdir():
            name, unverified, _ = path.name.partition(UNVERIFIED)
            if unverified and self._moment(name):
                path.unlink()

    def _drop_old(self, newest: Path) -> int:
        """Remove the oldest copies beyond those to keep, never the newest; return how many are left."""
        others = sorted((at, path) for path, at in self._copies().items() if path != newest)
        old = others[: max(0, len(others) + 1 - self._keep)]
        for _, path in old:
            try:
                path.unlink()
            except OSError as error:
                log.error("%s is not needed any more and can't be removed: %s", path, error.strerror)  # noqa: TRY400
        return len(others) + 1 - len(old)
