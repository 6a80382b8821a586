"""What a message asks for: the raw text, and what Telegram knows about it. Pure."""

from telegram import Message, MessageEntity, User

from bots import commands
from bots.commands import Command, Named
from core.products import Catalog


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


def speech(message: Message, command: Command, catalog: Catalog) -> dict[str, str]:
    """Return voice and text; the text may be that of the answered message, or the part of it that was quoted."""
    voice, text = commands.voice_and_text(command.body, catalog)
    return {"voice": voice, "text": text or _answered_text(message)}


def music(message: Message, command: Command, _: Catalog) -> dict[str, str]:
    """Return the prompt, which may be the text of the answered message."""
    return {"prompt": command.body or _answered_text(message)}


def _answered_text(message: Message) -> str:
    if message.quote is not None:
        return message.quote.text
    reply = answered(message)
    return "" if reply is None else reply.text or reply.caption or ""


def named(message: Message, command: Command) -> tuple[Named, User | None]:
    """Take a command of admins apart; the user is the one mentioned without an @name, else whoever is answered."""
    mention = next((e for e in message.entities if e.type == MessageEntity.TEXT_MENTION), None)
    if mention is not None:
        without = commands.read(_without(message.text or "", mention)) or command
        return commands.named(without.body), mention.user
    words, reply = commands.named(command.body), answered(message)
    by_answer = reply is not None and reply.sender_chat is None and words.handle is None and words.member_id is None
    return words, reply.from_user if reply and by_answer else None


def _without(text: str, entity: MessageEntity) -> str:
    """Cut out an entity, which is measured in UTF-16 units and may hold spaces."""
    raw = text.encode("utf-16-le")
    start, end = 2 * entity.offset, 2 * (entity.offset + entity.length)
    return f"{raw[:start].decode('utf-16-le')} {raw[end:].decode('utf-16-le')}"
