"""What is said of audio that members report, to them and to the admins; each adapter escapes it."""

from collections.abc import Sequence

from bots.text.locale import N_, _, ngettext
from bots.text.wording import when
from core.domain.reported import (
    BlockedBefore,
    NotReported,
    Report,
    ReportDecided,
    Reporter,
    ReportState,
    Unreported,
    Why,
)

REPORT = N_("Report")
REPORT_IT = N_("Report it")
BLOCK = N_("Block for a day")
REPORTERS = N_("Who reported it")
DISMISS = N_("Dismiss")

SURE = N_(
    "Report this audio to the admins here? I post who ordered it and how many reported it. "
    "Who did, and why, is told to admins alone."
)
REASONS = {
    Why.HURTFUL: N_("It is hurtful"),
    Why.FALSE: N_("It passes for somebody"),
    Why.PRIVATE: N_("It tells something private"),
    Why.SPAM: N_("It is too much"),
}
REPORTED = N_("It is reported: what I posted here is for the admins.")
NOBODY_SEEN = N_("It is reported in this chat. I can't see who its admins are, so nobody is called.")
JOINED = N_("It is reported, as it was by others before you.")
NOTED = N_(
    "It is noted, but the admins are not told yet. If nothing is posted here within a minute, report it once more."
)
UNTOLD = N_("I can't tell the admins now, so nothing is reported. Try again, or tell one of them yourself.")
COPY_DELETED = N_("An admin has had that deleted, so this copy is deleted, too.")
COPY_LEFT = N_("An admin has had that deleted. This copy I may not delete; an admin can.")
BEING_SENT = N_("It is just being sent once more, so nothing is deleted yet. Press again in a moment.")

_UNREPORTED = {
    Unreported.OWN: N_("That is your own order: Delete takes its audio away."),
    Unreported.SENT: N_("You had that sent yourself, so there is nobody to report."),
    Unreported.BEFORE: N_("You have reported that already, and once is enough."),
    Unreported.DELETED: N_("An admin has had that deleted already."),
    Unreported.DISMISSED: N_("An admin has looked at that already, and left it."),
    Unreported.MOST: N_("You have reported as much as I pass on in a day. Tell an admin yourself."),
}
_DELETED = N_("{admin} deleted it, and nothing sends it again. What it cost stays charged.")
_LEFT = N_(
    "{admin} deleted it: nothing sends it again, but its message I may not delete, so do that yourselves. "
    "What it cost stays charged."
)
_DECIDED = {
    ReportState.LEFT: _LEFT,
    ReportState.DELETED: _DELETED,
    ReportState.DISMISSED: N_("{admin} dismissed that: the audio stays."),
}
_DELETED_BEFORE = N_("{admin} has deleted it already.")
_BEFORE = {
    ReportState.LEFT: _DELETED_BEFORE,
    ReportState.DELETED: _DELETED_BEFORE,
    ReportState.DISMISSED: N_("{admin} has dismissed that already."),
}


def notice(report: Report, link: str = "") -> str:
    """Tell the admins what was reported, how often, and what they have made of it; never what was said."""
    told = ngettext(
        "For admins: {n} member reported audio that {name} (id {id}) ordered.",
        "For admins: {n} members reported audio that {name} (id {id}) ordered.",
        report.members,
        name=report.name,
        id=report.member.rpartition(":")[2],
    )
    return "\n".join(filter(None, (told, link, blocked(report), decided(report))))


def decided(report: Report) -> str:
    """Say what became of the audio; "" where nobody has decided."""
    return _(_DECIDED[report.state], admin=report.decided_by) if report.state in _DECIDED else ""


def blocked(report: Report) -> str:
    """Say that whoever ordered it is blocked; "" where nobody has because of it."""
    if not report.blocked_until_ms:
        return ""
    until = when(report.blocked_until_ms)
    return _(
        "{admin} blocked the orders of {name} until {when}.", admin=report.blocked_by, name=report.name, when=until
    )


def reporters(people: Sequence[Reporter], members: int, longest: int) -> str:
    """Name those who reported it, and why, as many as have room."""
    named: list[str] = []
    for person, why in people:
        who = _("{name} (id {id})", name=person.name, id=person.member.rpartition(":")[2])
        named.append(f"{who}: {_(REASONS[why])}" if why else who)
        if len(_named(named, members)) > longest:
            return _named(named[:-1], members)
    return _named(named, members)


def _named(names: Sequence[str], members: int) -> str:
    more = members - len(names)
    rest = [ngettext("{n} more", "{n} more", more)] if more else []
    return _("Reported by {names}", names=", ".join([*names, *rest]))


def not_reported(error: NotReported) -> str:
    """Say why a report changed nothing."""
    return _(_UNREPORTED[error.why])


def decided_before(error: ReportDecided) -> str:
    """Say which admin was first, and what they did."""
    return _(_BEFORE[error.report.state], admin=error.report.decided_by)


def blocked_before(error: BlockedBefore) -> str:
    """Say that whoever ordered it is blocked already, and until when."""
    if error.until_ms is None:
        return _("Their orders are refused already, for good.")
    until = when(error.until_ms)
    if not error.by:
        return _("Their orders are refused already, until {when}.", when=until)
    return _("{admin} has blocked their orders already, until {when}.", admin=error.by, when=until)
