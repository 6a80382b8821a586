"""Let go of audio that nobody asked for, and of files that a crash left behind."""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

from core.delivering import Delivering
from core.errors import StaleJob
from core.lifecycle import ENDED, State
from core.models import Job
from core.ports import Clock, Store
from core.quota import DAY_MS

log = logging.getLogger(__name__)

KEEP_MS = 7 * DAY_MS
"""How long the files of an undeliverable job are kept."""
KEPT_AT_ONCE = 100
SWEEP_S = 3600


async def sweep(store: Store, delivering: Delivering, clock: Clock, spool: Path) -> None:
    """Sweep now and every hour, until cancelled."""
    while True:
        try:
            while jobs := await store.kept_before(clock.now_ms() - KEEP_MS, KEPT_AT_ONCE):
                for job in jobs:
                    with suppress(StaleJob):  # it is being sent again
                        await store.update(job, artifacts=())
            for folder in await asyncio.to_thread(_folders, spool):
                if not _wanted(await store.job(folder)):
                    await delivering.forget_files(folder)
        except Exception:
            log.exception("the spool could not be swept")
        await asyncio.sleep(SWEEP_S)


def _wanted(job: Job | None) -> bool:
    """Say whether files are needed, by whichever worker carries the job."""
    return job is not None and (job.state not in ENDED or (job.state is State.UNDELIVERABLE and bool(job.artifacts)))


def _folders(spool: Path) -> list[str]:
    return [entry.name for entry in spool.iterdir() if entry.is_dir()] if spool.is_dir() else []
