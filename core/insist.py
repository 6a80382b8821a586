"""Write down what cannot be found out again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from core.errors import Conflict, StaleJob, StoreError
from core.models import Job

log = logging.getLogger(__name__)

INSIST_S = 300.0
PAUSE_S = 1.0


async def insist(job: Job, change: Callable[[], Awaitable[Job]]) -> Job:
    """Make a change again until the store takes it. Raises StaleJob, Conflict, and StoreError after INSIST_S.

    It goes on during a stop, as long as that waits: what only this process knows is lost with it.
    """
    loop = asyncio.get_running_loop()
    until_s = loop.time() + INSIST_S
    while True:
        try:
            return await change()
        except (StaleJob, Conflict):
            raise
        except StoreError as error:
            if loop.time() > until_s:
                raise
            log.warning("job %s: the store does not take what happened, and is asked again: %s", job.job_id, error)
            await asyncio.sleep(PAUSE_S)
