"""What the PostgreSQL driver makes of connections that break, locks that are held, and a schema that changes."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from core.domain.errors import Conflict, StaleJob, StoreAway
from core.domain.lifecycle import State
from core.domain.people import Person
from storage.admin_store import SqlAdminStore
from storage.driver import OutcomeUnknown, Row, Statement, Unexpected, When
from storage.postgres import CONNECTIONS, PostgresDriver
from storage.postgres_sql import beginning, locks_of
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import act, admission
from tests.waiting import WAIT_S
from tests.worlds.postgres import Detour, Server, server

INSERT, COUNT = "INSERT INTO notes (note) VALUES (:note)", "SELECT count(*) AS n FROM notes"
TABLES = "CREATE TABLE notes (note TEXT PRIMARY KEY); CREATE TABLE gate (open TEXT)"
BUSY = "SELECT pid FROM pg_stat_activity WHERE application_name = 'troubadour' AND wait_event_type = 'Lock'"


class Rig:
    """A driver with a table, a connection that gets in its way, and one that watches: a transaction sees no news."""

    def __init__(self, driver: PostgresDriver, other: Any, watch: Any) -> None:
        self.driver, self.other, self.watch = driver, other, watch

    @asynccontextmanager
    async def locked(self, text: str) -> AsyncIterator[None]:
        """Hold the locks that a statement takes."""
        async with self.other.transaction():
            await self.other.execute(text)
            yield

    async def note(self, note: str, *more: Statement, alone: Sequence[str] = ()) -> list[list[Row]]:
        return await self.driver.run([Statement(INSERT, {"note": note}), *more], alone=alone)

    async def notes(self) -> int:
        ((row,),) = await self.driver.run([Statement(COUNT)])
        return int(row["n"])

    async def waiting(self, many: int = 1) -> list[int]:
        """Return whose statements wait for a lock, once there are so many."""
        async with asyncio.timeout(WAIT_S):
            while len(found := [row["pid"] for row in await self.watch.fetch(BUSY)]) < many:
                await asyncio.sleep(0)
        return found

    async def cut(self, pids: Sequence[int]) -> None:
        for pid in pids:
            await self.watch.execute("SELECT pg_terminate_backend($1)", pid)


@asynccontextmanager
async def rig_at(url: str) -> AsyncIterator[Rig]:
    driver, other, watch = PostgresDriver(url), await asyncpg.connect(url), await asyncpg.connect(url)
    await driver.open()
    try:
        yield Rig(driver, other, watch)
    finally:
        await other.close()
        await watch.close()
        await driver.close()


@pytest.fixture
async def rig(postgres: Server) -> AsyncIterator[Rig]:
    async with rig_at(await postgres.empty()) as made:
        await made.other.execute(TABLES)
        yield made


async def test_a_list_that_is_cut_halfway_may_have_happened_and_is_not_repeated(rig: Rig) -> None:
    knock = Statement("INSERT INTO gate VALUES ('x')")
    await rig.note("one", knock)
    async with rig.locked("LOCK TABLE gate"):
        task = asyncio.create_task(rig.note("two", knock))
        await rig.cut(await rig.waiting())
        with pytest.raises(OutcomeUnknown):
            await task
    await rig.note("three", knock)
    assert await rig.notes() == 2


async def test_reads_that_are_cut_are_repeated(rig: Rig) -> None:
    await rig.note("one")
    async with rig.locked("LOCK TABLE gate"):
        task = asyncio.create_task(rig.driver.run([Statement(COUNT), Statement("SELECT * FROM gate")]))
        (cut,) = await rig.waiting()
        await rig.cut([cut])
        while await rig.waiting() == [cut]:
            await asyncio.sleep(0)
    assert [[dict(row) for row in rows] for rows in await task] == [[{"n": 1}], []]


async def test_a_change_by_itself_that_is_cut_may_have_happened(rig: Rig) -> None:
    async with rig.locked("LOCK TABLE notes"):
        task = asyncio.create_task(rig.note("one"))
        await rig.cut(await rig.waiting())
        with pytest.raises(OutcomeUnknown):
            await task
    await rig.note("two")
    assert await rig.notes() == 1


async def test_a_commit_that_is_cut_may_have_happened(rig: Rig) -> None:
    await rig.other.execute("""
        CREATE FUNCTION knock() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN LOCK TABLE gate; RETURN NULL; END';
        CREATE CONSTRAINT TRIGGER knock AFTER INSERT ON notes DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION knock()
    """)
    async with rig.locked("LOCK TABLE gate"):
        task = asyncio.create_task(rig.note("one", Statement("SELECT 1 AS one")))
        await rig.cut(await rig.waiting())
        with pytest.raises(OutcomeUnknown):
            await task


async def test_a_job_goes_on_from_what_was_committed_when_the_answer_was_lost(postgres: Server) -> None:
    async with rig_at(await postgres.ready()) as rig:
        store = SqlStore(rig.driver, SetClock())
        job = (await store.admit(admission())).job
        assert job is not None
        async with rig.locked("SELECT * FROM jobs FOR UPDATE"):
            task = asyncio.create_task(store.move(job, 1, State.SUBMITTING))
            await rig.cut(await rig.waiting())
            with pytest.raises(OutcomeUnknown):
                await task
        now = await store.again(job)
        assert now.stage is State.QUEUED
        await store.move(now, 1, State.SUBMITTING)
        with pytest.raises(StaleJob):
            await store.move(now, 1, State.SUBMITTING)  # a repetition by whoever missed the answer changes nothing


@asynccontextmanager
async def lost(postgres: Server, folder: Path, table: str, *, happened: bool) -> AsyncIterator[tuple[SqlStore, Any]]:
    """Yield a store and a function that runs a task whose first commit to a table goes unanswered."""
    async with rig_at(await postgres.empty()) as rig, Detour(rig.driver._url, folder) as way:
        driver = PostgresDriver(way.url)
        store = SqlStore(driver, SetClock())
        await store.open()
        await rig.other.execute(f"""
            CREATE TABLE gate (open TEXT);
            CREATE FUNCTION knock() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN LOCK TABLE gate; RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER knock AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION knock()
        """)

        async def run(work: Coroutine[Any, Any, Any]) -> Any:
            async with rig.locked("LOCK TABLE gate"):
                task = asyncio.create_task(work)
                committing = await rig.waiting()
                if happened:
                    way.hang_up()
                else:
                    await rig.cut(committing)
            return await task

        yield store, run
        await store.close()


@pytest.mark.parametrize("happened", [True, False])
async def test_an_order_whose_commit_goes_unanswered_is_admitted_once(
    postgres: Server, tmp_path: Path, *, happened: bool
) -> None:
    async with lost(postgres, tmp_path, "jobs", happened=happened) as (store, run):
        placed = admission()
        admitted = await run(store.admit(placed))
        assert admitted.job is not None
        assert (admitted.job.job_id, admitted.duplicate) == (placed.job_id, False)
        who = placed.order.caller
        standing = await store.standing(who.community, who.member, placed.operator_quota)
        assert standing.held_micros == placed.cost_micros
        assert await store.unfinished() == [admitted.job]


@pytest.mark.parametrize("happened", [True, False])
async def test_a_grant_whose_commit_goes_unanswered_is_given_once(
    postgres: Server, tmp_path: Path, *, happened: bool
) -> None:
    async with lost(postgres, tmp_path, "audit", happened=happened) as (store, run):
        admin = SqlAdminStore(store._driver, SetClock(), store)
        assert (
            await run(admin.credit(act("grant", "test:ann"), Person(member="test:ann", name="Ann"), 500, "well done"))
            == 500
        )
        assert [entry.act for entry in await admin.audit("test:band", 9)] == ["grant"]


async def test_a_statement_that_takes_too_long_is_ended_and_undone(rig: Rig) -> None:
    hasty = PostgresDriver(rig.driver._url, statement_s=1)
    await hasty.open()
    with pytest.raises(StoreAway, match="statement timeout"):
        await hasty.run([Statement(INSERT, {"note": "one"}), Statement("SELECT pg_sleep(60)")])
    await hasty.run([Statement(INSERT, {"note": "two"})])
    await hasty.close()
    assert await rig.notes() == 1


async def test_a_schema_that_another_process_changed_is_no_fault(rig: Rig) -> None:
    list_of_two = [Statement("SELECT * FROM notes"), Statement(COUNT)]
    await rig.note("one")
    await rig.driver.run(list_of_two)
    await rig.other.execute("ALTER TABLE notes ADD COLUMN shade TEXT NOT NULL DEFAULT 'red'")
    ((row,), _) = await rig.driver.run(list_of_two)
    assert row["shade"] == "red"


async def test_lists_that_wait_for_their_turn_keep_no_connection_from_others(rig: Rig) -> None:
    async with rig.locked(beginning(locks_of(["band"], ())).partition("; ")[2]):
        waiting = [asyncio.create_task(rig.note(str(n), alone=["band"])) for n in range(2 * CONNECTIONS)]
        await rig.waiting()
        await rig.note("other", alone=["choir"])
        assert await rig.notes() == 1
    await asyncio.gather(*waiting)
    assert await rig.notes() == 1 + 2 * CONNECTIONS


async def test_a_server_that_was_restarted_is_used_again_without_a_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.postgres_session.QUIET_S", -1.0)
    with server() as own:
        async with rig_at(own.url("public")) as rig:
            await rig.other.execute(TABLES)
            await rig.note("one", Statement(COUNT))
            own.restart()
            await rig.note("two", Statement(COUNT))
            assert await rig.notes() == 2


async def test_who_finds_no_connection_free_waits_for_one(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = asyncio.Event()

    def pause(_: float, __: float) -> float:
        failed.set()
        return 1.0

    monkeypatch.setattr("storage.postgres.random.uniform", pause)
    await rig.other.execute("CREATE ROLE modest LOGIN CONNECTION LIMIT 1")
    await rig.other.execute("GRANT CREATE, USAGE ON SCHEMA public TO modest")
    modest = PostgresDriver(rig.driver._url.partition("&search_path")[0].replace("troubadour@", "modest@"))
    await modest.open()
    try:
        async with rig.locked("SELECT pg_advisory_xact_lock(5)"):
            first = asyncio.create_task(modest.run([Statement("SELECT pg_advisory_xact_lock(5)")]))
            await rig.waiting()
            second = asyncio.create_task(modest.run([Statement("SELECT 2 AS two")]))
            await failed.wait()
            await rig.watch.execute("ALTER ROLE modest CONNECTION LIMIT 2")
            ((row,),) = await second
            assert row["two"] == 2
        await first
    finally:
        await modest.close()
        await rig.watch.execute("REVOKE ALL ON SCHEMA public FROM modest; DROP ROLE modest")


VALUES = """
SELECT CAST(:big AS BIGINT) AS big, CAST(:text AS TEXT) AS text, CAST(:nothing AS TEXT) AS nothing, 1 = 1 AS is_so,
    1 AS twice, 2 AS twice, ':big $1 -- no value' AS quoted -- nor :text
