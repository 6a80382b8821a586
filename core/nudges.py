"""Waits that can be cut short."""

import asyncio
from dataclasses import dataclass, field

from core.models import Job


class Stopping(Exception):
    """The process is about to end; the job stays in its committed state for the next start."""


@dataclass(slots=True)
class Nudges:
    """Cut waits short: one job's when somebody called back, all of them when the process stops."""

    stopping: bool = False
    _events: dict[str, asyncio.Event] = field(default_factory=dict)
    _early: set[str] = field(default_factory=set)
    """Jobs that were nudged between two waits, such as by a callback that overtook the answer to the submission."""
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, job: Job, seconds: float) -> None:
        """Wait for a nudge, at most so long; one that came before counts. Raises Stopping."""
        if job.job_id in self._early:
            self._early.discard(job.job_id)
            seconds = 0
        event = self._events.setdefault(job.job_id, asyncio.Event())
        try:
            await self._until(event, seconds)
        finally:
            self._events.pop(job.job_id, None)

    async def pause(self, seconds: float) -> None:
        """Wait so long, whoever nudges, as when a chat asks for it. Raises Stopping."""
        await self._until(self._stopped, seconds)

    async def _until(self, event: asyncio.Event, seconds: float) -> None:
        try:
            if not self.stopping:
                async with asyncio.timeout(max(0, seconds)):
                    await event.wait()
        except TimeoutError:
            pass  # nobody called: the usual case
        if self.stopping:
            raise Stopping

    def nudge(self, job_id: str) -> None:
        """Let a job look again at once. Only for jobs that are `forget`-ed in the end."""
        if event := self._events.get(job_id):
            event.set()
        else:
            self._early.add(job_id)

    def forget(self, job_id: str) -> None:
        """Drop what is kept for a job that nobody carries any more."""
        self._early.discard(job_id)

    def stop(self) -> None:
        """End every wait, now and from now on."""
        self.stopping = True
        self._stopped.set()
        for event in self._events.values():
            event.set()
