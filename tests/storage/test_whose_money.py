"""Whose money and which period: every figure is of one member, one community and one window."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.errors import Conflict, SchemaTooNew, StaleJob, StoreBusy, StoreError
from core.domain.lifecycle import Reason, State
from core.domain.models import Artifact, Destination, Job, Person
from core.domain.quota import Period, Quota, window
from storage.admin_store import SqlAdminStore
from storage.books import audit
from storage.driver import Driver, Statement
from storage.migrate import migrate
from storage.sqlite import SqliteDriver, audit_file
from storage.store import SqlStore
from tests.audio import PROBE
from tests.clock import SetClock
from tests.makers import act, admission, caller, day, order
from tests.storage.credit import grant

BAND, CHOIR = "test:band", "test:choir"
ANN, BOB = "test:ann", "test:bob"
RICH = day(10**9)
NOTHING = day(0)
TO_GENERATED = (State.SUBMITTING, State.RUNNING, State.GENERATED)
TO_KEPT = (*TO_GENERATED, State.DELIVERING, State.UNDELIVERABLE)


async def placed(
    store: SqlStore, who: str = "ann", community: str = "band", *, cost: int = 1000, quota: Quota = RICH
) -> Job:
    job = (await store.admit(admission(order(caller(who, community=community)), cost=cost, quota=quota))).job
    assert job is not None
    return job


async def moved(store: SqlStore, job: Job, *path: State) -> Job:
    for step in path:
        job = await store.move(job, step)
    return job


async def pool(driver: Driver, community: str, micros: int) -> None:
    await driver.run([Statement("INSERT INTO pools VALUES (:c, :n)", {"c": community, "n": micros})])


async def set_quota(admin: SqlAdminStore, community: str, member: str | None, quota: Quota | None, by: str) -> None:
    who = replace(act(target=member or ""), community=community, actor=by)
    await admin.set_quota(who, "member" if member else "community", quota)


async def figures(store: SqlStore, community: str, member: str, quota: Quota = RICH) -> tuple[int, int, int]:
    standing = await store.standing(community, member, quota)
    return standing.used_micros, standing.balance_micros, standing.held_micros


async def table(driver: Driver, text: str) -> list[tuple[object, ...]]:
    (rows,) = await driver.run([Statement(text)])
    return [tuple(row) for row in rows]


async def test_what_one_draws_and_gets_back_is_nobody_elses(store: SqlStore, driver: Driver) -> None:
    """Allowance, balance and pool of three accounts that share a member or a community."""
    accounts = {(BAND, ANN): 300, (BAND, BOB): 500, (CHOIR, ANN): 700}
    for (community, member), micros in accounts.items():
        await grant(driver, member, micros * 10, community)
    await pool(driver, BAND, 10_000)
    await pool(driver, CHOIR, 10_000)
    jobs = {}
    for (community, member), micros in accounts.items():
        who, where = member.removeprefix("test:"), community.removeprefix("test:")
        jobs[community, member] = await placed(store, who, where, cost=micros * 3, quota=day(micros))
    for (community, member), micros in accounts.items():
        assert await figures(store, community, member) == (micros, micros * 8, micros * 3)
    assert (await store.standing(BAND, ANN, RICH)).pool_left_micros == 10_000 - 3 * (300 + 500)
    assert (await store.standing(CHOIR, ANN, RICH)).pool_left_micros == 10_000 - 3 * 700
    await store.move(jobs[BAND, ANN], State.CANCELLED)
    assert await figures(store, BAND, ANN) == (0, 3000, 0)
    assert await figures(store, BAND, BOB) == (500, 4000, 1500)
    assert await figures(store, CHOIR, ANN) == (700, 5600, 2100)
    assert (await store.standing(BAND, ANN, RICH)).pool_left_micros == 10_000 - 3 * 500
    assert (await store.standing(CHOIR, ANN, RICH)).pool_left_micros == 10_000 - 3 * 700
    charged = await moved(store, jobs[BAND, BOB], *TO_GENERATED)
    assert await table(
        driver, f"SELECT charged_micros FROM ledger WHERE job_id = '{charged.job_id}' AND kind = 'charge'"
    ) == [(1500,)]
    assert await figures(store, CHOIR, ANN) == (700, 5600, 2100)


async def test_a_pool_without_rows_is_no_pool(store: SqlStore, driver: Driver) -> None:
    await pool(driver, CHOIR, 5)
    assert (await store.standing(BAND, ANN, RICH)).pool_left_micros is None
    await placed(store)


@pytest.mark.parametrize(("cost", "ok"), [(600, True), (601, False)])
async def test_the_edge_of_a_pool(store: SqlStore, driver: Driver, cost: int, ok: bool) -> None:
    await pool(driver, BAND, 1600)
    await placed(store, cost=1000)
    answer = await store.admit(admission(order(caller("bob")), cost=cost, quota=RICH))
    assert (answer.job is not None) is ok


async def test_a_pool_begins_anew_each_month(store: SqlStore, driver: Driver, clock: SetClock) -> None:
    await pool(driver, BAND, 1600)
    old = await placed(store, cost=1000)
    clock.forward(days=20)  # April
    assert (await store.standing(BAND, ANN, RICH)).pool_left_micros == 1600
    new = await placed(store, cost=900)
    await store.move(old, State.CANCELLED)
    assert (await store.standing(BAND, ANN, RICH)).pool_left_micros == 700
    await store.move(new, State.CANCELLED)
    assert (await store.standing(BAND, ANN, RICH)).pool_left_micros == 1600


async def test_a_void_goes_back_to_its_own_day_and_to_no_other(store: SqlStore, clock: SetClock) -> None:
    month = Quota(limit_micros=10**6, period=Period.MONTH)
    old = await placed(store, cost=1000, quota=month)
    clock.forward(days=1)
    await placed(store, cost=300, quota=month)
    await store.move(old, State.CANCELLED)
    assert (await store.standing(BAND, ANN, month)).used_micros == 300
    assert (await store.standing(BAND, ANN, RICH)).used_micros == 300


@pytest.mark.parametrize("period", Period)
async def test_a_window_counts_its_first_day_and_none_outside(store: SqlStore, clock: SetClock, period: Period) -> None:
    quota = Quota(limit_micros=10**6, period=period)
    now_ms = clock.ms
    start_ms, end_ms = window(period, now_ms)
    for at_ms, cost in ((start_ms - 1, 1), (start_ms, 20), (end_ms - 1, 300), (end_ms, 4000)):
        clock.ms = at_ms
        await placed(store, cost=cost, quota=quota)
    clock.ms = now_ms
    standing = await store.standing(BAND, ANN, quota)
    assert (standing.used_micros, standing.resets_ms) == (320, end_ms)


async def test_a_quota_below_what_was_used_leaves_the_balance(store: SqlStore, driver: Driver) -> None:
    await grant(driver, ANN, 800, BAND)
    await placed(store, cost=1000, quota=day(1000))
    job = await placed(store, cost=700, quota=day(400))
    assert await figures(store, BAND, ANN, day(400)) == (1000, 100, 1700)
    await store.move(job, State.CANCELLED)
    assert await figures(store, BAND, ANN, day(400)) == (1000, 800, 1000)


@pytest.mark.parametrize(("balance", "ok"), [(400, True), (399, False)])
async def test_the_edge_of_a_balance(store: SqlStore, driver: Driver, balance: int, ok: bool) -> None:
    await grant(driver, ANN, balance, BAND)
    answer = await store.admit(admission(cost=1000, quota=day(600)))
    assert (answer.job is not None) is ok


async def test_waiting_is_counted_wherever_the_member_is(store: SqlStore) -> None:
    await placed(store, community="choir")
    answer = await store.admit(admission(max_waiting=1))
    assert (answer.job, answer.refused_by) == (None, "waiting")


async def test_quotas_are_of_one_community_and_one_member(store: SqlStore, admin: SqlAdminStore) -> None:
    await set_quota(admin, CHOIR, ANN, day(1), "test:boss")
    await set_quota(admin, CHOIR, None, day(2), "test:boss")
    await set_quota(admin, BAND, BOB, day(3), "test:boss")
    assert (await store.standing(BAND, ANN, RICH)).source == "operator"
    await set_quota(admin, BAND, None, day(4), "test:boss")
    week = Quota(limit_micros=5, period=Period.WEEK)
    await set_quota(admin, BAND, ANN, day(5), "test:boss")
    await set_quota(admin, BAND, ANN, week, "test:boss")
    assert (await store.standing(BAND, ANN, RICH)).quota == week
    await set_quota(admin, BAND, ANN, None, "test:boss")
    for community, member, limit in ((BAND, ANN, 4), (BAND, BOB, 3), (CHOIR, ANN, 1), (CHOIR, BOB, 2)):
        assert (await store.standing(community, member, RICH)).quota.limit_micros == limit


async def test_who_set_a_quota_last_is_kept(
    store: SqlStore, admin: SqlAdminStore, driver: Driver, clock: SetClock
) -> None:
    await set_quota(admin, BAND, ANN, day(1), "test:boss")
    clock.forward(hours=1)
    await set_quota(admin, BAND, ANN, day(2), "test:deputy")
    assert await table(driver, "SELECT set_by, set_ms FROM quotas") == [("test:deputy", clock.ms)]


async def test_of_two_members_with_one_name_the_last_seen_is_meant(store: SqlStore, clock: SetClock) -> None:
    for number in (1, 2, 1):
        clock.forward(hours=1)
        person = Person(member=f"test:{number}", name=str(number))
        await store.remember(BAND, person, "ann")
        assert await store.find_handle(BAND, "ann") == person


async def test_whoever_orders_can_be_found(store: SqlStore) -> None:
    await store.admit(admission(order(caller("ann", handle="Ann_Lee"))))
    assert await store.find_handle(BAND, "@ANN_LEE") == Person(member=ANN, name="Ann")


async def test_two_communities_become_one(store: SqlStore, admin: SqlAdminStore, driver: Driver) -> None:
    """Where both have rows amounts add up, and what the new community's admins set stands."""
    for community in ("band", "choir"):
        await grant(driver, ANN, 1000, f"test:{community}")
        await pool(driver, f"test:{community}", 10_000 if community == "choir" else 7)
        await set_quota(admin, f"test:{community}", None, day(len(community)), "test:boss")
    await driver.run([Statement("UPDATE pools SET limit_micros = 5000 WHERE community = :c", {"c": BAND})])
    await set_quota(admin, BAND, ANN, day(300), "test:boss")
    await set_quota(admin, CHOIR, ANN, day(400), "test:boss")
    held = await placed(store, community="band", cost=700)
    await placed(store, community="choir", cost=800)
    await set_quota(admin, BAND, ANN, None, "test:boss")
    await store.move_community(BAND, CHOIR)
    standing = await store.standing(CHOIR, ANN, RICH)
    assert (standing.quota.limit_micros, standing.source) == (400, "member")
    assert (standing.used_micros, standing.balance_micros, standing.held_micros) == (700, 1200, 1500)
    assert standing.pool_left_micros == 10_000 - 1500
    assert (await store.standing(CHOIR, BOB, RICH)).quota.limit_micros == len("choir")
    for name in ("members", "quotas", "pools", "usage", "pool_usage", "jobs", "holds", "ledger"):
        assert await table(driver, f"SELECT 1 FROM {name} WHERE community = '{BAND}'") == []
    now = await store.job(held.job_id)
    assert now is not None
    await store.move(now, State.CANCELLED)
    assert await figures(store, CHOIR, ANN) == (400, 1600, 800)


