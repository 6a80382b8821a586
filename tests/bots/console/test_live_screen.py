"""The line being typed, with prompt-toolkit's own pipe in place of a keyboard, and the whole chat in a real terminal."""

import asyncio
import io
import os
import pty
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from bots.commands import table
from bots.console.completion import ACTS, Words, options
from bots.console.connection import read
from bots.console.live_screen import LiveScreen
from bots.console.presses import Presses
from bots.console.script import Line
from core.domain.products import catalog
from tests.waiting import WAIT_S

ROOT = Path(__file__).parents[3]


@pytest.fixture
async def keyboard() -> AsyncIterator[PipeInput]:
    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        yield keys


def screen_in(folder: Path) -> LiveScreen:
    screen = LiveScreen(io.StringIO(), folder / "history")
    screen.offer(catalog())
    return screen


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("/spe", ["/speak"]),
        ("bob: /spe", ["/speak"]),
        ("/vo", ["/voices", "/voice"]),
        ("/decl", ["/decline"]),
        ("/qui", ["/quit"]),
        ("/speak brI", ["Brian"]),
        ("@bob: /speak M", ["Matilda"]),
        ("/voice Geo", ["George"]),
        ("/quota sh", ["show"]),
        ("/usage we", ["week"]),
        ("/help mus", ["music"]),
        ("hello /spe", []),
        ("/speak Brian mat", []),
        ("/nothing we", []),
    ],
)
def test_tab_offers_commands_their_words_and_voices(typed: str, offered: list[str]) -> None:
    words = Words()
    words.options = options(catalog())
    found = words.get_completions(Document(typed), CompleteEvent())
    assert [completion.text for completion in found] == offered


async def test_tab_completes_the_line(keyboard: PipeInput, tmp_path: Path) -> None:
    screen = screen_in(tmp_path)
    reading = asyncio.create_task(screen.read())
    keyboard.send_text("/speak bri\t")
    while screen._session.default_buffer.text != "/speak Brian":
        await asyncio.sleep(0)
    keyboard.send_text(" hi  \r")
    assert await reading == "/speak Brian hi"


async def test_a_line_is_dropped_as_in_a_shell(keyboard: PipeInput, tmp_path: Path) -> None:
    keyboard.send_text("half a line\x03/help\r")
    assert await screen_in(tmp_path).read() == "/help"


async def test_lines_come_back_with_the_arrow_and_the_next_time(keyboard: PipeInput, tmp_path: Path) -> None:
    keyboard.send_text("/voices\r")
    assert await screen_in(tmp_path).read() == "/voices"
    keyboard.send_text("\x1b[A\r")
    assert await screen_in(tmp_path).read() == "/voices"


@pytest.mark.parametrize("end", ["\x04", "\x03", "/quit\r"])
async def test_the_end_of_input_ends_the_chat(keyboard: PipeInput, tmp_path: Path, end: str) -> None:
    keyboard.send_text(f"@mia: /help\r\r{end}")
    assert [line async for line in read(screen_in(tmp_path).read)] == [Line("mia", is_admin=True, text="/help")]


async def test_progress_stands_above_the_line_until_the_order_has_ended(keyboard: PipeInput, tmp_path: Path) -> None:
    screen = screen_in(tmp_path)
    reading = asyncio.create_task(screen.read())
    while not screen._session.app.is_running:
        await asyncio.sleep(0)
    screen.progress("a job", "Next in line\x1b[2J\n> hello")
    assert "Next in line[2J\n" in screen._foot().value
    screen.ended("a job")
    assert "line" not in screen._foot().value
    keyboard.send_text("\r")
    assert await reading == ""
    assert isinstance(screen._out, io.StringIO)
    assert screen._out.getvalue() == ""


def test_every_button_that_is_offered_is_a_command() -> None:
    presses = Presses(None, lambda _: None)  # type: ignore[arg-type]
    assert set(ACTS) <= set(presses.acts)
    assert not set(ACTS) & set(table.words(catalog()))


class Terminal:
    """A pseudo-terminal with the demo in it."""

    def __init__(self, *arguments: str, cwd: Path, **environment: str) -> None:
        self.seen = b""
        self._ours, self._theirs = pty.openpty()
        self._command = (sys.executable, "-m", "bots", "demo", "--out", "out", *arguments)
        self._cwd = cwd
        self._environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm",
            "PROMPT_TOOLKIT_NO_CPR": "1",
            **environment,
        }

    async def __aenter__(self) -> Self:
        self.process = await asyncio.create_subprocess_exec(
            *self._command, cwd=self._cwd, env=self._environment, start_new_session=True,
            stdin=self._theirs, stdout=self._theirs, stderr=self._theirs,
        )  # fmt: skip
        os.close(self._theirs)
        os.set_blocking(self._ours, False)
        asyncio.get_running_loop().add_reader(self._ours, self._read)
        self._more = asyncio.Event()
        return self

    def _read(self) -> None:
        try:
            self.seen += os.read(self._ours, 65536)
        except OSError:  # the other end is closed
            asyncio.get_running_loop().remove_reader(self._ours)
        self._more.set()

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    async def shows(self, text: str) -> None:
        async with asyncio.timeout(WAIT_S):
            while text.encode() not in self.seen:
                self._more.clear()
                await self._more.wait()

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._ours)
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()
        os.close(self._ours)


async def test_a_reply_comes_above_the_line_that_is_being_typed(tmp_path: Path) -> None:
    player = tmp_path / "aplay"
    player.write_text(f"#!/bin/sh\necho \"$@\" >> '{tmp_path}/played'\n")
    player.chmod(0o755)
    async with Terminal("--play", cwd=tmp_path, PATH=str(tmp_path)) as terminal:
        await terminal.shows("you:")
        terminal.type("/speak Aria Hello everyone\r")
        await terminal.shows("Working on it")
        terminal.type("/bal")
        await terminal.shows("Aria-Hello-everyone.wav")
        await terminal.shows("left today")
        terminal.type("ance\r")
        await terminal.shows("You have")
        terminal.type("\x04")
        await terminal.shows("They balance")
        assert await terminal.process.wait() == 0
    assert (tmp_path / "played").read_text() == "--quiet out/01-Aria-Hello-everyone.wav\n"
    said = terminal.seen.decode()
    assert "logs goes to out/troubadour.log" in said
    assert "INFO" not in said
    assert "INFO" in (tmp_path / "out" / "troubadour.log").read_text()
