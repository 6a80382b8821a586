"""Drop audio that was kept too long, files that a crash left behind, and orders that waited too long."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from core.domain.errors import StaleJob
from core.domain.lifecycle import DeliveryState, Late, Reason, State
from core.domain.models import Destination, Job
from core.domain.quota import DAY_MS
from core.engine.delivery import KEEP_MS, Deliverer
from core.ports import Clock
from core.stores import Store

log = logging.getLogger(__name__)

KEPT_AT_ONCE = 100
AWAIT_MS = DAY_MS
"""How long after its end a job's late audio is still delivered; its destination is kept as long."""
SWEEP_S = 3600
AGAIN_S = 60


async def sweep(store: Store, deliverer: Deliverer, clock: Clock, spool: Path) -> None:
    """Sweep now and every hour, until cancelled."""
    while True:
        try:
            while jobs := await kept_too_long(store, clock):
                for job in jobs:
                    await store.drop_artifacts(job)
            while jobs := await awaited_too_long(store, clock):
                for job in jobs:
                    with suppress(StaleJob):  # it came just now
                        await store.update(job, late=Late.NO, destination=Destination(job.platform))
            for folder in await asyncio.to_thread(_folders, spool):
                if not _wanted(await store.job(folder)):
                    await deliverer.forget_files(folder)
        except Exception:
            log.exception("the spool could not be swept")
        await asyncio.sleep(SWEEP_S)


async def end_waits(store: Store, clock: Clock, queue_s: float, cancelled: Callable[[Job], None]) -> None:
    """Cancel every order, of any worker, that has waited for longer than `queue_s`; run until cancelled."""
    while True:
        pause_s = queue_s  # a new order may wait that long
        try:
            while job := await store.oldest_waiting():
                left_s = queue_s - clock.since_ms(job.created_ms) / 1000
                if left_s > 0:
                    pause_s = min(left_s, queue_s)
                    break
                with suppress(StaleJob):  # its turn came just now, or another worker has it
                    reason = job.reason or Reason.WAITED_TOO_LONG
                    cancelled(await store.move(job, State.CANCELLED, reason=reason))
        except Exception:
            log.exception("orders that waited for too long could not be cancelled")
            pause_s = min(AGAIN_S, queue_s)
        await asyncio.sleep(pause_s)


async def kept_too_long(store: Store, clock: Clock) -> list[Job]:
    """Return some of the jobs whose files have been kept for long enough."""
    jobs = await store.kept_before(clock.now_ms() - KEEP_MS, KEPT_AT_ONCE)
    return [job for job in jobs if clock.since_ms(job.reached_ms) >= KEEP_MS]


async def awaited_too_long(store: Store, clock: Clock) -> list[Job]:
    """Return some of the jobs whose audio has been awaited for long enough."""
    jobs = await store.awaited_before(clock.now_ms() - AWAIT_MS, KEPT_AT_ONCE)
    return [job for job in jobs if clock.since_ms(job.updated_ms) >= AWAIT_MS]


def _wanted(job: Job | None) -> bool:
    """Say whether files are needed, by whichever worker carries the job."""
    return job is not None and (not job.ended or (job.stage is DeliveryState.UNDELIVERABLE and bool(job.artifacts)))


def _folders(spool: Path) -> list[str]:
    return [entry.name for entry in spool.iterdir() if entry.is_dir()] if spool.is_dir() else []