async def test_a_pool_and_a_quota_move_to_a_community_that_has_none(
    store: SqlStore, admin: SqlAdminStore, driver: Driver
) -> None:
    await pool(driver, BAND, 5000)
    await set_quota(admin, BAND, None, day(10**6), "test:boss")
    await placed(store, cost=1000)
    await store.move_community(BAND, CHOIR)
    standing = await store.standing(CHOIR, BOB, NOTHING)
    assert (standing.pool_left_micros, standing.quota.limit_micros) == (4000, 10**6)


# --- rows ---------------------------------------------------------------------------------------------------------


async def test_upstream_cost_is_noted_with_its_reason_and_only_where_there_is_one(
    store: SqlStore, driver: Driver
) -> None:
    running = await moved(store, await placed(store), State.SUBMITTING, State.RUNNING)
    await store.move(running, State.FAILED, reason=Reason.GATEWAY_FAILED, upstream_micros=7)
    other = await moved(store, await placed(store), State.SUBMITTING, State.RUNNING)
    await store.move(other, State.FAILED, reason=Reason.GATEWAY_ERROR, upstream_micros=0)
    assert await table(driver, "SELECT upstream_micros, note FROM ledger WHERE kind = 'upstream'") == [
        (7, "gateway_failed")
    ]


async def test_a_place_is_noted_for_one_open_job(store: SqlStore) -> None:
    open_job, other = await placed(store), await placed(store)
    over = await store.close_job(await store.move(await placed(store), State.CANCELLED), keep_files=False)
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


