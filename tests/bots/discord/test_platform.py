"""The connection comes and goes; orders and answers survive it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import discord
import pytest
from discord.gateway import DiscordWebSocket

from bots.app.life import App, keep_running
from bots.discord import Discord
from bots.platform import Platform
from core.domain.errors import PlatformError
from core.domain.products import catalog
from tests import tokens
from tests.bots.discord.conftest import Running, Stage, settings_for
from tests.bots.discord.studio import Studio
from tests.waiting import WAIT_S
from tests.worlds.discord import DiscordWorld, Reply
from tests.worlds.discord.socket import AUTHENTICATION_FAILED


async def speak(stage: Stage) -> Reply:
    return await stage.world.command(stage.ana, stage.channel, "/speak", voice="Aria", text="Hello everyone")


@asynccontextmanager
async def alone(world: DiscordWorld, studio: Studio, folder: Path, **changes: object) -> AsyncIterator[Discord]:
    """The platform with nothing of the service but what is on offer."""
    platform = Discord(settings_for(world, studio, folder, **changes), world.now_s)
    await platform.open(SimpleNamespace(catalog=catalog(), sessions=None))  # type: ignore[arg-type]
    try:
        yield platform
    finally:
        await platform.close()


@asynccontextmanager
async def receiving(platform: Platform) -> AsyncIterator[asyncio.Task[None]]:
    """Run the platform until the test is over."""
    run = asyncio.create_task(platform.run())
    try:
        yield run
    finally:
        run.cancel()
        await asyncio.wait({run})


async def test_a_bad_token_is_the_operators_to_mend(world: DiscordWorld, studio: Studio, tmp_path: Path) -> None:
    async with alone(world, studio, tmp_path, discord_token=tokens.OTHER_DISCORD) as platform:
        with pytest.raises(PlatformError, match="DISCORD_TOKEN") as caught:
            await platform.run()
    assert "canary" not in str(caught.value)


async def test_a_token_that_is_taken_back_ends_the_platform(
    world: DiscordWorld, studio: Studio, tmp_path: Path
) -> None:
    async with alone(world, studio, tmp_path) as platform, receiving(platform) as run:
        await world.connected()
        await world.gateway.cut(AUTHENTICATION_FAILED)
        with pytest.raises(PlatformError, match="any more"):
            await run


async def test_an_outage_passes_and_commands_are_written_once(
    world: DiscordWorld, studio: Studio, tmp_path: Path
) -> None:
    async with alone(world, studio, tmp_path) as platform:
        world.fail("GET", "/gateway/bot$", 403)
        with pytest.raises(discord.GatewayNotFound):
            await platform.run()
        async with receiving(platform) as run:
            await world.connected()
            assert [r.method for r in world.requests if r.path.endswith("/commands")] == ["PUT"]
            assert {"balance", "help", "music", "quota", "speak", "voices"} < world.commands.keys()
            await platform.close()
            await run


async def test_a_stop_ends_the_pause_before_the_next_try(
    world: DiscordWorld, studio: Studio, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stop = asyncio.Event()
    async with alone(world, studio, tmp_path) as platform:
        world.fail("GET", "/gateway/bot$", 403)
        run = asyncio.create_task(keep_running(platform, stop))
        async with asyncio.timeout(WAIT_S):
            while "trying again" not in caplog.text:
                await asyncio.sleep(0.001)
            stop.set()
            await run
    assert len([r for r in world.requests if r.path.endswith("/gateway/bot")]) == 1


@pytest.mark.parametrize("path", ["/users/@me$", "/gateway/bot$"])
async def test_a_login_waits_as_long_as_it_is_told(
    world: DiscordWorld, studio: Studio, tmp_path: Path, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    stop = asyncio.Event()
    async with alone(world, studio, tmp_path) as platform:
        world.fail("GET", path, 429).headers = {"Retry-After": "3600"}
        run = asyncio.create_task(keep_running(platform, stop))
        async with asyncio.timeout(WAIT_S):
            while "trying again" not in caplog.text:
                await asyncio.sleep(0.001)
            stop.set()
            await run
    assert "trying again in 3600 s" in caplog.text
    assert len([r for r in world.requests if r.path.endswith("/gateway/bot")]) == (path == "/gateway/bot$")


async def test_a_connection_that_came_back_forgets_earlier_outages(
    world: DiscordWorld, studio: Studio, tmp_path: Path
) -> None:
    async with alone(world, studio, tmp_path) as platform, receiving(platform):
        await world.connected()
        assert platform._bot is not None
        shard = platform._bot.shards[0]._parent
        for connection, come_back in enumerate((world.gateway.ask_to_reconnect, world.gateway.invalidate), 2):
            shard._backoff._exp = 10  # which is a pause of up to 17 minutes
            await come_back()
            async with asyncio.timeout(WAIT_S):  # discord.py waits five seconds before it identifies again
                while world.gateway.identified + world.gateway.resumed < connection or shard._backoff._exp:
                    await asyncio.sleep(0.001)


async def test_cancelling_while_it_reconnects_leaves_nothing_connected(
    world: DiscordWorld, studio: Studio, tmp_path: Path
) -> None:
    async with alone(world, studio, tmp_path) as platform:
        async with receiving(platform):
            await world.connected()
            world.gateway.is_silent = True
            former = set(world.gateway.lines)
            await world.gateway.ask_to_reconnect()
            await world.pulse.until(lambda: bool(world.gateway.lines - former))
        await world.pulse.until(lambda: not world.gateway.lines)


async def test_cancelling_leaves_nothing_connected(world: DiscordWorld, studio: Studio, tmp_path: Path) -> None:
    async with alone(world, studio, tmp_path) as platform:
        async with receiving(platform):
            await world.connected()
        await world.pulse.until(lambda: not world.gateway.lines)


async def test_the_gateways_address_can_be_set(world: DiscordWorld, studio: Studio, tmp_path: Path) -> None:
    world.announced_ws_url = "ws://127.0.0.1:9/nowhere"
    async with alone(world, studio, tmp_path, discord_ws_url=world.ws_url) as platform, receiving(platform):
        await world.connected()
        # Where an invalidated session begins anew:
        assert str(DiscordWebSocket.DEFAULT_GATEWAY) == world.ws_url


async def test_no_privileged_intent_is_asked_for(stage: Stage, app: App) -> None:
    session = stage.world.gateway.session()
    assert session is not None
    assert session.intents == discord.Intents(guilds=True, dm_messages=True).value


async def test_a_lost_connection_loses_no_order(stage: Stage, app: App) -> None:
    await stage.world.gateway.cut()
    await stage.world.pulse.until(lambda: stage.world.gateway.resumed == 1)
    assert await (await speak(stage)).audio()


@pytest.mark.parametrize("after_effect", [False, True])
async def test_an_acknowledgement_that_got_lost_is_repeated(
    stage: Stage, app: App, studio: Studio, *, after_effect: bool
) -> None:
    stage.world.drop("POST", "/callback$", after_effect=after_effect)
    reply = await speak(stage)
    await reply.audio()
    assert len(studio.orders) == 1


async def test_too_late_for_discord_is_no_order(stage: Stage, app: App, studio: Studio) -> None:
    stage.world.fail("POST", "/callback$", 404, 10062, "Unknown interaction")
    await speak(stage)
    after = await stage.world.command(stage.ana, stage.channel, "/balance")
    assert "$0.10 left today" in (await after.answered()).content
    assert studio.orders == []


async def test_deliveries_go_on_when_nothing_is_received_any_more(
    stage: Stage, running: Running, studio: Studio
) -> None:
    async with running(receive=False) as app, receiving(app.platforms["discord"]) as run:
        studio.ready.clear()
        reply = await speak(stage)
        await reply.wait_for(lambda r: "Generating" in r.content)
        await app.platforms["discord"].stop_receiving()
        await run
        assert not stage.world.gateway.connected()
        studio.ready.set()
        await reply.audio()


async def test_answers_under_way_are_finished_first(stage: Stage, running: Running) -> None:
    async with running(receive=False) as app, receiving(app.platforms["discord"]) as run:
        reply = await stage.world.command(stage.ana, stage.channel, "/balance")
        await reply.acknowledged()
        await app.platforms["discord"].stop_receiving()
        assert "left today" in reply.content
        await run


async def test_answers_that_take_too_long_are_given_up(
    stage: Stage, running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bots.discord.platform.ANSWER_S", 0.01)
    held = asyncio.Event()
    async with running(receive=False) as app, receiving(app.platforms["discord"]) as run:
        stage.world.hold("POST", "/callback$", held)
        await stage.world.command(stage.ana, stage.channel, "/balance")
        await stage.world.pulse.until(lambda: any(r.path.endswith("/callback") for r in stage.world.requests))
        await app.platforms["discord"].stop_receiving()
        await run
        held.set()
    assert "1 interactions were still being answered" in caplog.text


@pytest.mark.parametrize(
    ("event", "data"),
    [
        ("THREAD_CREATE", {"type": 11, "name": "words of a member", "parent_id": "{channel}"}),
        ("INTERACTION_CREATE", {"data": "words of a member"}),
        ("CHANNEL_CREATE", {"type": 0, "topic": "words of a member"}),
    ],
)
async def test_an_event_that_can_not_be_read_costs_itself_alone(
    stage: Stage, app: App, caplog: pytest.LogCaptureFixture, event: str, data: dict[str, object]
) -> None:
    session = stage.world.gateway.session()
    assert session is not None
    said = {key: str(stage.channel.id) if value == "{channel}" else value for key, value in data.items()}
    await session.dispatch(event, {"id": str(stage.world.new_id()), "guild_id": str(stage.guild.id)} | said)
    await (await speak(stage)).audio()
    assert [r.message for r in caplog.records if r.levelname == "ERROR"] == [
        f"an event {event} can't be read (KeyError) and is passed over"
    ]
    assert stage.world.gateway.identified == 1
    assert stage.world.gateway.resumed == 0
    assert "words of a member" not in caplog.text
