"""The demo in other languages."""

import asyncio
import io
from pathlib import Path

import pytest

from bots.app.compose import build
from bots.console import demo
from bots.console.connection import written
from bots.console.output_folder import OutputFolder
from bots.console.platform import Console
from bots.console.screen import Screen
from bots.console.script import Line, read_script
from tests.bots.text.catalogues import PSEUDO, german, pseudo_catalogue, unmarked, use

NAMES = (
    "console",
    "ann",
    "bob",
    "mia",
    "owner",
    "Troubadour",
    "mp",
    "for",
    "the",
    "playlist",
    "slip",
    "of",
    "finger",
    "reason",
)


class Answers(Screen):
    """Keeps what the bot says, apart from what members say."""

    def __init__(self) -> None:
        super().__init__(io.StringIO())
        self.answers: list[str] = []

    def answer(self, text: str) -> None:
        self.answers.append(text)

    aside = answer


async def conversation(folder: Path, lines: list[Line]) -> list[str]:
    """Return what the bot says in a conversation."""
    screen, over = Answers(), asyncio.Event()
    output = OutputFolder(folder / "out")
    console = Console(written(lines, screen), screen, output, in_turn=True, over=over, deadline_s=20)
    async with build(demo.throw_away(folder), {console.name: console}) as app, asyncio.timeout(40):
        await app.run(over)
    return screen.answers


async def test_the_whole_demo_has_no_sentence_that_is_not_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, tmp_path / "po", pseudo_catalogue())
    monkeypatch.setenv("LC_ALL", f"{PSEUDO}.UTF-8")
    said = await conversation(tmp_path, read_script(Path(demo.__file__).with_name("demo.txt")))
    assert len(said) > 40
    assert unmarked(said, *NAMES) == {}


async def test_german_is_spoken_where_there_is_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, tmp_path / "po", german())
    monkeypatch.setenv("LC_ALL", "de_AT.UTF-8")
    typed = ("/voices", "/speak Aria Hello")
    voices, accepted, receipt = await conversation(tmp_path, [Line("ann", is_admin=False, text=text) for text in typed])
    assert voices.startswith("Stimmen: Aria, ")
    assert "Without a name, Aria speaks." in voices
    assert accepted == "Working on it: 5 Zeichen, 0,0005\xa0$.\n“Hello”"
    assert receipt.startswith("5 Zeichen · 0,0005\xa0$ · heute noch ")  # the last words are a worker's
