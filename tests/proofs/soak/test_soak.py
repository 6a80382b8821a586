"""A slice of the soak, and a check that growth is noticed."""

from dataclasses import replace

from tests.proofs.soak.size import FIGURES, Size
from tests.proofs.soak.soak import Plan, soak
from tests.waiting import WAIT_S

SIZE = Size(descriptors=40, connections=20, threads=5, tasks=30, calls=0, memory_kib=100_000)

SOON_AT_REST = ("threads", "tasks", "calls")
"""Idle connections stay open longer than a test may take, and memory growth shows only after an hour."""


async def test_everything_arrives_and_nothing_grows() -> None:
    slice_of_it = Plan(
        chats=12, audios=36, first=12, figures=SOON_AT_REST, settle_s=1, acknowledged_s=WAIT_S, drops=False
    )
    outcome = await soak(slice_of_it)
    assert outcome.wrong == []
    assert outcome.delivered == 36
    assert sum(outcome.met.values()) > 0


def test_growth_is_seen() -> None:
    assert SIZE.beyond(SIZE, FIGURES) == []
    assert replace(SIZE, tasks=36).beyond(SIZE, FIGURES) == ["tasks: 30 before, 36 now"]
    assert replace(SIZE, threads=50).beyond(SIZE, FIGURES) == ["threads: 5 before, 50 now"]
    assert replace(SIZE, calls=1).beyond(SIZE, FIGURES) == ["calls: 0 before, 1 now"]
    assert replace(SIZE, memory_kib=120_000).beyond(SIZE, SOON_AT_REST) == []
