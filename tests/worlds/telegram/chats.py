"""Users, chats and messages, with what tests read and do."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from tests.waiting import WAIT_S
from tests.worlds.telegram.wire import JSON, Upload, entities

if TYPE_CHECKING:
    from tests.worlds.telegram.world import TelegramWorld

T = TypeVar("T")
FILES = frozenset({"photo", "document", "video", "audio", "voice", "animation"})
ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}


@dataclass(slots=True)
class User:
    id: int
    first_name: str
    username: str | None = None
    is_bot: bool = False
    language: str | None = None

    @property
    def mention(self) -> str:
        """Return the user's mention in a text: @name, or a mark that becomes a text mention."""
        return f"@{self.username}" if self.username else f"\x02{self.id}\x03"

    @property
    def raw(self) -> JSON:
        raw: JSON = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        raw |= {"language_code": self.language} if self.language else {}
        return raw | ({"username": self.username} if self.username else {})


@dataclass(slots=True, eq=False)
class Message:
    """One message; `raw` is its current Bot API object."""

    chat: "Chat"
    raw: JSON
    upload: Upload | None = None
    update: JSON | None = None
    edits: list[JSON] = field(default_factory=list)
    """The object before each edit."""
    deleted: bool = False

    @property
    def id(self) -> int:
        return int(self.raw["message_id"])

    @property
    def alone(self) -> int | None:
        """The number of an ephemeral message."""
        number: int | None = self.raw.get("ephemeral_message_id")
        return number

    @property
    def text(self) -> str:
        """The text, or the caption."""
        return str(self.raw.get("text", self.raw.get("caption", "")))

    @property
    def kind(self) -> str:
        """Return voice, audio, document or text."""
        return next((k for k in ("voice", "audio", "document", "text") if k in self.raw), "service")

    @property
    def content(self) -> bytes:
        assert self.upload is not None, "this message has no file"
        return self.upload.content

    @property
    def reply_to(self) -> int | None:
        """The id of the message that this one replies to."""
        raw = self.raw.get("reply_to_message")
        return None if raw is None else int(raw["message_id"])

    @property
    def thread(self) -> int | None:
        thread: int | None = self.raw.get("message_thread_id")
        return thread

    @property
    def buttons(self) -> dict[str, str]:
        """Callback data by caption."""
        rows = self.raw.get("reply_markup", {}).get("inline_keyboard", [])
        return {b["text"]: b["callback_data"] for row in rows for b in row}


@dataclass(slots=True, eq=False)
class Press:
    """A pressed button; `answer` holds the bot's parameters once it has answered."""

    id: str
    chat: "Chat"
    update: JSON
    answer: JSON | None = None
    at_s: float = 0.0

    async def answered(self) -> JSON:
        return await self.chat.world.until(lambda: self.answer, f"no answer to press {self.id}")


