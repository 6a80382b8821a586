"""The local Discord serves the real discord.py, and is as strict as Discord where it matters."""

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress

import aiohttp
import discord
import pytest
import pytest_asyncio
from discord import app_commands
from discord.http import Route

from tests.worlds.discord import CommandError, DiscordWorld, Guild, Member
from tests.worlds.discord.places import MANAGE_GUILD, VIEW_CHANNEL
from tests.worlds.discord.replies import CALLBACK_S
from tests.worlds.schemas import pair

SOUND = b"RIFF....WAVEfmt "


class Bot(discord.AutoShardedClient):
    """A tiny bot: /say defers and edits, /set is for managers, /late waits for the test's go-ahead."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents(guilds=True), allowed_mentions=discord.AllowedMentions.none())
        self.tree = app_commands.CommandTree(self)
        self.seen: list[discord.Interaction] = []
        self.errors: list[discord.HTTPException] = []
        self.go = asyncio.Event()
        self.done = asyncio.Event()
        self.tree.add_command(app_commands.Command(name="say", description="Say it", callback=self.say))
        self.tree.add_command(app_commands.Command(name="late", description="Too late", callback=self.late))
        self.tree.add_command(Settings())

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        self.seen.append(interaction)
        if interaction.type is discord.InteractionType.component:
            await interaction.response.edit_message(content="pressed", view=None)

    @app_commands.describe(text="What", voice="Who", to="Whom")
    async def say(
        self,
        interaction: discord.Interaction,
        text: app_commands.Range[str, 1, 20],
        voice: str,
        to: discord.User | None = None,
    ) -> None:
        await interaction.response.defer(thinking=True)
        view = discord.ui.View()
        view.add_item(discord.ui.Button(label="Again", custom_id="again:1"))
        file = discord.File(io.BytesIO(SOUND), "say.wav")
        whom = "" if to is None else f" to {to.mention}"
        await interaction.edit_original_response(content=f"{voice}: {text}{whom}", attachments=[file], view=view)
        await interaction.followup.send("only you", ephemeral=True)

    async def late(self, interaction: discord.Interaction) -> None:
        try:
            await self.go.wait()
            await interaction.response.defer()
            await interaction.edit_original_response(content="late")
        except discord.HTTPException as error:
            self.errors.append(error)
        finally:
            self.done.set()


async def _voices(_: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=v, value=v) for v in ("Aria", "Bill") if v.lower().startswith(current)]


Bot.say.__discord_app_commands_param_autocomplete__ = {"voice": _voices}  # type: ignore[attr-defined]


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class Settings(app_commands.Group, name="set", description="Settings"):
    @app_commands.command(name="limit", description="Limit")
    async def limit(self, interaction: discord.Interaction, member: discord.Member, amount: int) -> None:
        await interaction.response.send_message(f"{member.display_name} {amount}", ephemeral=True)


@pytest.fixture(autouse=True)
def base() -> Iterator[None]:
    before = Route.BASE
    yield
    Route.BASE = before


@pytest_asyncio.fixture
async def world() -> AsyncIterator[DiscordWorld]:
    async with DiscordWorld() as world:
        Route.BASE = world.api_url
        yield world


@pytest.fixture
def guild(world: DiscordWorld) -> Guild:
    guild = world.guild()
    guild.channel("general")
    return guild


@pytest.fixture
def ana(guild: Guild) -> Member:
    return guild.member("Ana")


@pytest_asyncio.fixture
async def bot(world: DiscordWorld, guild: Guild) -> AsyncIterator[Bot]:
    bot = Bot()
    run = asyncio.create_task(bot.start(world.token))
    yield bot
    await bot.close()
    with suppress(asyncio.CancelledError):
        await run


async def test_a_command_is_deferred_and_edited_with_a_file(
    world: DiscordWorld, guild: Guild, ana: Member, bot: Bot
) -> None:
    channel = guild.channels[0]
    reply = await world.command(ana, channel, "/say", text="Hello", voice="Aria", to=ana)
    [file] = await reply.audio()
    await reply.wait_for(lambda r: r.followups)
    assert (file.filename, file.content) == ("say.wav", SOUND)
    assert reply.callback == 5
    assert reply.content == f"Aria: Hello to {ana.mention}"
    assert not reply.ephemeral
    assert reply.followups[0].ephemeral
    assert channel.posted == [reply.original]
    assert reply.original is not None
    assert reply.original.pings == []
    [seen] = bot.seen
    assert seen.user.display_name == "Ana"
    assert not seen.permissions.manage_guild
    assert seen.app_permissions.attach_files
    assert seen.filesize_limit == channel.upload_limit_bytes
    assert seen.guild is not None
    assert seen.guild.name == "Minstrels"


async def test_a_direct_chat_has_a_user_and_no_guild(world: DiscordWorld, bot: Bot) -> None:
    sam = world.user("Sam")
    reply = await world.command(sam, world.dm(sam), "/say", text="Hi", voice="Bill")
    await reply.audio()
    assert bot.seen[0].guild is None
    assert bot.seen[0].user.id == sam.id
    with pytest.raises(CommandError, match="not offered"):
        await world.command(sam, world.dm(sam), "/set limit", member=sam, amount=1)


async def test_typing_is_completed(world: DiscordWorld, guild: Guild, ana: Member, bot: Bot) -> None:
    choices = await world.autocomplete(ana, guild.channels[0], "/say", voice="ar", focused="voice")
    assert [c["value"] for c in choices] == ["Aria"]


async def test_a_button_is_pressed_once(world: DiscordWorld, guild: Guild, ana: Member, bot: Bot) -> None:
    reply = await world.command(ana, guild.channels[0], "/say", text="Hello", voice="Aria")
    await reply.audio()
    assert reply.original is not None
    pressed = await world.press(ana, reply.original, "again:1")
    await pressed.acknowledged()
    assert reply.content == "pressed"
    assert reply.attachments
    with pytest.raises(CommandError, match="no button"):
        await world.press(ana, reply.original, "again:1")


async def test_commands_are_hidden_by_default_and_can_be_opened(
    world: DiscordWorld, guild: Guild, ana: Member, bot: Bot
) -> None:
    channel, boss = guild.channels[0], guild.member("Boss", permissions=MANAGE_GUILD)
    reply = await world.command(boss, channel, "/set limit", member=ana, amount=5)
    assert (await reply.answered()).content == "Ana 5"
    assert reply.ephemeral
    assert bot.seen[-1].permissions.manage_guild
    with pytest.raises(CommandError, match="hidden"):
        await world.command(ana, channel, "/set limit", member=ana, amount=5)
    guild.open_commands.add("set")
    reply = await world.command(ana, channel, "/set limit", member=ana, amount=6)
    assert (await reply.answered()).content == "Ana 6"


NONSENSE: list[tuple[str, dict[str, object], str]] = [
    ("/sing", {}, "no command"),
    ("/say", {"text": "x"}, "needs voice"),
    ("/say", {"text": "x" * 21, "voice": "Aria"}, "1 to 20"),
    ("/say", {"text": "x", "voice": 3}, "text is wanted"),
    ("/say", {"text": "x", "voice": "Aria", "pitch": 1}, "no option pitch"),
    ("/set", {}, "needs a subcommand"),
]


async def test_a_client_does_not_send_nonsense(world: DiscordWorld, guild: Guild, bot: Bot) -> None:
    boss = guild.member("Boss", admin=True)
    for line, options, words in NONSENSE:
        with pytest.raises(CommandError, match=words):
            await world.command(boss, guild.channels[0], line, **options)


async def test_three_seconds_pass(world: DiscordWorld, guild: Guild, ana: Member, bot: Bot) -> None:
    reply = await world.command(ana, guild.channels[0], "/late")
    world.callback_s = CALLBACK_S
    world.advance(3.1)
    bot.go.set()
    await bot.done.wait()
    assert [(e.status, e.code) for e in bot.errors] == [(404, 10062)]
    assert reply.callback is None


async def test_a_token_dies_when_the_test_wants(world: DiscordWorld, guild: Guild, ana: Member, bot: Bot) -> None:
    reply = await world.command(ana, guild.channels[0], "/late")
    world.kill_token(reply)
    bot.go.set()
    await bot.done.wait()
    assert [(e.status, e.code) for e in bot.errors] == [(401, 50027)]
    assert reply.callback == 5


async def test_a_token_dies_of_age(world: DiscordWorld, guild: Guild, ana: Member, bot: Bot) -> None:
    reply = await world.command(ana, guild.channels[0], "/say", text="Hello", voice="Aria")
    await reply.wait_for(lambda r: r.followups)
    world.advance(15 * 60 + 1)
    with pytest.raises(discord.HTTPException, match="Invalid Webhook Token"):
        await bot.seen[0].edit_original_response(content="old")


async def test_uploads_have_a_limit(world: DiscordWorld, guild: Guild, ana: Member, bot: Bot) -> None:
    channel = guild.channels[0]
    channel.upload_limit_bytes = 10
    await world.connected()
    with pytest.raises(discord.HTTPException) as caught:
        await bot.get_partial_messageable(channel.id).send(file=discord.File(io.BytesIO(SOUND), "a.wav"), nonce="n1")
    assert (caught.value.status, caught.value.code) == (413, 40005)


async def test_a_nonce_makes_one_message(world: DiscordWorld, guild: Guild, bot: Bot) -> None:
    await world.connected()
    to = bot.get_partial_messageable(guild.channels[0].id)
    first, second, third = [await to.send("x", nonce=n) for n in ("one", "one", "two")]
    assert first.id == second.id != third.id
    assert len(guild.channels[0].posted) == 2


@pytest.mark.parametrize(("permissions", "code"), [(0, 50001), (VIEW_CHANNEL, 50013)])
async def test_missing_permissions(world: DiscordWorld, guild: Guild, bot: Bot, permissions: int, code: int) -> None:
    guild.channels[0].bot_permissions = permissions
    await world.connected()
    with pytest.raises(discord.Forbidden) as caught:
        await bot.get_partial_messageable(guild.channels[0].id).send("x", nonce="n1")
    assert caught.value.code == code


async def test_faults_strike_once(world: DiscordWorld, guild: Guild, bot: Bot) -> None:
    await world.connected()
    to = bot.get_partial_messageable(guild.channels[0].id)
    world.limit_rate("POST", r"/messages$", 0.01)
    await to.send("after a while", nonce="n0")
    world.drop("POST", r"/messages$", after_effect=False)
    with pytest.raises(aiohttp.ClientError):
        await to.send("never", nonce="n1")
    world.drop("POST", r"/messages$", after_effect=True)
    with pytest.raises(aiohttp.ClientError):
        await to.send("arrived", nonce="n2")
    world.fail("POST", r"/messages$", 404, 10003, "Unknown Channel")
    with pytest.raises(discord.NotFound):
        await to.send("never", nonce="n1")
    assert [m.content for m in guild.channels[0].posted] == ["after a while", "arrived"]
    assert [r.status for r in world.requests if r.path.endswith("/messages")] == [429, 200, 0, 0, 404]


async def test_a_lost_connection_is_resumed(world: DiscordWorld, guild: Guild, ana: Member, bot: Bot) -> None:
    await world.connected()
    await world.gateway.ask_to_reconnect()
    await world.pulse.until(lambda: world.gateway.resumed == 1)
    reply = await world.command(ana, guild.channels[0], "/say", text="Hello", voice="Aria")
    await reply.audio()
    assert world.gateway.identified == 1
    assert world.gateway.heartbeats >= 2


async def test_a_wrong_token_is_refused(world: DiscordWorld) -> None:
    bot = Bot()
    with pytest.raises(discord.LoginFailure):
        await bot.start("wrong")
    await bot.close()


async def test_the_world_compares_requests_with_discords_document(world: DiscordWorld, guild: Guild, bot: Bot) -> None:
    await world.connected()
    with pytest.raises(discord.HTTPException):
        await bot.http.request(
            Route("POST", "/channels/{channel_id}/messages", channel_id=guild.channels[0].id), json={"contents": "x"}
        )
    found, world.violations = world.violations, []
    assert found or pair("discord_spec_validator.py", "discord_openapi.json") is None
