"""A server's own settings of commands (Server Settings, Integrations), as far as the bot may read them.

Discord's help, "Updates to Command Permissions": what is set for a command goes before what is set for all commands of
the bot; a member's setting before those of their roles, of which one that allows is enough, and these before that of
everybody; a channel's before that of all channels. Both have to be allowed, but for administrators.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import discord

from bots.discord.errors import NETWORK, describe
from bots.discord.identity import AnyInteraction, user_id
from core.domain.forbidding import About, Forbidding
from core.domain.jsontype import JSON
from core.domain.people import Person
from core.domain.products import Catalog

log = logging.getLogger(__name__)

ROLE, USER, CHANNEL = 1, 2, 3
"""The types of application command permissions."""
Settings = Mapping[tuple[int, int], bool]
"""Whether something is allowed, by type and id."""


async def forbidden(interaction: AnyInteraction, catalog: Catalog, person: Person) -> Mapping[str, Forbidding] | None:
    """Name by product what keeps a member from ordering it in an interaction's channel; None if that can't be read."""
    guild_id, application_id = interaction.guild_id, interaction.application_id
    if guild_id is None:
        return {}
    rights = _rights(interaction, person)
    if rights is not None and rights.administrator:
        return {}
    if rights is not None and not rights.use_application_commands:
        return dict.fromkeys(catalog.products, Forbidding(About.RIGHT))
    http = interaction.client.http
    try:
        rows: list[Any] = list(await http.get_guild_application_command_permissions(application_id, guild_id))
        commands = await http.get_global_commands(application_id)
    except (discord.HTTPException, *NETWORK) as error:
        log.info("the settings of commands in %d can't be read: %s", guild_id, describe(error))
        return None
    ids = {command["name"]: int(command["id"]) for command in commands}
    found = {}
    for name, row in catalog.products.items():
        settings = _settings(rows, application_id) | _settings(rows, ids.get(row.command, 0))
        if by := _of_member(settings, person, guild_id) or _of_channel(settings, interaction, guild_id):
            found[name] = by
    return found


def _rights(interaction: AnyInteraction, person: Person) -> discord.Permissions | None:
    """Return what a member that the command names may do in its channel; None where Discord has not said it."""
    named: Iterable[object] = (value for _, value in interaction.namespace)
    members = (value for value in named if isinstance(value, discord.Member) and value.id == user_id(person.member))
    return next((member.resolved_permissions for member in members), None)


def _settings(rows: Iterable[JSON], of: int) -> dict[tuple[int, int], bool]:
    """Return what is set for a command, or for all of a bot's commands."""
    return {
        (each["type"], int(each["id"])): bool(each["permission"])
        for row in rows
        if int(row["id"]) == of
        for each in row["permissions"]
    }


def _of_member(settings: Settings, person: Person, guild_id: int) -> Forbidding | None:
    """Return what forbids a command to a member, if anything."""
    if (own := settings.get((USER, user_id(person.member)))) is not None:
        return None if own else Forbidding(About.MEMBER)
    ids = [int(key.rpartition(":")[2]) for key in person.roles]
    roles = {role: settings[ROLE, role] for role in ids if (ROLE, role) in settings and role != guild_id}
    if any(roles.values()):
        return None
    if roles:
        return Forbidding(About.ROLE, f"<@&{next(iter(roles))}>")
    return None if settings.get((ROLE, guild_id), True) else Forbidding(About.EVERYBODY)


def _of_channel(settings: Settings, interaction: AnyInteraction, guild_id: int) -> Forbidding | None:
    """Return what forbids a command in the channel, if anything; a thread is as its channel."""
    where = interaction.channel
    channel_id = where.parent_id if isinstance(where, discord.Thread) else interaction.channel_id
    if (here := settings.get((CHANNEL, channel_id or 0))) is not None:
        return None if here else Forbidding(About.CHANNEL, f"<#{channel_id}>")
    return None if settings.get((CHANNEL, guild_id - 1), True) else Forbidding(About.CHANNELS)
