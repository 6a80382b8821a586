"""Waits that can be cut short."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import Context
from dataclasses import dataclass, field

NOBODYS = Context()
"""Shared by callbacks that ask nothing of their context: a copy for each takes 64 bytes."""
_End = asyncio.Future[bool] | Callable[[], None]
"""Ends a wait: by being called, or by its result."""


class Stopping(Exception):
    """The process is about to end; the job stays in its committed state for the next start."""


@dataclass(slots=True)
class Wakeups:
    """Cut waits short: a generation's, by its name, on a callback; all of them when the process stops."""

    stopping: bool = False
    _waits: dict[str, _End] = field(default_factory=dict)
    """What ends each wait."""
    _early: set[str] = field(default_factory=set)
    """Those that were woken between two waits, as by a callback that overtook the answer to the submission."""
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, name: str, seconds: float) -> bool:
        """Wait until woken, at most `seconds`; return whether it was woken, also before. Raises Stopping."""
        self._go_on()
        loop = asyncio.get_running_loop()
        # Thousands of jobs wait at a time: an Event takes 800 bytes more, a context manager 450, a function 150.
        woken: asyncio.Future[bool] = loop.create_future()
        timer = loop.call_later(max(0, seconds), _settle, woken, False, context=NOBODYS)
        self._begin(name, woken)
        try:
            await woken
        finally:
            self._end(name, woken)
            timer.cancel()
        self._go_on()
        return woken.result()

    @contextmanager
    def ending(self, name: str, patience: asyncio.Timeout) -> Iterator[None]:
        """Let a wakeup, or the process's stop, end a timeout early."""

        def wake() -> None:
            if not patience.expired():
                patience.reschedule(asyncio.get_running_loop().time())

        self._begin(name, wake)
        try:
            yield
        finally:
            self._end(name, wake)

    def _begin(self, name: str, end: _End) -> None:
        self._waits[name] = end
        if self.stopping or name in self._early:
            self._early.discard(name)
            _wake(end)

    def _end(self, name: str, end: _End) -> None:
        if self._waits.get(name) is end:
            del self._waits[name]

    async def pause(self, seconds: float) -> None:
        """Wait the whole time even if woken, as when a chat asks for it. Raises Stopping."""
        self._go_on()
        await _within(seconds, self._stopped.wait())
        self._go_on()

    def _go_on(self) -> None:
        if self.stopping:
            raise Stopping

    def wake(self, name: str) -> None:
        """End a wait, or the next one of that name. Call `forget` for each such name in the end."""
        if end := self._waits.get(name):
            _wake(end)
        else:
            self._early.add(name)

    def wake_all(self) -> None:
        """End every wait under way."""
        for end in tuple(self._waits.values()):
            _wake(end)

    def forget(self, name: str) -> None:
        """Drop what is kept of a name."""
        self._early.discard(name)

    def stop(self) -> None:
        """End every wait, now and from now on."""
        self.stopping = True
        self._stopped.set()
        for end in self._waits.values():
            _wake(end)


async def _within(seconds: float, woken: Awaitable[object]) -> None:
    try:
        async with asyncio.timeout(max(0, seconds)):
            await woken
    except TimeoutError:
        pass  # the usual case


def _wake(end: _End) -> None:
    if isinstance(end, asyncio.Future):
        _settle(end, True)
    else:
        end()


def _settle(woken: asyncio.Future[bool], called: bool) -> None:
    if not woken.done():
        woken.set_result(called)
