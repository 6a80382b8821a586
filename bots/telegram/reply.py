"""What is said in return for a message or a press, whatever happens."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from telegram import ForceReply, InlineKeyboardMarkup, MessageEntity

from bots.commands import buttons
from bots.commands.command import Answer, File
from bots.telegram.buttons import rows
from bots.telegram.rate_limiter import Priority
from bots.text import refusals
from bots.text.locale import _
from core.domain.people import Caller
from core.domain.refusals import MayNotPost, Refusal

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to send."""

    text: str
    files: tuple[File, ...] = ()
    markup: InlineKeyboardMarkup | ForceReply | None = None
    entities: tuple[MessageEntity, ...] = ()
    """Whom the text mentions."""
    refused: bool = False
    priority: Priority = Priority.ANSWER
    alone: bool = False
    """For the member's direct chat: the bot may not write in this one."""
    private: bool = False
    """A report, which a group gets to see in no form."""
    aloud: "Reply | None" = None
    """What is said instead where others read it, too."""
    is_all: bool = False
    """Whether nothing is left to say, though it only points to the direct chat."""
    on_sent: Callable[[int], None] | None = None
    """Takes the message's number."""

    @classmethod
    def of(cls, answer: Answer) -> "Reply":
        """Make a reply of an answer; those to commands that are open to everybody use the member's budget."""
        return cls(
            answer.text,
            answer.files,
            rows(answer.buttons),
            priority=Priority.ANSWER if answer.open else Priority.ADMIN,
            private=answer.private,
            aloud=cls.of(answer.aloud) if answer.aloud else None,
        )

    def worded(self, words: Callable[[str], str]) -> "Reply":
        """Return it in other words."""
        return replace(self, text=words(self.text), aloud=self.aloud.worded(words) if self.aloud else None)


NOTHING = Reply("")


async def outcome(act: Callable[[], Awaitable[Reply | None]], who: Caller, *, is_private: bool = False) -> Reply | None:
    """Act and return the reply, whatever happens; the only address that catches refusals.

    `is_private`: nobody else reads the reply, even in a group.
    """
    try:
        return await act()
    except Refusal as error:
        silent = isinstance(error, MayNotPost) and error.silent
        reply = refused(error, who)
        return replace(reply, alone=silent, aloud=None if is_private or silent else reply.aloud)
    except Exception:
        log.exception("a command failed")
        return Reply(_(refusals.FAULT), refused=True)


def refused(error: Refusal, who: Caller) -> Reply:
    """Explain a refusal to its member, and aloud without what is nobody else's business."""
    aloud = None
    if refusals.keeps_back(error) and not who.direct:
        offered = buttons.of_refusal(error, who, is_public=True)
        aloud = Reply(refusals.in_public(error), markup=rows(offered), refused=True)
    return Reply(refusals.refusal(error), markup=rows(buttons.of_refusal(error, who)), refused=True, aloud=aloud)
