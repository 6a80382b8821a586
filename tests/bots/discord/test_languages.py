"""What Discord's members read, in their language."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bots.app.life import App
from tests.bots.discord.conftest import Running, Stage
from tests.bots.discord.talk import refused, say
from tests.bots.text.catalogues import PSEUDO, german, pseudo_catalogue, unmarked, use
from tests.worlds.discord import Message

TYPED: tuple[tuple[str, dict[str, str]], ...] = (
    ("/help", {}), ("/voices", {}), ("/balance", {}), ("/claim", {"code": "no"}), ("/quota show", {}),
    ("/limits", {}), ("/limits", {"name": "confirm", "value": "0.0001"}), ("/quota default", {"amount": "0.05", "period": "day"}),
    ("/quota default", {"amount": "5 beads"}), ("/usage", {}), ("/communities", {}), ("/pool", {"amount": "1"}), ("/resume", {}), ("/audit", {}),
)  # fmt: skip


def described(menus: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield all that Discord's menus describe: commands, and what they take."""
    for menu in menus:
        yield menu
        yield from described(menu.get("options", []))


def decides(message: Message) -> bool:
    """Say whether a message asks admins to decide."""
    return any(str(b["custom_id"]).startswith("approve:") for b in message.buttons)


async def test_no_sentence_is_left_unmarked(
    stage: Stage, running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, tmp_path / "po", pseudo_catalogue())
    stage.boss.user.language = stage.ana.user.language = PSEUDO
    async with running(owners=(f"discord:{stage.boss.id}",)):
        said = [(await (await stage.world.command(stage.boss, stage.channel, line, **chosen)).answered()).content
                for line, chosen in TYPED]  # fmt: skip
        order = await stage.world.command(stage.ana, stage.channel, "/speak", voice="Aria", text="Hello everyone")
        asked = await order.settled(lambda m: m.content)
        pressed = await stage.world.press(stage.ana, asked, str(asked.buttons[0]["custom_id"]))
        await pressed.audio()
        receipt = await pressed.settled(lambda m: m.ephemeral)
        short = await refused(stage, stage.ana, 1500)
        await stage.world.press(stage.ana, short, str(short.buttons[0]["custom_id"]))
        await stage.world.pulse.until(lambda: any(decides(m) for m in stage.channel.posted))
        [request] = [m for m in stage.channel.posted if decides(m)]
        buttons = [*asked.buttons, *short.buttons, *request.buttons]
        said += (
            [m.content for m in (asked, receipt, short, request)] + [str(b["label"]) for b in buttons] + pressed.edits
        )
        await (await stage.world.press(stage.boss, request, str(request.buttons[0]["custom_id"]))).wait_for(
            lambda _: not request.buttons
        )
        said.append(request.content)
    assert len(buttons) == 5
    assert unmarked(said, "Boss", "Ana", "discord") == {}
    menus = list(described(list(stage.world.commands.values())))
    told = [menu.get("description_localizations", {}).get(PSEUDO, menu["description"]) for menu in menus]
    assert len(told) > 40
    assert unmarked(told) == {}


async def test_moments_are_shown_in_the_time_zone_of_whoever_reads(stage: Stage, app: App) -> None:
    assert re.search(r"resets <t:\d{10}:f>\.", (await say(stage, stage.ana, "/balance")).content)
    await say(stage, stage.boss, "/limits", name="confirm", value="0.0001")
    price = await refused(stage, stage.ana)
    assert re.search(r"until <t:\d{10}:T>\.\n", price.content)


async def test_german_is_spoken_where_there_is_some(
    stage: Stage, running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, tmp_path / "po", german())
    stage.ana.user.language = "de"
    async with running():
        voices = await (await stage.world.command(stage.ana, stage.channel, "/voices")).answered()
        assert voices.content.startswith("24 Stimmen, 1 to 4:")
        order = await stage.world.command(stage.ana, stage.channel, "/speak", voice="Aria", text="Hello everyone")
        await order.audio()
        receipt = await order.settled(lambda m: m.ephemeral)
    assert order.content == "Aria sagt: „Hello everyone“"
    assert receipt.content.startswith("14 Zeichen · 0,0014\xa0$ · heute noch ")
    localized = stage.world.commands["balance"]["description_localizations"]
    assert localized == {"de": "Zeigen, was du noch ausgeben kannst"}
