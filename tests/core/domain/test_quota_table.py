"""Orders at every edge of every limit, on one real database: the table stands in quota_table.txt."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from core.domain.admission import Admission, Admitted
from core.domain.lifecycle import State
from core.domain.people import Person
from core.domain.quota import LimitName, Period, Quota, QuotaSource, Standing
from storage.admin_store import SqlAdminStore
from storage.books import breaches
from storage.driver import Driver, Statement
from storage.postgres import PostgresDriver
from storage.sqlite import SqliteDriver
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import act, admission, caller, order

TABLE = Path(__file__).with_name("quota_table.txt")
AMOUNT = re.compile(r"(\d+|unlimited)/(day|week|month)")
WHO = re.compile(r"(\w+)(?:\(([\w,]+)\))?")
TIME = re.compile(r"(\d{4}-)?(\d\d-\d\d)?T?(\d\d:\d\d\S*)?")
ENDS = {"charged": State.FETCHED, "void": State.FAILED}


@dataclass(frozen=True)
class Row:
    line: int
    steps: list[list[str]]
    """Before the order, as words."""
    order: list[str]
    answer: str


def rows() -> Iterator[Row]:
    for number, line in enumerate(TABLE.read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            settings, before, wanted, answer = (" ".join(cell.split()) for cell in line.split("|"))
            steps = [step.split() for step in f"{settings};{before}".split(";") if step.strip()]
            yield Row(number, steps, wanted.split(), answer)


ROWS = list(rows())


def quota(text: str) -> Quota:
    found = AMOUNT.fullmatch(text)
    assert found is not None, text
    return Quota(limit_micros=None if found[1] == "unlimited" else int(found[1]), period=Period(found[2]))


def ms(text: str) -> int:
    found = TIME.fullmatch(text)
    assert found is not None, text
    moment = datetime.fromisoformat(f"{found[1] or '2026-'}{found[2] or '03-18'}T{found[3] or '00:00'}")
    return round(moment.replace(tzinfo=UTC).timestamp() * 1000)


def shown(at_ms: int | None) -> str:
    """Write a time as the table does."""
    assert at_ms is not None
    text = (datetime(1970, 1, 1) + timedelta(milliseconds=at_ms)).isoformat(timespec="milliseconds")  # noqa: DTZ001
    return text.removeprefix("2026-").removesuffix(".000").removesuffix(":00").removesuffix("T00:00")


@dataclass
class Scene:
    """One row's own corner of the shared database: two communities and members that no other row has."""

    line: int
    driver: Driver
    clock: SetClock
    store: SqlStore
    admin: SqlAdminStore
    operator: Quota = field(default_factory=lambda: quota("100/day"))
    waiting: int = 1000
    wanted: Admission = field(default_factory=admission)
    """The last order that was placed."""
    job_id: str = ""
    """Of the last order that was admitted."""

    async def step(self, words: list[str]) -> None:
        match words:
            case ["at", time]:
                self.clock.ms = ms(time)
            case ["operator", amount]:
                self.operator = quota(amount)
            case ["waiting", most]:
                self.waiting = int(most)
            case ["void", time]:
                self.clock.ms = ms(time)
                await self.end(State.FAILED)
            case _:
                home, rest = ("choir", words[1:]) if words[0] == "elsewhere" else ("band", words)
                if not await self.administer(f"{home}{self.line}", rest):
                    await self.order_before(f"{home}{self.line}", rest)

    async def administer(self, home: str, words: list[str]) -> bool:
        """Do what an admin does; False if the words say something else."""
        match words:
            case ["member" | "role" | "community" as kind, *name, amount]:
                target = self.person(*name).member if kind == "member" else "".join(f"test:{role}" for role in name)
                wanted = None if amount == "none" else quota(amount)
                await self.admin.set_quota(act(target=target, community=home), QuotaSource(kind), wanted)
            case ["pool", amount]:
                limit = None if amount == "none" else int(amount)
                await self.admin.set_pool(act(community=home), f"test:{home}", limit)
            case ["credit", name, amount]:
                await self.admin.credit(act(community=home), self.person(name), int(amount), "")
            case ["block", name]:
                await self.admin.block(act(community=home), self.person(name), None)
            case ["block", name, "until", time]:
                await self.admin.block(act(community=home), self.person(name), ms(time))
            case ["unblock", name]:
                await self.admin.unblock(act(community=home), self.person(name))
            case ["limit", name, *values]:
                value = int(values[0]) if values[0].isdecimal() else tuple(values)
                await self.admin.set_limit(act(community=home), LimitName(name), value)
            case _:
                return False
        return True

    async def order_before(self, home: str, words: list[str]) -> None:
        answer = await self.place(home, words)
        assert (answer.job is None) is ("refused" in words), (words, answer.refused_by)
        self.job_id = answer.job.job_id if answer.job else self.job_id
        for word in ENDS.keys() & words:
            await self.end(ENDS[word])

    async def end(self, to: State) -> None:
        job = await self.store.job(self.job_id)
        for state in (State.SUBMITTING, State.RUNNING, to):
            assert job is not None
            job = await self.store.move(job, 1, state)

    async def place(self, home: str, words: list[str]) -> Admitted:
        for time in filter(TIME.fullmatch, words[1:]):
            self.clock.ms = ms(time)
        fresh = admission()
        if words[0] != "again":
            self.wanted = self.parsed(home, words)
        return await self.store.admit(replace(self.wanted, job_id=fresh.job_id, tokens=fresh.tokens))

    def parsed(self, home: str, words: list[str]) -> Admission:
        characters = [int(word[:-2]) for word in words if word.endswith("ch")]
        who = WHO.fullmatch(words[0])
        assert who is not None, words
        ordered_by = caller(
            f"{who[1]}{self.line}",
            community=home,
            roles=tuple(f"test:{role}" for role in (who[2] or "").split(",") if role),
            channel="".join(word[1:] for word in words if word.startswith("#")),
        )
        return admission(
            order(ordered_by, product="music" if "music" in words else "speech"),
            cost=int(words[1]),
            quota=self.operator,
            characters=characters[0] if characters else 14,
            max_waiting=self.waiting,
            confirmed="confirmed" in words,
        )

    async def answer(self, words: list[str]) -> str:
        """Place the row's order and write the answer as the table does."""
        answer = await self.place(f"band{self.line}", words)
        if answer.duplicate:
            assert answer.job is not None
            assert answer.job.job_id == self.job_id
            return "the same job"
        who = self.wanted.order.caller
        after = await self.store.standing(who.community, who.member, self.operator, who.roles)
        if answer.job is None:
            assert answer.standing == after
            return f"no: {self.refusal(answer.refused_by, after)}"
        held = "SELECT allowance_micros, balance_micros FROM holds WHERE job_id = :job"
        ((hold,),) = await self.driver.run([Statement(held, {"job": answer.job.job_id})])
        return f"{hold['allowance_micros']}+{hold['balance_micros']} {self.left(after)}"

    def refusal(self, limit: str | None, standing: Standing) -> str:
        match limit:
            case "allowance":
                return f"allowance {self.left(standing)}"
            case "pool":
                return f"pool, left {standing.pool_left_micros} until {shown(standing.pool_resets_ms)}"
            case "blocked" if standing.blocked_until_ms is None:
                return "blocked for good"
            case "blocked":
                return f"blocked until {shown(standing.blocked_until_ms)}"
            case "cooldown":
                assert standing.last_order_ms is not None
                assert standing.limits.cooldown_s is not None
                return f"cooldown until {shown(standing.last_order_ms + standing.limits.cooldown_s * 1000)}"
        return str(limit)

    def left(self, standing: Standing) -> str:
        whose = f"{standing.source} {standing.subject.removeprefix('test:').removesuffix(str(self.line))}".strip()
        allowance = standing.allowance_left_micros
        left = f"{'unlimited' if allowance is None else allowance}+{standing.balance_micros}"
        return f"of {whose}, left {left} until {shown(standing.resets_ms)}"

    def person(self, name: str) -> Person:
        return Person(member=f"test:{name}{self.line}", name=name)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["sqlite", "postgres"])
async def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Driver, SetClock, SqlStore]]:
    """One store on each engine for the whole table, whose books must balance when all rows are done."""
    driver: Driver
    if request.param == "sqlite":
        driver = SqliteDriver(tmp_path_factory.mktemp("table") / "books.db")
    else:
        driver = PostgresDriver(await request.getfixturevalue("postgres").empty())
    clock = SetClock()
    store = SqlStore(driver, clock)
    await store.open()
    yield driver, clock, store
    broken = [sentence async for sentence in breaches(driver)]
    await store.close()  # before anything can fail: an open connection keeps the process from ending
    assert broken == []


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"line{row.line}")
async def test_the_answer_is_the_tables(row: Row, shared: tuple[Driver, SetClock, SqlStore]) -> None:
    driver, clock, store = shared
    clock.ms = ms("12:00")
    scene = Scene(row.line, driver, clock, store, SqlAdminStore(driver, clock, store))
    for step in row.steps:
        await scene.step(step)
    assert await scene.answer(row.order) == row.answer
