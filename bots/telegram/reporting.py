"""Reports of audio: posted as a reply to it, for the group's admins."""

import logging
from collections.abc import Sequence

import telegram
from telegram import Chat, InaccessibleMessage, MaybeInaccessibleMessage
from telegram.constants import ChatType
from telegram.error import TelegramError

from bots.commands.command import Answer
from bots.platform import ButtonKind
from bots.telegram.buttons import pressed, rows
from bots.telegram.errors import text_fault
from bots.telegram.escaping import plain
from bots.telegram.identity import MOST_CALLED, Address, Admins, calling, is_of_group, message_link
from bots.telegram.intake import Ack
from bots.telegram.reply import Reply
from bots.telegram.responder import ALERT_LIMIT, Responder
from bots.text import replies
from core.domain.models import Kept
from core.domain.refusals import Missing, NotFound
from core.domain.reported import Message

log = logging.getLogger(__name__)


def reported(on: MaybeInaccessibleMessage, job_id: str) -> Sequence[Message]:
    """Return the message whose button was pressed, as far as it can be read. Raises NotFound where it has none."""
    if not isinstance(on, telegram.Message):
        return ()
    if f"{ButtonKind.REPORT}:{job_id}" not in pressed(on):  # another message of the bot's
        raise NotFound(Missing.JOB, job_id)
    return ((on.chat.id, on.message_id),)


class Board:
    """Implements `bots.commands.reporting.Board`."""

    longest = ALERT_LIMIT

    def __init__(self, responder: Responder, admins: Admins, chat: Chat, beneath: Address, ack: Ack) -> None:
        """`beneath`: as a reply to the message that holds the button."""
        self._responder = responder
        self._admins = admins
        self._chat = chat
        self._beneath = beneath
        self._ack = ack

    def holding(self, kept: Kept) -> Sequence[Message]:
        found = [(int(file["chat"]), int(file["message"])) for file in kept["files"] if "message" in file]
        return [(chat, number) for chat, number in found if is_of_group(chat)]

    def link(self, message: Message) -> str:
        return message_link(*message)

    async def post(self, notice: Answer, *, calls: bool) -> tuple[Message, bool]:
        called = await self._admins.people(self._chat) if calls else []
        text, entities = calling(plain(notice.text), called[:MOST_CALLED])
        sent: list[int] = []
        reply = Reply(text, markup=rows(notice.buttons), entities=entities, on_sent=sent.append)
        try:
            await self._responder.send(self._beneath, reply, self._ack)
        except TelegramError as error:
            raise text_fault(error) from error
        return (self._chat.id, sent[0]), bool(called) or not calls

    async def show(self, where: Message, notice: Answer) -> bool:
        return await self._responder.edit(_message(where), notice.text, self._ack, rows(notice.buttons))

    async def delete(self, messages: Sequence[Message]) -> bool:
        return all([await self._is_gone(message) for message in messages])

    async def _is_gone(self, message: Message) -> bool:
        try:
            return await self._responder.delete(_message(message), self._ack) != replies.TOO_OLD
        except TelegramError as error:
            log.warning("message %d in %d, which was reported, stays: %s", message[1], message[0], error)
            return False


def _message(where: Message) -> InaccessibleMessage:
    return InaccessibleMessage(Chat(where[0], ChatType.SUPERGROUP), where[1])
