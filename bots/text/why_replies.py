"""Replies to `/why`: what keeps a member from ordering, or how much they can, and what changes it."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from bots.text import product_words
from bots.text.admin_replies import quota_shown
from bots.text.locale import N_, _, ngettext
from bots.text.refusals import refusal
from bots.text.wording import both, clock, left, money, when
from core.domain.forbidding import About, Forbidding
from core.domain.products import PRODUCTS
from core.domain.refusals import Limit, Refusal
from core.engine.reasons import Found, Reasons


def why(
    name: str,
    found: Reasons,
    community: str,
    trouble: Refusal | None = None,
    forbidden: Mapping[str, Forbidding] | None = MappingProxyType({}),
) -> str:
    """Say what stops even the shortest order of a member by each product, or how long one may be now.

    `trouble`: what stops everybody, whatever else is found; `forbidden`: what the chat's own settings forbid by
    product, None where they can't be read.
    """
    said = [_("Nobody can order here now: {why}", why=refusal(trouble))] if trouble else []
    if forbidden:
        said += [_forbidden(name, by, forbidden) for by in dict.fromkeys(forbidden.values())]
    said += [_one(name, each, found, community, is_all=not said) for each in found.found]
    unread = [_(UNREAD)] if forbidden is None else []
    return "\n".join([*said, *unread, quota_shown(name, found.standing)])


def _forbidden(name: str, by: Forbidding, forbidden: Mapping[str, Forbidding]) -> str:
    told = _(
        _FORBIDDING[by.about], name=name, shown=by.shown, orders=_orders([p for p in forbidden if forbidden[p] == by])
    )
    return told if by.about is About.RIGHT else f"{told} {_(WHERE_SET)}"


def _orders(products: Iterable[str]) -> str:
    return both([f"/{PRODUCTS[product].command}" for product in products])


def _one(name: str, found: Found, reasons: Reasons, community: str, *, is_all: bool) -> str:
    """Say it for some of the products; `is_all`: nothing else stops them."""
    orders = _orders(found.products)
    if found.limit is not None:
        because = _LIMITS[found.limit](name, reasons, community)
        return _("{name} can't use {orders} here: {because}", name=name, orders=orders, because=because)
    told = (
        ngettext(
            "Nothing keeps {name} from using {orders} here, with up to {n} character at once.",
            "Nothing keeps {name} from using {orders} here, with up to {n} characters at once.",
            found.most,
            name=name,
            orders=orders,
        )
        if is_all
        else ngettext(
            "Nothing else keeps {name} from using {orders} here, with up to {n} character at once.",
            "Nothing else keeps {name} from using {orders} here, with up to {n} characters at once.",
            found.most,
            name=name,
            orders=orders,
        )
    )
    return " ".join(filter(None, (told, _(_BOUNDS[found.bound]) if found.bound else "")))


def _blocked(__: str, reasons: Reasons, ___: str) -> str:
    until_ms = reasons.standing.blocked_until_ms
    if until_ms is None:
        return _("an admin has blocked them. /unblock takes their orders again.")
    return _("an admin has blocked them until {when}. /unblock takes their orders again.", when=when(until_ms))


def _cooling(__: str, reasons: Reasons, ___: str) -> str:
    standing = reasons.standing
    seconds = standing.limits.cooldown_s or 0
    next_ms = (standing.last_order_ms or 0) + seconds * 1000
    return ngettext(
        "their next order may come at {clock}, since this community asks for {n} second between two. "
        "/limits cooldown changes that.",
        "their next order may come at {clock}, since this community asks for {n} seconds between two. "
        "/limits cooldown changes that.",
        seconds,
        clock=clock(next_ms),
    )


def _allowance(__: str, reasons: Reasons, ___: str) -> str:
    standing, cost = reasons.standing, money(reasons.cost_micros)
    if standing.never:
        return _("they have no allowance. /quota set or /quota default gives one, /grant gives credit.")
    return _(
        "they have {left}, and the shortest order costs {cost}. The allowance resets {when}; /quota set changes it, "
        "and /grant gives credit.",
        left=left(standing),
        cost=cost,
        when=when(standing.resets_ms),
    )


def _pool(__: str, reasons: Reasons, community: str) -> str:
    standing = reasons.standing
    return _(
        "this community's pool has {left} left, and resets {when}. Whoever runs this bot changes it with "
        "/pool {community} AMOUNT.",
        left=money(max(0, standing.pool_left_micros or 0)),
        when=when(standing.pool_resets_ms),
        community=community,
    )


def _total_pool(__: str, reasons: Reasons, ___: str) -> str:
    standing = reasons.standing
    return _(
        "my budget for all communities has {left} left, and resets {when}. Whoever runs this bot changes it with "
        "the setting TOTAL_POOL.",
        left=money(max(0, standing.total_left_micros or 0)),
        when=when(standing.pool_resets_ms),
    )


def _products(__: str, reasons: Reasons, ___: str) -> str:
    allowed = both([product_words.noun(name) for name in reasons.standing.limits.products or ()])
    return _("this community allows {products} only. /limits products changes that.", products=allowed)


def _said(text: str) -> Callable[[str, Reasons, str], str]:
    return lambda name, __, community: _(text, name=name, community=community)


_LIMITS: Mapping[Limit, Callable[[str, Reasons, str], str]] = {
    Limit.COMMUNITY: _said(
        N_(
            "nobody has approved this community yet. Whoever runs this bot does so with "
            "/communities approve {community}."
        )
    ),
    Limit.DECLINED: _said(
        N_(
            "whoever runs this bot has declined this community. They can change that with "
            "/communities approve {community}."
        )
    ),
    Limit.BLOCKED: _blocked,
    Limit.PRODUCT: _products,
    Limit.CHANNEL: _said(
        N_("orders are taken in other channels only. /limits channels changes that, and none allows all of them.")
    ),
    Limit.LONGEST_TEXT: _said(N_("this community allows no text at all. /limits text changes that.")),
    Limit.COOLDOWN: _cooling,
    Limit.WAITING: _said(N_("they have as many orders under way as I allow. They can when one is finished.")),
    Limit.IN_FLIGHT: _said(
        N_("as many orders are under way here as this community allows at once. /limits flight changes that.")
    ),
    Limit.ALLOWANCE: _allowance,
    Limit.DIRECT: _said(
        N_("a direct chat has the allowance that whoever runs this bot gives it with the setting DIRECT_ALLOWANCE.")
    ),
    Limit.POOL: _pool,
    Limit.TOTAL_POOL: _total_pool,
}
WHERE_SET = N_("Server Settings, Integrations changes that.")
UNREAD = N_(
    "The server's own settings of commands (Server Settings, Integrations) can't be read now: they may forbid it, too."
)
_FORBIDDING = {
    About.MEMBER: N_("{name} can't use {orders}: this server's own settings forbid them to this member."),
    About.ROLE: N_("{name} can't use {orders}: this server's own settings forbid them to the role {shown}."),
    About.EVERYBODY: N_(
        "{name} can't use {orders}: this server's own settings forbid them to everybody without a setting of their own."
    ),
    About.CHANNEL: N_("{name} can't use {orders} here: this server's own settings forbid them in {shown}."),
    About.CHANNELS: N_(
        "{name} can't use {orders} here: this server's own settings forbid them in all channels without a setting of "
        "their own."
    ),
    About.RIGHT: N_(
        "{name} can't use {orders} here: their roles and this channel do not give them the permission Use Application "
        "Commands."
    ),
}
_BOUNDS = {
    Limit.ALLOWANCE: N_("More is beyond what they have: /quota set changes that, and /grant gives credit."),
    Limit.POOL: N_("More is beyond this community's pool, which whoever runs this bot sets."),
    Limit.TOTAL_POOL: N_("More is beyond my budget for all communities, which whoever runs this bot sets."),
    Limit.LONGEST_TEXT: N_("More is beyond what this community allows: /limits text changes that."),
}
