"""Waits that can be cut short."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial

from core.domain.models import Job


class Stopping(Exception):
    """The process is about to end; the job stays in its committed state for the next start."""


@dataclass(slots=True)
class Wakeups:
    """Cut waits short: one job's on a callback, all of them when the process stops."""

    stopping: bool = False
    _waits: dict[str, Callable[[], None]] = field(default_factory=dict)
    """What ends each job's wait."""
    _early: set[str] = field(default_factory=set)
    """Jobs that were woken between two waits, as by a callback that overtook the answer to the submission."""
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, job: Job, seconds: float) -> bool:
        """Wait until woken, at most `seconds`; return whether the job was woken, also before. Raises Stopping."""
        self._go_on()
        loop = asyncio.get_running_loop()
        # Thousands of jobs wait at a time, and an Event takes 800 bytes more.
        woken: asyncio.Future[bool] = loop.create_future()
        wake = partial(_wake, woken, True)
        timer = loop.call_later(max(0, seconds), _wake, woken, False)
        try:
            with self._ended_by(job, wake):
                await woken
        finally:
            timer.cancel()
        self._go_on()
        return woken.result()

    def ending(self, job: Job, patience: asyncio.Timeout) -> AbstractContextManager[None]:
        """Let a wakeup, or the process's stop, end a timeout early."""

        def wake() -> None:
            if not patience.expired():
                patience.reschedule(asyncio.get_running_loop().time())

        return self._ended_by(job, wake)

    @contextmanager
    def _ended_by(self, job: Job, wake: Callable[[], None]) -> Iterator[None]:
        self._waits[job.job_id] = wake
        if self.stopping or job.job_id in self._early:
            self._early.discard(job.job_id)
            wake()
        try:
            yield
        finally:
            if self._waits.get(job.job_id) is wake:
                del self._waits[job.job_id]

    async def pause(self, seconds: float) -> None:
        """Wait the whole time even if woken, as when a chat asks for it. Raises Stopping."""
        self._go_on()
        await _within(seconds, self._stopped.wait())
        self._go_on()

    def _go_on(self) -> None:
        if self.stopping:
            raise Stopping

    def wake(self, job_id: str) -> None:
        """End a job's wait, or its next one. Call `forget` for each such job in the end."""
        if wake := self._waits.get(job_id):
            wake()
        else:
            self._early.add(job_id)

    def wake_all(self) -> None:
        """End every wait under way."""
        for wake in tuple(self._waits.values()):
            wake()

    def forget(self, job_id: str) -> None:
        """Drop what is kept of a job."""
        self._early.discard(job_id)

    def stop(self) -> None:
        """End every wait, now and from now on."""
        self.stopping = True
        self._stopped.set()
        for wake in self._waits.values():
            wake()


async def _within(seconds: float, woken: Awaitable[object]) -> None:
    try:
        async with asyncio.timeout(max(0, seconds)):
            await woken
    except TimeoutError:
        pass  # the usual case


def _wake(woken: asyncio.Future[bool], called: bool) -> None:
    if not woken.done():
        woken.set_result(called)
