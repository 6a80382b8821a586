"""What the state machine draws, and what its moves lose and how they go."""

import asyncio
import os
from collections.abc import Collection, Coroutine, Mapping
from enum import StrEnum
from typing import Any, TypedDict, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from core.domain.admission import Admission
from core.domain.errors import StaleJob
from core.domain.lifecycle import MOVES, DeliveryState, State
from core.domain.models import Generation
from core.domain.people import Person
from core.domain.quota import Period, Quota
from storage.books import breaches
from storage.driver import Driver
from tests.makers import admission, caller, order
from tests.storage.model import Spent, Wanted

EXAMPLES = os.environ.get("STATE_MACHINE_EXAMPLES")
V = TypeVar("V", bound=StrEnum)
COMMUNITIES = ("band", "choir")
MEMBERS = ("ann", "bob")
ROLES = ("test:dj", "test:vip")
MOST_PARTS = 20
WEEK = Quota(limit_micros=10, period=Period.WEEK)
ENDS: list[State | DeliveryState] = [
    *(state for state in State if state not in {State.QUEUED, State.SUBMITTING}),
    *(state for state in DeliveryState if state is not DeliveryState.SENDING),
]

# Few and small numbers, so that limits are met exactly.
amounts = st.sampled_from([0, 1, 2, 5, 10, 20])
DEFAULT_POOL = 20
TOTAL_POOL = 50
quotas = st.builds(Quota, limit_micros=amounts | st.none(), period=st.sampled_from(Period))
numbers = st.integers(0, MOST_PARTS - 1)
nths = st.sampled_from([1, 2, 3])
deliveries = st.sampled_from(DeliveryState)
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
    parts=st.sampled_from([1, 1, 1, 2, 3, 4, MOST_PARTS]),
)

CHARGED = """
SELECT
    jobs.job_id, communities.key, jobs.state, deliveries.state AS delivery,
    sum(charged_micros) AS charged, sum(ledger.upstream_micros) AS upstream
FROM jobs JOIN ledger ON ledger.job_id = jobs.job_id
JOIN communities ON communities.community_id = jobs.community_id
LEFT JOIN deliveries ON deliveries.job_id = jobs.job_id
GROUP BY jobs.job_id, communities.key, jobs.state, deliveries.state
"""
STATES = "SELECT job_id, state FROM generations ORDER BY job_id, number"


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
        order(who), cost=wanted.cost, quota=wanted.operator, max_waiting=wanted.most_waiting,
        confirmed=wanted.confirmed, parts=wanted.parts, characters=MOST_PARTS,
    )  # fmt: skip


def won_by(result: object) -> bool:
    """Say whether a move was made. Raises what the store may not raise."""
    if isinstance(result, Exception) and not isinstance(result, StaleJob):
        raise result
    return not isinstance(result, StaleJob)


class Loss(TypedDict, total=False):
    """The change that the model knows."""

    upstream_micros: int


def loss(made: Generation, to: State, upstream: int = 0) -> Loss:
    """Return what the operator pays for what ends without audio; of what may come late it is all."""
    if to not in (State.FAILED, State.REJECTED, State.EXPIRED) or made.state is State.LATE:
        return {}
    return {"upstream_micros": made.cost_micros if to is State.EXPIRED else min(upstream, made.cost_micros)}


def moves(job: Spent) -> Mapping[State, Collection[State]]:
    """Return what a job's generations can do: of several none comes late."""
    return {**MOVES, State.EXPIRED: ()} if job.several else MOVES


def way(start: V, to: V, table: Mapping[V, Collection[V]]) -> list[V]:
    """Return the shortest way in a table of moves; empty if there is none."""
    ways: dict[V, list[V]] = {start: []}
    reached = [start]
    for state in reached:
        for following in sorted(set(table[state]) - ways.keys()):
            ways[following] = [*ways[state], following]
            reached.append(following)
    return ways.get(to, [])


def person(name: str) -> Person:
    return Person(member=f"test:{name}", name=name)


def examples(few: int) -> settings:
    """Return how many histories are tried."""
    return settings(
        max_examples=int(EXAMPLES or few),
        stateful_step_count=25,
        deadline=None,
        derandomize=EXAMPLES is None,
        suppress_health_check=[HealthCheck.too_slow],
    )