@dataclass(slots=True, eq=False)
class Chat:
    """A private chat, group or supergroup."""

    world: "TelegramWorld"
    id: int
    type: str
    title: str
    forum: bool = False
    privacy: bool = False
    """Privacy mode: the bot sees commands that name it, replies to it, and bare commands if it spoke last."""
    hidden: bool = False
    """Members are hidden: only admins may look members up."""
    members: dict[int, str] = field(default_factory=dict)
    """Status by user id."""
    messages: dict[int, Message] = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)
    topics: dict[int, Message] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    """Topics in which only administrators may write."""
    forbidden: set[str] = field(default_factory=set)
    """Kinds of message (text, voice, audio, document) that members and the bot may not send."""
    moved_to: "Chat | None" = None
    whispers: list[Message] = field(default_factory=list)
    """Ephemeral messages, each seen only by one member and the bot."""

    @property
    def raw(self) -> JSON:
        if self.type == "private":
            return {"id": self.id, "type": self.type, "first_name": self.title}
        forum = {"is_forum": True} if self.forum else {}
        return {"id": self.id, "type": self.type, "title": self.title} | forum

    # --- what tests read ---

    @property
    def sent(self) -> list[Message]:
        """All messages of the bot, including deleted ones."""
        return [m for m in self.messages.values() if m.raw["from"]["id"] == self.world.bot.id]

    @property
    def texts(self) -> list[str]:
        """The current texts of the bot's text messages."""
        return [m.text for m in self.sent if m.kind == "text" and not m.deleted]

    @property
    def audios(self) -> list[Message]:
        """The bot's messages with a file."""
        return [m for m in self.sent if m.upload is not None]

    def heard_by(self, user: User) -> list[Message]:
        """The bot's messages that this member alone sees now."""
        return [m for m in self.whispers if m.raw["receiver_user"]["id"] == user.id and not m.deleted]

    async def wait_for(self, found: "Callable[[Chat], T | None]", timeout_s: float = WAIT_S) -> T:
        """Wait until `found` returns something truthy, and return it."""
        return await self.world.until(lambda: found(self), f"nothing in {self.title}", timeout_s)

    def reply_to(self, message: Message, timeout_s: float = WAIT_S) -> Awaitable[Message]:
        """Wait for the bot's first visible reply to `message`."""
        return self.wait_for(
            lambda chat: next((m for m in chat.sent if m.reply_to == message.id and not m.deleted), None), timeout_s
        )

    # --- what tests do ---

    def add(self, user: User, status: str = "member") -> None:
        self.members[user.id] = status

    async def changes(self, user: User, status: str, **rights: bool) -> None:
        """Make the bot a member, an administrator, restricted (except for `rights`), left or kicked."""
        bot = self.world.bot
        old, self.members[bot.id] = self.members.get(bot.id, "left"), status
        before, after = member_raw(bot, old), member_raw(bot, status) | rights
        change: JSON = {"chat": self.raw, "from": user.raw, "date": int(time.time())}
        await self.world.send_update("my_chat_member", change | {"old_chat_member": before, "new_chat_member": after})

    async def says(
        self,
        user: User,
        text: str,
        *,
        reply_to: Message | None = None,
        topic: Message | None = None,
        quote: str | None = None,
        anonymous: bool = False,
        more: JSON | None = None,
    ) -> Message:
        """Write as a member; `quote`: the quoted part of `reply_to`, `anonymous`: in the group's name.

        `more`: further fields of the message; with a file among them, the text is its caption.
        """
        plain, found = entities(text, {u.id: u.raw for u in self.world.users.values()})
        text_field, marks_field = _fields(more or {})
        content: JSON = {text_field: plain} | ({marks_field: found} if found else {}) | (more or {})
        sender: JSON = {"from": ANONYMOUS, "sender_chat": self.raw} if anonymous else {"from": user.raw}
        if quote is not None:
            content["quote"] = {"text": quote, "position": 0}
        message = self.post(sender | content, reply_to=reply_to, topic=topic)
        if self._seen(message):
            message.update = await self.world.send_update("message", message.raw)
        return message

    async def whispers_as(self, user: User, text: str) -> Message:
        """Write an ephemeral command, as clients do with those that were set as such."""
        plain, found = entities(text, {u.id: u.raw for u in self.world.users.values()})
        word = plain.split()[0].removeprefix("/").partition("@")[0]
        assert self.type != "private", "ephemeral commands are for groups"
        assert any(c["command"] == word and c.get("is_ephemeral") for c in self.world.commands), (
            f"/{word} is seen by all"
        )
        content: JSON = {"from": user.raw, "receiver_user": self.world.bot.raw, "text": plain, "entities": found}
        message = self.whisper(content)
        message.update = await self.world.send_update("message", message.raw)
        return message

    async def edits(self, message: Message, text: str, *, edited_s: int = 0) -> None:
        """Edit a member's message, and send the bot the update."""
        plain, found = entities(text, {u.id: u.raw for u in self.world.users.values()})
        message.edits.append(message.raw)
        text_field, marks_field = _fields(message.raw)
        message.raw = message.raw | {text_field: plain, marks_field: found, "edit_date": edited_s or int(time.time())}
        if self._seen(message):
            await self.world.send_update("edited_message", message.raw)

    def topic(self, name: str) -> Message:
        """Open a topic in a forum; its first message stands for it."""
        assert self.forum, "only a forum has topics"
        creation = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
        message = self.post({"from": self.world.bot.raw} | creation)
        message.raw |= {"message_thread_id": message.id, "is_topic_message": True}
        self.topics[message.id] = message
        return message

    async def migrate(self) -> "Chat":
        """Turn the group into a supergroup, with Telegram's two service messages."""
        new = self.moved_to = self.world.supergroup(self.title)
        new.members = dict(self.members)
        who: JSON = {"from": ANONYMOUS}
        old_side = self.post(who | {"migrate_to_chat_id": new.id})
        new_side = new.post(who | {"migrate_from_chat_id": self.id, "sender_chat": new.raw})
        await self.world.send_update("message", old_side.raw)
        await self.world.send_update("message", new_side.raw)
        return new

    # --- what both sides need ---

    def post(
        self,
        content: JSON,
        *,
        reply_to: Message | None = None,
        topic: Message | None = None,
        upload: Upload | None = None,
    ) -> Message:
        """Add a message to the chat, with Telegram's thread and reply fields."""
        raw: JSON = {"message_id": len(self.messages) + 1, "date": int(self.world.now_s()), "chat": self.raw, **content}
        if topic is not None:
            raw |= {"message_thread_id": topic.id, "is_topic_message": True}
        elif reply_to is not None and self.type == "supergroup" and not self.forum:
            raw["message_thread_id"] = reply_to.id  # Telegram counts any chain of replies as a thread
        answered = reply_to or topic
        if answered is not None:
            raw["reply_to_message"] = {k: v for k, v in answered.raw.items() if k != "reply_to_message"}
        message = Message(self, raw, upload)
        self.messages[message.id] = message
        return message

    def whisper(self, content: JSON, *, topic: Message | None = None, upload: Upload | None = None) -> Message:
        """Add a message that one member and the bot see."""
        raw: JSON = {"message_id": 0, "ephemeral_message_id": len(self.whispers) + 1}
        raw |= {"date": int(self.world.now_s()), "chat": self.raw, **content}
        raw |= {"message_thread_id": topic.id, "is_topic_message": True} if topic else {}
        message = Message(self, raw, upload)
        self.whispers.append(message)
        return message

    def _seen(self, message: Message) -> bool:
        if not self.privacy or self.type == "private" or self.members.get(self.world.bot.id) == "administrator":
            return True
        text, bot = message.text, self.world.bot
        commands = [
            e for e in message.raw.get(_fields(message.raw)[1], []) if e["type"] == "bot_command" and e["offset"] == 0
        ]
        named = f"@{bot.username}" in text.split(maxsplit=1)[0] if commands else False
        answers_bot = message.raw.get("reply_to_message", {}).get("from", {}).get("id") == bot.id
        return named or answers_bot or bool(commands and "@" not in text.split()[0] and self._bot_spoke_last())

    def _bot_spoke_last(self) -> bool:
        bots = [m.raw["from"] for m in self.messages.values() if m.raw["from"]["is_bot"]]
        return bool(bots) and bots[-1]["id"] == self.world.bot.id


def _fields(raw: JSON) -> tuple[str, str]:
    """Return the names of a message's text and entity fields."""
    return ("caption", "caption_entities") if FILES & raw.keys() else ("text", "entities")


def member_raw(user: User, status: str) -> JSON:
    """Build a ChatMember object."""
    raw: JSON = {"user": user.raw, "status": status}
    rights = (
        "can_be_edited can_manage_chat can_delete_messages can_manage_video_chats can_restrict_members "
        "can_promote_members can_change_info can_invite_users can_post_stories can_edit_stories can_delete_stories"
    )
    allowed = (
        "can_send_messages can_send_audios can_send_documents can_send_photos can_send_videos can_send_video_notes "
        "can_send_voice_notes can_send_polls can_send_other_messages can_add_web_page_previews can_change_info "
        "can_invite_users can_pin_messages can_manage_topics can_edit_tag can_react_to_messages"
    )
    extra: dict[str, JSON] = {
        "creator": {"is_anonymous": False},
        "administrator": {"is_anonymous": False} | dict.fromkeys(rights.split(), False),
        "kicked": {"until_date": 0},
        "restricted": {"is_member": True, "until_date": 0} | dict.fromkeys(allowed.split(), True),
    }
    return raw | extra.get(status, {})
