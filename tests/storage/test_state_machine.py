"""Anything in any order: after every step the books balance, and the store says what the model says.

STATE_MACHINE_EXAMPLES=5000 in the environment looks further, each time elsewhere, without a time limit.
"""

import asyncio
import os
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypedDict, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from core.domain.admission import Admission, Admitted
from core.domain.errors import StaleJob
from core.domain.lifecycle import JobState, Stage, State
from core.domain.models import Job, Order, Person
from core.domain.quota import DAY_MS, LimitName, Limits, Period, Quota, QuotaSource
from core.domain.refusals import NotEnough
from storage.admin_store import SqlAdminStore
from storage.books import CHECKS, breaches
from storage.driver import Driver, Statement
from storage.postgres import PostgresDriver
from storage.sqlite import SqliteDriver
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import act, admission, caller, day, order
from tests.moves import SENDING, STAGES, stepped, steps
from tests.storage.model import HELD, VOID, Model, Wanted, end_of, ms_of
from tests.template import prepared
from tests.worlds.postgres import Server

T = TypeVar("T")
COMMUNITIES = ("band", "choir")
MEMBERS = ("ann", "bob")
ROLES = ("test:dj", "test:vip")
WEEK = Quota(limit_micros=10, period=Period.WEEK)
ENDS = sorted(set(STAGES) - {State.QUEUED, State.SUBMITTING, SENDING})
EXAMPLES = os.environ.get("STATE_MACHINE_EXAMPLES")

# Few and small numbers, so that limits are met exactly.
amounts = st.sampled_from([0, 1, 2, 5, 10, 20])
DEFAULT_POOL = 20
TOTAL_POOL = 50
quotas = st.builds(Quota, limit_micros=amounts | st.none(), period=st.sampled_from(Period))
communities = st.sampled_from(COMMUNITIES)
members = st.sampled_from(MEMBERS)
roles = st.sampled_from(ROLES)
subjects = st.one_of(
    st.just(("community", "")),
    members.map(lambda name: ("member", f"test:{name}")),
    *[st.tuples(st.just("role"), roles)] * 2,
)
wishes = st.builds(
    Wanted,
    community=communities.map("test:{}".format),
    member=members.map("test:{}".format),
    roles=st.sets(roles).map(lambda several: tuple(sorted(several))),
    cost=amounts,
    operator=quotas,
    most_waiting=st.sampled_from([99, 99, 3]),
    confirmed=st.booleans(),
)


