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

    async def wait(self, job: Job, seconds: float) -> None:
        """Wait for a nudge, at most so long. Raises Stopping."""
        event = self._events.setdefault(job.job_id, asyncio.Event())
        try:
            if not self.stopping:
                async with asyncio.timeout(max(0, seconds)):
                    await event.wait()
        except TimeoutError:
            pass  # nobody called: the usual case
        finally:
            self._events.pop(job.job_id, None)
        if self.stopping:
            raise Stopping

    def nudge(self, job_id: str) -> None:
        """Let a job look again at once."""
        if event := self._events.get(job_id):
            event.set()

    def stop(self) -> None:
        """End every wait, now and from now on."""
        self.stopping = True
        for event in self._events.values():
            event.set()
