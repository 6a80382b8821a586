"""What the store must say, from nothing but a list of jobs and what was set: slow, obvious, and not in SQL."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TypeVar

from core.domain.lifecycle import DeliveryState, JobState, State
from core.domain.quota import Limits, Period, Quota, QuotaSource, Standing

UNDER_WAY = {State.QUEUED, State.SUBMITTING, State.UNCONFIRMED, State.RUNNING, State.LATE}

V = TypeVar("V")
Settings = dict[tuple[str, ...], V]
"""What was set, by community and whatever else it is set for."""


def date_of(at_ms: int) -> date:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)).date()


def ms_of(day: date) -> int:
    return (day - date(1970, 1, 1)).days * 86_400_000


def next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def same_window(period: Period, one: date, other: date) -> bool:
    match period:
        case Period.DAY:
            return one == other
        case Period.WEEK:
            return one.isocalendar()[:2] == other.isocalendar()[:2]
        case Period.MONTH:
            return (one.year, one.month) == (other.year, other.month)


def end_of(period: Period, day: date) -> date:
    match period:
        case Period.DAY:
            return day + timedelta(days=1)
        case Period.WEEK:
            return day + timedelta(days=8 - day.isoweekday())
        case Period.MONTH:
            return next_month(day)


@dataclass
class Made:
    """A generation, as far as money is concerned."""

    part: int
    cost: int
    state: State = State.QUEUED
    upstream: int = 0
    """What the operator pays for it, where the member does not."""


@dataclass
class Spent:
    """A job, as far as money is concerned."""

    community: str
    member: str
    day: date
    allowance: int
    balance: int
    generations: list[Made]
    state: JobState = JobState.OPEN
    delivery: DeliveryState | None = None
    free: bool = False
    """Its audio came when the hold was released already."""

    @property
    def parts(self) -> list[Made]:
        """The newest generation of each part."""
        return list({made.part: made for made in self.generations}.values())

    @property
    def several(self) -> bool:
        return len(self.generations) > 1

    def moved(self, number: int, to: State, upstream_micros: int = 0) -> None:
        made = self.generations[number - 1]
        made.state = to
        made.upstream += upstream_micros
        self.free = self.free or to is State.LATE
        states = {part.state for part in self.parts}
        if not states & UNDER_WAY:
            self.end(states)

    def end(self, states: set[State]) -> None:
        if states == {State.FETCHED}:
            self.ready()
        elif State.FETCHED in states:
            self.state = JobState.ASKING
        elif states & {State.FAILED, State.REJECTED}:
            self.state = JobState.FAILED
        else:
            self.state = JobState.EXPIRED if State.EXPIRED in states else JobState.CANCELLED

    def ready(self) -> None:
        self.state, self.delivery = JobState.READY, DeliveryState.PENDING

    def tried_again(self, number: int, upstream_micros: int) -> None:
        lost = self.generations[number - 1]
        lost.state, lost.upstream = State.FAILED, upstream_micros
        self.generations.append(Made(lost.part, lost.cost))

    def chosen(self, *, take: bool) -> None:
        if take:
            self.ready()
            return
        self.state = JobState.CANCELLED
        for part in self.parts:
            part.upstream = part.cost if part.state is State.FETCHED else part.upstream

    @property
    def held(self) -> bool:
        return self.state in (JobState.OPEN, JobState.ASKING)

    @property
    def cost(self) -> int:
        return self.allowance + self.balance

    @property
    def charged(self) -> int:
        takes = self.state is JobState.READY and not self.free
        return sum(part.cost for part in self.parts if part.state is State.FETCHED) if takes else 0

    @property
    def drawn(self) -> int:
        return self.cost if self.held else self.charged

    @property
    def from_allowance(self) -> int:
        return min(self.allowance, self.drawn)

    @property
    def upstream(self) -> int:
        """What the books say that the operator pays: of what may still be charged, only what was tried again."""
        return sum(made.upstream for made in self.generations if not self.held or made not in self.parts)


@dataclass(frozen=True)
class Wanted:
    """An order: what the decision depends on."""

    community: str
    member: str
    roles: tuple[str, ...]
    cost: int
    operator: Quota
    most_waiting: int
    confirmed: bool
    parts: int

    @property
    def costs(self) -> list[int]:
        """What each part costs: about the same."""
        ends = [self.cost * n // self.parts for n in range(self.parts + 1)]
        return [end - start for start, end in pairwise(ends)]


@dataclass
class Model:
    now_ms: int
    jobs: dict[str, Spent] = field(default_factory=dict)
    credit: Counter[tuple[str, str]] = field(default_factory=Counter)
    """What was granted less what was revoked, by community and member."""
    quotas: Settings[Quota] = field(default_factory=dict)
    """By community, kind and subject."""
    blocks: Settings[int | None] = field(default_factory=dict)
    """By community and member."""
    pools: Settings[int | None] = field(default_factory=dict)
    default_pool: int | None = None
    total_pool: int | None = None
    limits: Settings[Limits] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return date_of(self.now_ms)

    def drawn(self, community: str, member: str, period: Period) -> int:
        return sum(
            job.from_allowance
            for job in self.jobs.values()
            if (job.community, job.member) == (community, member)
            if same_window(period, job.day, self.today)
        )

    def balance(self, community: str, member: str) -> int:
        jobs = [job for job in self.jobs.values() if (job.community, job.member) == (community, member)]
        return self.credit[community, member] - sum(job.drawn - job.from_allowance for job in jobs)

    def pool_left(self, community: str) -> int | None:
        pool = self.pools.get((community,), self.default_pool)
        if pool is None:
            return None
        jobs = [job for job in self.jobs.values() if job.community == community]
        return pool - sum(j.drawn for j in jobs if same_window(Period.MONTH, j.day, self.today))

    def total_left(self) -> int | None:
        return None if self.total_pool is None else self.total_pool - self.total_of(self.today)

    def total_of(self, day: date) -> int:
        """Return what the operator may have to pay for a day's month."""
        then = [job for job in self.jobs.values() if same_window(Period.MONTH, job.day, day)]
        return sum(job.drawn + job.upstream for job in then)

    def quota(self, community: str, member: str, operator: Quota, roles: Sequence[str]) -> tuple[str, str, Quota]:
        """Return whose quota it is, and the quota: of several roles the one that leaves most."""
        if own := self.quotas.get((community, "member", member)):
            return "member", member, own
        of_roles = [(role, self.quotas[community, "role", role]) for role in sorted(roles)
                    if (community, "role", role) in self.quotas]  # fmt: skip
        if of_roles:
            return "role", *max(of_roles, key=lambda found: self.leaves(community, member, found[1]))
        if default := self.quotas.get((community, "community", "")):
            return "community", "", default
        return "operator", "", operator

    def leaves(self, community: str, member: str, quota: Quota) -> float:
        if quota.limit_micros is None:
            return float("inf")
        return quota.limit_micros - self.drawn(community, member, quota.period)

    def standing(self, community: str, member: str, operator: Quota, roles: Sequence[str]) -> Standing:
        source, subject, quota = self.quota(community, member, operator, roles)
        until_ms = self.blocks.get((community, member))
        held = [j.cost for j in self.jobs.values() if (j.community, j.member) == (community, member) and j.held]
        return Standing(
            quota=quota,
            source=QuotaSource(source),
            subject=subject,
            used_micros=self.drawn(community, member, quota.period),
            balance_micros=self.balance(community, member),
            held_micros=sum(held),
            resets_ms=ms_of(end_of(quota.period, self.today)),
            pool_micros=self.pools.get((community,), self.default_pool),
            pool_left_micros=self.pool_left(community),
            pool_resets_ms=ms_of(next_month(self.today)),
            total_left_micros=self.total_left(),
            blocked=(community, member) in self.blocks and (until_ms is None or until_ms > self.now_ms),
            blocked_until_ms=until_ms,
            limits=self.limits.get((community,), Limits()),
        )

    def refused_by(self, wanted: Wanted) -> str | None:
        """Return the first limit that refuses an order."""
        now = self.standing(wanted.community, wanted.member, wanted.operator, wanted.roles)
        held = [job for job in self.jobs.values() if job.held]
        allowance, pool = now.allowance_left_micros, now.pool_left_micros
        in_flight, confirm = now.limits.in_flight, now.limits.confirm_micros
        refusals = {
            "blocked": now.blocked,
            "waiting": sum(job.member == wanted.member for job in held) >= wanted.most_waiting,
            "in_flight": in_flight is not None and sum(j.community == wanted.community for j in held) >= in_flight,
            "allowance": allowance is not None and allowance + now.balance_micros < wanted.cost,
            "pool": pool is not None and pool < wanted.cost,
            "total_pool": now.total_left_micros is not None and now.total_left_micros < wanted.cost,
            "confirm": confirm is not None and not wanted.confirmed and wanted.cost > confirm,
        }
        return next((limit for limit, refuses in refusals.items() if refuses), None)

    def admit(self, job_id: str, wanted: Wanted) -> str | None:
        """Place an order; return the limit that refuses it, if one does."""
        refused_by = self.refused_by(wanted)
        if refused_by is None:
            now = self.standing(wanted.community, wanted.member, wanted.operator, wanted.roles)
            left = now.allowance_left_micros
            allowance = wanted.cost if left is None else min(left, wanted.cost)
            balance, parts = wanted.cost - allowance, [Made(*part) for part in enumerate(wanted.costs, 1)]
            self.jobs[job_id] = Spent(wanted.community, wanted.member, self.today, allowance, balance, parts)
        return refused_by

    @staticmethod
    def set(settings: Settings[V], key: tuple[str, ...], value: V | None) -> None:
        """Set something, or with None take it away."""
        if value is None:
            settings.pop(key, None)
        else:
            settings[key] = value

    def move_community(self, old: str, new: str) -> None:
        """Carry everything over: money and jobs add up; of settings, those of the new key stay."""
        for job in self.jobs.values():
            job.community = new if job.community == old else job.community
        credit = self.credit
        self.credit = Counter()
        for (community, member), micros in credit.items():
            self.credit[new if community == old else community, member] += micros
        self.quotas = moved(self.quotas, old, new)
        both = [m for c, m in self.blocks if c == new and (old, m) in self.blocks]
        longer = {(new, m): longest(self.blocks[old, m], self.blocks[new, m]) for m in both}
        self.blocks = moved(self.blocks, old, new) | longer
        self.pools, self.limits = moved(self.pools, old, new), moved(self.limits, old, new)


def longest(first_ms: int | None, second_ms: int | None) -> int | None:
    """Return the later end of two blocks; None never ends."""
    return None if first_ms is None or second_ms is None else max(first_ms, second_ms)


def moved(settings: Settings[V], old: str, new: str) -> Settings[V]:
    here = {(new, *rest): value for (community, *rest), value in settings.items() if community == old}
    return here | {key: value for key, value in settings.items() if key[0] != old}
