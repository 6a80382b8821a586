"""Drop audio and orders that were kept too long, files that a crash left behind, and orders that waited too long."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from core.domain.errors import StaleJob
from core.domain.lifecycle import Late, Reason
from core.domain.models import Job
from core.domain.orders import Destination
from core.domain.quota import DAY_MS
from core.ports import ArtifactStore, Clock
from core.stores.store import Store

log = logging.getLogger(__name__)

KEPT_AT_ONCE = 100
DROPPED_AT_ONCE = 100
AWAIT_MS = DAY_MS
"""How long after its end a job's late audio is still delivered; its destination is kept as long."""
ASK_MS = DAY_MS
"""How long a member may take to say whether they take a part of what they ordered."""
ASK_S = 600
SWEEP_S = 3600
AGAIN_S = 60


@dataclass(frozen=True, slots=True)
class Keep:
    """How long finished audio is kept, and how much of it on one machine."""

    ms: int = 7 * DAY_MS
    bytes: int = 2_000_000_000


async def sweep(store: Store, artifacts: ArtifactStore, clock: Clock, keep: Keep) -> None:
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
            await _tidy(store, artifacts, keep)
        except Exception:
            log.exception("the audio that is kept could not be swept")
        await asyncio.sleep(SWEEP_S)


async def _tidy(store: Store, artifacts: ArtifactStore, keep: Keep) -> None:
    """Remove files that nobody needs, and of those that are kept the oldest beyond the limit."""
    sizes = await artifacts.sizes()
    excess_bytes = sum(sizes.values()) - keep.bytes
    jobs = iter(sizes.items())
    while some := list(islice(jobs, DROPPED_AT_ONCE)):
        unneeded: list[str] = []
        for job_id, size_bytes in some:
            job = await store.job(job_id)
            if job is None or not await _is_needed(store, job, room=excess_bytes <= 0):
                unneeded.append(job_id)
                excess_bytes -= size_bytes
        if unneeded:
            await artifacts.drop(*unneeded)


async def _is_needed(store: Store, job: Job, *, room: bool) -> bool:
    """Say whether a job's files have to stay; without room those that are only kept have not.

    What its chat keeps can be sent again all the same.
    """
    if not job.ended:
        return True
    has_files = any(artifact.path for artifact in job.artifacts)
    return has_files and (room or not await store.drop_artifacts(job, chat_keeps=job.kept is not None))


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
