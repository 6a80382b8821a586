"""Every sentence that an admin or an operator reads, in plain text; each adapter escapes it for its platform."""

from collections.abc import Mapping, Sequence

from bots.text.wording import PERIOD_NOW, left, until, when
from core.admin import MOST_QUOTAS, Subject
from core.domain.amounts import read_period
from core.domain.money import show
from core.domain.quota import Limits, Quota, Standing
from core.domain.reports import CreditRequest, Resumed, Usage
from core.domain.troubles import Case, Key, Trouble

APPROVE = "Approve"
DECLINE = "Decline"

LIMITS = {
    "text": "longest_text",
    "flight": "in_flight",
    "cooldown": "cooldown_s",
    "confirm": "confirm_micros",
    "products": "products",
    "channels": "channels",
}
"""The words for limits that people type, and the fields of `core.domain.quota.Limits`."""

TOP = 5


def amount(quota: Quota) -> str:
    """Write a quota: $0.50 a day, or unlimited."""
    return "unlimited" if quota.limit_micros is None else f"{show(quota.limit_micros)} a {quota.period}"


_WHO = {
    "member": "{name} may now spend: {amount}.",
    "role": "Whoever has the role {name} and no quota of their own may now spend: {amount}.",
    "community": "Everybody without a quota of their own may now spend: {amount}.",
}
_CLEARED = {
    "member": "{name}'s own quota is cleared.",
    "role": "The quota of the role {name} is cleared.",
    "community": "The community's default is cleared.",
}
_SOURCES = {
    "member": "own quota",
    "role": "a role's quota",
    "community": "the community's default",
    "operator": "the bot's default",
}


def quota_set(subject: Subject, quota: Quota) -> str:
    """Confirm a quota."""
    return _WHO[subject.kind].format(name=subject.name, amount=amount(quota))


def quota_cleared(subject: Subject) -> str:
    """Confirm that a quota is gone."""
    return _CLEARED[subject.kind].format(name=subject.name)


def quota_shown(name: str, standing: Standing) -> str:
    """Say what a member may spend, and why."""
    used = f"{show(standing.used_micros)} used, {left(standing)}"
    resets = f"resets {when(standing.resets_ms)}"
    blocked = f" Orders are blocked{until(standing.blocked_until_ms)}." if standing.blocked else ""
    return f"{name}: {amount(standing.quota)} ({_SOURCES[standing.source]}); {used}; {resets}.{blocked}"


def quotas(found: Sequence[tuple[str, str, str, Quota]], role_names: Mapping[str, str]) -> str:
    """List what admins set, the community's default first; a role that is gone has only its id."""
    if not found:
        return "No quota is set here: the bot's default holds for everybody."
    names = {subject: name or role_names.get(subject) or _id_of(kind, subject) for kind, subject, name, _ in found}
    lines = [f"{kind} {names[subject]}".strip() + f": {amount(quota)}" for kind, subject, _, quota in found]
    more = ["There are more: name a member to see theirs."] if len(found) == MOST_QUOTAS else []
    return "\n".join(["Quotas of this community:", *lines, *more])


def _id_of(kind: str, subject: str) -> str:
    return subject.rpartition(":")[2] if kind == "role" else subject


def credited(name: str, balance_micros: int) -> str:
    """Say what a member's credit is now."""
    return f"{name} now has {show(balance_micros)} credit."


def blocked(name: str, until_ms: int | None) -> str:
    """Confirm a block."""
    return f"{name}'s orders are refused{until(until_ms)}. What was ordered before is still delivered."


def unblocked(name: str) -> str:
    """Confirm the end of a block."""
    return f"{name}'s orders are taken again."


def limits(found: Limits) -> str:
    """List a community's limits by the words that set them."""
    shown = {
        "text": _or_none(found.longest_text, "characters an order"),
        "flight": _or_none(found.in_flight, "orders under way in the whole community"),
        "cooldown": _or_none(found.cooldown_s, "seconds between two orders of a member"),
        "confirm": "none"
        if found.confirm_micros is None
        else f"orders over {show(found.confirm_micros)} are confirmed",
        "products": _words(found.products),
        "channels": _words(found.channels),
    }
    return "Limits of this community:\n" + "\n".join(f"{name}: {value}" for name, value in shown.items())


def _or_none(number: int | None, unit: str) -> str:
    return "none" if number is None else f"{number} {unit}"


