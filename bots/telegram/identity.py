"""Translate messages into the core's types: who is asking, and where; keys are made of ids, never of names."""

import logging
import re
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar

from telegram import (
    Bot,
    Chat,
    ChatMember,
    ChatMemberAdministrator,
    ChatMemberOwner,
    ChatMemberRestricted,
    MaybeInaccessibleMessage,
    Message,
    MessageEntity,
    ReplyParameters,
    User,
)
from telegram.constants import ChatType
from telegram.error import BadRequest, TelegramError

from bots.telegram.errors import has_no_place
from bots.telegram.escaping import plain
from bots.telegram.parse import answered
from bots.text.locale import _, tag_of
from core.domain.models import Job
from core.domain.orders import Destination
from core.domain.people import Caller, Person
from core.domain.refusals import InvalidInput, Need, NotPermitted
from core.domain.shown import shown_name

log = logging.getLogger(__name__)

NAME = "telegram"
REMEMBERED = 10_000
MOST_CALLED = 5
"""Admins who are called to decide."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def key(platform_id: int) -> str:
    """Return the key of a community or a member."""
    return f"{NAME}:{platform_id}"


def key_of(member_id: str) -> str:
    """Return the key of a member given by id. Raises InvalidInput."""
    if not re.fullmatch(r"\d{1,15}", member_id, re.ASCII):
        raise InvalidInput("id", member_id, _("a member's number, such as id:123456"))
    return f"{NAME}:{int(member_id)}"


def channel_key(thread: int | None) -> str:
    """Return the key of a topic; General and chats without topics are topic 0."""
    return f"{NAME}:{thread or 0}"


def channel_name(channel: str) -> str:
    """Return a topic's display name, which is its number: bots are not told the title."""
    number = channel.removeprefix(f"{NAME}:")
    return _("topic {number}", number=number) if number != "0" else _("General")


def person(user: User) -> Person:
    """Return the member that a command is about."""
    return Person(member=key(user.id), name=_name(user))


def _name(user: User) -> str:
    """Return the name; for a deleted account the library returns None, despite its type."""
    return user.full_name or ""


def takes_part(member: ChatMember) -> bool:
    """Say whether a user is in the chat; a restricted one may have left it."""
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member.status not in {ChatMember.LEFT, ChatMember.BANNED}


def caller(
    chat: Chat, user: User | None, sender_chat: Chat | None, *, is_admin: bool = False, thread: int | None = None
) -> Caller:
    """Describe the sender; one who writes as a chat shares that identity with others and can't spend."""
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


def calling(text: str, people: Sequence[User]) -> tuple[str, tuple[MessageEntity, ...]]:
    """Mention people below a text, as each is called, whether they have an @name or not."""
    entities = []
    for n, user in enumerate(people):
        text += ", " if n else "\n"
        name = plain(shown_name(_name(user)))
        entities.append(MessageEntity(MessageEntity.TEXT_MENTION, _units(text), _units(name), user=user))
        text += name
    return text, tuple(entities)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def topic(message: Message) -> int | None:
    """Return the topic that a message belongs to; outside of forums a thread id is none."""
    return message.message_thread_id if message.is_topic_message else None


def number_alone(message: MaybeInaccessibleMessage) -> int | None:
    """Return the number of a message that one member reads alone; None for others. The library does not know it yet."""
    number: int | None = message.api_kwargs.get("ephemeral_message_id")
    return number


