"""What pages show of what changes: looked at once for all who watch it, and not at all while nobody does."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from core.domain.errors import StoreError

log = logging.getLogger(__name__)

LOOK_S = 2.0
"""The pause between two looks at the same."""
MOST = 64
"""Those who watch, in this process: a quarter of the connections that it takes."""
MOST_OF_SESSION = 4
"""Browsers open six connections to a server, and pages need some."""


class Watch:
    """One thing that is watched."""

    def __init__(self, look: Callable[[], Awaitable[Any]]) -> None:
        self._look = look
        self._changed = asyncio.Event()
        self.seen: Any = None
        self.version = 0
        """How often it has changed; nothing was seen before the first."""

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            try:
                self._see(await self._look())
            except StoreError as error:
                log.warning("what a page shows can't be read: %s", error)
            except Exception:
                log.exception("what a page shows can't be looked at")
            await asyncio.sleep(LOOK_S)

    def _see(self, seen: Any) -> None:
        if self.version == 0 or seen != self.seen:
            self.seen = seen
            self.version += 1
            self.wake()

    def wake(self) -> None:
        """Let all who wait for a change look whether there is one."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def after(self, version: int, within_s: float) -> bool:
        """Wait until it has changed since a version; return whether it has within so long."""
        if self.version == version:
            try:
                async with asyncio.timeout(within_s):
                    await self._changed.wait()
            except TimeoutError:
                return False
        return self.version > version


class Watching:
    """All that is watched in this process."""

    def __init__(self) -> None:
        self._watches: dict[Hashable, tuple[Watch, asyncio.Task[None]]] = {}
        self._watchers: Counter[Hashable] = Counter()
        self._of_session: Counter[str] = Counter()
        self.is_over = False
        """Whether the process stops, so that nobody is to watch any longer."""

    @contextmanager
    def place(self, session: str) -> Iterator[bool]:
        """Take a place among those who watch, as far as there is one."""
        has_one = self._of_session.total() < MOST and self._of_session[session] < MOST_OF_SESSION and not self.is_over
        if not has_one:
            yield False
            return
        self._of_session[session] += 1
        try:
            yield True
        finally:
            self._of_session[session] -= 1
            self._of_session += Counter()  # without those of none

    @asynccontextmanager
    async def of(self, what: Hashable, look: Callable[[], Awaitable[Any]]) -> AsyncIterator[Watch]:
        """Watch something together with all who watch the same."""
        if what not in self._watches:
            begun = Watch(look)
            self._watches[what] = begun, asyncio.create_task(begun.run(), name=f"console looks at {what}")
        watch, task = self._watches[what]
        self._watchers[what] += 1
        try:
            yield watch
        finally:
            self._watchers[what] -= 1
            if not self._watchers[what]:
                del self._watches[what], self._watchers[what]
                task.cancel()

    async def end(self) -> None:
        """Send all away who watch."""
        self.is_over = True
        for watch, _task in self._watches.values():
            watch.wake()
