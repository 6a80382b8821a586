"""When a member, or a community's admins, are warned that little is left. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from core.domain.quota import Standing

NEAR_PERCENT, END_PERCENT = 80, 100
"""How much of a budget is used where it is warned of."""


class Budget(StrEnum):
    """What little is left of."""

    ALLOWANCE = "allowance"
    """A member's: they are warned."""
    POOL = "pool"
    """A community's: its admins are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetWarning:
    """Little is left of a budget; it is told once a period for each percentage."""

    budget: Budget
    percent: int
    """NEAR_PERCENT or END_PERCENT."""
    ends_ms: int
    """When the period ends."""
    standing: Standing


def warnings_of(standing: Standing, cost_micros: int) -> Iterator[BudgetWarning]:
    """Yield what an order of that price has brought near its end."""
    budgets = (
        (Budget.ALLOWANCE, standing.quota.limit_micros, standing.allowance_left_micros, standing.resets_ms),
        (Budget.POOL, standing.pool_micros, standing.pool_left_micros, standing.pool_resets_ms),
    )
    for budget, limit_micros, left_micros, ends_ms in budgets:
        if limit_micros and left_micros is not None and (percent := _percent(limit_micros, left_micros, cost_micros)):
            yield BudgetWarning(budget=budget, percent=percent, ends_ms=ends_ms, standing=standing)


def _percent(limit_micros: int, left_micros: int, cost_micros: int) -> int:
    """Return the highest percentage that is reached, or 0.

    At its end is also what has less than a hundredth left, and too little for the same order once more: hardly ever do
    prices add up to all of it.
    """
    used_percent = 100 * (limit_micros - left_micros) // limit_micros
    if left_micros <= 0 or (left_micros < cost_micros and used_percent >= 99):
        return END_PERCENT
    return NEAR_PERCENT if used_percent >= NEAR_PERCENT else 0
