"""Whichever commit a copy was made after: restored, it submits nothing more, and sends nothing without being asked."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.domain.errors import DeliveryUncertain
from core.domain.lifecycle import DeliveryState, Reason
from core.domain.models import Job
from core.domain.orders import Destination
from core.engine.restoring import settle, unfinished
from storage.backup import backup
from storage.driver import Statement
from storage.sqlite import SqliteDriver
from storage.sqlite_files import files_of
from storage.store import SqlStore
from tests.core.engine.jobs import at_rest, ordered
from tests.core.engine.parts import FAILED, Speaking, charged, placed, speaking_rig
from tests.core.rig import Answer, Incarnation, Rig
from tests.makers import caller

MOST_COMMITS = 500


class Unlucky(Speaking):
    """It never makes the second part."""

    async def status(self, request_id: str) -> Answer:
        answer = await super().status(request_id)
        return FAILED if self.texts[request_id] == "Two." else answer


async def first_life(rig: Rig, after: int) -> bool:
    """Carry orders of each kind to their ends; say whether there were so many transactions, after which it copied."""
    copied = False
    rig.chat.deliveries = [None, DeliveryUncertain("timeout")]
    async with rig.running() as alive:
        driver: Any = alive.store._driver
        run, seen = driver.run, 0

        async def counted(statements: Sequence[Statement], **names: Any) -> Any:
            nonlocal seen, copied
            rows = await run(statements, **names)
            seen += 1
            if seen == after:
                copied = True
                await asyncio.to_thread(backup, rig.folder / "troubadour.db", rig.folder / "copy.db")
            return rows

        driver.run = counted
        await ordered(alive, "Alone.")
        job = await placed(alive, "One.", "Two.")
        await ordered(alive, "Last.")
        await at_rest(alive)
        await alive.service.choose(caller(), job.job_id, take=True)
        await at_rest(alive)
    return copied


async def restored(rig: Rig) -> None:
    for file in files_of(rig.folder / "troubadour.db"):
        file.unlink(missing_ok=True)
    (rig.folder / "copy.db").rename(rig.folder / "troubadour.db")
    store = SqlStore(SqliteDriver(rig.folder / "troubadour.db"), rig.clock)
    await store.open()
    await settle(store, await unfinished(store))
    await store.close()


async def held_back(alive: Incarnation) -> list[Job]:
    """Return the jobs whose audio waits for somebody to ask for it."""
    rows = (await alive.store._driver.run([Statement("SELECT job_id FROM jobs")]))[0]
    jobs = [await alive.store.job(row["job_id"]) for row in rows]
    return [job for job in jobs if job and job.stage is DeliveryState.UNDELIVERABLE and job.why is Reason.RESTORED]


async def second_life(rig: Rig, gateway: Speaking) -> int:
    """Return how many jobs had their audio held back."""
    posted, heard = list(gateway.posted), len(rig.chat.heard)
    rig.chat.deliveries.clear()
    async with rig.running() as alive:
        await at_rest(alive)
        assert (gateway.posted, len(rig.chat.heard)) == (posted, heard)
        jobs = await held_back(alive)
        before = await charged(alive)
        for job in jobs:
            await alive.service.redeliver(caller(), job.job_id, Destination("test"))
        await at_rest(alive)
        assert len(rig.chat.heard) == heard + len(jobs)
        assert (gateway.posted, await charged(alive)) == (posted, before)
    return len(jobs)


async def test_a_copy_of_any_moment(tmp_path: Path) -> None:
    held: list[int] = []
    for after in range(1, MOST_COMMITS):
        gateway = Unlucky()
        rig = speaking_rig(tmp_path / str(after), gateway)
        rig.limits = replace(rig.limits, member=1)
        if not await first_life(rig, after):
            break
        await restored(rig)
        held.append(await second_life(rig, gateway))
    assert after < MOST_COMMITS - 1
    assert max(held) > 0
