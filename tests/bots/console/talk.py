"""Conversations in the terminal."""

import asyncio
import io
from pathlib import Path

from bots.app.compose import build
from bots.console import demo
from bots.console.connection import written
from bots.console.output_folder import OutputFolder
from bots.console.platform import Console
from bots.console.screen import Screen
from bots.console.script import Line
from tests.waiting import WAIT_S


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
    console = Console(written(lines, screen), screen, output, in_turn=True, over=over, deadline_s=WAIT_S)
    async with build(demo.throw_away(folder), {console.name: console}) as app, asyncio.timeout(WAIT_S):
        await app.run(over)
    return screen.answers
