"""What the bot says in answer to a message or a press, apart from what the worker says about a job."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from telegram import Bot, InlineKeyboardMarkup, InputFile, MaybeInaccessibleMessage
from telegram.error import RetryAfter, TelegramError

from bots import refusals
from bots.acts import Answer, File
from bots.telegram import buttons
from bots.telegram.connection import UPLOAD_READ_S
from bots.telegram.delivery import Place, plain
from bots.telegram.faults import wait_s
from core.errors import Refusal
from core.models import Caller

log = logging.getLogger(__name__)

LONGEST_WAIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Said:
    """One thing to say."""

    text: str
    files: tuple[File, ...] = ()
    markup: InlineKeyboardMarkup | None = None
    refused: bool = False

    @classmethod
    def of(cls, answer: Answer) -> "Said":
        """Say what came of an act."""
        return cls(answer.text, answer.files)


async def outcome(act: Callable[[], Awaitable[Said | None]], who: Caller) -> Said | None:
    """Return what to say, whatever happens; the one place where a refusal is caught."""
    try:
        return await act()
    except Refusal as error:
        return Said(refusals.refusal(error), markup=buttons.of_refusal(error, who), refused=True)
    except Exception:
        log.exception("a command failed")
        return Said(refusals.FAULT, refused=True)


class Speaker:
    """Says things in chats."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def say(self, place: Place, said: Said) -> None:
        """Answer; where that is not possible, nobody is there to be told."""
        try:
            await self.post(place, said)
        except TelegramError as error:
            log.warning("nothing could be said in %d: %s", place.chat, error)

    async def post(self, place: Place, said: Said) -> None:
        """Send the text, and each file as a document of its own. Raises TelegramError."""
        await _patiently(
            lambda: self._bot.send_message(text=plain(said.text), reply_markup=said.markup, **place.target)
        )
        for file in said.files:
            await _patiently(partial(self._attach, place, file))

    async def _attach(self, place: Place, file: File) -> None:
        document = InputFile(file.content, filename=file.name)
        await self._bot.send_document(document=document, read_timeout=UPLOAD_READ_S, **place.target)

    async def change(
        self, message: MaybeInaccessibleMessage, text: str, markup: InlineKeyboardMarkup | None = None
    ) -> None:
        """Let a message of the bot say something else, with these buttons or none."""
        chat, number = message.chat.id, message.message_id
        try:
            await _patiently(lambda: self._bot.edit_message_text(plain(text), chat, number, reply_markup=markup))
        except TelegramError as error:
            log.warning("message %d in %d stays as it is: %s", number, chat, error)


async def _patiently(send: Callable[[], Awaitable[object]]) -> None:
    """Wait once when Telegram asks for it."""
    try:
        await send()
    except RetryAfter as error:
        await asyncio.sleep(min(wait_s(error), LONGEST_WAIT_S))
        await send()
