"""How words are said, as people type it."""

from pathlib import Path

import pytest

from bots.commands.pronouncing import for_all, read, removed
from bots.console.script import Line
from core.domain.refusals import InvalidInput
from tests.bots.console.talk import conversation


@pytest.mark.parametrize(
    ("line", "written", "spoken"),
    [
        ("nginx as engine x", "nginx", "engine x"),
        ("as far as I know AS afaik", "as far", "I know AS afaik"),
        ('"live as" as «leave as»', "live as", "leave as"),
        ("remove as take away", "remove", "take away"),
    ],
)
def test_entries(line: str, written: str, spoken: str) -> None:
    found = read(line)
    assert (found.written, found.spoken, removed(line)) == (written, spoken, "")


def test_what_else_may_be_meant() -> None:
    assert for_all("Here nginx as x") == (True, "nginx as x")
    assert removed("remove “nginx proxy”") == "nginx proxy"
    with pytest.raises(InvalidInput):
        read("nginx")


async def test_a_conversation(tmp_path: Path) -> None:
    typed = (
        ("ann", "/pronounce"), ("ann", "/pronounce nginx as engine x"), ("ann", "/pronounce here gif as jif"),
        ("@boss", "/pronounce here gif as jif"), ("ann", "/pronounce"), ("ann", "/pronounce nginx"),
        ("ann", "/pronounce remove nginx"), ("ann", "/pronounce remove nginx"),
    )  # fmt: skip
    lines = [Line(name.lstrip("@"), is_admin=name[0] == "@", text=text) for name, text in typed]
    empty, mine, no, theirs, both, wrong, gone, never = await conversation(tmp_path, lines)
    assert empty == "Every word is said as it is written. Write /pronounce nginx as engine x to change one."
    assert mine == "“nginx” is said as “engine x” from now on."
    assert no == "Only admins of this community may do that."
    assert theirs == "“gif” is said as “jif” for everybody here from now on."
    assert "“nginx” is said as “engine x”\n" in both
    assert "“gif” is said as “jif”, for everybody here" in both
    assert "Write /pronounce remove nginx to take one away." in both
    assert "An admin takes away what is for everybody, as in /pronounce here remove gif" in both
    assert "as in nginx as engine x" in wrong
    assert (gone, never) == ("“nginx” is said as it is written from now on.", "“nginx” was not in your list.")


async def test_what_is_for_everybody_is_taken_away_as_the_list_says(tmp_path: Path) -> None:
    typed = (
        "/pronounce here gif as jif", "/pronounce", "/pronounce gif as giff", "/pronounce remove gif",
        "/pronounce here remove gif", "/pronounce here remove gif",
    )  # fmt: skip
    said = await conversation(tmp_path, [Line("boss", is_admin=True, text=text) for text in typed])
    _, listed, _, theirs, gone, never = said
    assert listed.endswith("as in /pronounce here remove gif")
    assert "/pronounce remove" not in listed
    assert theirs == "“gif” is said as “jif” from now on, as for everybody here."
    assert gone == "“gif” is said as it is written for everybody here from now on."
    assert never == "“gif” was not in the list of everybody here."
