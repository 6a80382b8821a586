"""Formats of times, amounts and allowances, in the current language."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, auto
from typing import Literal

from babel.dates import format_skeleton
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal

from bots.text.locale import ENGLISH, N_, _, ngettext, spoken
from core.domain.money import show
from core.domain.quota import Period, Quota, Standing

PERIOD_NOW = {Period.DAY: N_("today"), Period.WEEK: N_("this week"), Period.MONTH: N_("this month")}
_ALLOWANCE = {
    Period.DAY: N_("{amount} a day"),
    Period.WEEK: N_("{amount} a week"),
    Period.MONTH: N_("{amount} a month"),
}
_LEFT = {
    Period.DAY: N_("{amount} left today"),
    Period.WEEK: N_("{amount} left this week"),
    Period.MONTH: N_("{amount} left this month"),
}
_USED = {
    Period.DAY: N_("{amount} used today"),
    Period.WEEK: N_("{amount} used this week"),
    Period.MONTH: N_("{amount} used this month"),
}

AMOUNTS = N_("an amount such as $0.50, 0.50, 5000 chars or unlimited, with at most six decimals and at most $1000000")

_UNITS: tuple[tuple[int, Callable[[int], str]], ...] = (
    (1440, lambda n: ngettext("{n} day", "{n} days", n)),
    (60, lambda n: ngettext("{n} hour", "{n} hours", n)),
    (1, lambda n: ngettext("{n} minute", "{n} minutes", n)),
)
"""In minutes."""
MINUTE_S = 60
STEP_S = 5
"""How finely the seconds are told that somebody waits."""


def money(micros: int) -> str:
    """Format an amount with as many decimals as it needs and at least two: $0.50, $0.0014; 0,50 $."""
    now = spoken()
    if now is ENGLISH:  # the same result, but much faster
        return show(micros)
    dollars = Decimal(micros).scaleb(-6)
    return format_currency(dollars, "USD", locale=now.locale, decimal_quantization=False, group_separator=False)


class Style(Enum):
    """How a time is shown."""

    MOMENT = auto()
    CLOCK = auto()
    """The time of day alone."""
    AGO = auto()
    """How long ago, which goes on by itself."""


Stamp = Callable[[int, Style], str]
"""Formats a time in ms in a chat's markup, which shows each reader their time zone."""
_stamp: ContextVar[Stamp | None] = ContextVar("stamp", default=None)


@contextmanager
def stamping(stamp: Stamp) -> Iterator[None]:
    """Format times in a chat's markup."""
    token = _stamp.set(stamp)
    try:
        yield
    finally:
        _stamp.reset(token)


def number(n: int) -> str:
    """Format a number: 1,000; 1.000."""
    return format_decimal(n, locale=spoken().locale)


def when(at_ms: int) -> str:
    """Format a time: 23 Nov 00:00 UTC."""
    if stamp := _stamp.get():
        return stamp(at_ms, Style.MOMENT)
    return f"{day(at_ms)} {datetime.fromtimestamp(at_ms / 1000, UTC):%H:%M} UTC"


def clock(at_ms: int) -> str:
    """Format a time of day: 12:30:05 UTC."""
    if stamp := _stamp.get():
        return stamp(at_ms, Style.CLOCK)
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%H:%M:%S} UTC"


def day(at_ms: int) -> str:
    """Format a day: 23 Nov."""
    at, now = datetime.fromtimestamp(at_ms / 1000, UTC), spoken()
    return f"{at.day} {at:%b}" if now is ENGLISH else format_skeleton("MMMd", at, locale=now.locale)


def ago(at_ms: int, s: float) -> str:
    """Say how long ago something was, `s` seconds: 15 s ago, 2 minutes ago."""
    if stamp := _stamp.get():
        return stamp(at_ms, Style.AGO)
    if s < STEP_S:
        return _("just now")
    return _("{time} ago", time=_lasting(s - s % STEP_S) if s < MINUTE_S else span(int(s * 1000)))


def about(s: float) -> str:
    """Say how long something takes, rounded: 4 s, 20 s, 2 minutes."""
    step = 1 if s < 2 * STEP_S else STEP_S
    rounded_s = max(1, round(s / step) * step)
    return _lasting(rounded_s) if rounded_s < MINUTE_S else span(round(s / MINUTE_S) * MINUTE_S * 1000)


def _lasting(s: float) -> str:
    return _("{n} s", n=round(s))


def span(ms: int) -> str:
    """Format a duration: 17 minutes, 2 hours, 3 days."""
    minutes = max(1, ms // 60_000)
    return next(write(minutes // size) for size, write in _UNITS if minutes >= 2 * size or size == 1)


def both(words: Sequence[str]) -> str:
    """Join with "and": speech and music."""
    return _listed(words, "and", "standard")


def either(words: Sequence[str]) -> str:
    """Join with "or": day, week or month."""
    return _listed(words, "or", "or")


def _listed(words: Sequence[str], link: str, style: Literal["standard", "or"]) -> str:
    if spoken() is not ENGLISH:
        return format_list(words, style, locale=spoken().locale)
    return f" {link} ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def allowance(quota: Quota) -> str:
    """Format a quota: $0.50 a day, or unlimited."""
    if quota.limit_micros is None:
        return _("unlimited")
    return a_period(money(quota.limit_micros), quota.period)


def a_period(amount: str, period: Period) -> str:
    """Format an amount per period: $0.50 a day."""
    return _(_ALLOWANCE[period], amount=amount)


def used(standing: Standing) -> str:
    """Say what a member has used of the allowance."""
    return _(_USED[standing.quota.period], amount=money(standing.used_micros))


def left(standing: Standing) -> str:
    """Say what a member may still spend."""
    micros = standing.allowance_left_micros
    allowance = _("no limit") if micros is None else _(_LEFT[standing.quota.period], amount=money(micros))
    if not standing.balance_micros:
        return allowance
    return _("{allowance} and {amount} credit", allowance=allowance, amount=money(standing.balance_micros))


def who_raises(*, direct: bool) -> str:
    """Say who can raise an allowance."""
    if direct:
        return _("In a direct chat whoever runs this bot sets it: ask them, or order in a community that I am in.")
    return _("Ask an admin of this community to raise it with /quota set.")


def whoever(told: bool) -> str:
    """Say whether the operators have been told of a trouble."""
    return _("Whoever runs this bot has been told.") if told else _("Whoever runs this bot finds it in the log.")
