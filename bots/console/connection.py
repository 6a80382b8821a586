"""The sources of lines: a script, or the keyboard."""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from bots.console.screen import Screen
from bots.console.script import Line, read_line

YOU = "you"
QUIT = frozenset({"/quit", "/exit"})


async def written(lines: Sequence[Line], screen: Screen) -> AsyncIterator[Line]:
    """Yield a script's lines, showing each on the screen."""
    for line in lines:
        screen.said(line.speaker, line.text)
        yield line


async def typed(screen: Screen) -> AsyncIterator[Line]:
    """Yield typed lines until /quit or the end of input, showing them where the terminal doesn't."""
    echo = not sys.stdin.isatty()
    async for line in read(lambda: _ask(screen, prompt=not echo)):
        if echo:
            screen.said(line.speaker, line.text)
        yield line
    screen.plain()


async def read(ask: Callable[[], Awaitable[str | None]]) -> AsyncIterator[Line]:
    """Yield lines until /quit or the end of input; a line without `name:` is by "you", an admin."""
    while (text := await ask()) is not None and text not in QUIT:
        if text:
            yield _line(text)


def _line(text: str) -> Line:
    named = None if text.startswith("/") else read_line(text)
    return named or Line(YOU, is_admin=True, text=text)


async def _ask(screen: Screen, *, prompt: bool) -> str | None:
    """Read a line in a thread; a daemon thread, since a pending read can't be interrupted when the demo ends."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[str | None] = loop.create_future()

    def read() -> None:
        line = sys.stdin.readline()
        if not loop.is_closed():
            loop.call_soon_threadsafe(_resolve, answer, line.strip() if line else None)

    if prompt:
        screen.ask()
    threading.Thread(target=read, name="keyboard", daemon=True).start()
    try:
        return await answer
    finally:
        screen.asked()


def _resolve(answer: asyncio.Future[str | None], line: str | None) -> None:
    if not answer.done():
        answer.set_result(line)
