"""The slash commands of admins and operators: each hands what was chosen to an act, and its author alone reads on."""

import re
from typing import Literal, TypeVar

import discord
from discord import app_commands
from discord.app_commands import Choice

from bots.commands import actions as acts
from bots.commands.actions import Answer
from bots.discord.commands import Interaction, Text
from bots.discord.connection import AnyCommand
from bots.discord.identity import Anybody, key, role_key, role_subject, roles_of
from bots.text import admin_replies, replies
from core.admin import Subject
from core.domain.errors import InvalidInput
from core.domain.models import Caller, Person
from core.domain.quota import Period
from core.service import Service

C = TypeVar("C", bound=AnyCommand)

_CHANNEL = re.compile(r"<#(\d{1,20})>|(?:discord:)?(\d{1,20})", re.ASCII)

_periods = app_commands.choices(period=[Choice(name=p.value, value=p.value) for p in Period])
_limits = app_commands.choices(name=[Choice(name=word, value=word) for word in admin_replies.LIMITS])


def _for_admins(command: C) -> C:
    """Offer a command in servers, to those who manage them.

    What Discord hides from members is only a default that a server can change: the service checks every time.
    """
    in_servers = app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    return in_servers(app_commands.default_permissions(manage_guild=True)(command))


quota = _for_admins(app_commands.Group(name="quota", description=replies.COMMANDS["quota"]))


@quota.command(name="set", description=replies.COMMANDS["quota set"])
@app_commands.describe(**replies.OPTIONS["quota set"])
@_periods
async def quota_set(interaction: Interaction, member: Anybody, amount: Text, period: str | None = None) -> None:
    """Set a member's quota."""
    await interaction.client.responder.administer(interaction, _set, member, amount, period or "")


async def _set(service: Service, caller: Caller, member: Person, amount: str, period: str) -> Answer:
    return await acts.quota_set(service, caller, Subject.of(member), amount, period)


@quota.command(name="role", description=replies.COMMANDS["quota role"])
@app_commands.describe(**replies.OPTIONS["quota role"])
@_periods
async def quota_role(interaction: Interaction, role: discord.Role, amount: Text, period: str | None = None) -> None:
    """Set a role's quota."""
    await interaction.client.responder.administer(interaction, acts.quota_set, role_subject(role), amount, period or "")


@quota.command(name="show", description=replies.COMMANDS["quota show"])
@app_commands.describe(**replies.OPTIONS["quota show"])
async def quota_show(interaction: Interaction, member: Anybody | None = None) -> None:
    """Show what a member may spend, or every quota that was set."""
    roles = roles_of(member) if member else ()
    await interaction.client.responder.administer(interaction, acts.quota_show, member, roles, _role_names(interaction))


def _role_names(interaction: Interaction) -> dict[str, str]:
    known = interaction.guild.roles if interaction.guild else ()
    return {role_key(role.id): role.name for role in known}


@quota.command(name="clear", description=replies.COMMANDS["quota clear"])
@app_commands.describe(**replies.OPTIONS["quota clear"])
async def quota_clear(
    interaction: Interaction, member: Anybody | None = None, role: discord.Role | None = None
) -> None:
    """Take a member's or a role's quota away, or the community's default."""
    await interaction.client.responder.administer(interaction, _clear, member, role)


async def _clear(service: Service, caller: Caller, member: Person | None, role: discord.Role | None) -> Answer:
    if member and role:
        raise InvalidInput("role", role.name, "given without a member")
    subject = role_subject(role) if role else Subject.of(member)
    return await acts.quota_clear(service, caller, subject)


@quota.command(name="default", description=replies.COMMANDS["quota default"])
@app_commands.describe(**replies.OPTIONS["quota default"])
@_periods
async def quota_default(interaction: Interaction, amount: Text, period: str | None = None) -> None:
    """Set the community's default quota."""
    await interaction.client.responder.administer(interaction, acts.quota_set, Subject.of(None), amount, period or "")


@_for_admins
@app_commands.command(name="grant", description=admin_replies.COMMANDS["grant"])
@app_commands.describe(**admin_replies.OPTIONS["grant"])
async def grant(interaction: Interaction, member: Anybody, amount: Text, reason: Text | None = None) -> None:
    """Give credit."""
    await interaction.client.responder.administer(interaction, acts.grant, member, amount, reason or "")


