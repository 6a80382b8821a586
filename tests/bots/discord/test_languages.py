"""What Discord's members read, in their language."""

from pathlib import Path

import pytest

from tests.bots.discord.conftest import Running, Stage
from tests.bots.text.catalogues import PSEUDO, german, pseudo_catalogue, unmarked, use

TYPED: tuple[tuple[str, dict[str, str]], ...] = (
    ("/help", {}), ("/voices", {}), ("/balance", {}), ("/claim", {"code": "no"}), ("/quota show", {}),
    ("/limits", {}), ("/limits", {"name": "confirm", "value": "0.0001"}), ("/quota default", {"amount": "0.5", "period": "day"}),
    ("/quota default", {"amount": "5 beads"}), ("/usage", {}), ("/audit", {}), ("/communities", {}), ("/pool", {"amount": "1"}), ("/resume", {}),
)  # fmt: skip


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
    said += [asked.content, *(str(b["label"]) for b in asked.buttons), receipt.content, *pressed.edits]
    assert unmarked(said, "Boss", "Ana", "discord") == {}
    told = [command["description_localizations"][PSEUDO] for command in stage.world.commands.values()]
    assert unmarked(told) == {}


async def test_german_is_spoken_where_there_is_some(
    stage: Stage, running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, tmp_path / "po", german())
    stage.ana.user.language = "de"
    async with running():
        voices = await (await stage.world.command(stage.ana, stage.channel, "/voices")).answered()
        assert voices.content.startswith("Stimmen: Aria, ")
        order = await stage.world.command(stage.ana, stage.channel, "/speak", voice="Aria", text="Hello everyone")
        await order.audio()
        receipt = await order.settled(lambda m: m.ephemeral)
    assert order.content == "Aria sagt: „Hello everyone“"
    assert receipt.content.startswith("14 Zeichen · 0,0014\xa0$ · heute noch ")
    localized = stage.world.commands["balance"]["description_localizations"]
    assert localized == {"de": "Zeigen, was du noch ausgeben kannst"}
