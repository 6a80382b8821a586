"""What the store keeps of jobs and their files, and finds again."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.domain.errors import Conflict, StaleJob, StoreAway
from core.domain.lifecycle import DeliveryState, Reason, State
from core.domain.models import Artifact, Job
from core.domain.orders import Destination
from storage.driver import Driver, Row, Statement
from storage.sqlite import SqliteDriver
from storage.store import SqlStore
from tests.audio import PROBE
from tests.clock import SetClock
from tests.makers import admission, caller, order
from tests.moves import only
from tests.storage.money import (
    TO_KEPT,
    moved,
    placed,
    table,
)
from tests.storage.parts import fetched, running, three_parts


async def test_upstream_cost_is_noted_with_its_reason_and_only_where_there_is_one(
    store: SqlStore, driver: Driver
) -> None:
    running = await moved(store, await placed(store), State.SUBMITTING, State.RUNNING)
    await store.move(running, 1, State.FAILED, reason=Reason.GATEWAY_FAILED, upstream_micros=7)
    other = await moved(store, await placed(store), State.SUBMITTING, State.RUNNING)
    await store.move(other, 1, State.FAILED, reason=Reason.GATEWAY_ERROR, upstream_micros=0)
    assert await table(driver, "SELECT upstream_micros, reason FROM ledger WHERE kind = 'upstream'") == [
        (7, "gateway_failed")
    ]


async def test_a_place_is_noted_for_one_open_job(store: SqlStore) -> None:
    open_job, other = await placed(store), await placed(store)
    over = await store.close_job(await store.move(await placed(store), 1, State.CANCELLED))
    there = Destination("test", {"message": 5})
    for job in (open_job, over):
        await store.place(job.job_id, there)
    found = [await store.job(job.job_id) for job in (open_job, other, over)]
    assert [job.destination for job in found if job] == [there, other.destination, Destination("test")]


async def test_unfinished_jobs_come_oldest_first(store: SqlStore, clock: SetClock) -> None:
    later = (await store.admit(admission(job_id="a"))).job
    clock.forward(hours=-1)
    earlier = (await store.admit(admission(job_id="b"))).job
    assert await store.unfinished() == [earlier, later]


ARTIFACT = Artifact(path="/spool/x/0", probe=PROBE, size_bytes=9)


async def test_what_a_chat_keeps_goes_along_until_nothing_is_kept(store: SqlStore) -> None:
    held = {"file": "é"}
    job = await moved(store, await placed(store), State.SUBMITTING, State.RUNNING)
    job = await store.move(job, 1, State.FETCHED, artifacts=(ARTIFACT,))
    job = await store.move_delivery(await moved(store, job, DeliveryState.SENDING), DeliveryState.SENT, kept=held)
    assert (job.kept, only(job).without_files) == (held, (replace(ARTIFACT, path=""),))
    assert await store.drop_artifacts(job, chat_keeps=True)
    job = await store.redeliver(job, Destination("test"))
    assert (job.kept, job.artifacts, job.delivery and job.delivery.number) == (held, (replace(ARTIFACT, path=""),), 2)
    assert not await store.drop_artifacts(job)  # it is open
    job = await moved(store, job, DeliveryState.SENDING)
    job = await store.close_job(await store.move_delivery(job, DeliveryState.UNDELIVERABLE, kept=None))
    assert await store.history(job.member, None, 9) == [job]
    assert await store.drop_artifacts(job)
    assert await store.history(job.member, None, 9) == []


async def test_kept_files_are_found_when_they_are_old_enough_oldest_first(store: SqlStore, clock: SetClock) -> None:
    kept = []
    for _ in range(2):
        clock.forward(hours=-1)
        running = await moved(store, await placed(store), State.SUBMITTING, State.RUNNING)
        job = await store.move(running, 1, State.FETCHED, artifacts=(ARTIFACT,))
        kept.append(await store.close_job(await moved(store, job, *TO_KEPT[3:])))
    clock.forward(hours=-1)
    kept.append(await sent(store))
    third, second, first = kept
    empty = await moved(store, await placed(store), *TO_KEPT)
    assert await store.drop_artifacts(await store.close_job(empty))
    assert await store.kept_before(first.reached_ms, 9) == []
    assert await store.kept_before(second.reached_ms, 9) == [first]
    assert await store.kept_before(10**15, 2) == [first, second]
    await store.drop_artifacts(first)
    assert await store.kept_before(10**15, 9) == [second, third]


async def sent(store: SqlStore, who: str = "ann", community: str = "band") -> Job:
    """Return a job whose audio was sent and is kept."""
    running = await moved(store, await placed(store, who, community), State.SUBMITTING, State.RUNNING)
    ready = await store.move(running, 1, State.FETCHED, artifacts=(ARTIFACT,))
    return await moved(store, ready, DeliveryState.SENDING, DeliveryState.SENT)


async def three_sent(store: SqlStore) -> Job:
    """Return such a job of three parts."""
    job = await fetched(store, await running(store, await three_parts(store)), 1, 2, 3)
    return await moved(store, job, DeliveryState.SENDING, DeliveryState.SENT)


async def test_what_was_sent_is_sent_again_by_one_more_delivery(store: SqlStore) -> None:
    job, there = await sent(store), Destination("test", {"token": "new"})
    tries = await asyncio.gather(*(store.redeliver(job, there) for _ in range(3)), return_exceptions=True)
    (again,) = [result for result in tries if isinstance(result, Job)]
    assert again.delivery
    assert (again.delivery.number, again.stage, again.destination) == (2, DeliveryState.PENDING, there)
    assert await store.unfinished() == [again]
    with pytest.raises(StaleJob):
        await store.redeliver(again, there)
    over = await moved(store, again, DeliveryState.SENDING, DeliveryState.SENT)
    assert (over.artifacts, over.destination) == ((ARTIFACT,), Destination("test"))
    assert await store.unfinished() == []


@pytest.mark.parametrize("many", [False, True])
async def test_what_is_opened_again_is_known_also_where_the_store_fails_right_after(
    store: SqlStore, driver: Driver, monkeypatch: pytest.MonkeyPatch, *, many: bool
) -> None:
    """Or else nobody here would carry it."""
    run, lists = driver.run, list[Sequence[Statement]]()
    job = await three_sent(store) if many else await sent(store)

    async def once(statements: Sequence[Statement], **how: Any) -> list[list[Row]]:
        lists.append(statements)
        if len(lists) > 1:
            raise StoreAway("the disk is full")
        return await run(statements, **how)

    monkeypatch.setattr(driver, "run", once)
    again = await store.redeliver(job, Destination("test"))
    monkeypatch.undo()
    assert await store.unfinished() == [again]


async def test_what_is_not_kept_is_not_sent_again_and_what_is_on_its_way_is_kept(store: SqlStore) -> None:
    job, gone = await sent(store), await sent(store)
    again = await store.redeliver(job, Destination("test"))
    assert not await store.drop_artifacts(again)
    assert await store.drop_artifacts(gone)
    with pytest.raises(StaleJob):
        await store.redeliver(gone, Destination("test"))
    assert await store.job(job.job_id) == again


async def test_a_members_history_is_theirs_the_newest_first_and_of_one_community_where_it_is_named(
    store: SqlStore, clock: SetClock
) -> None:
    jobs = []
    for who, community in (("ann", "band"), ("ann", "choir"), ("bob", "band"), ("ann", "band")):
        clock.forward(ms=1)
        jobs.append(await sent(store, who, community))
    first, second, _, last = jobs
    await placed(store)  # it is under way
    assert await store.history("test:ann", None, 9) == [last, second, first]
    assert await store.history("test:ann", "test:band", 9) == [last, first]
    assert await store.history("test:ann", None, 1) == [last]
    await store.drop_artifacts(last)
    assert await store.history("test:ann", "test:band", 9) == [first]


async def test_only_a_job_that_ended_is_closed(store: SqlStore) -> None:
    job = await placed(store)
    with pytest.raises(StaleJob):
        await store.close_job(job)
    assert await store.unfinished() == [job]


async def test_a_change_is_made_to_the_job_that_was_read_and_dated(store: SqlStore, clock: SetClock) -> None:
    job = await placed(store)
    clock.forward(hours=1)
    now = await store.move(job, 1, State.SUBMITTING)
    assert (now.created_ms, only(now).updated_ms) == (job.created_ms, clock.ms)
    clock.forward(hours=1)
    now = await store.note(now, 1, detail="an hour later")
    assert (only(now).updated_ms, only(now).detail) == (clock.ms - 3_600_000, "an hour later")
    with pytest.raises(StaleJob):
        await store.note(job, 1, detail="late")
    with pytest.raises(ValueError, match="cost_micros"):
        await store.update(now, cost_micros=1)  # type: ignore[call-arg]
    assert await store.job(job.job_id) == now


async def test_a_direct_chat_stays_one(store: SqlStore) -> None:
    answers = [await store.admit(admission(order(caller(direct=direct)))) for direct in (True, False)]
    jobs = [await store.job(a.job.job_id) for a in answers if a.job]
    assert [job.direct for job in jobs if job] == [True, False]


@pytest.mark.parametrize("state", [State.FETCHED, State.FAILED])
@pytest.mark.parametrize("lost", ["ledger", "hold"])
async def test_a_hold_that_is_not_there_is_not_resolved(tmp_path: Path, state: State, lost: str) -> None:
    """Damaged books are never added to: the whole move is undone."""
    driver = SqliteDriver(tmp_path / "damaged.db")
    store = SqlStore(driver, SetClock())
    await store.open()
    job = await moved(store, await placed(store), State.SUBMITTING, State.RUNNING)
    if lost == "hold":
        await driver.run([Statement("DELETE FROM holds")])
    else:  # resolved before, by whatever way
        kind = "charge" if state is State.FETCHED else "void"
        text = (
            "INSERT INTO ledger (entry_id, at_ms, community_id, account_id, member, kind) VALUES (:e, 0, 1, 1, 'm', :k)"
        )
        await driver.run([Statement(text, {"e": f"{job.job_id}:{kind}", "k": kind})])
    with pytest.raises((StaleJob, Conflict)):
        await store.move(job, 1, state)
    assert await store.job(job.job_id) == job
    await store.close()
