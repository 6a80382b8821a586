"""In a terminal, commands stand in place of the buttons of cards and lists."""

from pathlib import Path

from bots.console.script import Line
from tests.bots.console.talk import conversation


async def test_voices_are_chosen_and_orders_found_and_repeated(tmp_path: Path) -> None:
    typed = ("/voices old male", "/use Bill", "/like Bill", "/voices", "/speak Hello", "/history hello", "/again")
    said = await conversation(tmp_path, [Line("ann", is_admin=False, text=text) for text in typed])
    cards, used, liked, first, *_, again, heard = said
    assert cards.endswith("\n\nWithout a name, Aria speaks.\nUse Bill: /use Bill:1:old male\n☆: /like Bill:1:old male")
    assert used.startswith("Bill speaks for you")
    assert liked == "Bill is among your favourites: they come first."
    assert first.startswith("24 voices, 1 to 4:\n\n★ Bill: ")
    [listed] = [text for text in said if text.startswith("Orders with “hello”")]
    assert "1. Bill: “Hello” · " in listed
    assert "\n1: /resend " in listed
    assert "\nAgain ($0.0005): /anew " in listed
    assert "“Hello”" in again
    assert "5 characters · free, from an earlier take" in heard