async def test_kept_files_are_found_when_they_are_old_enough_oldest_first(store: SqlStore, clock: SetClock) -> None:
    artifact = Artifact(path="/spool/x/0", probe=PROBE, size_bytes=9)
    kept = []
    for _ in range(3):
        clock.forward(hours=-1)
        running = await moved(store, await placed(store), State.SUBMITTING, State.RUNNING)
        job = await store.move(running, State.GENERATED, artifacts=(artifact,))
        kept.append(await store.close_job(await moved(store, job, *TO_KEPT[3:]), keep_files=True))
    third, second, first = kept
    running = await moved(store, await placed(store), State.SUBMITTING, State.RUNNING)
    job = await store.move(running, State.GENERATED, artifacts=(artifact,))
    await store.move(
        await store.move(job, State.DELIVERING), State.DELIVERED, closed_ms=clock.ms, destination=Destination("test")
    )
    empty = await moved(store, await placed(store), *TO_KEPT)
    await store.close_job(empty, keep_files=True)
    assert await store.kept_before(first.updated_ms, 9) == []
    assert await store.kept_before(second.updated_ms, 9) == [first]
    assert await store.kept_before(10**15, 2) == [first, second]
    await store.update(first, artifacts=())
    assert await store.kept_before(10**15, 9) == [second, third]


