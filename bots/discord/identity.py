"""Who asks, and where the answer goes: an interaction in the core's words."""

import re
from dataclasses import asdict, dataclass
from typing import Any, Self

import discord

from bots.commands.command import Asked
from bots.text.locale import _, tag_of
from core.admin import Subject
from core.domain.errors import DeliveryRefused
from core.domain.models import Caller, Destination, Job, Person
from core.domain.quota import QuotaSource
from core.domain.refusals import InvalidInput
from core.service import Service

PLATFORM = "discord"
_CHANNEL = re.compile(r"<#(\d{1,20})>|(?:discord:)?(\d{1,20})", re.ASCII)
TOKEN_S = 14 * 60
"""How long an interaction token is used; Discord lets it die at 15 minutes."""

AnyInteraction = discord.Interaction[Any]
Anybody = discord.User | discord.Member


def key(snowflake: int) -> str:
    """Make a community's or member's key; snowflakes are unique over all kinds of things."""
    return f"{PLATFORM}:{snowflake}"


def caller_of(interaction: AnyInteraction) -> Caller:
    """Say who speaks; whether they administer the server is what Discord attests with this very interaction."""
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


def _channel(interaction: AnyInteraction) -> str:
    """Name the channel; a thread counts as the channel that it is in."""
    where = interaction.channel
    channel_id = where.parent_id if isinstance(where, discord.Thread) else interaction.channel_id
    return key(channel_id) if channel_id else ""


def role_key(role_id: int) -> str:
    """Make a role's key."""
    return f"{PLATFORM}:role:{role_id}"


def roles_of(user: Anybody) -> tuple[str, ...]:
    """Name a member's roles as Discord told them with the interaction; `Member.roles` drops those not in the cache."""
    ids = user._roles if isinstance(user, discord.Member) else ()  # noqa: SLF001 - nothing public holds the ids
    return tuple(role_key(role_id) for role_id in ids)


def role_subject(role: discord.Role) -> Subject:
    """Speak about those who have a role; @everyone is the community itself."""
    if role.is_default():
        return Subject.of(None)
    return Subject(kind=QuotaSource.ROLE, key=role_key(role.id), name=role.name)


def person(user: Anybody) -> Person:
    """Name a member who is spoken about. Raises InvalidInput for a bot."""
    if user.bot:
        raise InvalidInput("member", user.display_name, _("a person, not a bot"))
    return Person(member=key(user.id), name=user.display_name, roles=roles_of(user))


def meant(entered: object) -> object:
    """Return what somebody entered, in the core's words. Raises InvalidInput for a bot."""
    match entered:
        case discord.User() | discord.Member():
            return person(entered)
        case discord.Role():
            return role_subject(entered)
        case _:
            return entered


def asked_of(service: Service, caller: Caller, interaction: AnyInteraction) -> Asked:
    """Say who uses a command; the answer is for their eyes alone, as is what they entered."""
    roles = interaction.guild.roles if interaction.guild else ()
    names = {role_key(role.id): role.name for role in roles}
    return Asked(
        service=service,
        caller=caller,
        has_roles=True,
        role_names=names,
        channel=channel_key,
        channel_name=_channel_name,
    )


def _channel_name(channel: str) -> str:
    """Mention a channel: Discord shows its name to whoever may see it."""
    return f"<#{channel.removeprefix(f'{PLATFORM}:')}>"


def channel_key(word: str) -> str:
    """Return the key of a channel as people name it, `<#123>` or `123`. Raises InvalidInput."""
    found = _CHANNEL.fullmatch(word)
    if not found:
        raise InvalidInput("channels", word, _("channels of this server, such as #general, here for this one, or none"))
    return key(int(found[1] or found[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """How to reach one reply: by its interaction's token while that lives, then by its channel."""

    application_id: int
    token: str
    token_until_s: float
    channel_id: int | None
    message_id: int | None
    """The reply itself, where Discord told it."""
    upload_limit_bytes: int

    @classmethod
    def of(cls, interaction: AnyInteraction, message_id: int | None) -> Self:
        """Take what is needed later, in another process if it must be."""
        return cls(
            application_id=interaction.application_id,
            token=interaction.token,
            token_until_s=interaction.created_at.timestamp() + TOKEN_S,
            channel_id=interaction.channel_id,
            message_id=message_id,
            upload_limit_bytes=interaction.filesize_limit,
        )

    @classmethod
    def read(cls, job: Job) -> Self:
        """Read a job's destination. Raises DeliveryRefused where it was wiped."""
        if not job.destination.data:
            raise DeliveryRefused("the job's destination was wiped")
        return cls(**job.destination.data)

    def destination(self) -> Destination:
        """Return what the core keeps with the job."""
        return Destination(PLATFORM, asdict(self))
