"""Quotas, their periods and what they leave. Pure: the clock comes in as a number."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What may be spent in a period; `limit_micros` None is unlimited."""

    limit_micros: int | None
    period: Period


class LimitName(StrEnum):
    """The fields of `Limits`."""

    LONGEST_TEXT = "longest_text"
    IN_FLIGHT = "in_flight"
    COOLDOWN_S = "cooldown_s"
    CONFIRM_MICROS = "confirm_micros"
    PRODUCTS = "products"
    CHANNELS = "channels"
    VOICE = "voice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a community's admins set for everybody in it; None is no limit."""

    longest_text: int | None = None
    """Characters of one order."""
    in_flight: int | None = None
    """Unresolved orders of the whole community."""
    cooldown_s: int | None = None
    """Between two orders of one member."""
    confirm_micros: int | None = None
    """Orders that cost more than this are confirmed first."""
    products: tuple[str, ...] | None = None
    channels: tuple[str, ...] | None = None
    """Keys of the channels or topics in which orders are taken."""
    voice: str | None = None
    """Who speaks where neither the order nor its member says."""


NO_LIMITS = Limits()


class QuotaSource(StrEnum):
    """Whose quota it is, from the nearest on."""

    MEMBER = "member"
    ROLE = "role"
    COMMUNITY = "community"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a member may spend in a community now, and by which quota."""

    quota: Quota
    source: QuotaSource
    subject: str = ""
    """The member or the role whose quota it is."""
    used_micros: int
    """Drawn from the allowance in the current window, holds included."""
    balance_micros: int
    """Granted credit that is not held."""
    held_micros: int
    """Set aside for unfinished jobs, allowance and balance together."""
    resets_ms: int
    pool_micros: int | None = None
    """What the community may spend in a month; None: it has no pool."""
    pool_left_micros: int | None = None
    """None: the community has no pool."""
    pool_resets_ms: int = 0
    """When both pools are full again."""
    total_left_micros: int | None = None
    """Of what may be spent over all communities; None: it is not limited."""
    blocked: bool = False
    blocked_until_ms: int | None = None
    """None: for good, if blocked."""
    last_order_ms: int | None = None
    limits: Limits = NO_LIMITS

    @property
    def allowance_left_micros(self) -> int | None:
        """What is left of the allowance; None is unlimited."""
        limit = self.quota.limit_micros
        return None if limit is None else max(0, limit - self.used_micros)

    @property
    def never(self) -> bool:
        """Whether nothing may be spent at all."""
        return self.quota.limit_micros == 0 and not self.balance_micros

    def after(self, cost_micros: int) -> "Standing":
        """Return what an order of that price would leave: the allowance is drawn first."""
        left = self.allowance_left_micros
        drawn = cost_micros if left is None else min(cost_micros, left)
        balance = self.balance_micros - (cost_micros - drawn)
        return replace(self, used_micros=self.used_micros + drawn, balance_micros=balance)
