"""Several shards, in one process and in several."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from bots.app.compose import build
from bots.app.roles import Shards
from bots.discord import Discord
from bots.discord.turns import TURN_S, Turns
from tests.bots.discord.conftest import Running, serving, settings_for
from tests.bots.discord.studio import Studio
from tests.worlds.discord import DiscordWorld


@pytest_asyncio.fixture
async def world() -> AsyncIterator[DiscordWorld]:
    async with DiscordWorld(shards=4) as world:
        world.max_concurrency = 4
        yield world


def synced(world: DiscordWorld) -> int:
    return len([r for r in world.requests if r.method == "PUT" and r.path.endswith("/commands")])


async def orders_of_each(world: DiscordWorld, shards: range) -> None:
    for shard in shards:
        guild = next(g for g in world.guilds if (g.id >> 22) % 4 == shard)
        ana = guild.member("Ana")
        reply = await world.command(ana, guild.channels[0], "/speak", voice="Aria", text=f"Hello shard {shard}")
        assert len(await reply.audio()) == 1


def four_guilds(world: DiscordWorld) -> None:
    for shard in range(4):
        world.guild(f"Guild {shard}", shard=shard).channel("general")


async def test_one_process_has_every_shard(world: DiscordWorld, running: Running) -> None:
    four_guilds(world)
    async with running():
        await orders_of_each(world, range(4))
    assert sorted(world.gateway.shards_seen) == [(n, 4) for n in range(4)]
    assert synced(world) == 1


async def test_processes_share_the_shards_and_one_writes_the_commands(
    world: DiscordWorld, studio: Studio, tmp_path: Path
) -> None:
    four_guilds(world)
    async with AsyncExitStack() as stack:
        for n, text in enumerate(("0-1/4", "2-3/4")):
            (tmp_path / text.partition("/")[0]).mkdir()
            settings = settings_for(world, studio, tmp_path / text.partition("/")[0])
            discord = Discord(settings, world.now_s, shards=Shards.parse(text))
            app = await stack.enter_async_context(build(settings, {"discord": discord}))
            await stack.enter_async_context(serving(app, world, 2 * n))
        await orders_of_each(world, range(4))
        assert sorted(world.gateway.shards_seen) == [(n, 4) for n in range(4)]
        assert synced(world) == 1


async def test_direct_chats_are_with_the_first_shard(world: DiscordWorld, running: Running) -> None:
    four_guilds(world)
    async with running(direct_allowance="1 day"):
        zoe = world.user("Zoe")
        assert len(await (await world.command(zoe, world.dm(zoe), "/speak", voice="Aria", text="Hello")).audio()) == 1


@pytest.mark.parametrize(("count", "at_once"), [(32, 1), (32, 16), (5, 2)])
def test_no_two_processes_identify_in_the_same_turn(count: int, at_once: int) -> None:
    turns = Turns(count, at_once)
    for start_s in (1_000_000.0, 1_000_003.7, 1_000_100.1):
        at: dict[int, list[float]] = {}
        for shard in range(count):
            wait_s = turns.wait_s(shard, start_s)
            assert 0 <= wait_s <= turns.rounds * TURN_S
            assert turns.wait_s(shard, start_s + wait_s) == 0
            at.setdefault(shard % at_once, []).append(start_s + wait_s)
        for times in at.values():
            gaps = [b - a for a, b in zip(sorted(times), sorted(times)[1:], strict=False)]
            assert min(gaps, default=TURN_S) >= 5


def test_nobody_waits_where_all_may_identify_at_once() -> None:
    assert Turns(16, 16).wait_s(15, 3.3) == 0