class Books(RuleBasedStateMachine):
    jobs: Bundle[str] = Bundle("jobs")
    total_pool: int | None = TOTAL_POOL

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = TemporaryDirectory()
        self.clock = SetClock()
        self.driver = self.connect()
        self.store = SqlStore(self.driver, self.clock, DEFAULT_POOL, self.total_pool)
        self.admin = SqlAdminStore(self.driver, self.clock, self.store)
        self.model = Model(self.clock.ms, default_pool=DEFAULT_POOL, total_pool=self.total_pool)
        self.orders: dict[str, Order] = {}
        self.run(self.store.open())

    def connect(self) -> Driver:
        return SqliteDriver(prepared(Path(self.folder.name) / "books.db"))

    def run(self, wait: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(wait)

    def teardown(self) -> None:
        self.run(self.store.close())
        self.loop.close()
        self.folder.cleanup()

    # --- orders ---------------------------------------------------------------------------------------------------

    @initialize(target=jobs, several=st.lists(wishes, min_size=2, max_size=4), of_roles=st.tuples(quotas, quotas))
    def begin(self, several: list[Wanted], of_roles: tuple[Quota, Quota]) -> Any:
        for home in COMMUNITIES:
            for role, quota in zip(ROLES, of_roles, strict=True):
                self.set_quota(home, ("role", role), quota)
            for name in MEMBERS:
                self.credit(home, name, 10, 1)
        return self.place(several)

    @rule(target=jobs, several=st.lists(wishes, min_size=1, max_size=4))
    def order(self, several: list[Wanted]) -> Any:
        return self.place(several)

    @rule(
        target=jobs, wanted=wishes, of=st.sampled_from(["allowance", "pool", "confirm"]), beyond=st.sampled_from([0, 1])
    )
    def order_the_rest(self, wanted: Wanted, of: str, beyond: int) -> Any:
        """Order for just what is left, or for one micro more, where little else refuses."""
        home = wanted.community.removeprefix("test:")
        if of != "allowance":
            wanted = replace(wanted, roles=(), operator=day(None), most_waiting=99)
            self.set_limits(home, None, None if of == "pool" else 5)
            self.set_pool(home, 20 if of == "pool" else None)
        now = self.model.standing(wanted.community, wanted.member, wanted.operator, wanted.roles)
        left = {
            "allowance": (now.allowance_left_micros or 0) + now.balance_micros,
            "pool": now.pool_left_micros,
            "confirm": now.limits.confirm_micros,
        }[of]
        return self.place([replace(wanted, cost=max(0, (left or 0) + beyond), confirmed=of != "confirm")])

    def place(self, several: list[Wanted]) -> Any:
        """Place orders at once: in communities that are known they are decided on one after another."""
        for wanted in several:
            who = person(wanted.member.removeprefix("test:"))
            self.run(self.store.remember(wanted.community, who, None))
        admissions = [asked(wanted) for wanted in several]
        answers = self.run(together([self.store.admit(a) for a in admissions]))
        admitted = []
        for wanted, placed, answer in zip(several, admissions, answers, strict=True):
            before = self.model.standing(wanted.community, wanted.member, wanted.operator, wanted.roles)
            if answer.standing:
                assert replace(answer.standing, last_order_ms=None) == before
            assert (answer.standing is None) == (answer.refused_by is None)
            assert answer.refused_by == self.model.admit(placed.job_id, wanted)
            assert (answer.job is None, answer.duplicate) == (answer.refused_by is not None, False)
            if answer.job:
                admitted.append(placed.job_id)
                self.orders[placed.job_id] = placed.order
        return multiple(*admitted)

    @rule(job_id=jobs, cost=amounts)
    def redeliver(self, job_id: str, cost: int) -> None:
        again = admission(self.orders[job_id], cost=cost)
        answer: Admitted = self.run(self.store.admit(again))
        assert answer.duplicate
        assert answer.job == self.job(job_id)

    @rule(job_ids=st.lists(jobs, min_size=2, max_size=6), to=st.sampled_from(ENDS), upstream=amounts)
    def carry_on(self, job_ids: list[str], to: Stage, upstream: int) -> None:
        """Take jobs to a state by the shortest way, if there is one."""
        for job_id in job_ids:
            for step in way(self.model.jobs[job_id].state, to):
                job = self.job(job_id)
                changes = loss(job, step, upstream)
                assert self.run(stepped(self.store, job, step, **changes)).stage is step
                self.model.jobs[job_id].moved(step, **changes)

    @rule(job_id=jobs, several=st.lists(st.sampled_from(STAGES), min_size=2, max_size=6))
    def race(self, job_id: str, several: list[Stage]) -> None:
        """Of several moves of one job at once, the first wins that the table has."""
        job = self.job(job_id)
        results = self.run(together([stepped(self.store, job, to, **loss(job, to)) for to in several]))
        winners = [n for n, to in enumerate(several) if to in steps(job.stage)][:1]
        assert [n for n, result in enumerate(results) if not isinstance(result, StaleJob)] == winners
        for winner in winners:
            self.model.jobs[job_id].moved(several[winner], **loss(job, several[winner]))

    def job(self, job_id: str) -> Job:
        found = self.run(self.store.job(job_id))
        assert found is not None
        return found

    # --- what admins do -------------------------------------------------------------------------------------------

    @rule(home=communities, name=members, micros=amounts.filter(bool), sign=st.sampled_from([1, 1, -1]))
    def credit(self, home: str, name: str, micros: int, sign: int) -> None:
        key = (f"test:{home}", f"test:{name}")
        after = self.model.balance(*key) + sign * micros
        credit = self.admin.credit(act(community=home), person(name), sign * micros, "")
        (answer,) = self.run(together([credit]))
        if after < 0:
            assert isinstance(answer, NotEnough)
        else:
            assert answer == after
            self.model.credit[key] += sign * micros

    @rule(home=communities, subject=subjects, quota=quotas | st.none())
    def set_quota(self, home: str, subject: tuple[str, str], quota: Quota | None) -> None:
        self.run(self.admin.set_quota(act(target=subject[1], community=home), QuotaSource(subject[0]), quota))
        self.model.set(self.model.quotas, (f"test:{home}", *subject), quota)

    @rule(home=communities, micros=amounts | st.none())
    def set_pool(self, home: str, micros: int | None) -> None:
        self.run(self.admin.set_pool(act(community=home), f"test:{home}", micros))
        self.model.pools[f"test:{home}",] = micros

    @rule(home=communities, name=members, span_ms=st.sampled_from([None, 1, DAY_MS, DAY_MS]), lift=st.booleans())
    def block(self, home: str, name: str, span_ms: int | None, lift: bool) -> None:
        key = (f"test:{home}", f"test:{name}")
        until_ms = None if span_ms is None else self.clock.ms + span_ms
        self.run(self.admin.block(act(community=home), person(name), until_ms))
        self.model.blocks[key] = until_ms
        if lift:
            self.run(self.admin.unblock(act(community=home), person(name)))
            del self.model.blocks[key]

    @rule(home=communities, in_flight=st.sampled_from([None, 1, 3, 8]), confirm=amounts | st.none())
    def set_limits(self, home: str, in_flight: int | None, confirm: int | None) -> None:
        self.run(self.admin.set_limit(act(community=home), LimitName.IN_FLIGHT, in_flight))
        self.run(self.admin.set_limit(act(community=home), LimitName.CONFIRM_MICROS, confirm))
        self.model.limits[f"test:{home}",] = Limits(in_flight=in_flight, confirm_micros=confirm)

    @rule(keys=st.permutations(COMMUNITIES))
    def move_community(self, keys: list[str]) -> None:
        old, new = (f"test:{key}" for key in keys[:2])
        self.run(self.store.move_community(old, new))
        self.model.move_community(old, new)

    # --- time -----------------------------------------------------------------------------------------------------

    @rule(days=st.sampled_from([0, 1, 1, 6, 31, 366, -1, -1, -6, -31]), ms=st.sampled_from([0, 1, -1]))
    def jump_in_time(self, days: int, ms: int) -> None:
        self.set_clock(self.clock.ms + days * DAY_MS + ms)

    @rule(period=st.sampled_from(Period), before_ms=st.sampled_from([0, 1]))
    def go_to_the_edge(self, period: Period, before_ms: int) -> None:
        self.set_clock(ms_of(end_of(period, self.model.today)) - before_ms)

    def set_clock(self, now_ms: int) -> None:
        self.clock.ms = self.model.now_ms = now_ms

    # --- what always holds ----------------------------------------------------------------------------------------

    @invariant()
    def the_store_says_what_the_model_says(self) -> None:
        who = [(f"test:{community}", f"test:{member}") for community in COMMUNITIES for member in MEMBERS]
        keys = [(*key, day(10), ()) for key in who] + [(*key, WEEK, ROLES) for key in who]
        said = self.run(together([self.store.standing(*key) for key in keys]))
        assert [replace(s, last_order_ms=None) for s in said] == [self.model.standing(*key) for key in keys]

    @invariant()
    def the_books_balance(self) -> None:
        """All checks in one go, for speed."""
        found = self.run(self.driver.run([Statement(query) for query in CHECKS.values()]))
        assert not any(found), self.run(broken(self.driver))

    @invariant()
    def only_audio_is_charged(self) -> None:
        (rows,) = self.run(self.driver.run([Statement(CHARGED)]))
        assert {row["job_id"]: (row["community"], row["state"], row["charged"], row["upstream"]) for row in rows} == {
            job_id: (job.community, job.state.value, 0 if job.held or job.void else job.cost, job.upstream)
            for job_id, job in self.model.jobs.items()
        }


CHARGED = """
SELECT
    jobs.job_id, communities.key AS community,
    coalesce(deliveries.state, CASE WHEN jobs.state = 'open' OR made.state = 'late' THEN made.state ELSE jobs.state END)
        AS state,
    sum(charged_micros) AS charged, sum(ledger.upstream_micros) AS upstream
FROM jobs JOIN ledger ON ledger.job_id = jobs.job_id
JOIN generations AS made ON made.job_id = jobs.job_id
JOIN communities ON communities.community_id = jobs.community_id
LEFT JOIN deliveries ON deliveries.job_id = jobs.job_id
GROUP BY jobs.job_id, communities.key, jobs.state, made.state, deliveries.state
"""


async def together(waiting: list[Coroutine[Any, Any, Any]]) -> list[Any]:
    """Run all at once; what the store refuses comes back as the error."""
    return await asyncio.gather(*waiting, return_exceptions=True)


async def broken(driver: Driver) -> list[str]:
    return [sentence async for sentence in breaches(driver)]


def asked(wanted: Wanted) -> Admission:
    who = caller(
        wanted.member.removeprefix("test:"), community=wanted.community.removeprefix("test:"), roles=wanted.roles
    )
    return admission(
        order(who), cost=wanted.cost, quota=wanted.operator, max_waiting=wanted.most_waiting, confirmed=wanted.confirmed
    )


class Loss(TypedDict, total=False):
    """The change that the model knows."""

    upstream_micros: int


def loss(job: Job, to: Stage, upstream: int = 0) -> Loss:
    """Return what the operator pays for a job that ends without audio; of one that may come late it is all."""
    if to not in VOID or job.stage not in HELD:
        return {}
    return {"upstream_micros": job.cost_micros if to is JobState.EXPIRED else min(upstream, job.cost_micros)}


def way(start: Stage, to: Stage) -> list[Stage]:
    """Return the shortest way in the tables of moves; empty if there is none."""
    ways: dict[Stage, list[Stage]] = {start: []}
    for state in (reached := [start]):
        for following in sorted(steps(state) - ways.keys()):
            ways[following] = [*ways[state], following]
            reached.append(following)
    return ways.get(to, [])


def person(name: str) -> Person:
    return Person(member=f"test:{name}", name=name)


class PostgresBooks(Books):
    total_pool = None  # of orders in several communities at once it would depend on which comes first

    server: Server

    def connect(self) -> Driver:
        return PostgresDriver(self.run(self.server.ready()))


@pytest.fixture(scope="session")
def started(postgres: Server) -> None:
    PostgresBooks.server = postgres


def _settings(examples: int) -> settings:
    return settings(
        max_examples=int(EXAMPLES or examples),
        stateful_step_count=25,
        deadline=None,
        derandomize=EXAMPLES is None,
        suppress_health_check=[HealthCheck.too_slow],
    )


TestBooks = Books.TestCase
TestBooks.settings = _settings(30)
TestBooksOnPostgres = pytest.mark.usefixtures("started")(PostgresBooks.TestCase)
TestBooksOnPostgres.settings = _settings(4)
pytestmark = pytest.mark.timeout(0 if EXAMPLES else 60)
