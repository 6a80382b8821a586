"""How moments and what is left are written."""

from datetime import UTC, datetime

from core.domain.money import show
from core.domain.quota import Period, Standing

PERIOD_NOW = {Period.DAY: "today", Period.WEEK: "this week", Period.MONTH: "this month"}

_UNITS = ((1440, "day"), (60, "hour"), (1, "minute"))
"""In minutes."""


def when(at_ms: int) -> str:
    """Write a moment so that everybody can read it: 23 Nov 00:00 UTC."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{at.day} {at:%b %H:%M} UTC"


def until(until_ms: int | None) -> str:
    """Write until when: nothing for good."""
    return "" if until_ms is None else f" until {when(until_ms)}"


def clock(at_ms: int) -> str:
    """Write a time of day: 12:30:05 UTC."""
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%H:%M:%S} UTC"


def span(ms: int) -> str:
    """Write how long something takes, or ago it is: 17 minutes, 2 hours, 3 days."""
    minutes = max(1, ms // 60_000)
    many, unit = next((minutes // size, unit) for size, unit in _UNITS if minutes >= 2 * size or size == 1)
    return f"{many} {unit}s" if many > 1 else f"{many} {unit}"


def left(standing: Standing) -> str:
    """Write what a member may still spend."""
    left = standing.allowance_left_micros
    now = PERIOD_NOW[standing.quota.period]
    allowance = "no limit" if left is None else f"{show(left)} left {now}"
    return f"{allowance} and {show(standing.balance_micros)} credit" if standing.balance_micros else allowance


def whoever(told: bool) -> str:
    """Say whether those who run the bot know of a trouble."""
    return "Whoever runs this bot has been told." if told else "Whoever runs this bot finds it in the log."
