"""Typed commands, taken apart without losing what was typed."""

import pytest

from bots.commands.parse import Command, Named, meant, named, read, read_mine


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/speak Aria Hello", Command("speak", None, "Aria Hello")),
        ("/SPEAK hi", Command("speak", None, "hi")),
        ("/help", Command("help", None, "")),
        ("/help?", Command("help", None, "")),
        ("/speak. hi", Command("speak", None, "hi")),
        ("/block; @bob", Command("block", None, "@bob")),
        ("/speak\u200b hi", Command("speak", None, "hi")),
        ("/speak@my_bot\u2060! hi", Command("speak", "my_bot", "hi")),
        ("/speak@my_bot  hi ", Command("speak", "my_bot", "hi")),
        ('/speak "two  words"\nand a line', Command("speak", None, '"two  words"\nand a line')),
        ("/music\n\nrain", Command("music", None, "rain")),
        ("\uff0fspeak hi", Command("speak", None, "hi")),
    ],
)
def test_a_command_keeps_lines_and_quotes(text: str, expected: Command) -> None:
    assert read(text) == expected


@pytest.mark.parametrize("text", ["", "hello", "see /speak", " /speak x", "/", "//speak x", "/speak!x", "/a/b"])
def test_what_does_not_begin_with_a_command_is_none(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        *(
            (f"{mark}speak hi", "/speak hi")
            for mark in ("!", ".", "\\", "$", "?", "\uff01", "/ ", " /", "//", "\uff0f ")
        ),
        ("! Speak: hi\nthere", "/speak: hi\nthere"),
        ("!speak", "/speak"),
        *((text, "") for text in ("speak hi", "!lock", "!speaker", "...", "", "5!speak")),
        *(
            (f"/speak{mark}hi", "/speak hi")
            for mark in (".", "!", "-", "=", "\u2026", "@ ", "@another_bot ", "@my_bot.")
        ),
        ('/speak"hi"', '/speak "hi"'),
        ("/\u0455\u0440\u0435\u0430k hi", "/speak hi"),
        ("/\u0405\u0420\u0415\u0410\u041a hi", "/speak hi"),
        ("/\uff53\uff50\uff45\uff41\uff4b@my_bot hi\nthere", "/speak hi\nthere"),
        *((text, "") for text in ("/speak/hi", "/speaker.hi", "/speakers/hi", "/\u0455\u0440\u0435\u0430kers hi")),
    ],
)
def test_what_almost_is_a_command_is_the_line_to_type(text: str, line: str) -> None:
    assert meant(text, ["speak"]) == line
    assert not line or read(line)


def test_a_command_for_another_bot_is_none() -> None:
    assert read_mine("/speak@Some_Bot hi", "some_bot") == Command("speak", "Some_Bot", "hi")
    assert read_mine("/speak hi", "some_bot")
    assert read_mine("/speak@other_bot hi", "some_bot") is None


@pytest.mark.parametrize("name", ["@some_bot ", "@Some_Bot, ", "@\u2060some_bot: ", "@some_bot\n"])
def test_the_bots_name_after_a_blank_addresses_it(name: str) -> None:
    assert read_mine(f"/speak {name}hi", "some_bot") == Command("speak", "some_bot", "hi")


@pytest.mark.parametrize("body", ["@some_bottle hi", "hi @some_bot", "@other_bot hi", 'text="@some_bot hi"'])
def test_other_names_are_part_of_the_text(body: str) -> None:
    assert read_mine(f"/speak {body}", "some_bot") == Command("speak", None, body)


def test_the_bots_name_in_the_place_of_a_member_stays() -> None:
    """It must not make a grant to whoever wrote the message that is replied to."""
    assert read_mine("/grant @some_bot 5", "some_bot") == Command("grant", None, "@some_bot 5")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/quota set @bob 0.50 day", Named("bob", None, ("set", "0.50", "day"))),
        ("/quota SET 5000 chars week @bob", Named(None, None, ("SET", "5000", "chars", "week", "@bob"))),
        ("/quota show @bob", Named("bob", None, ("show",))),
        ("/quota default unlimited month", Named(None, None, ("default", "unlimited", "month"))),
        ("/quota set @ 1 day", Named(None, None, ("set", "@", "1", "day"))),
        ("/quota set id:77 1 day", Named(None, "77", ("set", "1", "day"))),
        ("/grant @ann 1 for helping @bob", Named("ann", None, ("1", "for", "helping", "@bob"))),
        ("/grant 1 for helping @bob", Named(None, None, ("1", "for", "helping", "@bob"))),
        ("/usage @bob", Named("bob", None, ())),
        ("/usage day @bob", Named("bob", None, ("day",))),
        ("/quota", Named(None, None, ())),
    ],
)
def test_a_member_is_named_in_one_place_only(line: str, expected: Named) -> None:
    command = read(line)
    assert command
    assert named(command) == expected


def test_a_name_that_was_copied_from_an_answer_is_the_name() -> None:
    found = named(read("/grant @\u2060ann 5 thanks") or Command("", None, ""))
    assert (found.handle, found.words) == ("ann", ("5", "thanks"))
