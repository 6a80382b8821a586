"""The audit in sentences."""

import re
from collections.abc import Callable, Mapping, Sequence

from bots.text.locale import N_, _, ngettext
from bots.text.wording import a_period, money, number, when
from core.admin import MOST_ACTS
from core.domain.audit import Action, AuditEntry, Outcome
from core.domain.quota import Period

ACTS, REFUSALS = 10, 5
"""Lines of the audit in a message."""

NOTHING = N_("Nobody has changed anything here yet.")
_DID: Mapping[str, str] = {
    Action.QUOTA_SET: N_("{name} set the quota of {whom}"),
    Action.QUOTA_CLEAR: N_("{name} cleared the quota of {whom}"),
    Action.GRANT: N_("{name} gave credit to {whom}"),
    Action.REVOKE: N_("{name} took credit from {whom}"),
    Action.APPROVE: N_("{name} granted the credit that {whom} asked for"),
    Action.DECLINE: N_("{name} declined the credit that {whom} asked for"),
    Action.BLOCK: N_("{name} blocked {whom}"),
    Action.UNBLOCK: N_("{name} unblocked {whom}"),
    Action.DELETE: N_("{name} deleted reported audio of {whom}"),
    Action.DISMISS: N_("{name} dismissed what was reported of {whom}"),
    Action.POOL: N_("{name} set the pool of {whom}"),
    Action.COMMUNITIES: N_("{name} decided about orders in {whom}"),
    Action.CLAIM: N_("{name} became the one who runs this bot"),
    Action.LIMIT_LONGEST_TEXT: N_("{name} limited the characters of an order"),
    Action.LIMIT_IN_FLIGHT: N_("{name} limited the orders under way"),
    Action.LIMIT_COOLDOWN: N_("{name} limited the seconds between two orders"),
    Action.LIMIT_CONFIRM: N_("{name} set the price above which orders are confirmed"),
    Action.LIMIT_PRODUCTS: N_("{name} set what may be ordered"),
    Action.LIMIT_CHANNELS: N_("{name} set the channels for orders"),
    Action.LIMIT_VOICE: N_("{name} chose who speaks where no voice is named"),
    Action.PRONOUNCE: N_("{name} changed how “{whom}” is said"),
    Action.RESUME: N_("{name} let orders go to the gateway at once"),
    Action.RESTORE: N_("{name} restored my records from an earlier copy"),
}
_OTHER = "{name}: {act}"
"""For an act of another release."""
_WITHOUT_VALUES = frozenset(
    {Action.CLAIM, Action.DECLINE, Action.DELETE, Action.DISMISS, Action.PRONOUNCE, Action.RESUME, Action.RESTORE}
)
_WHY = {
    Outcome.NOT_PERMITTED: N_("not allowed"),
    Outcome.INVALID_INPUT: N_("not understood"),
    Outcome.UNCLEAR_REASON: N_("not understood"),
    Outcome.NOT_FOUND: N_("nobody or nothing of that name"),
    Outcome.NOT_ENOUGH: N_("not enough credit"),
    Outcome.DECIDED: N_("decided before"),
    Outcome.COMMUNITY_DECIDED: N_("decided before"),
    Outcome.REFUSED: N_("refused"),
}
_QUOTAS = frozenset({Action.QUOTA_SET, Action.QUOTA_CLEAR})
_AMOUNTS = _QUOTAS | {Action.GRANT, Action.REVOKE, Action.POOL, Action.APPROVE, Action.LIMIT_CONFIRM}


def audit(
    entries: Sequence[AuditEntry], role_names: Mapping[str, str], channel_name: Callable[[str], str] = str
) -> str:
    """List the newest acts, one per line, and count refused attempts, so that they can't crowd out the others."""
    if not entries:
        return _(NOTHING)
    applied = [line(entry, role_names, channel_name) for entry in entries if entry.outcome is Outcome.APPLIED]
    refused = [line(entry, role_names) for entry in entries if entry.outcome is not Outcome.APPLIED]
    lines = applied[:ACTS] or [_(NOTHING)]
    if refused:
        lines += ["", ngettext("{n} refused:", "{n} refused:", len(refused)), *refused[:REFUSALS]]
    some = N_("audit.csv has them all.") if len(entries) < MOST_ACTS else N_("audit.csv has the newest {most}.")
    return "\n".join([*lines, "", _(some, most=number(MOST_ACTS))])


def line(entry: AuditEntry, role_names: Mapping[str, str], channel_name: Callable[[str], str] = str) -> str:
    """Say who did what to whom, and when, or tried to."""
    is_done = entry.outcome is Outcome.APPLIED
    return _done(entry, role_names, channel_name) if is_done else _refused(entry, role_names)


def _done(entry: AuditEntry, role_names: Mapping[str, str], channel_name: Callable[[str], str]) -> str:
    whom = _whom(entry, role_names) or _("everybody")
    did = _(_DID.get(entry.act, _OTHER), name=entry.actor_name, whom=whom, act=entry.act)
    done = f"{when(entry.at_ms)} {did}"
    if entry.act in _WITHOUT_VALUES:
        return done
    before, after = (_written(entry.act, value, channel_name) for value in (entry.before, entry.after))
    return f"{done}: {before} → {after}"


def _refused(entry: AuditEntry, role_names: Mapping[str, str]) -> str:
    command = entry.act.partition(" ")[0]
    whom = "" if command in {Action.APPROVE, Action.DECLINE} else _whom(entry, role_names)
    why = _(_WHY[entry.outcome])
    tried = " ".join(f"/{command} {whom}".split())
    return _(
        "{when} {name} tried {command}: {why}", when=when(entry.at_ms), name=entry.actor_name, command=tried, why=why
    )


def _whom(entry: AuditEntry, role_names: Mapping[str, str]) -> str:
    """Name the target of an act; names that members choose themselves come with the id."""
    if role := role_names.get(entry.target):
        return _("the role {name}", name=role)
    number = entry.target.rpartition(":")[2]
    if entry.target_name:
        return _("{name} (id {id})", name=entry.target_name, id=number)
    is_key = entry.act in {Action.POOL, Action.COMMUNITIES, Action.PRONOUNCE} or entry.target.startswith("@")
    return entry.target if is_key or not number else _("id {id}", id=number)


_WORDS = (N_("none"), N_("default"), N_("unlimited"), N_("for good"))


def _amount(found: re.Match[str]) -> str:
    return money(int(found[0])) if found[0].isdecimal() else _(found[0])


def _blocked(value: str) -> str:
    if value == "none":
        return _("not blocked")
    _until, _space, at_ms = value.partition(" ")
    return _("until {when}", when=when(int(at_ms))) if at_ms.isdecimal() else _(value)


def _written(act: str, value: str, channel_name: Callable[[str], str]) -> str:
    """Format a value of the audit, which stores micros, ms and lists with commas around."""
    if act in {Action.BLOCK, Action.UNBLOCK}:
        return _blocked(value)
    if act in _AMOUNTS:
        limit, _space, period = value.rpartition(" ") if act in _QUOTAS else ("", "", "")
        amount = re.sub(r"\d+|none|default|unlimited", _amount, limit or value)
        return a_period(amount, Period(period)) if limit else amount
    words = value.strip(",").split(",")
    return ", ".join(map(channel_name, words) if act == Action.LIMIT_CHANNELS and value != "none" else words)
