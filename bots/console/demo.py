"""`troubadour demo`: the whole service in a terminal, with a simulated gateway and a temporary database."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterable, Sequence
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from prompt_toolkit.patch_stdout import patch_stdout

from bots.app import logs
from bots.app.compose import build
from bots.app.environment import load
from bots.app.fields import LogLevel
from bots.app.settings import SANDBOX, Settings
from bots.console.connection import read, typed, written
from bots.console.delivery import Outcome
from bots.console.identity import locale
from bots.console.live_screen import LiveScreen
from bots.console.output_folder import Kept, OutputFolder
from bots.console.platform import Console
from bots.console.player import Playback
from bots.console.screen import Screen
from bots.console.script import Line, read_script
from bots.text import terminal_replies
from bots.text.locale import N_, _, speaking
from bots.text.wording import money
from core.domain.errors import ConfigurationError
from storage.books import Audit
from storage.engines import audit_of

LOG, HISTORY = "troubadour.log", ".history"
"""Beside the audio."""
JOB_S = 120
"""Deadline for a job, and for its time in the queue."""
OWNER = "console:owner"
"""The member named "owner" is the bot's owner."""

WELCOME = N_(
    "A chat in this terminal. Gateway and audio are simulated; nothing leaves this machine and nothing is paid."
)
HOW = N_(
    "Try /speak Aria Hello everyone, or /music lo-fi rain beat, or /help. You are an admin. Begin a line with a name, "
    "as in\nbob: /balance, to speak as a member. /quit or Ctrl-D ends."
)
TAB = N_("TAB completes commands and voices.")


async def demo(*, script: Path | None, out: Path, plays: bool = False) -> int:
    """Run a script or an interactive chat; return 0 if every accepted order was delivered and the books balance.

    In a terminal, the chat has a line with history and completion. The program's own lines go to a file.

    Raises ConfigurationError if the script can't be read or `out` can't be written, OSError if stdout is closed.
    """
    logging.getLogger("troubadour.sandbox").setLevel(logging.ERROR)  # the welcome says the same as its warning
    for stream in (sys.stdin, sys.stdout):
        if isinstance(stream, TextIOWrapper):  # an unencodable character must not end the chat
            stream.reconfigure(errors="replace")
    script_lines = None if script is None else read_script(script)
    output = OutputFolder(out)
    is_live = script is None and _is_terminal()
    log_to(out / LOG, LogLevel.INFO if is_live else LogLevel.WARNING)
    if is_live:
        with patch_stdout(raw=True):  # what is written goes above the line being typed
            live = LiveScreen(sys.stdout, out / HISTORY)
            with speaking(locale()):
                live.plain(f"{_(WELCOME)}\n{_(HOW)}\n{_(TAB)} {terminal_replies.log_goes_to(out / LOG)}")
            return await _converse(live, read(live.read), output, in_turn=False, plays=plays)
    screen = Screen(sys.stdout)
    with speaking(locale()):
        screen.plain(f"{_(WELCOME)}\n{_(HOW)}" if script_lines is None else _(WELCOME))
        screen.plain(terminal_replies.log_goes_to(out / LOG))
    lines = typed(screen) if script_lines is None else written(script_lines, screen)
    return await _converse(screen, lines, output, in_turn=script is not None, plays=plays)


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def log_to(path: Path, level: LogLevel) -> None:
    """Log to a file from now on. Raises ConfigurationError."""
    try:
        logs.configure_quietly(level, path)
    except OSError as error:
        raise ConfigurationError(f"The log {path} can't be written: {error.strerror}.") from error


async def _converse(
    screen: Screen, lines: AsyncIterable[Line], output: OutputFolder, *, in_turn: bool, plays: bool
) -> int:
    """Hold a conversation and report on it; return the exit status."""
    over = asyncio.Event()
    console = Console(lines, screen, output, in_turn=in_turn, over=over, deadline_s=3 * JOB_S)
    with speaking(locale()):
        console.playback = Playback(screen.aside) if plays else None
    with TemporaryDirectory(prefix="troubadour-demo-") as folder:
        settings = throw_away(Path(folder))
        async with build(settings, {console.name: console}) as app:
            await app.run(over)
        books = await audit_of(settings.database)
    with speaking(locale()):
        report(screen, output.kept, console.outcome, books)
    if console.playback:
        await console.playback.close()
    if screen.failure:
        raise screen.failure
    return 0 if console.outcome.finished and not console.outcome.failed and books.balance else 1


SPEECH_LIMIT = 400
"""Characters of one request: less than the gateway takes, so that a text of some lines is a long one."""


def throw_away(folder: Path) -> Settings:
    """Return the demo's settings, independent of the environment and `.env`."""
    defaults: dict[str, Any] = {name: field.get_default() for name, field in Settings.model_fields.items()}
    chosen = {"gateway_url": SANDBOX, "data_dir": folder, "http_port": 0, "job_s": JOB_S, "queue_s": JOB_S}
    chosen |= {"speech_limit": SPEECH_LIMIT}
    return load(_env_file=None, **{**defaults, **chosen, "communities": "open", "owners": (OWNER,)})


def report(screen: Screen, files: Sequence[Kept], outcome: Outcome, books: Audit) -> None:
    """Show the audio files, what each member was charged, and whether the books balance."""
    parts = {
        _("Audio"): [_described(file) for file in files],
        _("Charged"): [f"{name}: {money(micros)}" for name, micros in outcome.charged_micros.items()],
        _("Books"): books.findings,
    }
    if outcome.failed:
        parts[_("Orders that ended without audio")] = [str(outcome.failed)]
    for heading, lines in parts.items():
        screen.heading(heading)
        for line in lines or [_("none")]:
            screen.line(line)


def _described(file: Kept) -> str:
    probe, size_kb = file.artifact.probe, file.artifact.size_bytes / 1000
    return f"{file.path}  {probe.kind}  {probe.duration_ms / 1000:.1f} s  {size_kb:.0f} kB"
