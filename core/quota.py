"""Periods and what a standing allows. Pure: the clock comes in as a number."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.models import Standing

DAY_MS = 86_400_000


class Period(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def day_of(now_ms: int) -> int:
    """Return the start of the UTC day, in ms since 1970: what a hold is counted under."""
    return now_ms - now_ms % DAY_MS


def window(period: Period, now_ms: int) -> tuple[int, int]:
    """Return the half-open UTC window [start_ms, end_ms) that holds `now_ms`; weeks begin on Monday."""
    today = datetime.fromtimestamp(day_of(now_ms) // 1000, UTC)
    match period:
        case Period.DAY:
            start, end = today, today + timedelta(days=1)
        case Period.WEEK:
            start = today - timedelta(days=today.weekday())
            end = start + timedelta(days=7)
        case Period.MONTH:
            start = today.replace(day=1)
            end = (start + timedelta(days=32)).replace(day=1)
    return round(start.timestamp() * 1000), round(end.timestamp() * 1000)


def refusing_limit(standing: "Standing", cost_micros: int) -> str | None:
    """Name the limit that does not cover the cost, "allowance" or "pool"; None when the order may be admitted."""
    left = standing.allowance_left_micros
    if left is not None and cost_micros > left + standing.balance_micros:
        return "allowance"
    if standing.pool_left_micros is not None and cost_micros > standing.pool_left_micros:
        return "pool"
    return None