"""


async def _told(driver: PostgresDriver) -> list[list[tuple[list[str], list[Any]]]]:
    """Return the rows of a list in which a condition, a name with two values and every type have their say."""
    args = {"big": 2**62, "text": 'Zoë \\ "$list$" \u2028\n\U0001f3b5', "nothing": None}
    none = Statement("SELECT 1 AS one WHERE 1 = 0")
    texts = [Statement(VALUES, args), Statement(VALUES, {**args, "text": "other"}), none]
    conditional = [
        Statement("SELECT 3 AS three", when=when)
        for when in (When(VALUES), When(VALUES, found=False), When(none.sql, found=False), When(VALUES, column="twice"))
    ]
    results = await driver.run([*texts, *conditional], alone=["one"], beside=["two"])
    return [[(list(row.keys()), list(row)) for row in rows] for rows in results]


async def test_a_list_returns_the_same_as_one_round_trip_and_step_by_step(rig: Rig) -> None:
    at_once = await _told(rig.driver)
    rig.driver._functions = None
    in_steps = await _told(rig.driver)
    for (_, values), (_, others) in zip(at_once[0] + at_once[1], in_steps[0] + in_steps[1], strict=True):
        assert values == [other for n, other in enumerate(others) if n != 4]  # of two columns of one name the last
    assert at_once[2:] == in_steps[2:]


async def test_who_may_make_no_functions_runs_lists_step_by_step(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    home = await rig.other.fetchval("SELECT current_schema()")
    await rig.other.execute(f"""
        CREATE ROLE poor LOGIN; GRANT USAGE ON SCHEMA {home} TO poor; GRANT ALL ON notes, gate TO poor;
        REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC
    """)
    poor = PostgresDriver(rig.driver._url.replace("troubadour@", "poor@"))
    await poor.open()
    try:
        for note in "one", "two":
            _, ((n,),) = await poor.run([Statement(INSERT, {"note": note}, 1), Statement(COUNT)])
        assert n == 2
        assert caplog.text.count("no temporary objects") == 1
        with pytest.raises(Unexpected):
            await poor.run([Statement(INSERT, {"note": "three"}), Statement(COUNT, expect=9)])
        assert await rig.notes() == 2
    finally:
        await poor.close()
        await rig.other.execute("GRANT TEMPORARY ON DATABASE postgres TO PUBLIC; DROP OWNED BY poor; DROP ROLE poor")


async def test_a_list_that_meets_too_few_rows_is_undone(rig: Rig) -> None:
    with pytest.raises(Unexpected, match="1 rows instead of 9 in statement 2"):
        await rig.note("one", Statement(COUNT, expect=9))
    assert await rig.notes() == 0


@pytest.mark.parametrize(("last", "commits"), [("sixteenth", 1), ("first", 15)])
async def test_lists_that_wait_together_are_one_commit_and_fail_apart(rig: Rig, last: str, commits: int) -> None:
    async with rig.locked("LOCK TABLE gate"):
        read = Statement("SELECT * FROM gate")
        before = [asyncio.create_task(rig.driver.run([read], beside=["band"])) for _ in range(CONNECTIONS)]
        await rig.waiting(CONNECTIONS)
        notes = ["first", *map(str, range(14)), last]
        together = [asyncio.create_task(rig.note(note)) for note in notes]
    await asyncio.gather(*before)
    results = await asyncio.gather(*together, return_exceptions=True)
    refused = [number for number, result in enumerate(results) if isinstance(result, Conflict)]
    assert refused in ([[0], [15]] if last == "first" else [[]])  # apart, either may be the first
    assert [result for number, result in enumerate(results) if number not in refused] == [[[]]] * (16 - len(refused))
    assert await rig.other.fetchval("SELECT count(DISTINCT xmin::text) FROM notes") == commits
