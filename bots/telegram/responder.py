"""Send replies to messages and presses; the worker's messages about a job are `delivery`'s."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from telegram import ForceReply, InlineKeyboardMarkup, InputFile, MaybeInaccessibleMessage, Message, MessageEntity
from telegram.error import BadRequest, RetryAfter, TelegramError
from telegram.ext import ExtBot

from bots.commands import buttons
from bots.commands.command import PNG, Answer, File
from bots.telegram.buttons import rows
from bots.telegram.connection import UPLOAD_READ_S
from bots.telegram.errors import has_no_kind, is_gone, takes_no_words, wait_s
from bots.telegram.escaping import plain
from bots.telegram.identity import Address, Recent
from bots.telegram.intake import Ack
from bots.telegram.rate_limiter import Priority, RateLimiter, Ticket
from bots.text import refusals, replies
from bots.text.locale import _
from core.domain.models import Caller
from core.domain.refusals import MayNotPost, Refusal

log = logging.getLogger(__name__)

T = TypeVar("T")

SHOWN = {"audio/ogg": "voice", PNG: "photo"}
"""What may come with the text as its caption."""
CAPTION_LIMIT, ALERT_LIMIT = 1024, 200
LONGEST_WAIT_S = 60.0
FREE_AT_ONCE, FREE_EVERY_S, FREE_AGAIN = 10.0, 15.0, 3.0
"""A member's budget of free answers per chat: its size, the time to regain one, and how many end a silence."""


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
    on_sent: Callable[[int], None] | None = None
    """Takes the message's number."""

    @classmethod
    def of(cls, answer: Answer) -> "Reply":
        """Make a reply of an answer; those to commands that are open to everybody use the member's budget."""
        return cls(
            answer.text, answer.files, rows(answer.buttons), priority=Priority.ANSWER if answer.open else Priority.ADMIN
        )


NOTHING = Reply("")


async def outcome(act: Callable[[], Awaitable[Reply | None]], who: Caller, *, is_private: bool = False) -> Reply | None:
    """Act and return the reply, whatever happens; the only address that catches refusals.

    `is_private`: nobody else reads the reply, even in a group.
    """
    try:
        return await act()
    except Refusal as error:
        silent = isinstance(error, MayNotPost) and error.silent
        is_public = not (is_private or who.direct or silent)
        text = refusals.in_public(error) if is_public else refusals.refusal(error)
        offered = buttons.of_refusal(error, who, is_public=is_public)
        return Reply(text, markup=rows(offered), refused=True, alone=silent)
    except Exception:
        log.exception("a command failed")
        return Reply(_(refusals.FAULT), refused=True)


@dataclass(slots=True)
class _Budget:
    """The free answers that a member has left in a chat (a token bucket)."""

    left: float
    at_s: float
    exhausted: bool = False
    """The member was told to wait and gets no answers until FREE_AGAIN are left."""