async def test_a_closed_job_keeps_its_files_only_when_asked(store: SqlStore) -> None:
    artifact = Artifact(path="/spool/x/0", probe=PROBE, size_bytes=9)
    for keep in (True, False):
        running = await moved(store, await placed(store), State.SUBMITTING, State.RUNNING)
        job = await moved(store, await store.move(running, State.GENERATED, artifacts=(artifact,)), *TO_KEPT[3:])
        closed = await store.close_job(job, keep_files=keep)
        assert closed.artifacts == ((artifact,) if keep else ())
        assert closed.destination == Destination("test")


async def test_only_a_job_that_ended_is_closed(store: SqlStore) -> None:
    job = await placed(store)
    with pytest.raises(StaleJob):
        await store.close_job(job, keep_files=False)
    assert await store.unfinished() == [job]


async def test_a_change_is_made_to_the_job_that_was_read_and_dated(store: SqlStore, clock: SetClock) -> None:
    job = await placed(store)
    clock.forward(hours=1)
    now = await store.move(job, State.SUBMITTING)
    assert (now.created_ms, now.updated_ms) == (job.created_ms, clock.ms)
    clock.forward(hours=1)
    now = await store.update(now, detail="an hour later")
    assert (now.updated_ms, now.detail) == (clock.ms - 3_600_000, "an hour later")
    with pytest.raises(StaleJob):
        await store.update(job, detail="late")
    with pytest.raises(ValueError, match="cost_micros"):
        await store.update(now, cost_micros=1)  # type: ignore[call-arg]
    assert await store.job(job.job_id) == now


async def test_a_direct_chat_stays_one(store: SqlStore) -> None:
    answers = [await store.admit(admission(order(caller(direct=direct)))) for direct in (True, False)]
    jobs = [await store.job(a.job.job_id) for a in answers if a.job]
    assert [job.direct for job in jobs if job] == [True, False]


@pytest.mark.parametrize("state", [State.GENERATED, State.FAILED])
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
        kind = "charge" if state is State.GENERATED else "void"
        text = "INSERT INTO ledger (entry_id, at_ms, community, member, kind) VALUES (:e, 0, 'c', 'm', :k)"
        await driver.run([Statement(text, {"e": f"{job.job_id}:{kind}", "k": kind})])
    with pytest.raises((StaleJob, Conflict)):
        await store.move(job, state)
    assert await store.job(job.job_id) == job
    await store.close()


# --- the driver ---------------------------------------------------------------------------------------------------


