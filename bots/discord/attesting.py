"""Who somebody is in a server now, asked over REST; no websocket is needed."""

from collections.abc import Mapping, Sequence

import discord

from bots.discord.errors import delivery_errors
from bots.discord.identity import PLATFORM, key, role_key, user_id
from bots.discord.rest import RestClient
from core.domain.attested import Attested
from core.domain.jsontype import JSON
from core.domain.people import Caller


async def attested(rest: RestClient, community: str, member: str) -> Attested | None:
    """Describe a member of a server as Discord does now; None where they are not in it. Raises DeliveryError."""
    guild_id, who = int(community.removeprefix(f"{PLATFORM}:")), user_id(member)
    with delivery_errors():
        try:
            found = await rest.member(guild_id, who)
            guild = await rest.guild(guild_id)
        except discord.NotFound:
            return None
    return _described(guild, found)


def _described(guild: JSON, member: JSON) -> Attested:
    user = member["user"]
    rights = _rights(guild["roles"], {str(guild["id"]), *member["roles"]})
    return Attested(
        Caller(
            platform=PLATFORM,
            community=key(int(guild["id"])),
            title=guild["name"],
            member=key(int(user["id"])),
            name=member.get("nick") or user.get("global_name") or user["username"],
            handle=user["username"],
            is_admin=str(guild["owner_id"]) == user["id"] or rights.administrator or rights.manage_guild,
            roles=tuple(role_key(int(role)) for role in member["roles"]),
        ),
        {role_key(int(role["id"])): role["name"] for role in guild["roles"] if role["id"] != guild["id"]},
    )


def _rights(roles: Sequence[Mapping[str, str]], of: set[str]) -> discord.Permissions:
    """Return what the roles of a member allow together, and what everybody may."""
    value = 0
    for role in roles:
        value |= int(role["permissions"]) if role["id"] in of else 0
    return discord.Permissions(value)
