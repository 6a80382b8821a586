"""Who asks, as the core is told, of what Discord says with an interaction."""

from typing import Any

import discord
import pytest

from bots.discord.identity import Address, caller_of, person
from core.domain.errors import DeliveryRefused
from core.domain.refusals import InvalidInput
from tests.makers import BLANK

ANA: dict[str, Any] = {"id": "7", "username": "ana", "global_name": "Ana", "discriminator": "0", "avatar": None}
ASKED: dict[str, Any] = {
    "id": "99", "type": 2, "application_id": "1", "token": "t", "version": 1, "entitlements": [],
    "attachment_size_limit": 1, "authorizing_integration_owners": {}, "app_permissions": "0",
}  # fmt: skip


def asked(**changes: Any) -> discord.Interaction[Any]:
    """Return an interaction as the library makes it."""
    state = discord.Client(intents=discord.Intents(guilds=True))._connection
    state.user = discord.ClientUser(state=state, data=ANA | {"id": "1", "bot": True})  # type: ignore[arg-type]
    return discord.Interaction(data=ASKED | changes, state=state)  # type: ignore[arg-type]


def asked_in_a_server(rights: discord.Permissions) -> discord.Interaction[Any]:
    member = {"user": ANA, "roles": ["3"], "joined_at": None, "deaf": False, "mute": False, "flags": 0}
    channel = {"id": "6", "type": 0, "name": "songs", "position": 0}
    return asked(guild_id="5", channel=channel, member=member | {"permissions": str(rights.value)})


@pytest.mark.parametrize(
    ("rights", "is_admin"),
    [
        (discord.Permissions(administrator=True), True),
        (discord.Permissions(manage_guild=True), True),
        (discord.Permissions(manage_channels=True, manage_messages=True, manage_roles=True), False),
    ],
)
async def test_either_right_over_the_server_and_no_other_administers(
    rights: discord.Permissions, *, is_admin: bool
) -> None:
    found = caller_of(asked_in_a_server(rights))
    assert (found.is_admin, found.direct) == (is_admin, False)
    assert (found.community, found.member, found.handle) == ("discord:5", "discord:7", "ana")
    assert (found.roles, found.event_id, found.channel) == (("discord:role:3",), "discord:99", "discord:6")


async def test_whoever_writes_to_the_bot_alone_is_a_community_of_one() -> None:
    found = caller_of(asked(user=ANA))
    assert (found.community, found.member, found.direct, found.title) == ("discord:7", "discord:7", True, "")


async def test_a_bot_is_nobody_to_grant_to() -> None:
    with pytest.raises(InvalidInput, match="a person"):
        person(asked(user=ANA | {"bot": True}).user)


def test_a_place_that_was_wiped_takes_no_audio() -> None:
    with pytest.raises(DeliveryRefused, match="wiped"):
        Address.read(BLANK)