async def test_a_store_that_can_not_be_opened_lets_go_of_the_file(tmp_path: Path) -> None:
    driver = SqliteDriver(tmp_path / "new" / "books.db")
    store = SqlStore(driver, SetClock())
    await store.open()
    await driver.run([Statement("INSERT INTO migrations VALUES (9999, 'later', 0)")])
    await store.close()
    failed = SqlStore(SqliteDriver(tmp_path / "new" / "books.db"), SetClock())
    with pytest.raises(SchemaTooNew):
        await failed.open()
    again = SqliteDriver(tmp_path / "new" / "books.db")
    await again.open()
    await again.close()


async def test_what_is_no_database_is_refused_and_let_go(tmp_path: Path) -> None:
    path = tmp_path / "books.db"
    path.write_bytes(b"not a database" * 1000)
    for _ in range(2):
        with pytest.raises(StoreError, match="is damaged, or no database at all") as refused:
            await SqliteDriver(path).open()
        assert not isinstance(refused.value, StoreBusy)


async def test_a_batch_that_fails_is_undone_and_the_next_one_stands(driver: Driver) -> None:
    await driver.open()
    await driver.run([Statement("CREATE TABLE things (name TEXT PRIMARY KEY)")])
    put = [Statement("INSERT INTO things VALUES ('a')"), Statement("SELECT * FROM nowhere")]
    with pytest.raises(StoreError, match="nowhere"):
        await driver.run(put)
    await driver.run([Statement("INSERT INTO things VALUES ('b')")])
    assert await table(driver, "SELECT name FROM things") == [("b",)]
    await driver.close()


@pytest.mark.parametrize("expect", [0, 2])
async def test_rows_returned_are_counted_exactly(driver: Driver, expect: int) -> None:
    await driver.open()
    for text in ("SELECT 1 AS x", "SELECT 1 AS x UNION SELECT 2 UNION SELECT 3"):
        with pytest.raises(StoreError, match=f"instead of {expect}"):
            await driver.run([Statement(text, {}, expect)])
    await driver.run([Statement("SELECT 1 AS x", {}, 1)])
    await driver.close()


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
async def test_a_reader_that_only_looks_leaves_no_lock(store: SqlStore, tmp_path: Path) -> None:
    await store.admit(admission())
    assert (await audit_file(tmp_path / "books.db")).balance
    with pytest.raises(StoreError):
        await audit_file(tmp_path / "nowhere.db")
    assert not (tmp_path / "nowhere.db").exists()


async def test_an_audit_says_what_is_broken(tmp_path: Path, clock: SetClock) -> None:
    driver = SqliteDriver(tmp_path / "damaged.db")
    store = SqlStore(driver, clock)
    await store.open()
    failed = await moved(store, await placed(store), State.SUBMITTING, State.RUNNING)
    await store.move(failed, State.FAILED, upstream_micros=1000)
    await moved(store, await placed(store), *TO_GENERATED)
    (line,) = (await audit(driver)).findings
    assert line == "They balance: 2 jobs, 5 entries, $0.001 charged, $0.001 spent on jobs that nobody paid for."
    await driver.run([Statement("UPDATE usage SET used_micros = 9")])
    assert not (await audit(driver)).balance
    await store.close()


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        ("UPDATE jobs SET state = 'failed'", "one charge if it has audio"),
        ("DELETE FROM jobs", "exactly while its job is unresolved"),
        ("DELETE FROM ledger WHERE kind = 'hold'", "one hold entry"),
    ],
)
async def test_other_damage_is_named_too(tmp_path: Path, clock: SetClock, damage: str, rule: str) -> None:
    driver = SqliteDriver(tmp_path / "damaged.db")
    store = SqlStore(driver, clock)
    await store.open()
    await placed(store)
    await moved(store, await placed(store), *TO_GENERATED)
    await driver.run([Statement(damage)])
    assert any(rule in finding for finding in (await audit(driver)).findings)
    await store.close()


async def test_migrations_that_are_missing_are_applied_in_order(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = [(1, "0001_a.sql", "CREATE TABLE a (x TEXT);\n"), (2, "0002_b.sql", "ALTER TABLE a ADD COLUMN y TEXT;\n")]
    await driver.open()
    for count in (1, 2, 2):
        monkeypatch.setattr("storage.migrate.migrations", lambda count=count: iter(steps[:count]))
        assert await migrate(driver, count) == count
    assert await table(driver, "SELECT version, applied_ms FROM migrations ORDER BY version") == [(1, 1), (2, 2)]
    await driver.close()
