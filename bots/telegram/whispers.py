"""Whispers: messages in a group that one member reads alone, which the Bot API calls ephemeral.

Its documentation ("Ephemeral messages and commands", 10.3): any bot may answer an ephemeral command or a press with one
within 15 seconds, and an administrator may send one at any time. They have numbers of their own, which are used again.
A server from before passes over what it does not know, and would show the message to everybody.
"""

import time
from dataclasses import dataclass
from typing import Any

from telegram import MaybeInaccessibleMessage, Message
from telegram.constants import ChatType

from bots.telegram.identity import Recent, number_alone, topic

AGAIN_S = 3600.0
"""How long a server or a chat is taken to be as it was."""


@dataclass(frozen=True, slots=True)
class Whisper:
    """Where a member of a group reads a message alone, and by what right."""

    chat: int
    member: int
    thread: int | None = None
    order: int | None = None
    """The message that it answers, which everybody sees."""
    command: int | None = None
    """The ephemeral one that it answers."""
    press: str = ""
    """The press that it answers."""

    @property
    def target(self) -> dict[str, Any]:
        """The parameters that send a message here; the library does not know them yet."""
        receiver = {"receiver_user_id": self.member} | ({"callback_query_id": self.press} if self.press else {})
        more: dict[str, Any] = {"ephemeral_message_parameters": receiver}
        if self.command is not None:
            more["reply_parameters"] = {"ephemeral_message_id": self.command}
        elif self.order is not None:
            more["reply_parameters"] = {"message_id": self.order}
        return {"chat_id": self.chat, "message_thread_id": self.thread, "api_kwargs": more}


def whisper_to(message: Message) -> Whisper | None:
    """Return where to answer the author of a message alone; None outside of groups, and for a shared identity."""
    author = message.from_user
    if message.chat.type == ChatType.PRIVATE or message.sender_chat is not None or author is None:
        return None
    number = number_alone(message)
    order = message.message_id if number is None else None
    return Whisper(message.chat.id, author.id, topic(message), order, number)


def named_alone(message: MaybeInaccessibleMessage) -> dict[str, Any] | None:
    """Return the parameters that name a whisper of the bot's; None for other messages."""
    number = number_alone(message)
    if number is None:
        return None
    receiver = message.api_kwargs["receiver_user"]["id"]
    return {"chat_id": message.chat.id, "receiver_user_id": receiver, "ephemeral_message_id": number}


class Whispers:
    """Remembers whether the server and the chats let the bot whisper; nobody is asked."""

    def __init__(self) -> None:
        self._knows_until_s = 0.0
        """The server has whispered."""
        self._ignores_until_s = 0.0
        """The server has shown everybody what was to be whispered."""
        self._refused_until_s: Recent[int, float] = Recent()
        """Chats in which the bot may only answer."""

    def may(self, to: Whisper) -> bool:
        """Say whether nothing is known against it."""
        if to.command is not None:
            return True
        now_s = time.monotonic()
        is_refused = not to.press and self._refused_until_s.get(to.chat, 0.0) > now_s
        return not is_refused and self._ignores_until_s <= now_s

    def is_sure(self, to: Whisper) -> bool:
        """Say whether the server certainly shows it to nobody else: a whisper can't be answered in another way."""
        return to.command is not None or self._knows_until_s > time.monotonic()

    def note(self, sent: MaybeInaccessibleMessage) -> bool:
        """Note how the server took a whisper; return whether it is one."""
        is_alone, until_s = number_alone(sent) is not None, time.monotonic() + AGAIN_S
        if is_alone:
            self._knows_until_s = until_s
        else:
            self._knows_until_s, self._ignores_until_s = 0.0, until_s
        return is_alone

    def refuse(self, to: Whisper) -> None:
        """Note that a chat has refused one; where it would have been an answer, it only came too late."""
        if to.command is None and not to.press:
            self._refused_until_s[to.chat] = time.monotonic() + AGAIN_S

    def forget(self, chat: int) -> None:
        """Take news of the bot's rights in a chat."""
        self._refused_until_s.pop(chat, None)
