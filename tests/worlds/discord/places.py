"""Users, guilds, channels and messages of the local Discord, and their API objects."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

JSON = dict[str, Any]

MIB = 1024 * 1024
EPHEMERAL = 64
LOADING = 128
MENU = 3
"""A component to choose from; others are buttons."""

ADMINISTRATOR = 1 << 3
MANAGE_GUILD = 1 << 5
VIEW_AUDIT_LOG = 1 << 7
VIEW_CHANNEL = 1 << 10
SEND_MESSAGES = 1 << 11
ATTACH_FILES = 1 << 15
READ_MESSAGE_HISTORY = 1 << 16
USE_APPLICATION_COMMANDS = 1 << 31
SEND_VOICE_MESSAGES = 1 << 46
EVERYTHING = (1 << 52) - 1
MEMBER = VIEW_CHANNEL | SEND_MESSAGES | ATTACH_FILES | USE_APPLICATION_COMMANDS
BOT = MEMBER | READ_MESSAGE_HISTORY


def written_time(at_s: float) -> str:
    """Format a time as the API does."""
    return datetime.fromtimestamp(at_s, UTC).isoformat()


@dataclass(eq=False)
class User:
    id: int
    name: str
    bot: bool = False
    takes_direct_messages: bool = True
    language: str = "en-US"

    @property
    def user(self) -> "User":
        """Return the user, as `Member.user` does: some places accept either."""
        return self

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    def payload(self) -> JSON:
        return {
            "id": str(self.id),
            "username": self.name.lower().replace(" ", "_"),
            "global_name": self.name,
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
            "public_flags": 0,
        }


@dataclass(eq=False)
class Member:
    user: User
    guild: "Guild"
    permissions: int = MEMBER
    nick: str | None = None

    @property
    def id(self) -> int:
        return self.user.id

    @property
    def mention(self) -> str:
        return self.user.mention

    def payload(self, *, with_user: bool = True) -> JSON:
        member: JSON = {
            "nick": self.nick,
            "avatar": None,
            "roles": [],
            "joined_at": written_time(1_700_000_000),
            "premium_since": None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
            "communication_disabled_until": None,
            "permissions": str(self.permissions),
        }
        return member | ({"user": self.user.payload()} if with_user else {})


@dataclass(eq=False)
class Channel:
    """A text channel of a guild, a thread under a `parent`, or a direct chat with `recipient`."""

    id: int
    name: str
    guild: "Guild | None" = None
    recipient: User | None = None
    parent: "Channel | None" = None
    archived: bool = False
    """Nothing in the thread can be edited; a new message reopens it, unless it is locked."""
    locked: bool = False
    bot_permissions: int = BOT
    upload_limit_bytes: int = 10 * MIB
    exists: bool = True
    messages: "dict[int, Message]" = field(default_factory=dict)

    @property
    def posted(self) -> "list[Message]":
        """The messages that everybody in the channel sees now, oldest first."""
        return [m for m in self.messages.values() if not m.deleted and not m.ephemeral and not m.loading]

    def payload(self) -> JSON:
        channel: JSON = {"id": str(self.id), "last_message_id": None, "flags": 0}
        if self.recipient is not None:
            return channel | {"type": 1, "recipients": [self.recipient.payload()]}
        assert self.guild is not None
        if self.parent is not None:
            return channel | self._as_thread(self.guild, self.parent)
        return channel | {
            "type": 0,
            "guild_id": str(self.guild.id),
            "name": self.name,
            "position": 0,
            "permission_overwrites": self._forbidden(),
            "parent_id": None,
            "topic": None,
            "nsfw": False,
            "rate_limit_per_user": 0,
        }

    def _as_thread(self, guild: "Guild", parent: "Channel") -> JSON:
        state = {"archived": self.archived, "locked": self.locked, "auto_archive_duration": 60}
        return {
            "type": 11,
            "guild_id": str(guild.id),
            "parent_id": str(parent.id),
            "name": self.name,
            "owner_id": "1",
            "rate_limit_per_user": 0,
            "message_count": 1,
            "member_count": 1,
            "thread_metadata": {**state, "archive_timestamp": written_time(1_700_000_000)},
        }

    def _forbidden(self) -> list[JSON]:
        """Deny the bot permissions here, by an overwrite for @everyone."""
        assert self.guild is not None
        rule = {"id": str(self.guild.id), "type": 0, "allow": "0", "deny": str(BOT & ~self.bot_permissions)}
        return [rule] if self.bot_permissions != BOT else []


@dataclass(eq=False)
class Guild:
    id: int
    name: str
    new_id: Callable[[], int] = field(repr=False)
    present: bool = True
    channels: list[Channel] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    roles: list[JSON] = field(default_factory=list)
    """Those other than @everyone, as API objects."""
    system_channel: Channel | None = None
    owner: User | None = None
    rights: int = MEMBER
    """Of everybody, including the bot."""
    joined_s: int = 1_700_000_000
    """When the bot was added."""
    added_by: User | None = None
    """Who added the bot, according to the audit log."""
    overrides: list[JSON] | None = field(default_factory=list)
    """What its settings allow and forbid by command, as API objects; None where the bot may not read it."""
    open_commands: set[str] = field(default_factory=set)
    """Commands that the server's settings allow to everybody, whatever default the bot set."""

    def channel(self, name: str, **values: Any) -> Channel:
        """Add a text channel."""
        channel = Channel(self.new_id(), name, self, **values)
        self.channels.append(channel)
        return channel

    def member(
        self,
        name: str,
        *,
        admin: bool = False,
        permissions: int = MEMBER,
        user: User | None = None,
        nick: str | None = None,
    ) -> Member:
        """Add a member: a new user, or an existing one."""
        rights = permissions | (EVERYTHING if admin else 0)
        member = Member(user or User(self.new_id(), name), self, rights, nick)
        self.members.append(member)
        return member

    def payload(self, bot: User) -> JSON:
        return {
            "id": str(self.id),
            "name": self.name,
            "icon": None,
            "owner_id": str(self.owner.id) if self.owner else "1",
            "roles": [self._everyone(), *self.roles],
            "emojis": [],
            "stickers": [],
            "features": [],
            "channels": [c.payload() for c in self.channels if c.exists and c.parent is None],
            "members": [Member(bot, self).payload() | {"joined_at": written_time(self.joined_s)}],
            "member_count": len(self.members) + 1,
            "large": False,
            "unavailable": False,
            "joined_at": written_time(self.joined_s),
            "threads": [],
            "presences": [],
            "voice_states": [],
            "stage_instances": [],
            "guild_scheduled_events": [],
            "soundboard_sounds": [],
            "preferred_locale": "en-US",
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "premium_tier": 0,
            "system_channel_flags": 0,
            "system_channel_id": str(self.system_channel.id) if self.system_channel else None,
        }

    def _everyone(self) -> JSON:
        return {
            "id": str(self.id),
            "name": "@everyone",
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "position": 0,
            "permissions": str(self.rights),
            "managed": False,
            "mentionable": False,
            "flags": 0,
        }


