"""What the bot says in answer to a message or a press, apart from what the worker says about a job."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from telegram import InlineKeyboardMarkup, InputFile, MaybeInaccessibleMessage
from telegram.error import RetryAfter, TelegramError
from telegram.ext import ExtBot

from bots.commands.command import Answer, File
from bots.telegram import buttons
from bots.telegram.connection import UPLOAD_READ_S
from bots.telegram.errors import wait_s
from bots.telegram.escaping import plain
from bots.telegram.identity import Place, Recent
from bots.telegram.intake import Keep
from bots.telegram.pace import Pace, Rank, Turn
from bots.text import refusals, replies
from bots.text.locale import _
from core.domain.models import Caller
from core.domain.refusals import Refusal

log = logging.getLogger(__name__)

LONGEST_WAIT_S = 60.0
FREE_AT_ONCE, FREE_EVERY_S, FREE_AGAIN = 10.0, 15.0, 3.0
"""A member gets so many free answers in a chat, and one more every so often; after too many, none for a while."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing to say."""

    text: str
    files: tuple[File, ...] = ()
    markup: InlineKeyboardMarkup | None = None
    refused: bool = False
    rank: Rank = Rank.ANSWER

    @classmethod
    def of(cls, answer: Answer) -> "Said":
        """Say what came of a command; what is about what everybody may do is one of a member's free answers."""
        return cls(answer.text, answer.files, rank=Rank.ANSWER if answer.open else Rank.ADMIN)


NOTHING = Said("")


async def outcome(act: Callable[[], Awaitable[Said | None]], who: Caller) -> Said | None:
    """Return what to say, whatever happens; the one place where a refusal is caught."""
    try:
        return await act()
    except Refusal as error:
        return Said(refusals.refusal(error), markup=buttons.of_refusal(error, who), refused=True)
    except Exception:
        log.exception("a command failed")
        return Said(_(refusals.FAULT), refused=True)


@dataclass(slots=True)
class _Patience:
    """How many free answers a member still gets."""

    left: float
    at_s: float
    worn: bool = False
    """They have been told to wait, and hear nothing until some patience is back."""


class Responder:
    """Says things in chats."""

    def __init__(self, bot: ExtBot[Rank | Turn], pace: Pace) -> None:
        self._bot = bot
        self._pace = pace
        self._patience: Recent[tuple[int, str], _Patience] = Recent()
        self._saying: set[tuple[int, str, str]] = set()

    async def say(self, place: Place, said: Said, who: Caller, keep: Keep) -> None:
        """Answer, unless that would be too much; where that is not possible, nobody is there to be told."""
        this = (place.chat, who.member, said.text)
        if this in self._saying and self._pace.room_in_s(place.chat, said.rank):
            return  # the same waits for its turn already
        if said.rank is not Rank.ADMIN:
            said = self._allowed(place.chat, who, said)
        if said is NOTHING:
            return
        self._saying.add(this)
        try:
            await self.post(place, said, keep)
        except TelegramError as error:
            log.warning("nothing could be said in %d: %s", place.chat, error)
        finally:
            self._saying.discard(this)

    def _allowed(self, chat: int, who: Caller, said: Said) -> Said:
        """Take an answer from what a member gets for free; after too many, say so once and then nothing for a while."""
        now_s = time.monotonic()
        had = self._patience.setdefault((chat, who.member), _Patience(FREE_AT_ONCE, now_s))
        had.left, had.at_s = min(FREE_AT_ONCE, had.left + (now_s - had.at_s) / FREE_EVERY_S), now_s
        had.worn = had.worn and had.left < FREE_AGAIN
        if had.worn:
            return NOTHING
        had.left -= 1
        had.worn = had.left < 1
        return Said(_(replies.TOO_MANY_ANSWERS)) if had.worn else said

    async def post(self, place: Place, said: Said, keep: Keep) -> None:
        """Send the text, and each file as a document of its own. Raises TelegramError."""
        turn = Turn(said.rank, keep)
        await _patiently(
            lambda: self._bot.send_message(
                text=plain(said.text), reply_markup=said.markup, rate_limit_args=turn, **place.target
            ),
            keep,
        )
        for file in said.files:
            await _patiently(partial(self._attach, place, file, turn), keep)

    async def _attach(self, place: Place, file: File, turn: Turn) -> None:
        document = InputFile(file.content, filename=file.name)
        await self._bot.send_document(
            document=document, read_timeout=UPLOAD_READ_S, rate_limit_args=turn, **place.target
        )

    async def change(
        self, message: MaybeInaccessibleMessage, text: str, keep: Keep, markup: InlineKeyboardMarkup | None = None
    ) -> None:
        """Let a message of the bot say something else, with these buttons or none."""
        chat, number = message.chat.id, message.message_id
        try:
            await _patiently(lambda: self._bot.edit_message_text(plain(text), chat, number, reply_markup=markup), keep)
        except TelegramError as error:
            log.warning("message %d in %d stays as it is: %s", number, chat, error)


async def _patiently(send: Callable[[], Awaitable[object]], keep: Keep) -> None:
    """Wait once when Telegram asks for it."""
    try:
        await send()
    except RetryAfter as error:
        keep()  # it may take long, and is ours to say
        await asyncio.sleep(min(wait_s(error), LONGEST_WAIT_S))
        await send()
