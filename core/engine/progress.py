"""Show in their chats how far jobs are."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from itertools import islice

from core.domain.errors import DeliveryDelayed, DeliveryError, DeliveryRefused, StoreError
from core.domain.lifecycle import JobState
from core.domain.models import Job
from core.ports import Deliveries
from core.stores.store import Store

log = logging.getLogger(__name__)

PROGRESS_S = 10
FRESH_S = 5.0
"""How often what is shown is brought up to date: places in line move, and time passes."""
APART_S = 3.0
"""An order that is done within a few seconds is shown once: that it has begun is not worth another message."""
MOST_FRESH = 100
"""How many jobs are brought up to date at a time, so that chats and this process have time for others."""


async def show(deliveries: Deliveries, job: Job) -> bool:
    """Show how far a job is; give up after a few seconds. Return False where another try may succeed."""
    try:
        async with asyncio.timeout(PROGRESS_S):
            await deliveries[job.platform].progress(job)
    except (DeliveryError, TimeoutError) as error:
        level = logging.DEBUG if isinstance(error, DeliveryDelayed) else logging.INFO  # usual in a busy chat
        log.log(level, "job %s: progress not shown: %s", job, error or "timed out")
        return isinstance(error, DeliveryRefused)
    except Exception:
        log.exception("job %s: progress not shown", job)
    return True


class Progress:
    """Shows progress in the background, one message of a job at a time; of what comes meanwhile, the last."""

    def __init__(self, store: Store, deliveries: Deliveries, seen: Callable[[Job], Job]) -> None:
        """`seen` returns a job with what its member may be told of its wait."""
        self._store = store
        self._deliveries = deliveries
        self._seen = seen
        self._showing: dict[str, asyncio.Task[bool]] = {}
        self._next: dict[str, Job] = {}
        self._open: OrderedDict[str, Job] = OrderedDict()
        """What is kept up to date, the one shown longest ago first."""
        self._any_open = asyncio.Event()
        self._shown_s: dict[str, float] = {}
        """When what is kept up to date was shown last, in the loop's time."""

    def begin(self, job: Job) -> None:
        """Show how far a job is; it never waits for this."""
        if job.state is JobState.OPEN:
            self._open[job.job_id] = job
            self._any_open.set()
            if self._is_early(job):  # it is shown when all are brought up to date
                return
        job = self._seen(job)
        if job.job_id in self._showing:
            self._next[job.job_id] = job
        elif self._deliveries[job.platform].shows(job):
            if job.job_id in self._open:
                self._shown_s[job.job_id] = asyncio.get_running_loop().time()
            self._showing[job.job_id] = asyncio.create_task(self._show(job), name=f"progress of {job.job_id}")

    def _is_early(self, job: Job) -> bool:
        """Say whether it is too early to show that an order, of which something was just shown, has begun."""
        shown_s = self._shown_s.get(job.job_id)
        has_begun = len(job.parts) == 1 and not job.waits
        return has_begun and shown_s is not None and asyncio.get_running_loop().time() - shown_s < APART_S

    async def keep_fresh(self) -> None:
        """Bring what is shown up to date, over and over, as far as its chats take that."""
        while True:
            await self._any_open.wait()
            await asyncio.sleep(FRESH_S)
            for job in list(islice(self._open.values(), MOST_FRESH)):
                self._open.move_to_end(job.job_id)
                self.begin(job)
            if not self._open:
                self._any_open.clear()

    def leave(self, job_id: str) -> None:
        """Leave what is shown of a job as it is: somebody else shows what comes next, or nothing does."""
        self._open.pop(job_id, None)
        self._next.pop(job_id, None)
        self._shown_s.pop(job_id, None)

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
            log.info("job %s: shown as it was: %s", job, error)
            return job
        return self._seen(now)

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
        self.leave(job.job_id)
        if task := self._showing.get(job.job_id):
            await asyncio.wait({task})
            return await self._store.again(job)
        return job
