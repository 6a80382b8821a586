"""What a message asks for: the raw text, and what Telegram knows about it. Pure."""

from telegram import Message, MessageEntity, User

from bots import commands
from bots.commands import Command, Named
from core.errors import InvalidInput


def read(message: Message, bot_name: str) -> Command | None:
    """Return the command that begins the message, or None where there is none or it names another bot."""
    command = commands.read(message.text or "")
    for_another = command is not None and command.bot is not None and command.bot.casefold() != bot_name.casefold()
    return None if for_another else command


def answered(message: Message) -> Message | None:
    """Return the message that this one answers.

    In a topic every message formally answers the one that opened the topic, which nobody meant.
    """
    reply = message.reply_to_message
    return None if reply is None or reply.forum_topic_created else reply


def answered_text(message: Message) -> str:
    """Return the text of the answered message, or the part of it that was quoted."""
    if message.quote is not None:
        return message.quote.text
    reply = answered(message)
    return "" if reply is None else reply.text or reply.caption or ""


def named(message: Message, command: Command) -> tuple[Named, User | None]:
    """Take a command of admins apart; the user is the one mentioned without an @name, else whoever is answered.

    Raises InvalidInput for a bot.
    """
    mentions = {e.user.id: e.user for e in message.entities if e.type == MessageEntity.TEXT_MENTION and e.user}
    words = commands.named(commands.read(_with_ids(message)) or command)
    if words.handle is None and words.member_id is None:
        reply = answered(message)
        user = reply.from_user if reply is not None and reply.sender_chat is None else None
    else:
        user = next((user for number, user in mentions.items() if words.member_id == str(number)), None)
    if user is not None and user.is_bot:
        raise InvalidInput("member", user.full_name, "a person, not a bot")
    return words, user


def _with_ids(message: Message) -> str:
    """Write `id:123` where a member without an @name is mentioned; entities are measured in UTF-16 units."""
    raw = (message.text or "").encode("utf-16-le", "surrogatepass")
    for entity in sorted(message.entities, key=lambda e: -e.offset):
        if entity.type == MessageEntity.TEXT_MENTION and entity.user:
            start, end = 2 * entity.offset, 2 * (entity.offset + entity.length)
            raw = raw[:start] + f"id:{entity.user.id} ".encode("utf-16-le", "surrogatepass") + raw[end:]
    return raw.decode("utf-16-le", "surrogatepass")
