"""What operators read about communities, in plain text. Titles and names are strangers' words, and quoted."""

from collections.abc import Sequence
from dataclasses import dataclass

from bots.platform import Button
from core.domain.communities import Approval, Newcomer
from core.domain.errors import CommunityDecided
from core.domain.models import shown
from core.domain.money import show
from core.domain.reports import Community

ADMIT, LEAVE = "admit", "leave"
"""How the data of the buttons begin."""
MOST_SHOWN = 5
"""In one message to the owners: Discord takes so many rows of buttons."""
LONGEST_QUOTE = 40
ASKED = (
    "I was added somewhere new, where nobody can order until you approve it. What is “quoted” is strangers' words, and "
    "may be a lie:"
)
APPROVE, DECLINE = "Approve", "Decline and leave"
_UNQUOTED = str.maketrans(dict.fromkeys('“”„‟«»"', "'"))
_FOUND = {Approval.WAITING: "waits for you", Approval.APPROVED: "approved", Approval.DECLINED: "declined"}


@dataclass(frozen=True, slots=True)
class Letter:
    """What owners are written, with buttons."""

    text: str
    buttons: Sequence[Button] = ()


def quoted(words: str) -> str:
    """Quote a stranger's words so that they can't end their own quotation."""
    return f"“{shown(words.translate(_UNQUOTED), LONGEST_QUOTE)}”"


def newcomer(found: Newcomer) -> str:
    """Name a community with who added the bot, or what was decided and by whom."""
    title = f" calls itself {quoted(found.title)}" if found.title else ""
    if found.state is Approval.WAITING:
        return f"{found.community}{title}; {_heard(found)}"
    by = f" by {quoted(found.decided_name)}" if found.decided_name else ""
    return f"{found.community}{title}: {_FOUND[found.state]}{by}"


def _heard(found: Newcomer | Community) -> str:
    if not found.added_by:
        return "who added me is unknown"
    how = "added by" if found.was_added else "who added me is unknown, first heard from"
    return f"{how} {quoted(found.added_name)} ({found.added_by})"


def _question(found: Sequence[Newcomer], more: int) -> str:
    """Ask the operators about communities that wait, numbered if there are several."""
    lines = [f"{i}. {newcomer(each)}" if found[1:] else newcomer(each) for i, each in enumerate(found, 1)]
    if more:
        lines.append(f"and {more} more: /communities")
    return "\n".join((ASKED, *lines))


def _label(deed: str, found: Newcomer, number: int | None) -> str:
    """Say on a button what it does, and to which of several communities."""
    return deed if number is None else f"{deed} {number}: {quoted(found.title or found.community)}"


def digest(found: Sequence[Newcomer]) -> Letter:
    """Ask about communities, a few of them with a row of buttons each."""
    named = found[:MOST_SHOWN]
    more = sum(each.state is Approval.WAITING for each in found[MOST_SHOWN:])
    buttons = [
        Button(_label(deed, each, number if named[1:] else None), f"{kind}:{each.community}", number)
        for number, each in enumerate(named, 1)
        if each.state is Approval.WAITING
        for deed, kind in ((APPROVE, ADMIT), (DECLINE, LEAVE))
    ]
    return Letter(_question(named, more), buttons)


def communities(found: Sequence[Community]) -> str:
    """List communities, a line each."""
    if not found:
        return "No community has spent anything this month."
    return "\n".join(
        f"{f'{quoted(c.title)} ' if c.title else ''}{c.community}: {show(c.used_micros)} of "
        f"{'no pool' if c.pool_micros is None else show(c.pool_micros)}, "
        f"{c.members} {'member' if c.members == 1 else 'members'}{_standing(c)}"
        for c in found
    )


def _standing(community: Community) -> str:
    if not community.state:
        return ""
    heard = f", {_heard(community)}" if community.added_by else ""
    act = "decline" if community.state == Approval.APPROVED else "approve"
    return f"; {community.state}{heard}; /communities {act} {community.community}"


def decided(community: str, *, approve: bool, done: bool | None) -> str:
    """Confirm what an operator decided; `done`: it was said there, or left, None where neither was tried."""
    if approve:
        said = {True: ", and have said so there", False: ", but could not say so there", None: ""}[done]
        return f"I take orders in {community} now{said}."
    left = {
        True: " any more, and have left it.",
        False: " any more, but could not leave it: remove me there.",
        None: " any more.",
    }[done]
    return f"I take no orders in {community}{left}"


def decided_before(error: CommunityDecided) -> str:
    """Tell whoever comes second what was decided."""
    by = f" by {quoted(error.by)}" if error.by else ""
    return f"{error.community} is {_FOUND[error.state]}{by} already; /communities can change that."
