"""Admins' replies about quotas, credit, limits and usage, in plain text; each adapter escapes it for its platform."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from bots.text import product_words
from bots.text.locale import N_, _, isolated, ngettext
from bots.text.titles import begun
from bots.text.wording import PERIOD_NOW, allowance, left, money, when
from core.admin import MOST_QUOTAS, Subject
from core.domain.amounts import read_period
from core.domain.quota import LimitName, Limits, Quota, QuotaSource, Standing
from core.domain.reports import Usage

LIMITS: Mapping[str, LimitName] = {
    "text": LimitName.LONGEST_TEXT,
    "flight": LimitName.IN_FLIGHT,
    "cooldown": LimitName.COOLDOWN_S,
    "confirm": LimitName.CONFIRM_MICROS,
    "products": LimitName.PRODUCTS,
    "channels": LimitName.CHANNELS,
    "voice": LimitName.VOICE,
}
"""By the words that admins type."""

TOP = 5


_WHO = {
    QuotaSource.MEMBER: N_("{name} may now spend: {amount}."),
    QuotaSource.ROLE: N_("Whoever has the role {name} and no quota of their own may now spend: {amount}."),
    QuotaSource.COMMUNITY: N_("Everybody without a quota of their own may now spend: {amount}."),
}
_CLEARED = {
    QuotaSource.MEMBER: N_("{name}'s own quota is cleared."),
    QuotaSource.ROLE: N_("The quota of the role {name} is cleared."),
    QuotaSource.COMMUNITY: N_("The community's default is cleared."),
}
_NOT_SET = {
    QuotaSource.MEMBER: N_("{name} has no quota of their own."),
    QuotaSource.ROLE: N_("The role {name} has no quota."),
    QuotaSource.COMMUNITY: N_("The community has no default of its own."),
}
_SOURCES = {
    QuotaSource.MEMBER: N_("own quota"),
    QuotaSource.ROLE: N_("a role's quota"),
    QuotaSource.COMMUNITY: N_("the community's default"),
    QuotaSource.OPERATOR: N_("the bot's default"),
}


def quota_set(subject: Subject, quota: Quota) -> str:
    """Confirm a quota."""
    return _(_WHO[subject.kind], name=subject.name, amount=allowance(quota))


def beyond(left_micros: int) -> str:
    """Say that a pool ends what may be spent before a quota does."""
    has = money(max(0, left_micros))
    return _(
        "All of this community together has {amount} left this month, which whoever runs this bot sets.", amount=has
    )


def beyond_total(left_micros: int) -> str:
    """Say that the total pool ends it before, from which other communities draw, too."""
    has = money(max(0, left_micros))
    return _("My budget for all communities has {amount} left this month; whoever runs this bot sets it.", amount=has)


def quota_cleared(subject: Subject) -> str:
    """Confirm that a quota is gone."""
    return _(_CLEARED[subject.kind], name=subject.name)


def quota_not_set(subject: Subject) -> str:
    """Say that there was no quota to clear."""
    return _(_NOT_SET[subject.kind], name=subject.name)


def quota_shown(name: str, standing: Standing) -> str:
    """Say what a member may spend, and why."""
    shows = (
        N_("{name}: {allowance} ({source}); {used} used, {left}.")
        if standing.quota.limit_micros is None
        else N_("{name}: {allowance} ({source}); {used} used, {left}; resets {when}.")
    )
    shown = _(
        shows,
        name=name,
        allowance=allowance(standing.quota),
        source=_(_SOURCES[standing.source]),
        used=money(standing.used_micros),
        left=left(standing),
        when=when(standing.resets_ms),
    )
    if not standing.blocked:
        return shown
    if standing.blocked_until_ms is None:
        blocked = _("Orders are blocked.")
    else:
        blocked = _("Orders are blocked until {when}.", when=when(standing.blocked_until_ms))
    return f"{shown} {blocked}"


def quotas(found: Sequence[tuple[QuotaSource, str, str, Quota]], role_names: Mapping[str, str]) -> str:
    """List the quotas that were set, the community's default first; a deleted role has only its id."""
    if not found:
        return _("No quota is set here: the bot's default applies to everybody.")
    lines = [
        _quota(kind, name or role_names.get(subject) or _id_of(kind, subject), q) for kind, subject, name, q in found
    ]
    more = [_("There are more: name a member to see theirs.")] if len(found) == MOST_QUOTAS else []
    return "\n".join([_("Quotas of this community:"), *lines, *more])


