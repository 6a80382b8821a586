"""A fault ends a job honestly if it stays; a store that is away is waited for."""

from dataclasses import replace

import pytest

from core.domain.errors import StoreAway
from core.domain.lifecycle import DeliveryState, Reason, State
from core.engine.behalf import whose
from core.engine.executor import FAULTS
from storage.sqlite import SqliteDriver
from tests.core.engine.jobs import a_while, at_rest, current, loud, ordered, reaches, upstream_spend
from tests.core.rig import Answer, Broken, Rig
from tests.makers import caller
from tests.waiting import WAIT_S, until


async def test_a_fault_is_logged_with_the_job_and_survived(
    rig: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.executor.FAULT_PAUSE_S", 0.001)
    rig.gateway.statuses = [Broken("unforeseen")] * 2
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1
    faults = [r for r in caplog.records if r.exc_info]
    assert len(faults) == 2
    assert all(job.job_id in r.getMessage() for r in faults)


async def test_a_fault_that_stays_ends_the_job_honestly(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.executor.FAULT_PAUSE_S", 0.001)
    rig.gateway.statuses = [Broken("unforeseen")] * 100
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        assert (await alive.service.standing(caller())).held_micros == 0
        assert await upstream_spend(alive) == 1400
    assert rig.chat.told == [("failed", Reason.INTERNAL)]


async def test_faults_are_counted_in_a_row(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Six in a row end a job; one before a step that succeeds does not count any more."""
    monkeypatch.setattr("core.engine.executor.FAULT_PAUSE_S", 0.001)
    rig.pace = replace(rig.pace, callbacks=True)
    rig.gateway.submits = [Broken("unforeseen"), None]
    rig.gateway.statuses = [Answer(), *[Broken("unforeseen")] * 5]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reaches(alive, job, State.UNCONFIRMED)
        await alive.service.called_back(job.generations[0].callback_token, "late-1")
        await at_rest(alive)
        assert len(rig.chat.heard) == 1
        rig.gateway.asked.clear()
        rig.gateway.statuses = [Broken("unforeseen")] * 100
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.gateway.asked) == 6


@pytest.mark.parametrize("error", [Broken("unforeseen"), StoreAway("no space left")])
async def test_a_fault_is_paused_after_and_the_pause_ends_with_the_process(
    rig: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr("core.engine.executor.FAULT_PAUSE_S", 600)
    rig.gateway.statuses = [error]
    async with rig.running() as alive:
        job = await ordered(alive)
        await until(lambda: rig.gateway.asked)
        await a_while(alive)
        assert len(rig.gateway.asked) == 1
        await alive.worker.stop(WAIT_S)
        assert (await current(alive, job)).stage is State.RUNNING
    assert len(loud(caplog)) == isinstance(error, Broken)


async def test_a_store_that_does_not_answer_for_a_while_is_waited_for(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.executor.FAULT_PAUSE_S", 0.001)
    async with rig.running() as alive:

        async def goes() -> None:
            await alive.store.close()
            raise Broken("no store")

        rig.gateway.statuses = [goes, alive.store.open]
        await ordered(alive)
        await at_rest(alive)
    assert len(rig.chat.heard) == 1


async def test_a_job_outlives_a_database_that_takes_nothing(
    rig: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.executor.FAULT_PAUSE_S", 0)
    async with rig.running() as alive:
        driver = alive.store._driver
        assert isinstance(driver, SqliteDriver)
        connection = driver._connection
        assert connection
        rig.gateway.statuses = [lambda: connection.execute_fetchall("PRAGMA query_only = 1")]
        job = await ordered(alive)
        await until(lambda: sum("nothing can be written" in message for message in caplog.messages) > FAULTS)
        await connection.execute_fetchall("PRAGMA query_only = 0")
        await at_rest(alive)
        assert (await current(alive, job)).stage is DeliveryState.SENT
    assert len(rig.chat.heard) == 1


async def test_what_a_job_has_done_is_known_to_be_for_it(rig: Rig) -> None:
    seen: list[object] = []

    async def answers() -> Answer:
        seen.append(whose())
        return Answer()

    rig.gateway.statuses = [answers, answers]
    async with rig.running() as alive:
        first, second = await ordered(alive), await ordered(alive)
        await at_rest(alive)
    assert {str(job) for job in seen} == {first.job_id, second.job_id}
    assert whose() is None
