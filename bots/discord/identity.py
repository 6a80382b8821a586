"""Translate an interaction into the core's types: who is asking, and where the answer goes."""

import re
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self

import discord

from bots.commands.command import Asked
from bots.commands.text_files import TextFile
from bots.text.locale import _, tag_of
from core.admin import Subject
from core.domain.errors import DeliveryRefused
from core.domain.models import Job
from core.domain.orders import Destination
from core.domain.people import Caller, Person
from core.domain.quota import QuotaSource
from core.domain.refusals import InvalidInput
from core.service.service import Service

PLATFORM = "discord"
_CHANNEL = re.compile(r"<#(\d{1,20})>|(?:discord:)?(\d{1,20})", re.ASCII)
TOKEN_S = 14 * 60
"""How long an interaction token is used; Discord invalidates it after 15 minutes."""

AnyInteraction = discord.Interaction[Any]
Anybody = discord.User | discord.Member


def key(snowflake: int) -> str:
    """Return the key of a community or member; snowflakes are unique across both."""
    return f"{PLATFORM}:{snowflake}"


def user_id(member: str) -> int:
    """Return the number in a member's key."""
    return int(member.removeprefix(f"{PLATFORM}:"))


def caller_of(interaction: AnyInteraction) -> Caller:
    """Describe the user; Discord attests their permissions with every interaction."""
    user, rights = interaction.user, interaction.permissions
    return Caller(
        platform=PLATFORM,
        community=key(interaction.guild_id or user.id),
        title=interaction.guild.name if interaction.guild else "",
        member=key(user.id),
        name=user.display_name,
        handle=user.name,
        is_admin=rights.administrator or rights.manage_guild,
        direct=interaction.guild_id is None,
        channel=_channel(interaction),
        roles=roles_of(user),
        event_id=f"{PLATFORM}:{interaction.id}",
        locale=tag_of(str(interaction.locale)),
    )


def member_of(interaction: AnyInteraction, member: discord.Member, locale: str) -> Caller:
    """Describe a member for whom something is done where somebody else acts."""
    return replace(
        caller_of(interaction),
        member=key(member.id),
        name=member.display_name,
        handle=member.name,
        is_admin=False,
        roles=roles_of(member),
        event_id="",
        locale=locale,
    )


def _channel(interaction: AnyInteraction) -> str:
    """Return the channel's key; a thread counts as its parent channel."""
    where = interaction.channel
    channel_id = where.parent_id if isinstance(where, discord.Thread) else interaction.channel_id
    return key(channel_id) if channel_id else ""


def role_key(role_id: int) -> str:
    """Return the key of a role."""
    return f"{PLATFORM}:role:{role_id}"


def roles_of(user: Anybody) -> tuple[str, ...]:
    """Return the keys of a member's roles; `Member.roles` would omit roles that are not cached."""
    ids = user._roles if isinstance(user, discord.Member) else ()  # noqa: SLF001 - no public attribute has the ids
    return tuple(role_key(role_id) for role_id in ids)


def role_subject(role: discord.Role) -> Subject:
    """Return the subject of a role's quota; @everyone stands for the whole community."""
    if role.is_default():
        return Subject.of(None)
    return Subject(kind=QuotaSource.ROLE, key=role_key(role.id), name=role.name)


def person(user: Anybody) -> Person:
    """Return the member that a command is about. Raises InvalidInput for a bot."""
    if user.bot:
        raise InvalidInput("member", user.display_name, _("a person, not a bot"))
    return Person(member=key(user.id), name=user.display_name, roles=roles_of(user))


def converted(entered: object) -> object:
    """Convert an option's value from discord.py's types to the core's. Raises InvalidInput for a bot."""
    match entered:
        case discord.User() | discord.Member():
            return person(entered)
        case discord.Role():
            return role_subject(entered)
        case _:
            return entered


def text_file(file: discord.Attachment) -> TextFile:
    """Describe what somebody attached."""
    return TextFile(name=file.filename, kind=file.content_type or "", size_bytes=file.size, where=file.url)


def asked_of(service: Service, caller: Caller, interaction: AnyInteraction) -> Asked:
    """Describe the use of a command."""
    roles = interaction.guild.roles if interaction.guild else ()
    names = {role_key(role.id): role.name for role in roles}
    return Asked(
        service=service,
        caller=caller,
        has_roles=True,
        takes_files=True,
        plays="mp3",
        link=link,
        role_names=names,
        channel=channel_key,
        channel_name=_channel_name,
    )


def admin_roles(guild: discord.Guild) -> list[int]:
    """Return the roles whose members decide here, the highest first; those of bots are nobody's."""
    rights = ((role, role.permissions) for role in reversed(guild.roles) if not (role.managed or role.is_default()))
    return [role.id for role, may in rights if may.administrator or may.manage_guild]


