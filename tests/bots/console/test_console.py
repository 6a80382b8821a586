"""The console inside this process, where a deadline can be short."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bots.app.compose import build
from bots.console.connection import written
from bots.console.demo import throw_away
from bots.console.output_folder import OutputFolder
from bots.console.platform import Console
from bots.console.screen import Screen
from bots.console.script import Line, read_script
from tests.bots.console.talk import conversation
from tests.bots.entries import noted
from tests.waiting import WAIT_S, until

ENDLESS = Line("ann", is_admin=False, text="/speak [[fault:endless]] Hello")


async def test_an_order_that_does_not_end_ends_the_conversation_and_is_no_success(tmp_path: Path) -> None:
    out, over = io.StringIO(), asyncio.Event()
    screen, output = Screen(out), OutputFolder(tmp_path / "out")
    lines = written([ENDLESS, Line("bob", is_admin=False, text="/balance")], screen)
    console = Console(lines, screen, output, in_turn=True, over=over, deadline_s=0.2)
    async with build(throw_away(tmp_path), {console.name: console}) as app, asyncio.timeout(WAIT_S):
        await app.run(over)
    assert not console.outcome.finished
    assert "Not every order ended within" in out.getvalue()
    assert "bob" not in out.getvalue()
    assert output.kept == []


async def test_an_order_that_waits_can_be_taken_back(tmp_path: Path) -> None:
    out, over = io.StringIO(), asyncio.Event()
    screen, output = Screen(out), OutputFolder(tmp_path / "out")
    orders = [ENDLESS] * 5  # one more than a member may have at the gateway
    commands = [Line(who, is_admin=False, text="/cancel") for who in ("bob", "ann", "ann")]

    async def typed() -> AsyncIterator[Line]:
        async for line in written([*orders, *commands], screen):
            yield line
        await until(lambda: "You cancelled this order." in out.getvalue())  # the others never end

    console = Console(typed(), screen, output, in_turn=False, over=over, deadline_s=0.1)
    async with build(throw_away(tmp_path), {console.name: console}) as app, asyncio.timeout(WAIT_S):
        await app.run(over)
    said = out.getvalue()
    assert "you have ordered nothing here yet." in " ".join(said.split())
    assert said.count("Cancelled. You were not charged.") == 2  # said again where it is asked again
    assert said.count("You cancelled this order. You were not charged.") == 1
    assert console.outcome.failed == 1


async def heard(folder: Path, *lines: Line) -> tuple[str, int]:
    """Hold a conversation; return what is on the screen, and how many files were written."""
    out, over = io.StringIO(), asyncio.Event()
    screen, output = Screen(out), OutputFolder(folder / "out")
    console = Console(written(lines, screen), screen, output, in_turn=True, over=over, deadline_s=WAIT_S)
    async with build(throw_away(folder), {console.name: console}) as app, asyncio.timeout(WAIT_S):
        await app.run(over)
    return out.getvalue(), len(output.kept)


async def ann(folder: Path, *texts: str) -> tuple[str, int]:
    return await heard(folder, *(Line("ann", is_admin=False, text=text) for text in texts))


async def test_a_misspelt_voice_is_asked_about_in_the_terminal_too(tmp_path: Path) -> None:
    typed = (
        "/speak Brain Hello speed=2",
        "/confirm",
        "/speak Rogr Hello",
        "/confirm 2",
        "/speak speed=9 Hello",
        "/music 🎉",
        "/ask 1,50",
    )
    here = Line("boss", is_admin=True, text="/limits channels here")  # which is no obstacle to what follows
    said, files = await heard(tmp_path, here, *(Line("ann", is_admin=False, text=text) for text in typed))
    assert "channels: here" in said
    assert "Did you mean the voice Brian?" in said
    assert "Say all of it: /confirm " in said
    assert "Working on it: 5 characters" in said
    assert "Working on it: 10 characters" in said
    assert "speed “9” can't be used" in said
    assert "nothing to be heard" in said
    assert files == 2
    assert "Write /ask 1.50" in said


async def test_a_bare_confirm_goes_ahead_with_the_only_question_and_lists_several(tmp_path: Path) -> None:
    said, files = await ann(
        tmp_path, "/confirm", "/speak Help!", "/confirm", "/confirm", "/speak Aria stop", "/music help", "/confirm"
    )
    assert "Is “Help!” really all of your text?" in said
    assert said.count("Working on it") == files == 1
    assert said.count("No question waits for an answer.") == 2
    listed = said.partition("Several questions wait for an answer; say which is meant:\n")[2]
    assert [word in listed for word in ("“Help!”", "“stop”", "“help”")] == [False, True, True]
    assert listed.count("Go ahead: /confirm ") == 2


async def test_the_same_speech_comes_free_and_a_new_take_is_typed(tmp_path: Path) -> None:
    said, files = await ann(tmp_path, "/speak Hello", "/music rain", "/speak Hello", "/anew", "/music rain")
    said = " ".join(said.split())  # its lines are as long as the terminal is wide
    assert said.count("Sending an earlier take of it. This costs nothing.") == 1
    assert said.count("free, from an earlier take New take ($0.0005): /anew ") == 1
    assert files == 5


async def test_the_same_is_typed_again_in_another_voice(tmp_path: Path) -> None:
    said, files = await ann(tmp_path, "/speak Aria Hello", "/anew george", "/anew Nobody", "/others", "/history")
    assert "George: “Hello” · " in " ".join(said.split())
    assert files == 2
    assert "voice “Nobody” can't be used: it must be one of Aria, " in " ".join(said.split())
    assert "Write /others with what stands after it where I offer it." in said


async def test_what_is_typed_in_the_place_of_a_button_is_said_if_it_lacks_something(tmp_path: Path) -> None:
    lines = ("/cancel", "/details", "/take", "/resend", "/anew", "/anew Brain", "/ask", "/kept", "/confirm", "/approve")
    said, files = await ann(tmp_path, *lines)
    said = " ".join(said.split())
    assert said.count("order is missing: it must be one of yours, and you have ordered nothing here yet.") == 5
    assert "it must be the name of a voice, such as Brian. Write /anew Brian" in said
    assert "amount is missing: it must be more than nothing and at most $100.00. Write /ask AMOUNT" in said
    assert "Write /kept with what stands after it where I offer it." in said
    assert said.count("No question waits for an answer.") == 2
    assert files == 0


async def test_a_line_breaks_only_where_that_was_meant(tmp_path: Path) -> None:
    (tmp_path / "script.txt").write_text("ann: /speak Aria: See C:\\new\\nGeorge: Hello\n")
    said, files = await heard(tmp_path, *read_script(tmp_path / "script.txt"))
    assert "C:\\new" in said.partition("Working on it")[2]
    assert "Hello" in said.partition("Working on it")[2]
    assert files == 1


async def test_a_bare_resend_sends_the_newest_order_again(tmp_path: Path) -> None:
    said, files = await ann(tmp_path, "/speak Aria Hello", "/resend")
    assert files == 2
    assert "I don't know" not in said


async def test_words_after_again_are_not_passed_over(tmp_path: Path) -> None:
    said, files = await ann(tmp_path, "/speak Aria Hello", "/again George", "/again")
    assert files == 2
    assert "Write /again\n" in said


async def test_a_bare_approve_grants_the_only_request_and_lists_several(tmp_path: Path) -> None:
    def says(name: str, text: str) -> Line:
        return Line(name, is_admin=name == "mia", text=text)

    asks = [says("ann", "/ask 1"), says("bob", "/ask 2")]
    said, _ = await heard(tmp_path, *asks, says("mia", "/approve"))
    listed = said.partition("Several questions wait for an answer; say which is meant:\n")[2]
    assert listed.count("For admins: /approve ") == 2
    assert "granted" not in said
    (again := tmp_path / "again").mkdir()
    said, _ = await heard(again, asks[0], says("mia", "/approve"), asks[1], says("mia", "/decline"))
    assert "ann was granted $1.00" in said
    assert "bob's request for $2.00 was declined" in said


async def test_the_terminal_answers_whatever_is_typed_and_no_command_of_another_bot(tmp_path: Path) -> None:
    said, files = await ann(
        tmp_path, "hello", "/speak@another_bot Hello", "!speak Hello", "/ speak Hello", "\uff0fspeak Hello",
        "/speak@troubadour Howdy",
    )  # fmt: skip
    assert said.count("I take commands. Write /speak Aria Hello everyone, or /help") == 1
    assert said.count("Write /speak Hello\n") == 3
    assert said.count("Working on it: 5 characters") == files == 2


async def test_what_a_command_does_is_known_to_be_for_whoever_wrote_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = noted(monkeypatch)
    await conversation(tmp_path, [Line(name="ann", is_admin=False, text="/balance")])
    assert [who.platform for who in seen if who] == ["console"]
