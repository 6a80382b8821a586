"""What the store must say, from nothing but a list of jobs and what was set: slow, obvious, and not in SQL."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from core.domain.lifecycle import Stage, State
from core.domain.quota import Limits, Period, Quota, QuotaSource, Standing

HELD = {State.QUEUED, State.SUBMITTING, State.UNCONFIRMED, State.RUNNING}
VOID = {State.REJECTED, State.FAILED, State.EXPIRED, State.CANCELLED}

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
class Spent:
    """A job, as far as money is concerned."""

    community: str
    member: str
    day: date
    allowance: int
    balance: int
    state: Stage = State.QUEUED
    upstream: int = 0
    free: bool = False
    """Its audio came when the hold was released already."""

    def moved(self, to: Stage, upstream_micros: int = 0) -> None:
        self.state = to
        self.upstream += upstream_micros
        self.free = self.free or to is State.LATE

    @property
    def cost(self) -> int:
        return self.allowance + self.balance

    @property
    def void(self) -> bool:
        return self.free or self.state in VOID

    @property
    def held(self) -> bool:
        return self.state in HELD


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
            job.allowance
            for job in self.jobs.values()
            if (job.community, job.member) == (community, member) and not job.void
            if same_window(period, job.day, self.today)
        )

    def balance(self, community: str, member: str) -> int:
        jobs = [job for job in self.jobs.values() if (job.community, job.member) == (community, member)]
        return self.credit[community, member] - sum(job.balance for job in jobs if not job.void)

    def pool_left(self, community: str) -> int | None:
        pool = self.pools.get((community,), self.default_pool)
        if pool is None:
            return None
        jobs = [job for job in self.jobs.values() if job.community == community and not job.void]
        return pool - sum(j.cost for j in jobs if same_window(Period.MONTH, j.day, self.today))

    def total_left(self) -> int | None:
        if self.total_pool is None:
            return None
        now = [job for job in self.jobs.values() if same_window(Period.MONTH, job.day, self.today)]
        return self.total_pool - sum(job.upstream if job.void else job.cost for job in now)

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
            balance = wanted.cost - allowance
            self.jobs[job_id] = Spent(wanted.community, wanted.member, self.today, allowance, balance)
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
