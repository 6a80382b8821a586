"""Drop audio and orders that were kept too long, files that a crash left behind, and orders that waited too long."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

from core.domain.errors import StaleJob
from core.domain.lifecycle import Late, Reason
from core.domain.models import Job
from core.domain.orders import Destination
from core.domain.quota import DAY_MS
from core.engine.tidying import SWEEP_S, Keep, Tidier
from core.ports import Clock
from core.stores.store import Store

log = logging.getLogger(__name__)

KEPT_AT_ONCE = 100
AWAIT_MS = DAY_MS
"""How long after its end a job's late audio is still delivered; its destination is kept as long."""
ASK_MS = DAY_MS
"""How long a member may take to say whether they take a part of what they ordered."""
ASK_S = 600
AGAIN_S = 60


async def sweep(store: Store, tidier: Tidier, clock: Clock, keep: Keep) -> None:
    """Sweep now and every hour, until cancelled."""
    while True:
        try:
            while jobs := await kept_too_long(store, clock, keep):
                for job in jobs:
                    await store.drop_artifacts(job)
            while jobs := await awaited_too_long(store, clock):
                for job in jobs:
                    with suppress(StaleJob):  # it came just now
                        await store.update(job, late=Late.NO, destination=Destination(job.platform))
            await store.forget_kept()
            await store.forget_reports()
            await tidier.tidy()
        except Exception:
            log.exception("the audio that is kept could not be swept")
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
                    cancelled(await store.cancel(job, job.reason or Reason.WAITED_TOO_LONG))
        except Exception:
            log.exception("orders that waited for too long could not be cancelled")
            pause_s = min(AGAIN_S, queue_s)
        await asyncio.sleep(pause_s)


async def end_questions(store: Store, clock: Clock, go_on: Callable[[Job], None]) -> None:
    """Take what there is of orders whose members have been asked for a day and did not say; run until cancelled."""
    while True:
        try:
            for job in await store.asked_before(clock.now_ms() - ASK_MS, KEPT_AT_ONCE):
                if clock.since_ms(job.updated_ms) >= ASK_MS:
                    with suppress(StaleJob):  # they have said just now
                        go_on(await store.choose(job, take=True))
        except Exception:
            log.exception("what members were asked could not be decided")
        await asyncio.sleep(ASK_S)


async def kept_too_long(store: Store, clock: Clock, keep: Keep) -> list[Job]:
    """Return some of the jobs whose files have been kept for long enough."""
    jobs = await store.kept_before(clock.now_ms() - keep.ms, KEPT_AT_ONCE)
    return [job for job in jobs if clock.since_ms(job.reached_ms) >= keep.ms]


async def awaited_too_long(store: Store, clock: Clock) -> list[Job]:
    """Return some of the jobs whose audio has been awaited for long enough."""
    jobs = await store.awaited_before(clock.now_ms() - AWAIT_MS, KEPT_AT_ONCE)
    return [job for job in jobs if clock.since_ms(job.updated_ms) >= AWAIT_MS]
