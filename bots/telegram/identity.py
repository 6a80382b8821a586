"""Who speaks and where, as Telegram attests it: keys come from ids, names are only shown."""

import re
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

from telegram import (
    Bot,
    Chat,
    ChatMember,
    ChatMemberRestricted,
    MaybeInaccessibleMessage,
    Message,
    ReplyParameters,
    User,
)
from telegram.constants import ChatType
from telegram.error import BadRequest

from bots.telegram.parse import answered
from bots.text.locale import _, tag_of
from core.domain.models import Caller, Destination, Person
from core.domain.refusals import InvalidInput, Need, NotPermitted

NAME = "telegram"
REMEMBERED = 10_000

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def key(platform_id: int) -> str:
    """Return the key of a community or a member."""
    return f"{NAME}:{platform_id}"


def key_of(member_id: str) -> str:
    """Return the key of a member who is named by id. Raises InvalidInput."""
    if not re.fullmatch(r"\d{1,15}", member_id, re.ASCII):
        raise InvalidInput("id", member_id, _("a member's number, such as id:123456"))
    return f"{NAME}:{int(member_id)}"


def channel_key(thread: int | None) -> str:
    """Return the key of a topic in its community; General and chats without topics are topic 0."""
    return f"{NAME}:{thread or 0}"


def channel_name(channel: str) -> str:
    """Name a topic for people; Telegram tells a bot only its number."""
    number = channel.removeprefix(f"{NAME}:")
    return _("topic {number}", number=number) if number != "0" else _("General")


def person(user: User) -> Person:
    """Return a member who is spoken about."""
    return Person(member=key(user.id), name=_name(user))


def _name(user: User) -> str:
    """Return the name; a deleted account has none, for which the library returns None whatever its types say."""
    return user.full_name or ""


def takes_part(member: ChatMember) -> bool:
    """Say whether somebody is in a chat: those who are restricted may have left it."""
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member.status not in {ChatMember.LEFT, ChatMember.BANNED}


def caller(
    chat: Chat, user: User | None, sender_chat: Chat | None, *, is_admin: bool = False, thread: int | None = None
) -> Caller:
    """Describe who wrote; whoever writes in the name of a chat shares that identity with others and can't spend."""
    channel = channel_key(thread)
    if sender_chat is not None or user is None:
        who = sender_chat or chat
        name = who.effective_name or ""
        return Caller(
            platform=NAME,
            community=key(chat.id),
            title=chat.title or "",
            member=key(who.id),
            name=name,
            is_admin=is_admin,
            channel=channel,
            can_spend=False,
            locale=tag_of(user.language_code if user else None),
        )
    return Caller(
        platform=NAME,
        community=key(chat.id),
        title=chat.title or "",
        member=key(user.id),
        name=_name(user),
        handle=user.username,
        is_admin=is_admin,
        direct=chat.type == ChatType.PRIVATE,
        channel=channel,
        locale=tag_of(user.language_code),
    )


def topic(message: Message) -> int | None:
    """Return the topic that a message stands in."""
    return message.message_thread_id if message.is_topic_message else None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job belongs in a chat: the order's message, its topic, and the status message if it is known."""

    chat: int
    order: int | None = None
    thread: int | None = None
    status: int | None = None
    sent: int = 0
    """So many of the job's files are in the chat already."""

    @classmethod
    def of(cls, order: Message) -> "Place":
        """Answer a message where it stands; outside of forums a thread id is no topic and must not be sent back."""
        return cls(order.chat.id, order.message_id, topic(order))

    @classmethod
    def of_status(cls, status: MaybeInaccessibleMessage) -> "Place":
        """Answer the order that a status message stands under; an old one can no longer be read."""
        if not isinstance(status, Message):
            return cls(status.chat.id, status=status.message_id)
        order = answered(status)
        return cls(status.chat.id, order.message_id if order else None, topic(status), status.message_id)

    @property
    def destination(self) -> Destination:
        """Write it down for the job."""
        return Destination(NAME, asdict(self))

    @property
    def target(self) -> dict[str, Any]:
        """Return the parameters that put a message here, also when the order is gone."""
        reply = ReplyParameters(self.order, allow_sending_without_reply=True) if self.order else None
        return {"chat_id": self.chat, "message_thread_id": self.thread, "reply_parameters": reply}


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


class Admins:
    """Asks the chat who administers it, each time: what was true half a minute ago must not hand out money now."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def wrote(self, message: Message) -> bool:
        """Say whether an admin wrote the message. Raises as `include`."""
        if message.sender_chat is not None:  # an anonymous admin writes as the group itself
            return message.sender_chat.id == message.chat.id
        return message.from_user is not None and await self.include(message.chat, message.from_user)

    async def include(self, chat: Chat, user: User) -> bool:
        """Say whether somebody administers the chat at this moment. Raises TelegramError, NotPermitted.

        Where members are hidden, only an admin may ask about one of them; who the admins are, others may ask, too.
        """
        if chat.type == ChatType.PRIVATE:
            return False
        try:
            member = await self._bot.get_chat_member(chat.id, user.id)
        except BadRequest:
            return await self._lists(chat, user)
        return member.status in {ChatMember.OWNER, ChatMember.ADMINISTRATOR}

    async def _lists(self, chat: Chat, user: User) -> bool:
        try:
            admins = await self._bot.get_chat_administrators(chat.id)
        except BadRequest as error:
            raise NotPermitted(Need.BOT_ADMIN) from error
        return any(admin.user.id == user.id for admin in admins)
