"""An upload starts with the commit of its job's charge where it can, and nothing comes in between."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from core.domain.errors import MediaUnavailable
from core.domain.lifecycle import State
from core.domain.models import Job
from storage.driver import Statement
from tests.core.engine.jobs import at_rest, held_up, ordered
from tests.core.rig import Incarnation, Rig
from tests.waiting import WAIT_S


async def states_of(alive: Incarnation) -> Callable[[], Awaitable[list[str]]]:
    """Return what returns the states in which deliveries are committed from now on."""
    driver = alive.store._driver
    await driver.run([Statement("CREATE TABLE seen (state TEXT)")])
    for event in ("INSERT", "UPDATE OF state"):
        name, note = event.split()[0], "INSERT INTO seen VALUES (NEW.state)"
        await driver.run([Statement(f"CREATE TRIGGER seen_{name} AFTER {event} ON deliveries BEGIN {note}; END")])

    async def seen() -> list[str]:
        (rows,) = await driver.run([Statement("SELECT state FROM seen ORDER BY rowid")])
        return [row["state"] for row in rows]

    return seen


async def test_an_upload_starts_with_the_commit_of_the_charge_where_the_chat_has_room(rig: Rig) -> None:
    async with rig.running() as alive:
        seen = await states_of(alive)
        await ordered(alive)
        await at_rest(alive)
        assert await seen() == ["sending", "sent"]
    assert rig.chat.uncertain == [False]


async def test_nothing_is_asked_of_the_store_between_that_commit_and_the_upload(rig: Rig) -> None:
    """It would widen the moment in which a crash leaves a doubt."""
    async with rig.running() as alive:
        driver, run = alive.store._driver, alive.store._driver.run
        asked: list[tuple[int, str]] = []

        async def noted(statements: Sequence[Statement], **how: Any) -> Any:
            asked.append((len(rig.chat.uncertain), " ".join(each.sql for each in statements)))
            return await run(statements, **how)

        driver.run = noted  # type: ignore[method-assign]
        await ordered(alive)
        await at_rest(alive)
    before = [sql for uploads, sql in asked if not uploads]
    assert "INSERT INTO deliveries" in before[-1]
    assert any("favourite_voices" in sql for sql in before)


async def test_what_a_chat_has_no_room_for_is_put_off_without_a_commit(rig: Rig) -> None:
    rig.chat.rooms = [600.0, 0.001]
    async with rig.running() as alive:
        seen = await states_of(alive)
        await ordered(alive)
        await at_rest(alive)
        assert await seen() == ["pending", "sending", "sent"]


async def test_an_upload_that_was_begun_is_made_although_the_service_stops(rig: Rig) -> None:
    """Else whoever starts next could not tell whether it was."""
    reached, go, step = held_up()
    async with rig.running() as alive:
        store, move = alive.store, alive.store.move

        async def held(job: Job, number: int, to: State, **changed: Any) -> Job:
            job = await move(job, number, to, **changed)
            if to is State.FETCHED:
                await step()
            return job

        store.move = held  # type: ignore[method-assign]
        await ordered(alive)
        await reached.wait()
        stopping = asyncio.create_task(alive.worker.stop(WAIT_S))
        await asyncio.sleep(0)
        go.set()
        await stopping
    assert rig.chat.uncertain == [False]
    assert len(rig.chat.heard) == 1


async def test_what_was_fetched_before_a_crash_is_not_fetched_again(rig: Rig) -> None:
    reached, _, step = held_up()
    rig.media.probes = [step]
    async with rig.running() as alive:
        await ordered(alive)
        await reached.wait()
        await alive.worker.stop(0)
    rig.gateway.fetches = [MediaUnavailable("gone", may_retry=False)]
    async with rig.running() as alive:
        await at_rest(alive)
    assert len(rig.chat.heard) == 1
