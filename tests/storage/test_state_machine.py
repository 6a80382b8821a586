"""Anything in any order: after every step the books balance, and the store says what the model says.

STATE_MACHINE_EXAMPLES=5000 in the environment looks further, each time elsewhere, without a time limit.
"""

import asyncio
from collections.abc import Coroutine, Iterable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from core.domain.admission import Admitted
from core.domain.changes import MoveChanges
from core.domain.errors import StaleJob
from core.domain.lifecycle import DELIVERY_MOVES, DeliveryState, JobState, Reason, State
from core.domain.models import Job
from core.domain.orders import Order
from core.domain.quota import DAY_MS, LimitName, Limits, Period, Quota, QuotaSource
from core.domain.refusals import NotEnough
from storage.admin_store import SqlAdminStore
from storage.books_sql import CHECKS
from storage.driver import Driver, Statement
from storage.postgres import PostgresDriver
from storage.sqlite import SqliteDriver
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import act, admission, day
from tests.storage.drawn import (
    CHARGED,
    COMMUNITIES,
    DEFAULT_POOL,
    ENDS,
    EXAMPLES,
    MEMBERS,
    ROLES,
    STATES,
    TOTAL_POOL,
    WEEK,
    amounts,
    asked,
    broken,
    communities,
    deliveries,
    examples,
    loss,
    members,
    moves,
    nths,
    numbers,
    person,
    quotas,
    subjects,
    together,
    way,
    wishes,
    won_by,
)
from tests.storage.model import Model, Wanted, end_of, ms_of
from tests.template import prepared
from tests.worlds.postgres import Server

