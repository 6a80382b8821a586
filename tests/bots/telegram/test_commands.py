"""The menus of commands."""

import pytest

from tests.bots.entries import noted
from tests.bots.telegram.rig import Bot
from tests.worlds.telegram import TelegramWorld, User

pytestmark = pytest.mark.usefixtures("bot")


async def test_the_menus_are_announced(bot: Bot, world: TelegramWorld) -> None:
    members, admins = await world.until(
        lambda: world.calls_to("setMyCommands")[1:] and world.calls_to("setMyCommands"), ""
    )
    names = {c["command"] for c in members.object("commands")}
    assert names == {"speak", "music", "form", "voices", "voice", "balance", "history", "again", "pronounce", "help"}
    assert "scope" not in members.params
    assert {c["command"] for c in admins.object("commands")} - names == {
        "quota", "why", "grant", "revoke", "block", "unblock", "limits", "usage", "audit"
    }  # fmt: skip
    assert admins.object("scope") == {"type": "all_chat_administrators"}


async def test_what_a_command_does_is_known_to_be_for_whoever_wrote_it(
    world: TelegramWorld, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = noted(monkeypatch)
    own = world.private(alice)
    await own.reply_to(await own.says(alice, "/balance"))
    assert [(who.community, who.platform) for who in seen if who] == [(f"telegram:{alice.id}", "telegram")]
