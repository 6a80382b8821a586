"""The demo in other languages."""

from pathlib import Path

import pytest

from bots.console import demo
from bots.console.script import Line, read_script
from tests.bots.console.talk import conversation
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
    assert voices.startswith("24 Stimmen, 1 to 4:")
    assert "Without a name, Aria speaks." in voices
    assert accepted == "Working on it: 5 Zeichen, 0,0005\xa0$. Usually about 15 s.\n“Hello”"
    assert receipt.startswith("5 Zeichen · 0,0005\xa0$ · heute noch ")  # the last words are a worker's