T = TypeVar("T")


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
        return multiple(*self.placed(several))

    def of_several(self, wanted: Wanted) -> list[str]:
        """Place an order of several parts where little but an allowance and a block refuses it."""
        home = wanted.community.removeprefix("test:")
        self.set_limits(home, None, None)
        self.set_pool(home, None)
        wanted = replace(wanted, roles=(), most_waiting=99, cost=max(wanted.cost, 5), parts=max(wanted.parts, 2))
        return self.placed([wanted])

    def placed(self, several: list[Wanted]) -> list[str]:
        """Place orders at once: of those who are known they are decided on one after another."""
        for wanted in several:
            who = person(wanted.member.removeprefix("test:"))
            self.run(self.store.remember(wanted.community, who, None))
            self.run(self.store._ids(wanted.community, wanted.member))
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
        return admitted

    @rule(job_id=jobs, cost=amounts)
    def redeliver(self, job_id: str, cost: int) -> None:
        again = admission(self.orders[job_id], cost=cost)
        answer: Admitted = self.run(self.store.admit(again))
        assert answer.duplicate
        assert answer.job == self.job(job_id)

    @rule(job_ids=st.lists(jobs, min_size=2, max_size=6), to=st.sampled_from(ENDS), nth=nths, upstream=amounts)
    def carry_on(self, job_ids: list[str], to: State | DeliveryState, nth: int, upstream: int) -> None:
        """Take each nth part of jobs to a state by the shortest way, if there is one; all of them to a delivery's."""
        for job_id in job_ids:
            if isinstance(to, State):
                self.bring(job_id, to, range(nth, 99, nth), upstream)
                continue
            self.bring(job_id, State.FETCHED, range(1, 99))
            job = self.job(job_id)
            for step in way(job.delivery.state, to, DELIVERY_MOVES) if job.delivery else []:
                job = self.run(self.store.move_delivery(job, step))
                self.model.jobs[job_id].delivery = step

    def bring(self, job_id: str, to: State, numbers: Iterable[int], upstream: int = 0) -> Job:
        """Take some of a job's generations to a state by the shortest way, if there is one."""
        job, known = self.job(job_id), self.model.jobs[job_id]
        for made in [made for made in job.generations if made.number in numbers]:
            for step in way(made.state, to, moves(known)):
                changes = loss(job.generation(made.number), step, upstream)
                job = self.run(self.store.move(job, made.number, step, **changes))
                known.moved(made.number, step, **changes)
        return job

    @rule(
        job_id=jobs, several=st.lists(st.tuples(numbers, st.sampled_from(State), deliveries), max_size=6),
        cancels=st.booleans(),
    )  # fmt: skip
    def race(self, job_id: str, several: list[tuple[int, State, DeliveryState]], cancels: bool) -> None:
        """Of several moves of one generation at once, and a cancel of all that waits, one wins."""
        job, known = self.job(job_id), self.model.jobs[job_id]
        if job.delivery:
            self.race_to_deliver(job, [to for _, _, to in several])
            return
        steps = [(job.generation(number % len(job.generations) + 1), to) for number, to, _ in several]
        steps = [(made, to) for made, to in steps if to is not State.LATE or not known.several]
        waiting = [self.store.move(job, made.number, to, **loss(made, to)) for made, to in steps]
        if cancels:
            waiting.append(self.store.cancel(job, Reason.WITHDRAWN))
        results = self.run(together(waiting))
        won = [step for step, result in zip(steps, results, strict=False) if won_by(result)]
        queued = [made for made in job.generations if made.state is State.QUEUED]
        if cancels and won_by(results[-1]):
            assert queued
            won += [(made, State.CANCELLED) for made in queued]
        elif cancels:
            assert won or not queued
        able = {made.number for made, to in (*steps, *won) if to in moves(known)[made.state]}
        assert sorted(made.number for made, _ in won) == sorted(able)
        if won and not known.several:
            assert won[0] == next(step for step in (*steps, *won) if step[1] in moves(known)[step[0].state])
        for made, to in won:
            known.moved(made.number, to, **loss(made, to))

    def race_to_deliver(self, job: Job, several: list[DeliveryState]) -> None:
        """Of several moves of a delivery at once, the first wins that the table has."""
        assert job.delivery
        able = [n for n, to in enumerate(several) if to in DELIVERY_MOVES[job.delivery.state]][:1]
        results = self.run(together([self.store.move_delivery(job, to) for to in several]))
        assert [n for n, result in enumerate(results) if won_by(result)] == able
        for n in able:
            self.model.jobs[job.job_id].delivery = several[n]

    @rule(target=jobs, wanted=wishes, number=numbers, upstream=amounts, beyond=st.sampled_from([0, 1]))
    def try_again(self, wanted: Wanted, number: int, upstream: int, beyond: int) -> Any:
        """Let a part fail and try it again, with just what that takes left in total, or one micro less."""
        for job_id in (placed := self.of_several(wanted)):
            known = self.model.jobs[job_id]
            part = number % len(known.parts) + 1
            job = self.bring(job_id, State.RUNNING, [part])
            upstream = min(upstream, job.generation(part).cost_micros)
            limited = SqlStore(
                self.driver, self.clock, DEFAULT_POOL, self.model.total_of(known.day) + upstream - beyond
            )
            lost = MoveChanges(retry_token=f"{job_id}.again", upstream_micros=upstream)
            (answer,) = self.run(together([limited.move(job, part, State.FAILED, **lost)]))
            if upstream and beyond:
                assert isinstance(answer, StaleJob)
            else:
                known.tried_again(part, upstream)
                assert [made.state for made in answer.generations] == [made.state for made in known.generations]
        return multiple(*placed)

    @rule(
        target=jobs, wanted=wishes, whole=numbers, upstream=amounts,
        takes=st.lists(st.booleans(), min_size=1, max_size=3),
    )  # fmt: skip
    def choose(self, wanted: Wanted, whole: int, upstream: int, takes: list[bool]) -> Any:
        """Let some parts come and the others fail at once; of several choices at once the first counts."""
        for job_id in (placed := self.of_several(wanted)):
            known = self.model.jobs[job_id]
            self.bring(job_id, State.FETCHED, range(1, whole % len(known.parts) + 2))
            job = self.bring(job_id, State.RUNNING, range(1, 99))
            last = [made for made in job.generations if made.state is State.RUNNING]
            failing = [loss(made, State.FAILED, upstream) for made in last]
            moved = [
                self.store.move(job, made.number, State.FAILED, **lost)
                for made, lost in zip(last, failing, strict=True)
            ]
            assert all(map(won_by, self.run(together(moved))))
            for made, lost in zip(last, failing, strict=True):
                known.moved(made.number, State.FAILED, **lost)
            job = self.job(job_id)
            results = self.run(together([self.store.choose(job, take=take) for take in takes]))
            asks = known.state is JobState.ASKING
            assert [won_by(result) for result in results] == [asks, *[False] * (len(takes) - 1)]
            if asks:
                known.chosen(take=takes[0])
        return multiple(*placed)

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
        jobs, made = self.run(self.driver.run([Statement(CHARGED), Statement(STATES)]))
        states: dict[str, list[str]] = {}
        for row in made:
            states.setdefault(row["job_id"], []).append(row["state"])
        said = {row["job_id"]: (*tuple(row)[1:], states[row["job_id"]]) for row in jobs}
        assert said == {
            job_id: (
                *(job.community, job.state, job.delivery, job.charged, job.upstream),
                [made.state for made in job.generations],
            )
            for job_id, job in self.model.jobs.items()
        }


class PostgresBooks(Books):
    total_pool = None  # of orders in several communities at once it would depend on which comes first

    server: Server

    def connect(self) -> Driver:
        return PostgresDriver(self.run(self.server.ready()))


@pytest.fixture(scope="session")
def started(postgres: Server) -> None:
    PostgresBooks.server = postgres


TestBooks = Books.TestCase
TestBooks.settings = examples(24)
TestBooksOnPostgres = pytest.mark.usefixtures("started")(PostgresBooks.TestCase)
TestBooksOnPostgres.settings = examples(3)
pytestmark = pytest.mark.timeout(0 if EXAMPLES else 300)
