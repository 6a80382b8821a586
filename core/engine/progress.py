"""Show in its chat how far a job is."""

import asyncio
import logging

from core.domain.errors import DeliveryDelayed, DeliveryError, DeliveryRefused
from core.domain.models import Job
from core.ports import Deliveries

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
