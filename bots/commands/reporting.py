"""Reports of audio, on any platform: what its reporter is told, and what the admins see and do."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from bots.commands import buttons
from bots.commands.command import Answer, Asked, Pressed
from bots.platform import Button, ButtonKind
from bots.text import replies, report_replies
from bots.text.locale import _
from core.domain.errors import DeliveryError
from core.domain.models import Kept
from core.domain.people import Caller
from core.domain.refusals import Missing, NotFound
from core.domain.reported import Message, NotReported, Report, ReportState, Unreported, Why
from core.engine.reported import Reports
from core.service.service import Service

log = logging.getLogger(__name__)

MOST_LOOKS = 5
"""How often a notice is shown anew, where others report or decide meanwhile."""


class Board(Protocol):
    """The chat where something is reported, as whoever pressed a button there reaches it."""

    longest: int
    """Characters of what an admin alone is told."""

    def holding(self, kept: Kept) -> Sequence[Message]:
        """Return the messages of this community that hold what is kept of an order."""
        ...

    def link(self, message: Message) -> str:
        """Return where a message is, "" where that can't be told."""
        ...

    async def post(self, notice: Answer, *, calls: bool) -> tuple[Message, bool]:
        """Post what the admins are to see; return where, and whether some are known. Raises DeliveryError.

        `calls`: those who are known are called.
        """
        ...

    async def show(self, where: Message, notice: Answer) -> bool:
        """Change what the admins see; return False where it is gone."""
        ...

    async def delete(self, messages: Sequence[Message]) -> bool:
        """Delete messages of the bot's; return whether none is left."""
        ...


Act = Callable[[Asked, str, Board], Awaitable[Pressed]]
"""Takes who pressed, what the button is about, and the chat."""


async def question(asked: Asked, job_id: str, about: str) -> Pressed:
    """Ask whether to report an order's audio; `about`: what the answer's button is about. Raises Refusal."""
    await asked.service.reports.reportable(asked.caller, job_id)
    return Pressed(choice=Answer(_(report_replies.SURE), buttons=sure(about)))


def sure(about: str) -> tuple[Button, ...]:
    """Offer to report it, and to say why."""
    reasons = (
        Button.of(ButtonKind.TELL, _(label), f"{about}:{why}", buttons.FOURTH_ROW + n // 2)
        for n, (why, label) in enumerate(report_replies.REASONS.items())
    )
    return (Button.of(ButtonKind.TELL, _(report_replies.REPORT_IT), about, buttons.THIRD_ROW), *reasons)


async def tell(
    service: Service, who: Caller, job_id: str, shown: Sequence[Message], board: Board, *, why: Why | None = None
) -> str:
    """Report audio, which was shown in those messages; return what its reporter is told. Raises Refusal."""
    job = await service.reports.reportable(who, job_id)
    messages = tuple(dict.fromkeys([*shown, *(board.holding(job.kept) if job.kept else ())]))
    if not messages:
        raise NotFound(Missing.JOB, job_id)
    try:
        report, tells = await service.reports.file(who, job_id, messages, board.holding, why)
    except NotReported as error:
        if error.why is not Unreported.DELETED:
            raise
        is_gone = await board.delete(messages)
        return _(report_replies.COPY_DELETED if is_gone else report_replies.COPY_LEFT)
    if tells or (not await _show(service.reports, report, board) and await service.reports.untold(report)):
        return await _post(service.reports, who, report, board)
    if not report.notice:
        return _(report_replies.NOTED)
    return _(report_replies.JOINED if report.members > 1 else report_replies.REPORTED)  # by the same member, just now


async def _post(reports: Reports, who: Caller, report: Report, board: Board) -> str:
    """Tell the admins; what others report meanwhile is shown there, too."""
    calls = await reports.may_call(who)
    try:
        where, is_anybody = await board.post(_notice(report, board), calls=calls)
    except DeliveryError as error:
        log.warning("job %s: no admin can be told that it was reported: %s", report.job_id, error)
        await reports.withdraw(who, report, called=calls)
        return _(report_replies.UNTOLD)
    now = await reports.told(report, where)
    if now.members != report.members:
        await _show(reports, now, board)
    return _(report_replies.REPORTED if is_anybody else report_replies.NOBODY_SEEN)


async def _show(reports: Reports, report: Report, board: Board) -> bool:
    """Show the admins a report until they see it as it is; return False where what they saw is gone."""
    for _look in range(MOST_LOOKS):
        if report.notice and not await board.show(report.notice, _notice(report, board)):
            return False
        now = await reports.now(report)
        if now == report:
            break
        report = now
    return True


def _notice(report: Report, board: Board) -> Answer:
    """Return what admins see of a report, with what is left for them to do."""
    link = "" if report.state is ReportState.DELETED else board.link(report.audio)
    return Answer(report_replies.notice(report, link), buttons=_of_report(report))


def _of_report(report: Report) -> tuple[Button, ...]:
    if report.state is ReportState.DISMISSED:
        return ()
    deletes = report.state is not ReportState.DELETED
    offers = (
        (deletes, ButtonKind.REMOVE, replies.DELETE, 0),
        (not report.blocked_until_ms, ButtonKind.BLOCK, report_replies.BLOCK, 0),
        (True, ButtonKind.REPORTERS, report_replies.REPORTERS, buttons.SECOND_ROW),
        (report.state is ReportState.OPEN, ButtonKind.DISMISS, report_replies.DISMISS, buttons.SECOND_ROW),
    )
    return tuple(Button.of(kind, _(label), report.job_id, row) for is_due, kind, label, row in offers if is_due)


async def _remove(asked: Asked, about: str, board: Board) -> Pressed:
    """Delete what was reported, here and wherever it would be sent again from."""
    reports = asked.service.reports
    report, messages = await reports.take_away(asked.caller, buttons.id_in(about, Missing.REPORT), board.holding)
    if await board.delete(messages):
        report = await reports.deleted(report)
    return Pressed(card=_notice(report, board), said=Answer(report_replies.decided(report)))


async def _block(asked: Asked, about: str, board: Board) -> Pressed:
    report = await asked.service.reports.block(asked.caller, buttons.id_in(about, Missing.REPORT))
    return Pressed(card=_notice(report, board), said=Answer(report_replies.blocked(report)))


async def _dismiss(asked: Asked, about: str, board: Board) -> Pressed:
    report = await asked.service.reports.dismiss(asked.caller, buttons.id_in(about, Missing.REPORT))
    return Pressed(card=_notice(report, board), said=Answer(report_replies.decided(report)))


async def _reporters(asked: Asked, about: str, board: Board) -> Pressed:
    """Tell an admin who reported it."""
    people, members = await asked.service.reports.reporters(asked.caller, buttons.id_in(about, Missing.REPORT))
    return Pressed(said=Answer(report_replies.reporters(people, members, board.longest), private=True))


ACTS: Mapping[str, Act] = {
    ButtonKind.REMOVE: _remove,
    ButtonKind.BLOCK: _block,
    ButtonKind.DISMISS: _dismiss,
    ButtonKind.REPORTERS: _reporters,
}
"""What admins may do with a report; who is one is asked at each."""
