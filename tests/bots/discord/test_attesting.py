"""Discord is asked over REST who somebody is in a server: admins by role, by ownership, and nobody else."""

import pytest

from bots.discord.identity import key, role_key
from bots.discord.platform import Discord
from core.domain.errors import DeliveryError
from tests.bots.discord.conftest import Stage
from tests.bots.discord.places import Role, RoledMember
from tests.worlds.discord.places import MANAGE_GUILD, User


async def test_who_manages_the_server_is_an_admin_and_nobody_else(stage: Stage, chat: Discord) -> None:
    world, guild = stage.world, stage.guild
    singers, managers = Role(world.new_id(), "Singers"), Role(world.new_id(), "Managers", MANAGE_GUILD)
    guild.roles += [singers.payload(), managers.payload()]
    ana = RoledMember(User(world.new_id(), "Ana"), guild, roles=[singers])
    boss = RoledMember(User(world.new_id(), "Boss"), guild, roles=[singers, managers])
    owner = guild.member("Bea", nick="Queen Bea")
    guild.members += [ana, boss]
    guild.owner = owner.user
    found = [await chat.attest(key(guild.id), key(who.id)) for who in (ana, boss, owner)]
    assert [each and each.caller.is_admin for each in found] == [False, True, True]
    sung, _, bea = found
    assert sung
    assert bea
    assert sung.caller.roles == (role_key(singers.id),)
    assert sung.role_names == {role_key(singers.id): "Singers", role_key(managers.id): "Managers"}
    assert (bea.caller.name, bea.caller.title, bea.caller.community) == ("Queen Bea", guild.name, key(guild.id))
    boss.roles.clear()
    demoted = await chat.attest(key(guild.id), key(boss.id))
    assert demoted
    assert not demoted.caller.is_admin


async def test_who_is_not_in_the_server_is_nobody(stage: Stage, chat: Discord) -> None:
    assert await chat.attest(key(stage.guild.id), key(1)) is None
    assert await chat.attest(key(1), key(stage.ana.id)) is None


async def test_a_discord_that_is_out_says_nothing(stage: Stage, chat: Discord, monkeypatch: pytest.MonkeyPatch) -> None:
    await stage.world.stop()
    with pytest.raises(DeliveryError):
        await chat.attest(key(stage.guild.id), key(stage.ana.id))
    await stage.world.start()