_KINDS = {
    QuotaSource.MEMBER: N_("member {name}: {allowance}"),
    QuotaSource.ROLE: N_("role {name}: {allowance}"),
    QuotaSource.COMMUNITY: N_("community: {allowance}"),
}


def _quota(kind: QuotaSource, name: str, quota: Quota) -> str:
    return _(_KINDS[kind], name=name, allowance=allowance(quota))


def _id_of(kind: QuotaSource, subject: str) -> str:
    return subject.rpartition(":")[2] if kind is QuotaSource.ROLE else subject


def credited(name: str, balance_micros: int) -> str:
    """Say how much credit a member has now."""
    return _("{name} now has {amount} credit.", name=name, amount=money(balance_micros))


def blocked(name: str, until_ms: int | None) -> str:
    """Confirm a block."""
    if until_ms is None:
        return _("{name}'s orders are refused. What was ordered before is still delivered.", name=name)
    return _(
        "{name}'s orders are refused until {when}. What was ordered before is still delivered.",
        name=name,
        when=when(until_ms),
    )


def unblocked(name: str) -> str:
    """Confirm the end of a block."""
    return _("{name}'s orders are taken again.", name=name)


def not_blocked(name: str) -> str:
    """Say that there was no block."""
    return _("{name} was not blocked.", name=name)


def unseen(member_id: str) -> str:
    """Warn that a typed number is of no known member."""
    return _("Nobody with the id {id} has ever been seen here: see whether the number is right.", id=member_id)


def limits(found: Limits, channel_name: Callable[[str], str] = str) -> str:
    """List a community's limits by the words that set them; `channel_name` returns a channel's name."""
    shown = {
        "text": found.longest_text is not None
        and ngettext("{n} character an order", "{n} characters an order", found.longest_text),
        "flight": found.in_flight is not None
        and ngettext(
            "{n} order under way in the whole community", "{n} orders under way in the whole community", found.in_flight
        ),
        "cooldown": found.cooldown_s is not None
        and ngettext(
            "{n} second between two orders of a member", "{n} seconds between two orders of a member", found.cooldown_s
        ),
        "confirm": found.confirm_micros is not None
        and _("orders over {amount} are confirmed", amount=money(found.confirm_micros)),
        "products": found.products and ", ".join(found.products),
        "channels": found.channels and ", ".join(map(channel_name, found.channels)),
        "voice": found.voice,
    }
    unlimited = {"products": _("all"), "channels": _("everywhere")}
    lines = [f"{name}: {value or unlimited.get(name, _('none'))}" for name, value in shown.items()]
    return "\n".join([_("Limits of this community:"), *lines])


def now(period: str) -> str:
    """Return "today", "this week" or "this month"."""
    return _(PERIOD_NOW[read_period(period)])


def usage(found: Usage, period: str, whose: str = "") -> str:
    """Say what was spent, by product and by top members, or by one member."""
    when = now(period)
    if not found.members:
        nothing = N_("{name} was charged nothing {when}.") if whose else N_("Nothing was charged {when}.")
        return _(nothing, name=whose, when=when)
    spent = N_("{when}, {name}: {amount} ({products}).") if whose else N_("{when}: {amount} ({products}).")
    products = ", ".join(
        f"{product_words.noun(name)} {money(micros)}" for name, micros in sorted(found.by_product.items())
    )
    total = _(spent, when=begun(when), name=whose, amount=money(found.total_micros), products=products)
    return "\n".join([total, *([] if whose else _top(found))])


def _top(found: Usage) -> Iterator[str]:
    top = found.top[:TOP]
    yield from (f"{isolated(spent.name)}: {money(spent.charged_micros)}" for spent in top)
    if more := found.members - len(top):
        rest_micros = found.total_micros - sum(spent.charged_micros for spent in top)
        yield ngettext("{n} more: {amount}", "{n} more: {amount}", more, amount=money(rest_micros))


def name_start(link: str) -> str:
    """Say how to let the bot write to the reader."""
    return _("I may not write to you yet: open {link}, press Start, and ask again.", link=link)


SENT_PRIVATELY = N_("I have sent it to you alone, in our own chat.")
WHOSE_REPORT = N_("Such a report is for one admin to read, and I can't see which one you are: ask as yourself.")
CUT = N_("usage.csv has only the first of very many entries; `troubadour ledger export` writes them all.")
NO_ROLES = N_("There are no roles here: a quota is a member's own, or the community's default.")
