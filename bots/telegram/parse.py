"""Parse messages: the command, its mentions, and the message replied to. Pure."""

import re
from collections.abc import Sequence

from telegram import Message, MessageEntity, MessageOriginUser, User
from telegram.constants import ChatType

from bots.commands import parse as commands
from bots.commands.parse import Command, Named
from bots.text.locale import _
from core.domain.refusals import InvalidInput

_ADDRESS = re.compile(r"\s*(?:/\w+)?@([A-Za-z0-9_]+)")


def words(message: Message) -> str:
    """Return a message's text or caption."""
    return message.text or message.caption or ""


def marks(message: Message) -> Sequence[MessageEntity]:
    """Return the entities of the text or caption."""
    return message.entities if message.text else message.caption_entities


def written_by_sender(message: Message) -> bool:
    """Say whether the sender wrote the text, rather than forwarded it or sent it through another bot."""
    return not (message.forward_origin or message.via_bot or message.is_automatic_forward)


def written_by_person(message: Message) -> bool:
    """Say whether a person wrote the text, possibly in the name of a group."""
    is_person = message.from_user is not None and (message.sender_chat is not None or not message.from_user.is_bot)
    return is_person and written_by_sender(message)


def addressed(message: Message, bot_name: str) -> bool:
    """Say whether a message clearly addresses the bot: in a direct chat, or with its name at the start."""
    if message.chat.type == ChatType.PRIVATE:
        return bool(words(message))
    return addressee(message).casefold() == bot_name.casefold() and written_by_person(message)


def addressee(message: Message) -> str:
    """Return the name with which a message begins, perhaps after a command, "" where it names nobody."""
    name = _ADDRESS.match(words(message))
    return name[1] if name else ""


def read(message: Message, bot_name: str) -> Command | None:
    """Return the command at the start of a message; None if there is none or it is for another bot."""
    return commands.read_mine(words(message), bot_name)


def answered(message: Message) -> Message | None:
    """Return the message replied to.

    In a topic, a message without a reply formally replies to the one that created the topic; that one is ignored.
    """
    reply = message.reply_to_message
    return None if reply is None or reply.forum_topic_created else reply


def answers_bot(message: Message, bot_id: int) -> bool:
    """Say whether a message replies to one of the bot's, in this chat or another, forwarded or not."""
    reply, far = answered(message), message.external_reply
    origin = reply.forward_origin if reply else far.origin if far else None
    if isinstance(origin, MessageOriginUser):
        return origin.sender_user.id == bot_id
    return reply is not None and reply.from_user is not None and reply.from_user.id == bot_id


def answered_text(message: Message) -> str:
    """Return the text of the message replied to, or the part of it that was quoted."""
    if message.quote is not None:
        return message.quote.text
    reply = answered(message)
    return "" if reply is None else words(reply)


def named(message: Message, command: Command) -> tuple[Named, User | None]:
    """Parse a command about a member: the one mentioned without an @name, else the author of the message replied to.

    Raises InvalidInput for a bot.
    """
    mentions = {e.user.id: e.user for e in marks(message) if e.type == MessageEntity.TEXT_MENTION and e.user}
    asked = commands.named(commands.read(_with_ids(message)) or command)
    if asked.handle is None and asked.member_id is None:
        reply = answered(message)
        user = reply.from_user if reply is not None and reply.sender_chat is None else None
    else:
        user = next((user for number, user in mentions.items() if asked.member_id == str(number)), None)
    if user is not None and user.is_bot:
        raise InvalidInput("member", user.full_name, _("a person, not a bot"))
    return asked, user


def _with_ids(message: Message) -> str:
    """Replace mentions of members without an @name by `id:123`; entity offsets count UTF-16 code units."""
    raw = words(message).encode("utf-16-le", "surrogatepass")
    for entity in sorted(marks(message), key=lambda e: -e.offset):
        if entity.type == MessageEntity.TEXT_MENTION and entity.user:
            start, end = 2 * entity.offset, 2 * (entity.offset + entity.length)
            raw = raw[:start] + f"id:{entity.user.id} ".encode("utf-16-le", "surrogatepass") + raw[end:]
    return raw.decode("utf-16-le", "surrogatepass")