@_for_admins
@app_commands.command(name="revoke", description=admin_replies.COMMANDS["revoke"])
@app_commands.describe(**admin_replies.OPTIONS["revoke"])
async def revoke(interaction: Interaction, member: Anybody, amount: Text, reason: Text | None = None) -> None:
    """Take credit back."""
    await interaction.client.responder.administer(interaction, acts.revoke, member, amount, reason or "")


@_for_admins
@app_commands.command(name="block", description=admin_replies.COMMANDS["block"])
@app_commands.describe(**admin_replies.OPTIONS["block"])
async def block(interaction: Interaction, member: Anybody, span: Text | None = None) -> None:
    """Refuse a member's orders."""
    await interaction.client.responder.administer(interaction, acts.block, member, span or "")


@_for_admins
@app_commands.command(name="unblock", description=admin_replies.COMMANDS["unblock"])
@app_commands.describe(**admin_replies.OPTIONS["unblock"])
async def unblock(interaction: Interaction, member: Anybody) -> None:
    """Take a member's orders again."""
    await interaction.client.responder.administer(interaction, acts.unblock, member)


@_for_admins
@app_commands.command(name="limits", description=admin_replies.COMMANDS["limits"])
@app_commands.describe(**admin_replies.OPTIONS["limits"])
@_limits
async def limits(interaction: Interaction, name: str | None = None, value: Text | None = None) -> None:
    """Show the community's limits, or set one."""
    await interaction.client.responder.administer(interaction, _limit, name or "", value or "")


async def _limit(service: Service, caller: Caller, name: str, value: str) -> Answer:
    if value and not name:
        raise InvalidInput("limit", "", f"one of {', '.join(admin_replies.LIMITS)}")
    return await acts.limits(service, caller, name, _channel_keys(value) if name == "channels" else value)


def _channel_keys(value: str) -> str:
    """Turn channels as people type them, `<#123>` or `123`, into their keys. Raises InvalidInput."""
    if value.strip().casefold() == "none":
        return value
    words = value.replace(",", " ").replace("><", "> <").split()
    return " ".join(_channel_key(word) for word in words)


def _channel_key(word: str) -> str:
    if word.casefold() == "here":
        return word
    found = _CHANNEL.fullmatch(word)
    if not found:
        raise InvalidInput("channels", word, "channels of this server, such as #general, here for this one, or none")
    return key(int(found[1] or found[2]))


@_for_admins
@app_commands.command(name="usage", description=admin_replies.COMMANDS["usage"])
@app_commands.describe(**admin_replies.OPTIONS["usage"])
@_periods
async def usage(interaction: Interaction, period: str = Period.MONTH.value, member: Anybody | None = None) -> None:
    """Show what was spent."""
    await interaction.client.responder.administer(interaction, acts.usage, period, member)


@_for_admins
@app_commands.command(name="audit", description=admin_replies.COMMANDS["audit"])
async def audit(interaction: Interaction) -> None:
    """Show who changed what."""
    await interaction.client.responder.administer(interaction, acts.audit, _role_names(interaction))


@_for_admins
@app_commands.command(name="pool", description=admin_replies.COMMANDS["pool"])
@app_commands.describe(**admin_replies.OPTIONS["pool"])
async def pool(interaction: Interaction, amount: Text, community: Text | None = None) -> None:
    """Set what a community may spend in a month."""
    await interaction.client.responder.administer(interaction, _pool, community, amount)


async def _pool(service: Service, caller: Caller, community: str | None, amount: str) -> Answer:
    return await acts.pool(service, caller, (community or caller.community).strip(), amount)


@_for_admins
@app_commands.command(name="communities", description=admin_replies.COMMANDS["communities"])
@app_commands.describe(**admin_replies.OPTIONS["communities"])
async def communities(
    interaction: Interaction, decision: Literal["approve", "decline"] | None = None, community: Text | None = None
) -> None:
    """List communities, or approve or decline one."""
    await interaction.client.responder.administer(interaction, acts.communities, decision or "", community or "")


@_for_admins
@app_commands.command(name="resume", description=admin_replies.COMMANDS["resume"])
async def resume(interaction: Interaction) -> None:
    """Let orders go to the gateway at once."""
    await interaction.client.responder.administer(interaction, acts.resume)


ADMIN_COMMANDS: tuple[AnyCommand, ...] = (
    quota,
    grant,
    revoke,
    block,
    unblock,
    limits,
    usage,
    audit,
    pool,
    communities,
    resume,
)
