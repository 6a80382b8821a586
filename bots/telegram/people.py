"""Who speaks, as Telegram attests it: keys come from ids, names are only shown."""

import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from telegram import Bot, Chat, ChatMember, Message, User
from telegram.constants import ChatType

from core.models import Caller, Person

NAME = "telegram"
ADMIN_S = 30
REMEMBERED = 10_000

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def key(platform_id: int) -> str:
    """Return the key of a community or a member."""
    return f"{NAME}:{platform_id}"


def person(user: User) -> Person:
    """Return a member who is spoken about."""
    return Person(member=key(user.id), name=user.full_name)


def caller(chat: Chat, user: User | None, sender_chat: Chat | None, *, is_admin: bool = False) -> Caller:
    """Describe who wrote; whoever writes in the name of a chat shares that identity with others and can't spend."""
    direct = chat.type == ChatType.PRIVATE
    if sender_chat is not None or user is None:
        who = sender_chat or chat
        name = who.effective_name or ""
        return Caller(
            platform=NAME, community=key(chat.id), member=key(who.id), name=name, is_admin=is_admin, can_spend=False
        )
    return Caller(
        platform=NAME,
        community=key(chat.id),
        member=key(user.id),
        name=user.full_name,
        handle=user.username,
        is_admin=is_admin,
        direct=direct,
    )


class Recent(OrderedDict[K, V], Generic[K, V]):
    """A dictionary that forgets what was written longest ago."""

    def __init__(self, most: int = REMEMBERED) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, name: K, value: V) -> None:
        """Write, and forget the oldest when there are too many."""
        super().__setitem__(name, value)
        self.move_to_end(name)
        if len(self) > self._most:
            self.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Answer:
    is_admin: bool
    until_s: float


class Admins:
    """Asks the chat who administers it, and trusts the answer for half a minute."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._known: Recent[tuple[int, int], _Answer] = Recent()

    async def wrote(self, message: Message) -> bool:
        """Say whether an admin wrote the message. Raises TelegramError where the chat can't be asked."""
        if message.sender_chat is not None:  # an anonymous admin writes as the group itself
            return message.sender_chat.id == message.chat.id
        if message.from_user is None or message.chat.type == ChatType.PRIVATE:
            return False
        return await self._ask(message.chat.id, message.from_user.id)

    async def _ask(self, chat_id: int, user_id: int) -> bool:
        known = self._known.get((chat_id, user_id))
        if known is None or known.until_s < time.monotonic():
            member = await self._bot.get_chat_member(chat_id, user_id)
            is_admin = member.status in {ChatMember.OWNER, ChatMember.ADMINISTRATOR}
            known = self._known[chat_id, user_id] = _Answer(is_admin, time.monotonic() + ADMIN_S)
        return known.is_admin
