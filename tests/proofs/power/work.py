"""Seeded work for the real store: every kind of transaction, several at a time."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace

from core.domain.audit import Act, Action, CommandName
from core.domain.changes import MoveChanges
from core.domain.errors import StoreError
from core.domain.lifecycle import MOVES, JobState, State
from core.domain.models import Generation, Job
from core.domain.orders import Destination
from core.domain.people import Caller, Person
from core.domain.quota import LimitName, Period, Quota, QuotaSource
from core.domain.refusals import Refusal
from storage.admin_store import SqlAdminStore
from storage.store import SqlStore
from tests.clock import SetClock
from tests.makers import admission, caller, order
from tests.moves import stepped, steps
from tests.proofs.power.recorder import RecordedDriver

COMMUNITIES = ("band", "choir", "crew")
MEMBERS = ("ann", "bob", "cyd", "dan", "eve")
MOST_AT_ONCE = 6


class Work:
    """Runs random transactions on a store; the same seed on the same database runs the same."""

    def __init__(self, driver: RecordedDriver, rng: random.Random) -> None:
        self.rng = rng
        self.driver = driver
        self.clock = SetClock()
        self.store = SqlStore(driver, self.clock)
        self.admin = SqlAdminStore(driver, self.clock, self.store)
        self.jobs: dict[str, Job] = {}
        self.credit_requests: list[tuple[str, str]] = []
        self.offers: list[tuple[str, Caller]] = []
        self.done = 0

    async def run(self, rounds: int) -> None:
        """Open the store, work, and reopen it sometimes. It is closed at the end in any case."""
        while rounds > 0:
            part = min(rounds, self.rng.randint(20, 120))
            await self.store.open()
            try:
                await self.driver.start_marking()
                self.jobs = {job.job_id: job for job in await self.store.unfinished()}
                for _ in range(part):
                    await asyncio.gather(*(self.act() for _ in range(self.rng.randint(1, MOST_AT_ONCE))))
            finally:
                await self.store.close()
            rounds -= part

    async def act(self) -> None:
        """Run one transaction; a refusal by the store counts as one."""
        kinds: tuple[tuple[int, Callable[[], Awaitable[None]]], ...] = (
            (30, self._admit), (40, self._advance), (5, self._close), (3, self._place), (5, self._credit),
            (3, self._ask), (3, self._decide), (2, self._offer), (2, self._take), (5, self._rule), (1, self._migrate),
        )  # fmt: skip
        (kind,) = self.rng.choices([kind for _, kind in kinds], [weight for weight, _ in kinds])
        self.clock.ms += self.rng.randrange(3_600_000)
        try:
            await kind()
            self.done += 1
        except (StoreError, Refusal):
            pass  # rolled back as a whole, as the checks verify

    # --- jobs -----------------------------------------------------------------------------------------------------

    def _who(self) -> Caller:
        return caller(self.rng.choice(MEMBERS), community=self.rng.choice(COMMUNITIES))

    def _id(self) -> str:
        return f"{self.rng.getrandbits(64):016x}"

    async def _admit(self) -> None:
        text = "".join(self.rng.choices("la lo li ", k=self.rng.choice((5, 60, 600, 3000))))
        placed = order(self._who(), text, event_id=f"test:{self._id()}")
        cost, quota = self.rng.randrange(1, 300_000), self.rng.choice((50_000, 10_000_000, None))
        wanted = admission(
            placed, cost=cost, quota=Quota(limit_micros=quota, period=self.rng.choice(list(Period))),
            job_id=self._id(), callback_token=self._id(), parts=self.rng.choice((1, 1, 2, 5)),
        )  # fmt: skip
        admitted = await self.store.admit(wanted)
        if admitted.job:
            self.jobs[admitted.job.job_id] = admitted.job

    def _some_job(self) -> Job | None:
        return self.rng.choice(list(self.jobs.values())) if self.jobs else None

    async def _advance(self) -> None:
        job = self._some_job()
        if job is None:
            return
        if job.delivery:
            if steps(job.stage):
                self.jobs[job.job_id] = await stepped(self.store, job, self.rng.choice(sorted(steps(job.stage))))
        elif job.state is JobState.ASKING:
            self.jobs[job.job_id] = await self.store.choose(job, take=self.rng.random() < 0.5)
        else:
            await self._advance_one(job, self.rng.choice(job.generations))

    async def _advance_one(self, job: Job, made: Generation) -> None:
        to = self.rng.choice(sorted(MOVES[made.state]) or [None])
        if to is None:
            return
        changes: MoveChanges = {"detail": self._id()}
        if to is State.FAILED:
            changes["upstream_micros"] = 7
            tried = sum(other.part == made.part for other in job.generations)
            if len(job.parts) > 1 and tried == 1 and self.rng.random() < 0.5:
                changes["retry_token"] = self._id()
        if to is State.EXPIRED and made.state is not State.LATE:
            changes["upstream_micros"] = made.cost_micros  # a late one is known to be paid for
        if to is State.LATE and len(job.generations) > 1:
            return
        if to is State.RUNNING:
            changes["request_id"] = self._id()
        self.jobs[job.job_id] = await self.store.move(job, made.number, to, **changes)

    async def _close(self) -> None:
        job = self._some_job()
        if job and job.ended:
            del self.jobs[job.job_id]
            await self.store.close_job(job)

    async def _place(self) -> None:
        if job := self._some_job():
            await self.store.place(job.job_id, Destination("test", {"token": self._id()}))

    async def _offer(self) -> None:
        placed = order(self._who(), event_id=f"test:{self._id()}")
        offer = await self.store.offer(self._id(), placed, 1400, self.clock.ms + 10**9)
        self.offers.append((offer, placed.caller))

    async def _take(self) -> None:
        if self.offers:
            offer, who = self.offers.pop()
            await self.store.read_offer(who, offer)
            await self.store.drop_offer(offer)

    # --- admins ---------------------------------------------------------------------------------------------------

    def _act(self, community: str, target: str = "") -> Act:
        return Act(
            audit_id=self._id(),
            community=community,
            actor="test:boss",
            actor_name="Boss",
            name=CommandName("test"),
            target=target,
        )

    async def _credit(self) -> None:
        who = self._who()
        person = Person(member=who.member, name=who.name)
        amount = self.rng.choice((-1, 1, 1, 1)) * self.rng.randrange(1, 400_000)
        await self.admin.credit(self._act(who.community, who.member), person, amount, "because")

    async def _ask(self) -> None:
        who, request = self._who(), self._id()
        if await self.store.ask(request, who, self.rng.randrange(1, 100_000)):
            self.credit_requests.append((request, who.community))

    async def _decide(self) -> None:
        if self.credit_requests:
            request, community = self.credit_requests.pop()
            approve = self.rng.random() < 0.7
            act = replace(self._act(community, request), name=Action.APPROVE if approve else Action.DECLINE)
            await self.admin.decide(act, request, approve=approve)

    async def _rule(self) -> None:
        who, rng = self._who(), self.rng
        act, person = self._act(who.community, who.member), Person(member=who.member, name=who.name)
        rules: tuple[Callable[[], Awaitable[object]], ...] = (
            lambda: self.admin.set_quota(
                act, QuotaSource.MEMBER, Quota(limit_micros=rng.randrange(10**6), period=Period.DAY)
            ),
            lambda: self.admin.set_quota(act, QuotaSource.MEMBER, None),
            lambda: self.admin.block(act, person, self.clock.ms + 10**6),
            lambda: self.admin.unblock(act, person),
            lambda: self.admin.set_limit(act, LimitName.IN_FLIGHT, rng.randrange(1, 50)),
            lambda: self.admin.set_pool(act, who.community, rng.choice((None, 10**7, 10**9))),
            lambda: self.store.remember(who.community, person, self._id()),
        )
        await rng.choice(rules)()

    async def _migrate(self) -> None:
        old, new = self.rng.sample(COMMUNITIES, 2)
        await self.store.move_community(f"test:{old}", f"test:{new}")
