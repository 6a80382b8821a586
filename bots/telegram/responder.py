"""Send replies to messages and presses; the worker's messages about a job are `delivery`'s."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

from telegram import (
    InlineKeyboardMarkup,
    InputFile,
    LinkPreviewOptions,
    MaybeInaccessibleMessage,
    Message,
)
from telegram.constants import ChatAction
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError
from telegram.ext import ExtBot

from bots.commands.command import PNG, File
from bots.telegram.budgets import Budgets, Charged
from bots.telegram.connection import UPLOAD_READ_S
from bots.telegram.errors import has_no_kind, has_no_place, is_gone, takes_no_words, wait_s
from bots.telegram.escaping import plain
from bots.telegram.identity import NAME, Address
from bots.telegram.intake import Ack
from bots.telegram.rate_limiter import Priority, RateLimiter, Ticket
from bots.telegram.reply import NOTHING, Reply
from bots.telegram.whispers import Whisper, Whispers, named_alone
from bots.text import admin_replies, refusals, replies
from bots.text.locale import _
from core.domain.people import Caller

log = logging.getLogger(__name__)

T = TypeVar("T")

SHOWN = {"audio/ogg": "voice", PNG: "photo"}
"""What may come with the text as its caption."""
CAPTION_LIMIT, ALERT_LIMIT = 1024, 200
LONGEST_WAIT_S = 60.0


class Responder:
    """Sends replies to chats."""

    def __init__(self, bot: ExtBot[Priority | Ticket], limiter: RateLimiter) -> None:
        self._bot = bot
        self._limiter = limiter
        self._budgets = Budgets()
        self._sending: set[tuple[int, str, str]] = set()
        self.whispers = Whispers()

    async def reply(
        self, address: Address, reply: Reply, who: Caller, ack: Ack, whisper: Whisper | None = None
    ) -> None:
        """Send a reply, within the member's budget, and whispered where that may be; failures are only logged."""
        key = (address.chat, who.member, reply.text)
        if key in self._sending and self._limiter.room_in_s(address.chat, reply.priority):
            return  # an identical reply is queued already
        if reply.priority is not Priority.ADMIN:
            reply = self._budgeted(address.chat, who, reply)
        if reply is NOTHING:
            return
        self._sending.add(key)
        try:
            aloud = await self._whispered(whisper, reply, who, ack) if whisper else await self._aloud(reply, who, ack)
            if aloud:
                await self.send(address, aloud, ack)
        except TelegramError as error:
            log.warning("nothing could be said in %d: %s", address.chat, error)
        finally:
            self._sending.discard(key)

    async def _whispered(self, to: Whisper, reply: Reply, who: Caller, ack: Ack) -> Reply | None:
        """Whisper; return what is left to say aloud, if anything. Raises TelegramError.

        As long as the server may show everybody what is whispered, only that is which they may read.
        """
        if self.whispers.is_sure(to):
            return None if await self.whisper(to, reply, ack) else await self._aloud(reply, who, ack)
        aloud = await self._aloud(reply, who, ack)
        if not self.whispers.may(to):
            return aloud
        try:
            sent = await self._alone(to, aloud, ack)
        except (BadRequest, Forbidden) as error:
            log.info("no whispers in %d: %s", to.chat, error)
            self.whispers.refuse(to)
            return aloud
        if self.whispers.note(sent) and aloud is not reply and not aloud.is_all:
            await self._alone(to, reply, ack)
            await self.delete(sent, ack)
        return None

    async def whisper(self, to: Whisper, reply: Reply, ack: Ack) -> bool:
        """Whisper if the server is known to, and a press need not wait for it; return whether it did."""
        has_room = not (to.press and self._limiter.room_in_s(to.chat, reply.priority))
        if not (has_room and self.whispers.is_sure(to) and self.whispers.may(to)):
            return False
        try:
            sent = await self._alone(to, reply, ack)
            if self.whispers.note(sent):
                return True
            await self.delete(sent, ack)
        except (BadRequest, Forbidden) as error:
            log.info("no whispers in %d: %s", to.chat, error)
            self.whispers.refuse(to)
        except TelegramError as error:
            log.warning("nothing could be whispered in %d: %s", to.chat, error)
        return False

    async def _alone(self, to: Whisper, reply: Reply, ack: Ack) -> Message:
        """Whisper as a reply, or without what it replies to where that is deleted. Raises TelegramError."""
        try:
            return await self.send(to, reply, ack)
        except BadRequest as error:
            if to.order is None or not has_no_place(error):
                raise
            return await self.send(replace(to, order=None), reply, ack)

    async def _aloud(self, reply: Reply, who: Caller, ack: Ack) -> Reply:
        """Return what everybody in the chat may read; a report is sent to its member's direct chat first."""
        if who.direct or not reply.private:
            return reply.aloud or reply
        if not who.can_spend:
            return Reply(_(admin_replies.WHOSE_REPORT))
        try:
            await self.send(Address(int(who.member.removeprefix(f"{NAME}:"))), reply, ack)
        except (Forbidden, BadRequest):
            return Reply(admin_replies.name_start(self._bot.link))
        except TelegramError:
            log.exception("a report could not be sent")
            return Reply(_(refusals.FAULT))
        return Reply(_(admin_replies.SENT_PRIVATELY), is_all=True)

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
        match self._budgets.charge(chat, who.member):
            case Charged.SILENCED:
                return NOTHING
            case Charged.LAST:
                return Reply(_(replies.TOO_MANY_ANSWERS))
            case _:
                return reply

    async def send(self, address: Address | Whisper, reply: Reply, ack: Ack) -> Message:
        """Send the text, with a voice message or picture if one comes first, then each file; return the first message.

        Raises TelegramError.
        """
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
        return sent

    async def _show(
        self, address: Address | Whisper, file: File, caption: str, reply: Reply, ticket: Ticket
    ) -> Message | None:
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

    async def _attach(self, address: Address | Whisper, file: File, ticket: Ticket) -> None:
        document = InputFile(file.content, filename=file.name)
        await self._bot.send_document(
            document=document, read_timeout=UPLOAD_READ_S, rate_limit_args=ticket, **address.target
        )

    @property
    def link(self) -> str:
        """Where a direct chat with the bot begins."""
        return self._bot.link

    async def may_write_to(self, member: int) -> bool:
        """Say whether the bot may write in a member's direct chat. Raises TelegramError."""
        try:
            await self._bot.send_chat_action(member, ChatAction.UPLOAD_VOICE)
        except (BadRequest, Forbidden):
            return False
        return True

    async def edit(
        self, message: MaybeInaccessibleMessage, text: str, ack: Ack, markup: InlineKeyboardMarkup | None = None
    ) -> bool:
        """Edit one of the bot's messages; without a markup its buttons are removed. Return False where it is gone."""
        chat, number, words = message.chat.id, message.message_id, plain(text)
        no_previews = LinkPreviewOptions(is_disabled=True)  # the bot's defaults are not for calls that are new to it
        given = {"text": words, "reply_markup": markup, "link_preview_options": no_previews}

        def edit() -> Awaitable[Any]:
            return self._bot.edit_message_text(words, chat, number, reply_markup=markup)

        try:
            await self._change(message, edit, "editEphemeralMessageText", given, ack)
        except TelegramError as error:
            log.warning("message %d in %d stays as it is: %s", number, chat, error)
            return not is_gone(error)
        return True

    async def _change(
        self,
        message: MaybeInaccessibleMessage,
        change: Callable[[], Awaitable[Any]],
        method: str,
        given: dict[str, Any],
        ack: Ack,
    ) -> None:
        """Change a message; a whisper by a method that the library does not know yet. Raises TelegramError."""
        if alone := named_alone(message):
            change = partial(self._bot.do_api_request, method, alone | given)
        await _retrying(change, ack)

    async def arrange(self, message: MaybeInaccessibleMessage, markup: InlineKeyboardMarkup | None, ack: Ack) -> None:
        """Change the buttons under one of the bot's messages."""
        chat, number = message.chat.id, message.message_id

        def edit() -> Awaitable[Any]:
            return self._bot.edit_message_reply_markup(chat, number, reply_markup=markup)

        try:
            await self._change(message, edit, "editEphemeralMessageReplyMarkup", {"reply_markup": markup}, ack)
        except TelegramError as error:
            log.warning("message %d in %d keeps its buttons: %s", number, chat, error)

    async def delete(self, message: MaybeInaccessibleMessage, ack: Ack) -> str:
        """Delete one of the bot's messages; return what came of it. Raises TelegramError."""
        chat, number = message.chat.id, message.message_id
        try:
            await self._change(
                message, lambda: self._bot.delete_message(chat, number), "deleteEphemeralMessage", {}, ack
            )
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
