"""What every store must do, on a real database file."""

import asyncio
from collections.abc import Sequence

import pytest

from core.domain.errors import Conflict, StaleJob
from core.domain.lifecycle import ASKS, DELIVERY_MOVES, MOVES, PLACED, DeliveryState, State
from core.domain.models import Artifact
from core.domain.orders import Destination
from core.domain.people import Person
from core.domain.quota import Period, Quota, QuotaSource
from storage.accounts_sql import IDS, OPEN
from storage.admin_store import SqlAdminStore
from storage.communities_sql import HERE, KNOW
from storage.driver import Driver, Row, Statement, When
from storage.store import SqlStore
from tests.audio import PROBE
from tests.clock import SetClock
from tests.makers import act, admission, caller, day, order
from tests.moves import only
from tests.storage.credit import grant
from tests.storage.jobs import HELD_PATH, admitted, brought_to, entries

ARTIFACT = Artifact(path="/spool/x/0", probe=PROBE, size_bytes=9)
ENDS = frozenset(State) - ASKS - {State.FETCHED}


async def test_an_admitted_order_comes_back_as_it_was_given(store: SqlStore) -> None:
    placed = order(text='He said "no"\nand left 🎵')
    answer = await store.admit(admission(placed))
    assert answer.job is not None
    again = await store.job(answer.job.job_id)
    assert again == answer.job
    assert again.parameters == placed.parameters
    assert again.destination == placed.destination
    assert (again.stage, again.cost_micros, again.characters) == (State.QUEUED, 1400, 14)


