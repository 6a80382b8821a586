"""Limits that refuse an order, in sentences that say what would help."""

from collections.abc import Callable

from bots.text import product_words
from bots.text.locale import _, ngettext
from bots.text.wording import allowance, both, clock, left, money, when, who_raises
from core.domain.quota import Standing
from core.domain.refusals import Limit, OverLimit


def _blocked(standing: Standing) -> str:
    if standing.blocked_until_ms is None:
        return _("An admin of this community has blocked your orders.")
    return _("An admin of this community has blocked your orders until {when}.", when=when(standing.blocked_until_ms))


def _cooling(standing: Standing) -> str:
    seconds = standing.limits.cooldown_s or 0
    next_ms = (standing.last_order_ms or 0) + seconds * 1000
    return ngettext(
        "This community asks for {n} second between two orders; your next may come at {clock}.",
        "This community asks for {n} seconds between two orders; your next may come at {clock}.",
        seconds,
        clock=clock(next_ms),
    )


def _products(standing: Standing) -> str:
    names = both([product_words.noun(name) for name in standing.limits.products or ()])
    return _("This community's admins allow {products} only.", products=names)


def _longest(error: OverLimit) -> str:
    return ngettext(
        "This community's admins allow at most {n} character an order (this has {has}). They can change that with "
        "/limits text.",
        "This community's admins allow at most {n} characters an order (this has {has}). They can change that with "
        "/limits text.",
        error.standing.limits.longest_text or 0,
        has=error.characters,
    )


def _in_flight(standing: Standing) -> str:
    return ngettext(
        "This community has {n} order under way, which is as many as its admins allow. Please wait until it "
        "is finished.",
        "This community has {n} orders under way, which is as many as its admins allow. Please wait until one is "
        "finished.",
        standing.limits.in_flight or 0,
    )


def _pool(cost: str, standing: Standing) -> str:
    return _(
        "This costs {cost}, and this community's pool has {left} left this month; it resets {when}. Whoever runs this "
        "bot sets it.",
        cost=cost,
        left=money(max(0, standing.pool_left_micros or 0)),
        when=when(standing.pool_resets_ms),
    )


def _total_pool(cost: str, standing: Standing) -> str:
    return _(
        "This costs {cost}, and my budget for all communities has {left} left this month; it resets {when}. "
        "Whoever runs this bot sets it.",
        cost=cost,
        left=money(max(0, standing.total_left_micros or 0)),
        when=when(standing.pool_resets_ms),
    )


_LIMITED: dict[Limit, Callable[[Standing], str]] = {
    Limit.COMMUNITY: lambda __: _(
        "I wait for my operator here: whoever runs this bot has not approved this community. They can, with "
        "/communities approve. Nothing was charged."
    ),
    Limit.DECLINED: lambda __: _(
        "I take no orders here: whoever runs this bot has declined this community. Nothing was charged."
    ),
    Limit.BLOCKED: _blocked,
    Limit.PRODUCT: _products,
    Limit.CHANNEL: lambda __: _("This community's admins don't allow orders here, but in other channels."),
    Limit.COOLDOWN: _cooling,
    Limit.WAITING: lambda __: _("You have as many orders under way as I allow. Please wait until one is finished."),
    Limit.IN_FLIGHT: _in_flight,
}
_POOLS = {Limit.POOL: _pool, Limit.TOTAL_POOL: _total_pool}


def limit(found: Limit, standing: Standing) -> str:
    """Say what a limit that is no matter of money keeps from being ordered."""
    return _LIMITED[found](standing)


def over_limit(error: OverLimit) -> str:
    """Say what refused, what is left, and what would help."""
    standing, cost = error.standing, money(error.cost_micros)
    if error.limit is Limit.LONGEST_TEXT:
        return _longest(error)
    if error.limit in _LIMITED:
        return _LIMITED[error.limit](standing)
    if error.limit in _POOLS:
        return _POOLS[error.limit](cost, standing)
    hint = who_raises(direct=error.limit is Limit.DIRECT)
    if not standing.quota.limit_micros and not standing.balance_micros:
        return _("This costs {cost}, and you have no allowance here. {hint}", cost=cost, hint=hint)
    return _(
        "This costs {cost}, and you have {left}. Your allowance is {allowance}; it resets {when}. {hint}",
        cost=cost,
        left=left(standing),
        allowance=allowance(standing.quota),
        when=when(standing.resets_ms),
        hint=hint,
    )


def over_limit_in_public(error: OverLimit) -> str:
    """Say what refused, without what its member has left."""
    cost = money(error.cost_micros)
    if error.limit in _POOLS:
        return _(
            "This costs {cost}, which is more than I may spend here this month. Whoever runs this bot sets that.",
            cost=cost,
        )
    return _(
        "This costs {cost}, which is more than you may spend here now. {hint}", cost=cost, hint=who_raises(direct=False)
    )


def is_open(error: OverLimit) -> bool:
    """Say whether everybody may read what refused: it is no matter of money."""
    return error.limit in _LIMITED or error.limit is Limit.LONGEST_TEXT