def _words(words: tuple[str, ...] | None) -> str:
    return "none" if words is None else ", ".join(words)


def now(period: str) -> str:
    """Write today, this week or this month."""
    return PERIOD_NOW[read_period(period)]


def usage(found: Usage, period: str, whose: str = "") -> str:
    """Say what was spent, by product and by those who spent most, or by one."""
    if not found.rows:
        return f"{whose} was charged nothing {now(period)}." if whose else f"Nothing was charged {now(period)}."
    products = ", ".join(f"{name} {show(micros)}" for name, micros in sorted(found.by_product().items()))
    members = found.by_member()
    top = [f"{name}: {show(micros)}" for _, name, micros in members[:TOP]]
    rest = [f"{len(members) - TOP} more: {show(sum(m for *_, m in members[TOP:]))}"] if len(members) > TOP else []
    which = f"{now(period).capitalize()}, {whose}" if whose else now(period).capitalize()
    lines = [] if whose else [*top, *rest]
    return "\n".join([f"{which}: {show(found.total_micros)} ({products}).", *lines])


def pool(community: str, limit_micros: int | None) -> str:
    """Confirm a pool."""
    if limit_micros is None:
        return f"{community} has no pool any more."
    return f"{community} may now spend {show(limit_micros)} a month in all."


def decided(wish: CreditRequest, *, approve: bool) -> str:
    """Say what came of a wish, for everybody to read."""
    if not approve:
        return f"{wish.name}'s request for {show(wish.amount_micros)} was declined."
    return f"{wish.name} was granted {show(wish.amount_micros)} and now has {show(wish.balance_micros)} credit."


def wished(wish: CreditRequest) -> str:
    """Ask the admins; the amount comes first, so that no name can put another one before it."""
    number = wish.member.rpartition(":")[2]
    return f"{show(wish.amount_micros)} of credit is asked for by {wish.name} (id {number}). An admin may decide."


def name_start(link: str) -> str:
    """Say how to let the bot write to somebody."""
    return f"I may not write to you yet: open {link}, press Start, and ask again."


SENT_PRIVATELY = "I have sent it to you alone, in our own chat."
WHOSE_REPORT = "Such a report is for one admin to read, and I can't see which one you are: ask as yourself."
CUT = "ledger.csv has only the first of very many entries; `troubadour ledger export` writes them all."
NO_ROLES = "There are no roles here: a quota is a member's own, or the community's default."
USAGE = {
    "grant": "/grant @name 0.50 [reason]",
    "revoke": "/revoke @name 0.50 [reason]",
    "block": "/block @name [2h, 3 days or 1 week]",
    "unblock": "/unblock @name",
    "limits": "/limits [text, flight, cooldown, confirm, products or channels, and a value or none]",
    "usage": "/usage [day, week or month] [@name]",
    "audit": "/audit",
    "pool": "/pool [community] 20.00",
    "communities": "/communities, or /communities approve key, or /communities decline key",
    "resume": "/resume",
}

HELP_OWNERS = """\
For whoever runs this bot:
/pool community amount: what a whole community may spend in a month
/communities: who may order, and what they spent; /communities approve key, /communities decline key
/resume: the gateway's wallet was refilled, try at once"""
_OPENED = "Orders were held back here. The next one goes to the gateway at once; once one is taken, the others follow."
_SPREAD = "Every other process that sends orders was told the same; I can't see from here whether one had paused."


def resumed(done: Resumed) -> str:
    """Say what came of /resume."""
    if not done.spread:
        return _OPENED if done.opened else "Nothing was paused: orders go to the gateway as they come."
    return f"{_OPENED if done.opened else 'Nothing is paused in this process.'} {_SPREAD}"


CLAIM_USAGE = "Write /claim and the code that I wrote to my terminal, to me alone."
CLAIMED = "You run this bot now: /help lists what is yours alone, and I write to you here when something needs you."


def claim(code: str) -> str:
    """Tell whoever reads the terminal how to become the owner."""
    return (
        f"Nobody runs this bot yet. Write /claim {code} to it, in a direct chat on Telegram or as a command on "
        "Discord, within 15 minutes; OWNERS would name you, too."
    )


