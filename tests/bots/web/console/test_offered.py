"""`/console` is offered wherever commands are listed, but only where the console is switched on."""

from pathlib import Path

from bots.commands.table import offered
from bots.discord.commands import commands
from core.domain.products import catalog
from tests.bots.discord.studio import Studio
from tests.bots.telegram.talk import answer
from tests.bots.web.console.house import House
from tests.service import service
from tests.worlds.telegram import TelegramWorld


async def in_menus(world: TelegramWorld) -> bool:
    calls = await world.until(lambda: world.calls_to("setMyCommands")[1:] and world.calls_to("setMyCommands"), "")
    listed = [{command["command"] for command in call.object("commands")} for call in calls]
    assert len({"console" in names for names in listed}) == 1
    return "console" in listed[0]


async def test_where_it_is_on(house: House) -> None:
    assert await in_menus(house.world)
    assert "/console" in await answer(house.band, house.bob, "/help")
    assert "Open your pages in a browser" in await answer(house.band, house.bob, "/help console")


async def test_where_it_is_off(studio: Studio, tmp_path: Path) -> None:
    async with TelegramWorld() as world:
        bob = world.user("Bob", "bob")
        band = world.group("Band", bob)
        async with service(world, studio, tmp_path):
            assert "/console" not in await answer(band, bob, "/help")
            assert "Open your pages" not in await answer(band, bob, "/help console")
            assert not await in_menus(world)


def test_on_discord_it_is_registered_where_it_is_on() -> None:
    for has_console in (True, False):
        names = {command.name for command in commands(catalog(), has_console=has_console)}
        assert ("console" in names) is has_console
        assert names >= {command.group for command in offered(has_console=has_console) if not command.is_typed}