@dataclass(frozen=True, slots=True)
class Address:
    """Where a job's messages go: the chat and topic, the order to reply to, and the status message if there is one."""

    chat: int
    order: int | None = None
    thread: int | None = None
    status: int | None = None
    sent: int = 0
    """How many of the job's files have been sent."""
    group: dict[str, Any] | None = None
    """In a member's direct chat: the address in the group that refused."""
    file: bool = False
    """It is to be a file, whatever is kept."""

    @classmethod
    def of(cls, order: Message) -> "Address":
        """Reply to a message in its topic."""
        return cls(order.chat.id, order.message_id or None, topic(order))  # 0 is that of all whispers

    @classmethod
    def of_status(cls, status: MaybeInaccessibleMessage) -> "Address":
        """Reply to the order that a status message belongs to; of an old message only the id is known."""
        if not isinstance(status, Message):
            return cls(status.chat.id, status=status.message_id)
        order = answered(status)
        return cls(status.chat.id, (order and order.message_id) or None, topic(status), status.message_id or None)

    @property
    def in_group(self) -> "Address | None":
        """Where it was refused, if this is its member's direct chat instead."""
        return None if self.group is None else Address(**self.group)

    def below(self, job: Job, error: TelegramError) -> "Address | None":
        """Return the next place for what was refused here: without the topic, then its member's direct chat."""
        if (self.thread or self.order) and has_no_place(error):
            return replace(self, thread=None, order=None)
        if job.direct or self.group is not None:
            return None
        return Address(int(job.member.removeprefix(f"{NAME}:")), sent=self.sent, group=asdict(self))

    @property
    def destination(self) -> Destination:
        """The form in which the core stores it with the job."""
        return Destination(NAME, asdict(self))

    @property
    def target(self) -> dict[str, Any]:
        """The parameters that send a message here, even if the order has been deleted."""
        reply = ReplyParameters(self.order, allow_sending_without_reply=True) if self.order else None
        return {"chat_id": self.chat, "message_thread_id": self.thread, "reply_parameters": reply}


def is_of_group(chat: int) -> bool:
    """Say whether a chat is a group, which may have become a supergroup since; the others are direct ones."""
    return chat < 0


def link(job: Job) -> str:
    """Return where the audio of an order is, if that can be told."""
    kept = job.delivery.kept if job.delivery else None
    first = kept["files"][0] if kept else {}
    return message_link(first["chat"], first["message"]) if "chat" in first else ""


def message_link(chat: int, number: int) -> str:
    """Return where a message of a supergroup is; those of other chats have no links."""
    supergroup = re.fullmatch(r"-100(\d+)", str(chat), re.ASCII)
    return f"https://t.me/c/{supergroup[1]}/{number}" if supergroup else ""


class Recent(OrderedDict[K, V], Generic[K, V]):
    """A dictionary of limited size that evicts the entry written longest ago."""

    def __init__(self, most: int = REMEMBERED) -> None:
        super().__init__()
        self._most = most

    def __setitem__(self, name: K, value: V) -> None:
        """Store a value, and evict the oldest if there are too many."""
        super().__setitem__(name, value)
        self.move_to_end(name)
        if len(self) > self._most:
            self.popitem(last=False)


def _is_hidden(admin: ChatMember) -> bool:
    return isinstance(admin, ChatMemberOwner | ChatMemberAdministrator) and admin.is_anonymous


class Admins:
    """Looks up a chat's administrators, without caching: a demoted admin must not grant money."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def wrote(self, message: Message) -> bool:
        """Say whether an admin wrote the message. Raises as `include`."""
        if message.sender_chat is not None:  # an anonymous admin writes as the group itself
            return message.sender_chat.id == message.chat.id
        return message.from_user is not None and await self.include(message.chat, message.from_user)

    async def include(self, chat: Chat, user: User) -> bool:
        """Say whether a user is an admin of the chat now. Raises TelegramError, NotPermitted.

        In a group with hidden members only an admin bot may look up a member, but any bot may list the admins.
        """
        if chat.type == ChatType.PRIVATE:
            return False
        try:
            member = await self._bot.get_chat_member(chat.id, user.id)
        except BadRequest:
            return await self._lists(chat, user)
        return member.status in {ChatMember.OWNER, ChatMember.ADMINISTRATOR}

    async def member(self, chat: Chat, number: int) -> User | None:
        """Return somebody who takes part in a chat; None where it does not say so."""
        try:
            found = await self._bot.get_chat_member(chat.id, number)
        except TelegramError as error:
            log.info("whether %d is in %d is not told: %s", number, chat.id, error)
            return None
        return found.user if takes_part(found) else None

    async def people(self, chat: Chat) -> list[User]:
        """Return those who are known to be admins of a chat; none where it does not tell."""
        try:
            admins = await self._bot.get_chat_administrators(chat.id)
        except TelegramError:
            return []
        return [admin.user for admin in admins if not (admin.user.is_bot or _is_hidden(admin))]

    async def _lists(self, chat: Chat, user: User) -> bool:
        try:
            admins = await self._bot.get_chat_administrators(chat.id)
        except BadRequest as error:
            raise NotPermitted(Need.BOT_ADMIN) from error
        return any(admin.user.id == user.id for admin in admins)