# What a platform's own menus say about commands and their options; at most 100 characters each.
COMMANDS = {
    "grant": "Give a member credit that does not expire",
    "revoke": "Take credit back from a member",
    "block": "Refuse a member's orders",
    "unblock": "Take a member's orders again",
    "limits": "Show or set the limits for everybody here",
    "usage": "Show who spent what",
    "audit": "Show who changed what",
    "pool": "Set what a whole community may spend in a month; for whoever runs this bot",
    "communities": "List communities, approve or decline one; for whoever runs this bot",
    "resume": "Try the gateway at once, after its wallet was refilled; for whoever runs this bot",
    "claim": "Become the one who runs this bot, with the code from its terminal",
}
_CREDIT_OPTIONS = {"amount": "Such as 0.50 or 5000 chars", "reason": "Why, for the records"}
OPTIONS = {
    "grant": {"member": "Who gets it"} | _CREDIT_OPTIONS,
    "revoke": {"member": "Whose credit"} | _CREDIT_OPTIONS,
    "block": {"member": "Whose orders", "span": "How long, such as 2h, 3 days or 1 week; leave it out for good"},
    "unblock": {"member": "Whose orders"},
    "limits": {"name": "Which limit; leave it out to see them all", "value": "The new value, or none"},
    "usage": {"period": "The current day, week or month", "member": "Whose orders; leave it out for everybody's"},
    "communities": {"decision": "What to do with one", "community": "Its key; leave it out for this one"},
    "claim": {"code": "As the terminal shows it"},
    "pool": {"amount": "Such as 20.00 or unlimited", "community": "Its key; leave it out for this one"},
}


_TROUBLES: Mapping[Trouble, tuple[str, str]] = {
    Trouble.WALLET_EMPTY: (
        "The gateway's wallet is empty: top it up and write /resume. Orders are refused; I try again by myself, too.",
        "The gateway takes orders again.",
    ),
    Trouble.KEY_REFUSED: (
        "The gateway does not accept GATEWAY_KEY: set the right one and start me again. Until then orders are refused.",
        "The gateway accepts GATEWAY_KEY again.",
    ),
    Trouble.MODEL_GONE: (
        "The gateway does not know the model for {about}: set {setting} to what the vendor calls it now.",
        "The gateway knows the model for {about} again.",
    ),
    Trouble.MODEL_FORBIDDEN: (
        "The gateway does not let GATEWAY_KEY use the model for {about}: see what the key is allowed to do.",
        "GATEWAY_KEY may use the model for {about} again.",
    ),
    Trouble.GATEWAY_AWAY: (
        "The gateway can't be reached, or does not answer. Orders wait, and I keep trying.",
        "Nothing waits for the gateway in vain any more.",
    ),
    Trouble.CALLBACKS_MISSING: (
        "The gateway's callbacks don't come: see whether PUBLIC_URL leads to me. Meanwhile I ask the gateway instead.",
        "The gateway's callbacks come again.",
    ),
    Trouble.CHAT_AWAY: (
        "{about} is not connected: no orders come from there. I keep trying.",
        "{about} is connected again.",
    ),
    Trouble.NOTHING_DELIVERED: (
        "Nothing gets through to {about}: what is finished is kept, and I keep trying.",
        "Nothing waits for {about} in vain any more.",
    ),
    Trouble.TOTAL_POOL_SPENT: (
        "TOTAL_POOL is spent for this month: orders are refused until the next one, or until you raise it.",
        "There is money in TOTAL_POOL again.",
    ),
    Trouble.COMMUNITIES_WAIT: (
        "I was added somewhere new, where nobody can order until you say so. /communities shows and decides.",
        "No community waits for you any more.",
    ),
    Trouble.NO_WORKER: ("No worker is running: orders wait until one does.", "A worker is running again."),
    Trouble.DISK_FULL: (
        "On {about} finished audio can't be kept: make room on the disk. Orders wait until there is some.",
        "On {about} the disk can be written again.",
    ),
    Trouble.STORE_AWAY: (
        "The database does not answer: until it does, no orders are taken.",
        "The database answers again.",
    ),
}
"""What whoever runs the bot is told when a trouble begins, and when it is over."""


def trouble(case: Case) -> str:
    """Say what is wrong with the service, and what to do about it."""
    detail = f" ({case.detail})" if case.detail else ""
    return _about(_TROUBLES[case.trouble][0], case.about) + detail


def well(key: Key) -> str:
    """Say that a trouble is over."""
    return f"All is well again: {_about(_TROUBLES[key[0]][1], key[1])}"


def _about(sentence: str, about: str) -> str:
    return sentence.format(about=about, setting=f"{about.upper()}_ENDPOINT")
