"""At which point it is warned of a budget."""

from dataclasses import replace

import pytest

from core.domain.quota import Period, Quota, QuotaSource, Standing
from core.domain.warnings import Budget, warnings_of

EMPTY = Standing(
    quota=Quota(limit_micros=10_000, period=Period.DAY),
    source=QuotaSource.OPERATOR,
    used_micros=0,
    balance_micros=0,
    held_micros=0,
    resets_ms=7,
)


@pytest.mark.parametrize(
    ("used_micros", "cost_micros", "percents"),
    [
        (0, 1, []),
        (7_999, 1, []),
        (8_000, 1, [80]),
        (9_899, 500, [80]),  # one that fits is still to be had
        (9_900, 100, [80]),
        (9_901, 100, [100]),
        (9_999, 1, [80]),
        (10_000, 1, [100]),
        (12_000, 1, [100]),  # lowered since
    ],
)
def test_an_allowance_is_warned_of_by_what_is_used(used_micros: int, cost_micros: int, percents: list[int]) -> None:
    found = list(warnings_of(replace(EMPTY, used_micros=used_micros), cost_micros))
    assert [(each.budget, each.percent, each.ends_ms) for each in found] == [
        (Budget.ALLOWANCE, percent, 7) for percent in percents
    ]


@pytest.mark.parametrize("limit_micros", [None, 0])
def test_what_has_no_end_or_no_beginning_is_not_warned_of(limit_micros: int | None) -> None:
    """Who spends credit alone has nothing that runs out by the period."""
    standing = replace(EMPTY, quota=Quota(limit_micros=limit_micros, period=Period.DAY), used_micros=9)
    assert list(warnings_of(standing, 1)) == []


def test_a_pool_is_warned_of_beside_the_allowance() -> None:
    standing = replace(EMPTY, used_micros=8_000, pool_micros=100_000, pool_left_micros=0, pool_resets_ms=9)
    found = [(each.budget, each.percent, each.ends_ms) for each in warnings_of(standing, 1)]
    assert found == [(Budget.ALLOWANCE, 80, 7), (Budget.POOL, 100, 9)]
