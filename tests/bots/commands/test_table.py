"""A product, a parameter and a command that are nothing but rows, used on every platform; and the limits of menus."""

import asyncio
import io
from contextlib import AsyncExitStack
from pathlib import Path
from typing import cast

import pytest

from bots.app.compose import build
from bots.commands import table
from bots.commands.command import Answer, Argument, Asked, Command, Kind, Who
from bots.commands.explaining import explained
from bots.console.connection import written
from bots.console.demo import throw_away
from bots.console.output_folder import OutputFolder
from bots.console.platform import Console
from bots.console.screen import Screen
from bots.console.script import Line
from bots.discord import Discord
from bots.discord.escaping import CONTENT_LIMIT, size
from bots.sandbox import products as sounds
from bots.sandbox.validation import between, boolean, words
from bots.text import product_words
from core.domain.parameters import Flag, Number, Text
from core.domain.people import Person
from core.domain.products import (
    PRODUCTS,
    Product,
    Sound,
    catalog,
)
from tests.bots.discord.conftest import serving, settings_for
from tests.bots.discord.studio import Studio
from tests.service import service
from tests.template import prepared
from tests.waiting import WAIT_S
from tests.worlds.discord import CommandError, DiscordWorld
from tests.worlds.telegram import TelegramWorld

CHIME = Product(
    name="chime", command="chime", endpoint="/chime-1/v1/chime-request", model="chime-1", sound=Sound.SONG, billed="tune",
    table={"tune": Text(50, example="ding dong"), "pitch": Number(0, 2, example="1.5"), "bright": Flag()}, usual_s=1,
)  # fmt: skip


async def wave(asked: Asked, member: Person, style: str = "small") -> Answer:
    return Answer(f"{asked.caller.name} gives {member.name} a {style} wave")


WAVE = Command(
    name="wave", who=Who.ADMIN, about="Wave at a member", action=wave,
    arguments=(
        Argument(name="member", kind=Kind.MEMBER, about="At whom"),
        Argument(name="style", kind=Kind.CHOICE, about="How", required=False, choices=("small", "big")),
    ),
)  # fmt: skip


@pytest.fixture(autouse=True)
def rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """One row for the product and its sound, one line for the parameter, one row for the command."""
    rules, song = {"tune": words, "pitch": between(0, 2), "bright": boolean}, sounds.PRODUCTS["music"]
    sound = sounds.SandboxProduct(
        CHIME.endpoint, rules, ("tune",), lambda given: song.make({"prompt": given["tune"]}), song.label
    )
    monkeypatch.setitem(cast("dict[str, Product]", PRODUCTS), "chime", CHIME)
    monkeypatch.setitem(sounds.PRODUCTS, "chime", sound)
    monkeypatch.setitem(cast("dict[str, Number]", PRODUCTS["speech"].table), "warmth", Number(0, 1, example="0.5"))
    monkeypatch.setattr(table, "COMMANDS", (*table.COMMANDS, WAVE))


async def test_on_discord(studio: Studio, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(DiscordWorld())
        guild = world.guild()
        channel, boss, ana = guild.channel("general"), guild.member("Boss", admin=True), guild.member("Ana")
        prepared(tmp_path / "troubadour.db")
        settings = settings_for(world, studio, tmp_path)
        app = await stack.enter_async_context(build(settings, {"discord": Discord(settings, world.now_s)}))
        await stack.enter_async_context(serving(app, world))
        assert await (await world.command(ana, channel, "/chime", tune="ding", pitch=1.5, bright=True)).audio()
        assert await (await world.command(ana, channel, "/speak", text="Hello", warmth=0.5)).audio()
        assert studio.orders == [
            {"tune": "ding", "pitch": 1.5, "bright": True},
            {"text": "Hello", "voice": "Aria", "warmth": 0.5},
        ]
        pitch = next(option for option in world.commands["chime"]["options"] if option["name"] == "pitch")
        assert (pitch["min_value"], pitch["max_value"], pitch["required"]) == (0, 2, False)
        waved = await (await world.command(boss, channel, "/wave", member=ana, style="big")).answered()
        assert waved.content == "Boss gives Ana a big wave"
        assert "/wave" in (await (await world.command(boss, channel, "/help")).answered()).content
        with pytest.raises(CommandError, match="hidden"):
            await world.command(ana, channel, "/wave", member=boss)


async def test_on_telegram(studio: Studio, tmp_path: Path) -> None:
    async with TelegramWorld() as world, service(world, studio, tmp_path):
        alice, bob = world.user("Alice", "alice"), world.user("Bob", "bob")
        band = world.group("Band", bob)
        band.add(alice, "administrator")
        await band.says(bob, "/chime pitch=1.5 ding bright=true")
        await band.says(bob, "/speak warmth=0,5 Hello")
        await band.wait_for(lambda chat: len(list(chat.audios)) == 2)
        assert sorted(studio.orders, key=sorted) == [
            {"tune": "ding", "pitch": 1.5, "bright": True},
            {"text": "Hello", "voice": "Aria", "warmth": 0.5},
        ]
        for who, text, says in (
            (alice, "/wave @bob big", "Alice gives Bob a big wave"),
            (alice, "/wave bob", "Only the @ is missing."),
            (alice, "/wave", "Write /wave @name [small or big]"),
            (bob, "/wave @alice", "Only admins of this community may do that."),
            (bob, "/chime", "/chime ding dong"),
            (bob, "/help chime", "pitch=1.5: a number from 0 to 2\nbright=true: true or false"),
        ):
            assert says in (await band.reply_to(await band.says(who, text))).text.replace("\u2060", "")
        members, admins = ({c["command"] for c in call.object("commands")} for call in world.calls_to("setMyCommands"))
        assert ("chime" in members, "wave" in members, "wave" in admins) == (True, False, True)


async def test_in_the_terminal(tmp_path: Path) -> None:
    out, over = io.StringIO(), asyncio.Event()
    typed = ("/chime pitch=9 ding", "/chime ding pitch=1.5", "/wave @bob", "/wawe @bob")
    lines = written([Line("ann", is_admin=True, text=text) for text in typed], Screen(out))
    console = Console(lines, Screen(out), OutputFolder(tmp_path / "out"), in_turn=True, over=over, deadline_s=WAIT_S)
    async with build(throw_away(tmp_path), {console.name: console}) as app, asyncio.timeout(WAIT_S):
        await app.run(over)
    said = " ".join(out.getvalue().split())
    assert "pitch “9” can't be used: it must be a number from 0 to 2. Write /chime pitch=1.5 ding" in said
    assert "Working on it: 4 characters" in said
    assert "ann gives bob a small wave" in said
    assert "Did you mean /wave?" in said


def test_what_menus_show_is_short_enough() -> None:
    found = catalog()
    rows = found.products.values()
    shown = [c.about for c in table.COMMANDS] + [a.about for c in table.COMMANDS for a in c.arguments]
    shown += [product_words.FILE, *(product_words.parameter(row, name) for row in rows for name in row.table)]
    assert [about for about in (*shown, *map(product_words.does, rows)) if not 1 <= len(about) <= 100] == []
    for word in (*found.by_command, *(command.group for command in table.COMMANDS)):
        assert size(explained(word, table.COMMANDS, found, set(Who), takes_files=True)) <= CONTENT_LIMIT
