"""Waits that can be cut short."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field

from core.models import Job


class Stopping(Exception):
    """The process is about to end; the job stays in its committed state for the next start."""


@dataclass(slots=True)
class Nudges:
    """Cut waits short: one job's when somebody called back, all of them when the process stops."""

    stopping: bool = False
    _waits: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    """Futures, since thousands of jobs wait at a time and an Event takes 800 bytes more."""
    _early: set[str] = field(default_factory=set)
    """Jobs that were nudged between two waits, such as by a callback that overtook the answer to the submission."""
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, job: Job, seconds: float) -> None:
        """Wait for a nudge, at most so long; one that came before counts. Raises Stopping."""
        self._go_on()
        if job.job_id in self._early:
            self._early.discard(job.job_id)
            seconds = 0
        loop = asyncio.get_running_loop()
        nudged = self._waits[job.job_id] = loop.create_future()
        timer = loop.call_later(max(0, seconds), _wake, nudged)
        try:
            await nudged
        finally:
            timer.cancel()
            if self._waits.get(job.job_id) is nudged:
                del self._waits[job.job_id]
        self._go_on()

    async def pause(self, seconds: float) -> None:
        """Wait so long, whoever nudges, as when a chat asks for it. Raises Stopping."""
        self._go_on()
        await _within(seconds, self._stopped.wait())
        self._go_on()

    def _go_on(self) -> None:
        if self.stopping:
            raise Stopping

    def nudge(self, job_id: str) -> None:
        """Let a job look again at once. Only for jobs that are `forget`-ed in the end."""
        if nudged := self._waits.get(job_id):
            _wake(nudged)
        else:
            self._early.add(job_id)

    def forget(self, job_id: str) -> None:
        """Drop what is kept for a job that nobody carries any more."""
        self._early.discard(job_id)

    def stop(self) -> None:
        """End every wait, now and from now on."""
        self.stopping = True
        self._stopped.set()
        for nudged in self._waits.values():
            _wake(nudged)


async def _within(seconds: float, woken: Awaitable[object]) -> None:
    try:
        async with asyncio.timeout(max(0, seconds)):
            await woken
    except TimeoutError:
        pass  # nobody called: the usual case


def _wake(nudged: asyncio.Future[None]) -> None:
    if not nudged.done():
        nudged.set_result(None)
