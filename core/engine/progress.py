"""Show in its chat how far a job is."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from core.domain.errors import DeliveryDelayed, DeliveryError, DeliveryRefused, StoreError
from core.domain.lifecycle import Reason
from core.domain.models import Job
from core.ports import Deliveries
from core.stores import Store

log = logging.getLogger(__name__)

PROGRESS_S = 10


async def show(deliveries: Deliveries, job: Job) -> bool:
    """Show how far a job is; give up after a few seconds. Return False where another try may succeed."""
    try:
        async with asyncio.timeout(PROGRESS_S):
            await deliveries[job.platform].progress(job)
    except (DeliveryError, TimeoutError) as error:
        level = logging.DEBUG if isinstance(error, DeliveryDelayed) else logging.INFO  # usual in a busy chat
        log.log(level, "job %s: progress not shown: %s", job.job_id, error or "timed out")
        return isinstance(error, DeliveryRefused)
    except Exception:
        log.exception("job %s: progress not shown", job.job_id)
    return True


class Progress:
    """Shows progress in the background, one message of a job at a time; of what comes meanwhile, the last."""

    def __init__(self, store: Store, deliveries: Deliveries, why_waiting: Callable[[], Reason | None]) -> None:
        """`why_waiting` returns why all submissions are held back now, if they are."""
        self._store = store
        self._deliveries = deliveries
        self._why_waiting = why_waiting
        self._showing: dict[str, asyncio.Task[bool]] = {}
        self._next: dict[str, Job] = {}

    def begin(self, job: Job) -> None:
        """Show how far a job is; it never waits for this."""
        if job.waits:
            job = replace(job, held_back=self._why_waiting())
        if job.job_id in self._showing:
            self._next[job.job_id] = job
        elif self._deliveries[job.platform].shows(job):
            self._showing[job.job_id] = asyncio.create_task(self._show(job), name=f"progress of {job.job_id}")

    async def _show(self, job: Job) -> bool:
        try:
            done = await show(self._deliveries, await self._newest(job))
            while (later := self._next.pop(job.job_id, None)) and self._deliveries[later.platform].shows(later):
                done = await show(self._deliveries, await self._newest(later))
            return done
        finally:
            del self._showing[job.job_id]  # before the task ends, so that news from now on start a new one

    async def _newest(self, job: Job) -> Job:
        """Read an order of several parts again: whoever shows one part's news knows no later ones of the others."""
        if len(job.parts) == 1:
            return job
        try:
            now = await self._store.again(job)
        except StoreError as error:
            log.info("job %s: shown as it was: %s", job.job_id, error)
            return job
        return replace(now, held_back=job.held_back if now.waits else None)

    async def shown(self, job: Job) -> bool:
        """Show how far a job is, and wait until that is done; return as `show` does."""
        self.begin(job)
        task = self._showing.get(job.job_id)
        return await asyncio.shield(task) if task else True

    def is_shown(self, job: Job) -> bool:
        """Say whether a message about the job is under way."""
        return job.job_id in self._showing

    async def over(self, job: Job) -> Job:
        """Wait for a message under way, which must not overwrite what comes next.

        It may have changed the destination, so the job is read again.
        """
        self._next.pop(job.job_id, None)
        if task := self._showing.get(job.job_id):
            await asyncio.wait({task})
            return await self._store.again(job)
        return job
