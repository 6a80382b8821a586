"""Operators' replies about communities, in plain text. Titles and names come from strangers and are quoted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bots.platform import Button, ButtonKind
from bots.text.locale import N_, _, ngettext
from bots.text.wording import money
from core.domain.communities import Approval, Newcomer
from core.domain.refusals import CommunityDecided
from core.domain.reports import Community
from core.domain.shown import shown

MOST_SHOWN = 5
"""In one message to the owners: Discord's limit of button rows."""
LONGEST_QUOTE = 40
ASKED = N_(
    "I was added somewhere new, where nobody can order until you approve it. Strangers wrote what is in “quotes”; it "
    "may be false:"
)
APPROVE, DECLINE = N_("Approve"), N_("Decline and leave")
_UNQUOTED = str.maketrans(dict.fromkeys('“”„‟«»"', "'"))
_FOUND = {Approval.WAITING: N_("waits for you"), Approval.APPROVED: N_("approved"), Approval.DECLINED: N_("declined")}
_STATES = {Approval.WAITING: N_("waiting"), Approval.APPROVED: N_("approved"), Approval.DECLINED: N_("declined")}
_LET_IN = N_("may order, by a setting")
_TAKEN: Mapping[bool | None, str] = {
    True: N_("I take orders in {community} now, and have said so there."),
    False: N_("I take orders in {community} now, but could not say so there."),
    None: N_("I take orders in {community} now."),
}
_LEFT: Mapping[bool | None, str] = {
    True: N_("I take no orders in {community} any more, and have left it."),
    False: N_("I take no orders in {community} any more, but could not leave it: remove me there."),
    None: N_("I take no orders in {community} any more."),
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to the owners, with buttons."""

    text: str
    buttons: Sequence[Button] = ()


def quoted(words: str) -> str:
    """Quote a stranger's words so that they can't close the quotation."""
    return f"“{shown(words.translate(_UNQUOTED), LONGEST_QUOTE)}”"


def newcomer(found: Newcomer) -> str:
    """Name a community, and who added the bot, or the decision and its author."""
    name = found.community
    if found.title:
        name = _("{community} calls itself {title}", community=name, title=quoted(found.title))
    if found.state is Approval.WAITING:
        return f"{name}; {_heard(found)}"
    if found.decided_name:
        by = quoted(found.decided_name)
        return _("{community}: {state} by {name}", community=name, state=_(_FOUND[found.state]), name=by)
    return f"{name}: {_(_FOUND[found.state])}"


def _heard(found: Newcomer | Community) -> str:
    if not found.added_by:
        return _("who added me is unknown")
    name = quoted(found.added_name)
    if found.was_added:
        return _("added by {name} ({id})", name=name, id=found.added_by)
    return _("who added me is unknown, first heard from {name} ({id})", name=name, id=found.added_by)


def _question(found: Sequence[Newcomer], more: int) -> str:
    """Ask the operators about waiting communities, numbered if there are several."""
    lines = [f"{i}. {newcomer(each)}" if found[1:] else newcomer(each) for i, each in enumerate(found, 1)]
    if more:
        lines.append(ngettext("and {n} more: /communities", "and {n} more: /communities", more))
    return "\n".join((_(ASKED), *lines))


def _label(deed: str, found: Newcomer, number: int | None) -> str:
    """Label a button with its act, and with the number of its community if there are several."""
    if number is None:
        return _(deed)
    return f"{_(deed)} {number}: {quoted(found.title or found.community)}"


def digest(found: Sequence[Newcomer]) -> Letter:
    """Ask about communities; the first few have a row of buttons each."""
    named = found[:MOST_SHOWN]
    more = sum(each.state is Approval.WAITING for each in found[MOST_SHOWN:])
    buttons = [
        Button.of(kind, _label(deed, each, number if named[1:] else None), each.community, number)
        for number, each in enumerate(named, 1)
        if each.state is Approval.WAITING
        for deed, kind in ((APPROVE, ButtonKind.ADMIT), (DECLINE, ButtonKind.LEAVE))
    ]
    return Letter(_question(named, more), buttons)


def communities(found: Sequence[Community]) -> str:
    """List communities, one per line."""
    if not found:
        return _("I know of no community yet.")
    return "\n".join(f"{_spent(each)}{_standing(each)}" for each in found)


def _spent(community: Community) -> str:
    title, pool = community.title, community.pool_micros
    name = f"{quoted(title)} {community.community}" if title else community.community
    used = money(community.used_micros)
    if community.direct:  # the allowance decides there
        return _("{community}: {used} in a direct chat", community=name, used=used)
    return _(
        "{community}: {used} of {pool}, {members}",
        community=name,
        used=used,
        pool=_("no pool") if pool is None else money(pool),
        members=_ordered(community.members),
    )


def _ordered(members: int) -> str:
    """Say how many have ordered: nobody tells the bot how many there are."""
    if not members:
        return _("nobody has ordered yet")
    return ngettext("{n} member has ordered", "{n} members have ordered", members)


def _standing(community: Community) -> str:
    state = community.state
    if state is None:
        return ""
    heard = f", {_heard(community)}" if community.added_by else ""
    act = "approve" if community.waits or state is Approval.DECLINED else "decline"
    stands = _(_LET_IN if state is Approval.WAITING and not community.waits else _STATES[state])
    return f"; {stands}{heard}; /communities {act} {community.community}"


def decided(community: str, *, approve: bool, done: bool | None) -> str:
    """Confirm a decision; `done`: whether the community was told or left, None if neither was tried."""
    return _((_TAKEN if approve else _LEFT)[done], community=community)


def no_pool_left(community: str) -> str:
    """Say that a community was approved, but that its orders are still refused."""
    return _(
        "But nothing is left of its pool or of the total pool this month, so its orders are refused: "
        "/pool {community} AMOUNT sets its pool, TOTAL_POOL the other.",
        community=community,
    )


def decided_before(error: CommunityDecided) -> str:
    """Tell whoever decides second about the earlier decision."""
    already = (
        N_("{community} is {state} by {name} already; /communities can change that.")
        if error.by
        else N_("{community} is {state} already; /communities can change that.")
    )
    return _(already, community=error.community, state=_(_FOUND[error.state]), name=quoted(error.by))
