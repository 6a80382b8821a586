"""What Telegram's members read, in their language."""

from pathlib import Path

import pytest

from tests.bots.telegram.rig import Rig
from tests.bots.text.catalogues import PSEUDO, german, pseudo_catalogue, unmarked, use
from tests.worlds.telegram import Chat, TelegramWorld, User

TYPED = (
    "/help", "/voices", "/balance", "/speak", "/music", "/quota", "/quota show @bob", "/quota set @bob 0.0002 day", "/usage",
    "/limits", "/limits confirm 0.0001", "/limits text 100", "/quota default unlimited", "/grant @bob 1 thanks", "/block @bob 2h", "/audit", "/unblock @bob",
    "/pool 1", "/speek@troubadour_bot hi", "/grant", "/claim", "/claim no",
)  # fmt: skip
NAMES = ("bob", "Bob", "Alice", "alice", "Band", "thanks", "https", "me")


async def test_no_sentence_is_left_unmarked(
    rig: Rig, world: TelegramWorld, band: Chat, alice: User, bob: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, tmp_path / "po", pseudo_catalogue())
    alice.language = bob.language = PSEUDO
    rig.owners = frozenset({f"telegram:{alice.id}"})
    async with rig.bot():
        await band.says(bob, "/voices")
        for typed in TYPED:
            await band.reply_to(await band.says(alice, typed))
        price = await band.reply_to(await band.says(bob, "/speak Aria Hello everyone"))
        await world.press(bob, price, next(iter(price.buttons.values())))
        await band.wait_for(lambda chat: chat.audios)
        await world.until(lambda: world.calls_to("setMyCommands")[3:], "menus in both languages")
    said = [
        text
        for m in band.sent
        for text in (m.text, *m.buttons, *(edit["text"] for edit in m.edits if edit.get("text")))
    ]
    assert len(said) > len(TYPED)
    assert unmarked(said, *NAMES) == {}
    menus = [call for call in world.calls_to("setMyCommands") if call.params.get("language_code") == PSEUDO]
    described = [command["description"] for call in menus for command in call.object("commands")]
    assert len(menus) == 2
    assert unmarked(described) == {}


async def test_german_is_spoken_where_there_is_some(
    rig: Rig, band: Chat, alice: User, bob: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, tmp_path / "po", german())
    bob.language = "de-AT"
    async with rig.bot():
        voices = await band.reply_to(await band.says(bob, "/voices"))
        assert voices.text.startswith("24 Stimmen, 1 to 4:")
        assert "Without a name, Aria speaks." in voices.text
        assert (await band.reply_to(await band.says(alice, "/voices"))).text.startswith("24 voices, ")
        await band.says(bob, "/speak Aria Hello")
        voice = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    assert voice.text.startswith("Aria sagt: „Hello“\n5 Zeichen")