class Responder:
    """Sends replies to chats."""

    def __init__(self, bot: ExtBot[Priority | Ticket], limiter: RateLimiter) -> None:
        self._bot = bot
        self._limiter = limiter
        self._budgets: Recent[tuple[int, str], _Budget] = Recent()
        self._sending: set[tuple[int, str, str]] = set()

    async def reply(self, address: Address, reply: Reply, who: Caller, ack: Ack) -> None:
        """Send a reply, within the member's budget; failures are only logged."""
        key = (address.chat, who.member, reply.text)
        if key in self._sending and self._limiter.room_in_s(address.chat, reply.priority):
            return  # an identical reply is queued already
        if reply.priority is not Priority.ADMIN:
            reply = self._budgeted(address.chat, who, reply)
        if reply is NOTHING:
            return
        self._sending.add(key)
        try:
            await self.send(address, reply, ack)
        except TelegramError as error:
            log.warning("nothing could be said in %d: %s", address.chat, error)
        finally:
            self._sending.discard(key)

    async def reply_alone(self, alone: Address, here: Address, reply: Reply, who: Caller, ack: Ack) -> None:
        """Send a free reply to a member alone, or where they asked for it if the bot may not write to them."""
        reply = self._budgeted(here.chat, who, reply)
        if reply is NOTHING:
            return
        for address in (alone, here) if alone.chat != here.chat else (here,):
            try:
                await self.send(address, reply, ack)
            except TelegramError as error:
                log.warning("nothing could be said in %d: %s", address.chat, error)
                if takes_no_words(error):
                    continue
            return

    def _budgeted(self, chat: int, who: Caller, reply: Reply) -> Reply:
        """Charge a reply to the member's budget; when that is used up, say so once, then nothing for a while."""
        now_s = time.monotonic()
        budget = self._budgets.setdefault((chat, who.member), _Budget(FREE_AT_ONCE, now_s))
        budget.left, budget.at_s = min(FREE_AT_ONCE, budget.left + (now_s - budget.at_s) / FREE_EVERY_S), now_s
        budget.exhausted = budget.exhausted and budget.left < FREE_AGAIN
        if budget.exhausted:
            return NOTHING
        budget.left -= 1
        budget.exhausted = budget.left < 1
        return Reply(_(replies.TOO_MANY_ANSWERS)) if budget.exhausted else reply

    async def send(self, address: Address, reply: Reply, ack: Ack) -> None:
        """Send the text, with a voice message or picture if one comes first, then each file. Raises TelegramError."""
        ticket, files = Ticket(reply.priority, ack), list(reply.files)
        text, caption = plain(reply.text), plain(reply.text, CAPTION_LIMIT)
        sent = None
        if files and files[0].mime in SHOWN and text == caption:
            sent = await self._show(address, files[0], caption, reply, ticket)
        if sent:
            files.pop(0)
        else:
            sent = await _retrying(
                lambda: self._bot.send_message(
                    text=text,
                    entities=reply.entities or None,
                    reply_markup=reply.markup,
                    rate_limit_args=ticket,
                    **address.target,
                ),
                ack,
            )
        if reply.on_sent:
            reply.on_sent(sent.message_id)
        for file in files:
            await _retrying(partial(self._attach, address, file, ticket), ack)

    async def _show(self, address: Address, file: File, caption: str, reply: Reply, ticket: Ticket) -> Message | None:
        """Send a voice message or a picture, or a file where there may be none; None where that may not be, either."""
        how: dict[str, Any] = {"read_timeout": UPLOAD_READ_S, "rate_limit_args": ticket, **address.target}

        async def send(call: Callable[..., Awaitable[Message]], kind: str) -> Message:
            content = InputFile(file.content, filename=file.name)
            shown = {kind: content, "caption": caption, "reply_markup": reply.markup}
            return await _retrying(lambda: call(**shown, **how), ticket.ack)

        for kind in (SHOWN[file.mime], "document"):
            try:
                return await send(getattr(self._bot, f"send_{kind}"), kind)
            except TelegramError as error:
                if not has_no_kind(error):
                    raise
        return None

    async def _attach(self, address: Address, file: File, ticket: Ticket) -> None:
        document = InputFile(file.content, filename=file.name)
        await self._bot.send_document(
            document=document, read_timeout=UPLOAD_READ_S, rate_limit_args=ticket, **address.target
        )

    async def edit(
        self, message: MaybeInaccessibleMessage, text: str, ack: Ack, markup: InlineKeyboardMarkup | None = None
    ) -> bool:
        """Edit one of the bot's messages; without a markup its buttons are removed. Return False where it is gone."""
        chat, number = message.chat.id, message.message_id
        try:
            await _retrying(lambda: self._bot.edit_message_text(plain(text), chat, number, reply_markup=markup), ack)
        except TelegramError as error:
            log.warning("message %d in %d stays as it is: %s", number, chat, error)
            return not is_gone(error)
        return True

    async def arrange(self, message: MaybeInaccessibleMessage, markup: InlineKeyboardMarkup | None, ack: Ack) -> None:
        """Change the buttons under one of the bot's messages."""
        chat, number = message.chat.id, message.message_id
        try:
            await _retrying(lambda: self._bot.edit_message_reply_markup(chat, number, reply_markup=markup), ack)
        except TelegramError as error:
            log.warning("message %d in %d keeps its buttons: %s", number, chat, error)

    async def delete(self, message: MaybeInaccessibleMessage, ack: Ack) -> str:
        """Delete one of the bot's messages; return what came of it. Raises TelegramError."""
        chat, number = message.chat.id, message.message_id
        try:
            await _retrying(lambda: self._bot.delete_message(chat, number), ack)
        except BadRequest as error:
            log.info("message %d in %d is not deleted: %s", number, chat, error)
            return replies.GONE if is_gone(error) else replies.TOO_OLD
        return replies.DELETED


async def _retrying(send: Callable[[], Awaitable[T]], ack: Ack) -> T:
    """Send, and retry once after the wait that Telegram asks for."""
    try:
        return await send()
    except RetryAfter as error:
        ack()  # the wait may be long, and from here on the reply is ours to send
        await asyncio.sleep(min(wait_s(error), LONGEST_WAIT_S))
        return await send()