@dataclass(frozen=True, slots=True)
class Attachment:
    id: int
    filename: str
    content: bytes = field(repr=False)
    content_type: str
    title: str = ""
    size: int | None = None
    """What is said of it, where that is a lie."""
    url: str = ""
    """Where it is, if elsewhere."""
    duration_secs: float | None = None
    waveform: str = ""

    def payload(self, origin: str) -> JSON:
        url = self.url or f"{origin}/attachments/{self.id}/{quote(self.filename)}"
        return {
            "id": str(self.id),
            "filename": self.filename,
            "size": len(self.content) if self.size is None else self.size,
            "url": url,
            "proxy_url": url,
            "content_type": self.content_type,
            **({"title": self.title} if self.title else {}),
            **({"duration_secs": self.duration_secs, "waveform": self.waveform} if self.waveform else {}),
        }


@dataclass(eq=False)
class Message:
    """One message; `said` lists the texts that it has shown, the current one last."""

    id: int
    channel: Channel
    author: User
    at_s: float
    flags: int = 0
    content: str = ""
    attachments: list[Attachment] = field(default_factory=list)
    components: list[JSON] = field(default_factory=list)
    embeds: list[JSON] = field(default_factory=list)
    allowed_mentions: JSON | None = None
    nonce: str | None = None
    deleted: bool = False
    edited_s: float | None = None
    said: list[str] = field(default_factory=list)

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        """The bot is thinking: there is no text yet."""
        return bool(self.flags & LOADING)

    @property
    def buttons(self) -> list[JSON]:
        return [each for row in self.components for each in row.get("components", []) if each["type"] != MENU]

    @property
    def menus(self) -> list[JSON]:
        return [each for row in self.components for each in row.get("components", []) if each["type"] == MENU]

    @property
    def pings(self) -> list[str]:
        """Return whom the text would notify: "everyone", and users by their mention."""
        rules = {"parse": ["everyone", "users", "roles"]} if self.allowed_mentions is None else self.allowed_mentions
        parse, users = rules.get("parse", []), [str(u) for u in rules.get("users", [])]
        words = [w.strip(".,:;!?`*") for w in self.content.split()]
        everyone = ["everyone" for w in words if w in {"@everyone", "@here"} and "everyone" in parse]
        named = [w for w in words if w.startswith("<@") and ("users" in parse or w.strip("<@!>") in users)]
        return everyone + named

    def payload(self, origin: str) -> JSON:
        people = self.channel.guild.members if self.channel.guild else []
        return {
            "id": str(self.id),
            "channel_id": str(self.channel.id),
            "author": self.author.payload(),
            "content": self.content,
            "timestamp": written_time(self.at_s),
            "edited_timestamp": None if self.edited_s is None else written_time(self.edited_s),
            "tts": False,
            "mention_everyone": "everyone" in self.pings,
            "mentions": [m.user.payload() for m in people if m.mention in self.content],
            "mention_roles": [],
            "attachments": [a.payload(origin) for a in self.attachments],
            "embeds": self.embeds,
            "components": self.components,
            "pinned": False,
            "type": 0,
            "flags": self.flags,
        } | ({} if self.nonce is None else {"nonce": self.nonce})