def link(job: Job) -> str:
    """Return where Discord keeps a job's audio, if a message was posted."""
    kept = job.delivery.kept if job.delivery else None
    if not kept:
        return ""
    guild = None if job.direct or kept.get("direct") else int(job.community.removeprefix(f"{PLATFORM}:"))
    return message_link(guild, kept["channel"], kept["message"])


def message_link(guild_id: int | None, channel_id: int | str, number: int | str) -> str:
    """Return where a message is; without a server in a direct chat."""
    return f"https://discord.com/channels/{guild_id or '@me'}/{channel_id}/{number}"


def _channel_name(channel: str) -> str:
    """Mention a channel; Discord shows its name to those who can see it."""
    return f"<#{channel.removeprefix(f'{PLATFORM}:')}>"


def channel_key(word: str) -> str:
    """Return the key of a channel that was entered as `<#123>` or `123`. Raises InvalidInput."""
    found = _CHANNEL.fullmatch(word)
    if not found:
        raise InvalidInput("channels", word, _("channels of this server, such as #general, here for this one, or none"))
    return key(int(found[1] or found[2]))


def _takes_voice(interaction: AnyInteraction) -> bool:
    """Say whether the bot is in the channel and may post voice messages there; they need no right to attach files."""
    rights, is_thread = interaction.app_permissions, isinstance(interaction.channel, discord.Thread)
    is_there = interaction.context.dm_channel or interaction.is_guild_integration()
    may_post = rights.send_messages_in_threads if is_thread else rights.send_messages
    return is_there and rights.view_channel and may_post and rights.send_voice_messages


class Place(StrEnum):
    """Where a job's words and audio go, from the top of the ladder."""

    REPLY = "reply"
    """The interaction's reply, which may hold files whatever the bot's own permissions are."""
    CHANNEL = "channel"
    """A message in its channel; one in an archived thread opens that again."""
    ALONE = "alone"
    """A direct message to its member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """How to reach a reply: by the interaction's token while it is valid, afterwards by its channel."""

    application_id: int
    token: str
    token_until_s: float
    channel_id: int | None
    message_id: int | None
    """The reply's id, if Discord returned it."""
    upload_limit_bytes: int
    place: Place = Place.REPLY
    voice: bool = False
    """The channel takes voice messages, which can't be in the reply."""
    file: bool = False
    """It is to be a file, whatever is kept."""
    asked: bool = False
    """Its member asked for it in this very place: no other has refused it."""
    direct: bool = False
    """The channel is a direct chat."""

    @classmethod
    def of(cls, interaction: AnyInteraction, message_id: int | None, *, is_private: bool = False) -> Self:
        """Collect what any process needs to edit the reply later; for a private one the channel is no substitute."""
        return cls(
            application_id=interaction.application_id,
            token=interaction.token,
            token_until_s=interaction.created_at.timestamp() + TOKEN_S,
            channel_id=None if is_private else interaction.channel_id,
            message_id=message_id,
            upload_limit_bytes=interaction.filesize_limit,
            voice=not is_private and _takes_voice(interaction),
            direct=interaction.guild_id is None,
        )

    @classmethod
    def alone(cls) -> Self:
        """Return the direct chat with whoever's job it is, whatever chat they ordered it in."""
        return cls(
            application_id=0, token="", token_until_s=0, channel_id=None, message_id=None,
            upload_limit_bytes=0, place=Place.ALONE, asked=True,
        )  # fmt: skip

    @classmethod
    def beside(cls, interaction: AnyInteraction) -> Self:
        """Return where an order goes that nobody pressed for: to a message of its own in the channel."""
        return replace(cls.of(interaction, None), token="", token_until_s=0, place=Place.CHANNEL)

    @classmethod
    def read(cls, job: Job) -> Self:
        """Read a job's destination. Raises DeliveryRefused if it has been wiped."""
        if not job.destination.data:
            raise DeliveryRefused("the job's destination was wiped")
        return cls(**{**job.destination.data, "place": Place(job.destination.data.get("place", Place.REPLY))})

    def below(self, job: Job) -> Self | None:
        """Return where to go after a refusal; None where nothing is left."""
        if self.voice:
            return replace(self, voice=False)
        if self.place is Place.REPLY and self.channel_id is not None:
            return replace(self, place=Place.CHANNEL)
        if self.place is Place.ALONE or job.direct:
            return None
        return replace(self, place=Place.ALONE)

    def for_file(self) -> Self:
        """Return the same place for a file."""
        return replace(self, voice=False, file=True)

    def destination(self) -> Destination:
        """Return the form in which the core stores it with the job."""
        return Destination(PLATFORM, asdict(self))