async def test_ids_are_looked_up_once_and_again_after_the_community_moved(
    store: SqlStore, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists: list[int] = []
    run = driver.run

    async def counted(statements: Sequence[Statement], **names: Sequence[str]) -> list[list[Row]]:
        lists.append(len(statements))
        return await run(statements, **names)

    monkeypatch.setattr(driver, "run", counted)
    await admitted(store)
    await admitted(store)
    known, first, second = lists
    assert known == len((KNOW, *OPEN, IDS))
    assert first == second
    await store.move_community("test:band", "test:club")
    assert (await admitted(store)).community == "test:band"


async def test_admission_draws_the_allowance(store: SqlStore, driver: Driver) -> None:
    job = await admitted(store, cost=1400, quota=day(2000))
    standing = await store.standing(job.community, job.member, day(2000))
    assert (standing.used_micros, standing.held_micros, standing.allowance_left_micros) == (1400, 1400, 600)
    assert await entries(driver, job) == {"hold": (1400, 0, 0, 0)}


async def test_allowance_is_drawn_first_then_balance(store: SqlStore, driver: Driver) -> None:
    await grant(driver, "test:ann", 1000)
    job = await admitted(store, cost=1400, quota=day(600))
    assert await entries(driver, job) == {"hold": (600, -800, 0, 0)}
    standing = await store.standing(job.community, job.member, day(600))
    assert (standing.allowance_left_micros, standing.balance_micros) == (0, 200)


@pytest.mark.parametrize(
    ("quota", "cost", "ok"),
    [
        (day(1400), 1400, True),
        (day(1399), 1400, False),
        (day(0), 1, False),
        (day(0), 0, True),
        (day(None), 10**12, True),
    ],
)
async def test_the_edge_of_an_allowance(store: SqlStore, quota: Quota, cost: int, ok: bool) -> None:
    answer = await store.admit(admission(cost=cost, quota=quota))
    assert (answer.job is not None) is ok


async def test_a_refused_order_leaves_no_trace(store: SqlStore, driver: Driver) -> None:
    answer = await store.admit(admission(cost=200, quota=day(100)))
    assert answer.job is None
    assert answer.standing
    assert answer.standing.allowance_left_micros == 100
    for table in ("jobs", "holds", "ledger", "usage", "pool_usage"):
        (rows,) = await driver.run([Statement(f"SELECT * FROM {table}")])
        assert rows == []


async def test_the_same_event_twice_is_one_job(store: SqlStore) -> None:
    placed = order()
    first = await store.admit(admission(placed))
    second = await store.admit(admission(placed))
    assert first.job == second.job
    assert (first.duplicate, second.duplicate) == (False, True)
    assert (await store.standing("test:band", "test:ann", day(100_000))).used_micros == 1400


async def test_a_pool_refuses_what_the_allowance_would_admit(store: SqlStore, driver: Driver) -> None:
    here = {"community": "test:band"}
    await driver.run([Statement(KNOW, here), Statement(f"INSERT INTO pools VALUES ({HERE}, 2000)", here)])
    await admitted(store, cost=1400)
    answer = await store.admit(admission(order(caller("bob")), cost=1400))
    assert answer.job is None
    assert answer.standing
    assert answer.standing.pool_left_micros == 600


async def test_waiting_orders_are_limited(store: SqlStore) -> None:
    await admitted(store)
    answer = await store.admit(admission(max_waiting=1))
    assert (answer.job, answer.refused_by) == (None, "waiting")
    other = await store.admit(admission(order(caller("bob")), max_waiting=1))
    assert other.job is not None


@pytest.mark.parametrize("race", range(100))
async def test_two_orders_race_for_the_last_credit(store: SqlStore, race: int) -> None:
    """One wins: whether the last credit is allowance or balance."""
    members = [f"member{race}-{n}" for n in range(5)]
    wanted = [admission(order(caller(m)), cost=1400, quota=day(2799)) for m in members for _ in range(2)]
    answers = await asyncio.gather(*(store.admit(a) for a in wanted))
    assert [sum(a.job is not None for a in answers[i : i + 2]) for i in range(0, 10, 2)] == [1] * 5


@pytest.mark.parametrize("state", [state for state in State if state in PLACED and ENDS & MOVES[state]])
async def test_a_void_gives_back_what_was_held(store: SqlStore, driver: Driver, state: State) -> None:
    await grant(driver, "test:ann", 1000)
    job = await brought_to(store, state)
    await store.move(job, 1, next(iter(ENDS & MOVES[state])), upstream_micros=7)
    standing = await store.standing(job.community, job.member, day(100_000))
    assert (standing.used_micros, standing.held_micros, standing.balance_micros) == (0, 0, 1000)
    assert await entries(driver, job) == {"hold": (1400, 0, 0, 0), "void": (-1400, 0, 0, 0), "upstream": (0, 0, 0, 7)}


async def test_balance_comes_back_too(store: SqlStore, driver: Driver) -> None:
    await grant(driver, "test:ann", 2000)
    job = await admitted(store, cost=1400, quota=day(600))
    await store.move(job, 1, State.CANCELLED)
    standing = await store.standing(job.community, job.member, day(600))
    assert (standing.allowance_left_micros, standing.balance_micros) == (600, 2000)


async def test_settling_charges_what_was_held_and_once(store: SqlStore, driver: Driver) -> None:
    running = await brought_to(store, State.RUNNING)
    job = await store.move(running, 1, State.FETCHED, artifacts=(ARTIFACT,))
    assert job.artifacts == (ARTIFACT,)
    assert await entries(driver, job) == {"hold": (1400, 0, 0, 0), "charge": (0, 0, 1400, 0)}
    with pytest.raises(StaleJob):
        await store.move(running, 1, State.FETCHED)
    standing = await store.standing(job.community, job.member, day(100_000))
    assert (standing.used_micros, standing.held_micros) == (1400, 0)


async def test_only_the_moves_of_the_tables_are_made(store: SqlStore) -> None:
    for stage in HELD_PATH:
        job = await brought_to(store, stage)
        for to in set(State) - MOVES[only(job).state]:
            with pytest.raises(StaleJob):
                await store.move(job, 1, to)
        for delivered in set(DeliveryState) - (DELIVERY_MOVES[job.delivery.state] if job.delivery else set()):
            with pytest.raises(StaleJob):
                await store.move_delivery(job, delivered)
        assert await store.job(job.job_id) == job


async def test_of_two_moves_of_one_job_one_wins(store: SqlStore) -> None:
    job = await brought_to(store, State.RUNNING)
    results = await asyncio.gather(
        store.move(job, 1, State.FAILED), store.move(job, 1, State.EXPIRED), store.move(job, 1, State.FETCHED), return_exceptions=True
    )  # fmt: skip
    assert sum(isinstance(r, StaleJob) for r in results) == 2


async def test_a_hold_counts_in_the_day_it_was_placed(store: SqlStore, clock: SetClock) -> None:
    job = await admitted(store)
    clock.forward(days=1)
    assert (await store.standing(job.community, job.member, day(2000))).used_micros == 0
    await store.move(job, 1, State.CANCELLED)
    assert (await store.standing(job.community, job.member, day(2000))).used_micros == 0


async def test_a_week_is_the_sum_of_its_days(store: SqlStore, clock: SetClock) -> None:
    week = Quota(limit_micros=3000, period=Period.WEEK)
    await admitted(store, quota=week)  # Wednesday
    clock.forward(days=2)
    await admitted(store, quota=week)
    standing = await store.standing("test:band", "test:ann", week)
    assert standing.used_micros == 2800
    assert (await store.admit(admission(cost=1400, quota=week))).job is None
    clock.forward(days=3)  # Monday
    assert (await store.standing("test:band", "test:ann", week)).used_micros == 0


async def test_unfinished_jobs_are_those_not_closed(store: SqlStore) -> None:
    jobs = [await brought_to(store, state) for state in HELD_PATH]
    failed = await store.move(await brought_to(store, State.RUNNING), 1, State.FAILED)
    assert [j.job_id for j in await store.unfinished()] == sorted(j.job_id for j in [*jobs, failed])
    closed = await store.close_job(failed)
    assert closed.destination == Destination("test")
    assert failed.job_id not in [j.job_id for j in await store.unfinished()]


async def test_two_jobs_never_share_a_request_id(store: SqlStore) -> None:
    first, second = await brought_to(store, State.SUBMITTING), await brought_to(store, State.SUBMITTING)
    await store.move(first, 1, State.RUNNING, request_id="r-1")
    with pytest.raises(Conflict):
        await store.move(second, 1, State.RUNNING, request_id="r-1")
    assert await store.job(second.job_id) == second


async def test_people_are_found_by_the_name_they_have_now(store: SqlStore) -> None:
    await store.remember("test:band", Person(member="test:1", name="Ann"), "Ann_Lee")
    assert await store.find_handle("test:band", "@ann_lee") == Person(member="test:1", name="Ann")
    await store.remember("test:band", Person(member="test:1", name="Anna"), "anna")
    assert await store.find_handle("test:band", "ann_lee") is None
    assert await store.find_handle("test:band", "ANNA") == Person(member="test:1", name="Anna")
    assert await store.find_handle("test:other", "anna") is None


async def test_a_community_moves_with_everything(store: SqlStore, admin: SqlAdminStore, driver: Driver) -> None:
    await grant(driver, "test:ann", 500)
    job = await admitted(store, cost=1400, quota=day(1000))
    await admin.set_quota(act(), QuotaSource.COMMUNITY, day(5000))
    await store.move_community("test:band", "test:orchestra")
    moved = await store.job(job.job_id)
    assert moved is not None
    assert moved.community == "test:orchestra"
    standing = await store.standing("test:orchestra", "test:ann", day(1))
    assert (standing.quota.limit_micros, standing.used_micros, standing.balance_micros) == (5000, 1000, 100)
    await store.move(moved, 1, State.CANCELLED)
    assert (await store.standing("test:orchestra", "test:ann", day(1))).balance_micros == 500


async def test_what_no_text_can_hold_is_replaced(store: SqlStore, driver: Driver) -> None:
    ((row,),) = await driver.run([Statement("SELECT CAST(:text AS TEXT) AS text", {"text": "A\x00n\ud800n"})])
    assert row["text"] == "A\ufffdn\ufffdn"


async def test_a_statement_is_run_on_what_one_before_it_returned(driver: Driver) -> None:
    await driver.open()
    some, none, more = "SELECT 1 AS n, 0 AS zero", "SELECT 1 AS n WHERE 0 = 1", "SELECT 2 AS n, 'x' AS text"
    conditions = {
        When(some): 1, When(some, found=False): 0, When(none): 0, When(none, found=False): 1,
        When(some, column="n"): 1, When(some, column="zero"): 0, When(none, column="n"): 0,
    }  # fmt: skip
    results = await driver.run([Statement(some), Statement(none), *(Statement(more, when=when) for when in conditions)])
    assert [len(rows) for rows in results] == [1, 0, *conditions.values()]
    left_out = [Statement(none), Statement(more, when=When(none)), Statement(some, {}, 9, When(more))]
    assert await driver.run(left_out) == [[], [], []]
