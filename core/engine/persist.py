"""Record what could not be found out again, and what is about to be done."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar, Unpack

from core.domain.changes import MoveChanges
from core.domain.errors import Conflict, StaleJob, StoreAway, StoreError
from core.domain.lifecycle import State
from core.domain.models import Job
from core.stores.store import Store

log = logging.getLogger(__name__)

PERSIST_S = 300.0
PAUSE_S = 1.0

T = TypeVar("T")


async def persist(what: str, change: Callable[[], Awaitable[T]], within_s: float = PERSIST_S) -> T:
    """Retry a change until the store takes it. Raises StaleJob, Conflict, and StoreError after `within_s`.

    An outage is outlasted, however long: what only this process knows would be lost with it.
    """
    loop = asyncio.get_running_loop()
    until_s = loop.time() + within_s
    while True:
        try:
            return await change()
        except (StaleJob, Conflict):
            raise
        except StoreError as error:
            if loop.time() > until_s and not isinstance(error, StoreAway):
                raise
            log.warning("%s: the store does not take what happened, and is asked again: %s", what, error)
            await asyncio.sleep(PAUSE_S)


async def intend(
    job: Job,
    change: Callable[[], Awaitable[Job]],
    again: Callable[[Job], Awaitable[Job]],
    happened: Callable[[Job], bool],
) -> Job:
    """Commit what is about to be done; where the answer is lost, read by `again` whether it took effect."""
    try:
        return await change()
    except StaleJob:
        raise
    except StoreError:
        now = await persist(f"job {job.job_id}", lambda: again(job))
        if happened(now):
            return now
        raise


async def moved(store: Store, job: Job, number: int, to: State, **changed: Unpack[MoveChanges]) -> Job:
    """Commit a generation's move before what comes next; an answer that was lost leaves no doubt of it."""
    return await intend(
        job,
        lambda: store.move(job, number, to, **changed),
        store.again,
        lambda now: now.generation(number).state is to,
    )
