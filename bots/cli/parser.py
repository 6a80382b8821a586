"""The command line: its commands and their arguments."""

import argparse
import re
from collections.abc import Callable
from pathlib import Path

from bots.app.metrics import release
from bots.app.roles import Role
from core.domain.refusals import InvalidInput
from core.domain.spans import read_span_ms

MINUTE_S = 60


def _number(of: str, such_as: int) -> Callable[[str], int]:
    """Return what reads a number of something."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[1-9][0-9]{0,4}", text, re.ASCII):
            told = f"{text!r} is no number of {of}: write one from 1 to 99999, such as {such_as}"
            raise argparse.ArgumentTypeError(told)
        return int(text)

    return read


def _interval(text: str) -> float:
    try:
        span_s = read_span_ms(text) / 1000
    except InvalidInput:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write such as 30m, 6h or 1d") from None
    if span_s < MINUTE_S:
        raise argparse.ArgumentTypeError(f"{text!r} is too often: write 1m or more, such as 6h")
    return span_s


Add = Callable[[str, str], argparse.ArgumentParser]
"""Adds a command by its name and what it does."""


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    top = argparse.ArgumentParser(prog="troubadour", description="Voice and music for the chats people already use.")
    top.add_argument("--version", action="version", version=f"%(prog)s {release() or 'that is not installed'}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text)

    _add_running(add)
    _add_configuring(add)
    _add_operating(add)
    _add_keeping(add)
    shell = add("completion", "print what completes this command line in a shell")
    shell.add_argument("shell", choices=["bash", "zsh", "tcsh"], help="which one")
    return top


def _add_running(add: Add) -> None:
    """Describe what runs until it is stopped."""
    run = add("run", "run the service, or some part of it")
    run.add_argument(
        "--roles",
        default=",".join(Role),
        help="bot talks with the chats, worker carries orders, web answers over HTTP (%(default)s)",
    )
    run.add_argument("--shards", help="Discord's shards of this process, such as 0-7/32 (all)")
    demo = add("demo", "a chat in this terminal, with simulated audio: no tokens, no network")
    demo.add_argument(
        "--script", type=Path, help="read the messages from a file: `name: text`, `@name: text` for an admin"
    )
    demo.add_argument("--out", type=Path, default=Path("demo-audio"), help="where the audio files go (%(default)s)")
    demo.add_argument("--play", action="store_true", help="play the audio files, too, with a player on the PATH")
    sandbox = add("sandbox", "a local gateway with simulated audio")
    sandbox.add_argument("--port", type=int, default=8787, help="where to listen (%(default)s)")
    sandbox.add_argument("--host", default="127.0.0.1", help="where to listen (%(default)s)")
    sandbox.add_argument("--key", help="the only key to accept (default: any)")
    sandbox.add_argument("--seconds", type=float, default=2.0, help="how long a job takes (%(default)s)")
    sandbox.add_argument("--fault", help="a fault for every request; `--fault list` lists them")


def _add_configuring(add: Add) -> None:
    """Describe what writes and checks the settings."""
    first = add("init", "ask for what is needed, try it, and write it into .env")
    first.add_argument("--discord-token", metavar="TOKEN", help="from the developer portal, your application, Bot")
    first.add_argument("--telegram-token", metavar="TOKEN", help="from @BotFather")
    first.add_argument("--gateway-key", metavar="KEY", help="your subscription key")
    first.add_argument("--sandbox", action="store_true", help="simulated audio, without a key")
    first.add_argument("--yes", action="store_true", help="replace the bot's texts on Telegram without asking")
    first.add_argument("--file", type=Path, default=Path(".env"), help="where the settings go (%(default)s)")
    check_command = add("check", "say what is misconfigured")
    check_command.add_argument("--live", action="store_true", help="ask the chats and the gateway, too")
    check_command.add_argument(
        "--community", default="", metavar="KEY", help="also what the bot may do there, such as in telegram:-100123"
    )


def _add_operating(add: Add) -> None:
    """Describe what looks into what is stored, and decides about it."""
    ledger = add("ledger", "check the books, or write every entry as CSV")
    ledger.add_argument(
        "action",
        choices=["verify", "export"],
        help="verify: say whether the books balance (exit status 1 if they do "
        "not, 2 if they can't be read); export: write every entry",
    )
    ledger.add_argument(
        "--days",
        type=_number("days", 7),
        metavar="N",
        help="verify only what changed in the last N days, and say so (default: all)",
    )
    ledger.add_argument(
        "--textfile", type=Path, metavar="FILE", help="verify: leave what came of it to Prometheus, too"
    )
    communities = add("communities", "list communities, approve or decline one")
    communities.add_argument(
        "action", nargs="?", default="list", choices=["list", "approve", "decline"], help="what to do (%(default)s)"
    )
    communities.add_argument("key", nargs="?", default="", help="such as telegram:-100123")
    link = add("console-link", "print a link that lets an operator into the console, once")
    link.add_argument("member", nargs="?", default="", help="such as telegram:5678 (the owner)")
    why = add("why", "say why a member can't order in a community, and what to change")
    why.add_argument("community", metavar="COMMUNITY", help="its key, such as telegram:-100123")
    why.add_argument("member", metavar="MEMBER", help="a key, such as telegram:5678, or an @name")
    why.add_argument("--channel", metavar="KEY", help="in that channel or topic (default: one where orders are taken)")
    job = add("job", "tell all that is recorded of one job: its order, requests, deliveries and money")
    job.add_argument("job", metavar="ID", help="its id, the beginning of it, or the gateway's request id")
    job.add_argument("--json", action="store_true", help="write it as JSON, amounts in micros and times in ms")
    heard = add("previews", "list previews of voices, or make those that are missing, within PREVIEW_BUDGET")
    heard.add_argument("action", nargs="?", default="list", choices=["list", "make"], help="what to do (%(default)s)")
    heard.add_argument("languages", nargs="*", help="such as en de (en)")


def _add_keeping(add: Add) -> None:
    """Describe what copies, restores and moves the whole database."""
    copy = add("backup", "copy the database to a file, or to a folder again and again")
    copy.add_argument("file", type=Path, help="a new file; with --every, the folder of the copies")
    copy.add_argument("--every", type=_interval, metavar="TIME", help="copy at each interval, such as 6h, and verify")
    copy.add_argument(
        "--keep", type=_number("copies", 28), metavar="N", help="with --every: how many copies to keep (28)"
    )
    copy.add_argument("--textfile", type=Path, metavar="FILE", help="leave when it was made to Prometheus, too")
    back = add("restore", "put a copy in the place of the database, while the service is stopped")
    back.add_argument(
        "file", type=Path, nargs="?", help="made by backup; none on PostgreSQL, after pg_restore has loaded a dump"
    )
    back.add_argument("--yes", action="store_true", help="do it without asking")
    move_command = add("migrate-store", "move everything from SQLite to PostgreSQL, and prove it")
    move_command.add_argument("source", metavar="FROM", help="sqlite:///path of a database that no process uses")
    move_command.add_argument("target", metavar="TO", help="postgresql://… of an empty database")
