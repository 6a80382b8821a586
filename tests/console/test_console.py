"""The console inside this process, where a deadline can be short."""

import asyncio
import io
from pathlib import Path

from bots.app import build
from bots.console.demo import throw_away, written
from bots.console.platform import Console
from bots.console.screen import Screen
from bots.console.script import Line
from bots.console.shelf import Shelf

ENDLESS = Line("ann", is_admin=False, text="/speak [[fault:endless]] Hello")


async def test_an_order_that_does_not_end_ends_the_conversation_and_is_no_success(tmp_path: Path) -> None:
    out, over = io.StringIO(), asyncio.Event()
    screen, shelf = Screen(out), Shelf(tmp_path / "out")
    lines = written([ENDLESS, Line("bob", is_admin=False, text="/balance")], screen)
    console = Console(lines, screen, shelf, in_turn=True, over=over, deadline_s=0.2)
    async with build(throw_away(tmp_path), {console.name: console}) as app, asyncio.timeout(20):
        await app.run(over)
    assert not console.outcome.finished
    assert "Not every order ended within" in out.getvalue()
    assert "bob" not in out.getvalue()
    assert shelf.kept == []
