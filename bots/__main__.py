"""`python -m bots`, the console script `troubadour`."""

import argparse
import asyncio
import errno
import os
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bots.app import check, logs, textfile
from bots.app.compose import WallClock, presences, serve
from bots.app.fields import LogLevel
from bots.app.metrics import release
from bots.app.roles import Part, Role
from bots.app.settings import SANDBOX, address_of, load, read
from bots.app.values import catalog_of, pace_of
from core.domain.errors import ConfigurationError, StoreBusy, StoreError
from core.domain.refusals import InvalidInput
from core.domain.spans import read_span_ms
from core.domain.troubles import Troubles
from core.engine.meters import Meters
from core.engine.previews import Previews
from core.engine.sessions import Sessions
from core.files.private import UMASK
from storage.backup import backup
from storage.engines import (
    Address,
    admin_of,
    audit_of,
    export_of,
    move,
    previews_of,
    reach,
    reading_of,
    restoring,
    sessions_of,
    traces_of,
)  # fmt: skip
from storage.recent import Recent

OUTPUT = frozenset({errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What goes wrong with where the output goes."""
NICE = 10
"""How much lower than a running service's is the priority of what looks at a whole database."""

MINUTE_S = 60

Command = Callable[[argparse.Namespace], Awaitable[int]]


async def _run(options: argparse.Namespace) -> int:
    part = Part.parse(options.roles, options.shards)
    reading = read()
    logs.configure(reading.settings)
    await check.refuse(reading, reach, part.roles)
    return await serve(reading.settings, part)


async def _demo(options: argparse.Namespace) -> int:
    from bots.console.demo import demo

    logs.configure_quietly()
    return await demo(script=options.script, out=options.out, plays=options.play)


async def _sandbox(options: argparse.Namespace) -> int:
    from bots.sandbox.serve import serve_sandbox

    logs.configure_quietly(LogLevel.INFO)
    return await serve_sandbox(
        options.host, options.port, fault=options.fault, key=options.key, seconds=options.seconds
    )


async def _check(options: argparse.Namespace) -> int:
    is_live = options.live or bool(options.community)
    return await check.check(read(), sys.stdout, reach, is_live=is_live, community=options.community)


async def _init(options: argparse.Namespace) -> int:
    from bots.app.setup import Setup, Terminal

    logs.configure_quietly()
    given = {name: getattr(options, name) for name in ("discord_token", "telegram_token", "gateway_key")}
    given |= {"gateway_url": SANDBOX} if options.sandbox else {}
    terminal = Terminal(agrees=options.yes)
    return await Setup(options.file, terminal, {name: value for name, value in given.items() if value}).run()


async def _completion(options: argparse.Namespace) -> int:
    from bots.app.completion import completion

    print(completion(parser(), options.shell))
    return 0


async def _ledger(options: argparse.Namespace) -> int:
    os.nice(NICE)
    if sys.stdout is None:
        raise ConfigurationError("Standard output is closed, so there is nowhere to write to.")
    if options.action == "export":
        if options.textfile:
            raise ConfigurationError("--textfile goes with verify, as in: troubadour ledger verify --textfile FILE")
        await export_of(_database(), sys.stdout)
        return 0
    recent = None if options.days is None else Recent(options.days, WallClock().now_ms())
    books = await audit_of(_database(), recent)
    print("\n".join(books.findings))
    textfile.leave_books(options.textfile, balance=books.balance)
    return 0 if books.balance else 1


async def _communities(options: argparse.Namespace) -> int:
    from bots.app.communities import decide

    if (options.action == "list") != (not options.key):
        raise ConfigurationError("Write troubadour communities, or troubadour communities approve KEY, or decline KEY.")
    clock, settings = WallClock(), load()
    rules: dict[str, Any] = {"communities": settings.communities, "allowed": settings.communities_allowed}
    opening = admin_of(_database(), clock, settings.default_pool_micros, **rules)
    async with presences(settings, options.key) as there:
        print(await decide(opening, clock, options.action, options.key, presences=there, table=catalog_of(settings)))
    return 0


async def _console_link(options: argparse.Namespace) -> int:
    from bots.app.console_link import keep_link, leave_link, whom

    settings, clock = load(), WallClock()
    member = await whom(settings, options.member, reading_of(settings.database, clock, None, None))
    if isinstance(settings.database, Path):  # which the running service has to itself
        link = leave_link(settings, clock, member)
    else:
        async with sessions_of(settings.database, clock) as store:
            link = await keep_link(Sessions(store, clock, str(settings.console_url)), member)
    print(f"{link}\nIt lets whoever opens it in as {member}, once, within ten minutes.")
    return 0


async def _why(options: argparse.Namespace) -> int:
    from bots.app.reasons import explain

    settings = load()
    rules: dict[str, Any] = {"communities": settings.communities, "allowed": settings.communities_allowed}
    opening = reading_of(_database(), WallClock(), settings.default_pool_micros, settings.total_pool_micros, **rules)
    print(await explain(opening, settings, options.community, options.member.removeprefix("@"), options.channel))
    return 0


async def _job(options: argparse.Namespace) -> int:
    from bots.app.tracing import traced

    print(await traced(traces_of(_database()), options.job, as_json=options.json))
    return 0


async def _previews(options: argparse.Namespace) -> int:
    from bots.app.artifacts import artifacts_of
    from bots.app.generating import generating
    from bots.app.previews import BUSY, previews

    logs.configure_quietly()
    settings, clock = load(), WallClock()
    if options.action == "make" and not (settings.sandboxed or settings.gateway_key):
        raise ConfigurationError(check.NO_KEY)
    budget_micros, total_micros = settings.preview_budget_micros, settings.total_pool_micros
    table = catalog_of(settings)
    try:
        async with (
            previews_of(settings.database, clock, budget_micros, total_micros) as store,
            generating(settings) as (gateway, media),
            artifacts_of(settings, settings.previews, Meters(), Troubles()) as artifacts,
        ):
            made = Previews(
                store=store, gateway=gateway, media=media, artifacts=artifacts,
                catalog=table, clock=clock, pace=pace_of(settings, None),
            )  # fmt: skip
            return await previews(made, table.voices, options.languages or ["en"], print, make=options.action == "make")
    except StoreBusy:
        raise ConfigurationError(BUSY) from None


async def _backup(options: argparse.Namespace) -> int:
    from bots.app.backups import KEEP, Backups

    os.nice(NICE)
    database = _database()
    if not isinstance(database, Path):
        raise ConfigurationError("DATABASE_URL is PostgreSQL, whose own pg_dump makes backups while the service runs.")
    if options.every is not None:
        logs.configure(load())
        how: Any = {"copy": partial(backup, database), "verify": partial(_verified, options.textfile)}
        return await Backups(database, options.file, options.every, options.keep or KEEP, **how).run()
    if options.keep is not None:
        raise ConfigurationError("--keep goes with --every, as in: troubadour backup FOLDER --every 6h --keep 28")
    await asyncio.to_thread(backup, database, options.file)
    print(f"{options.file} holds a copy of the database.")
    textfile.leave_backup(options.textfile)
    return 0


async def _verified(told: Path | None, copy: Path) -> str:
    books = await audit_of(copy)
    if not books.balance:
        raise StoreError("\n".join(["the books of the database do not balance:", *books.findings]))
    textfile.try_leaving_backup(told)
    return books.holds


async def _restore(options: argparse.Namespace) -> int:
    from bots.app.restore import restore
    from bots.app.setup import Terminal

    logs.configure_quietly()
    database, terminal = load().database, Terminal(agrees=options.yes)
    source = str(options.file or "What is loaded in the database")
    opening = restoring(database, options.file, WallClock())
    return await restore(opening, source, terminal.say, terminal.agrees)


async def _migrate_store(options: argparse.Namespace) -> int:
    try:
        source, target = address_of(options.source), address_of(options.target)
    except ValueError as error:
        raise ConfigurationError(f"FROM and TO {error}.") from None
    moved = await move(source, target)
    width = max(map(len, moved))
    print("\n".join(f"{table:{width}} {rows:>12,}" for table, rows in moved.items()))
    print("Every row arrived, and the books balance. The file is as it was: set DATABASE_URL to the new database.")
    return 0


def _database() -> Address:
    database = load().database
    if isinstance(database, Path) and not database.exists():
        raise ConfigurationError(f"There is no database at {database}.")
    return database


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


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    top = argparse.ArgumentParser(prog="troubadour", description="Voice and music for the chats people already use.")
    top.add_argument("--version", action="version", version=f"%(prog)s {release() or 'that is not installed'}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Command, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        return command

    run = add("run", _run, "run the service, or some part of it")
    run.add_argument(
        "--roles",
        default=",".join(Role),
        help="bot talks with the chats, worker carries orders, web answers over HTTP (%(default)s)",
    )
    run.add_argument("--shards", help="Discord's shards of this process, such as 0-7/32 (all)")
    demo = add("demo", _demo, "a chat in this terminal, with simulated audio: no tokens, no network")
    demo.add_argument(
        "--script", type=Path, help="read the messages from a file: `name: text`, `@name: text` for an admin"
    )
    demo.add_argument("--out", type=Path, default=Path("demo-audio"), help="where the audio files go (%(default)s)")
    demo.add_argument("--play", action="store_true", help="play the audio files, too, with a player on the PATH")
    sandbox = add("sandbox", _sandbox, "a local gateway with simulated audio")
    sandbox.add_argument("--port", type=int, default=8787, help="where to listen (%(default)s)")
    sandbox.add_argument("--host", default="127.0.0.1", help="where to listen (%(default)s)")
    sandbox.add_argument("--key", help="the only key to accept (default: any)")
    sandbox.add_argument("--seconds", type=float, default=2.0, help="how long a job takes (%(default)s)")
    sandbox.add_argument("--fault", help="a fault for every request; `--fault list` lists them")
    first = add("init", _init, "ask for what is needed, try it, and write it into .env")
    first.add_argument("--discord-token", metavar="TOKEN", help="from the developer portal, your application, Bot")
    first.add_argument("--telegram-token", metavar="TOKEN", help="from @BotFather")
    first.add_argument("--gateway-key", metavar="KEY", help="your subscription key")
    first.add_argument("--sandbox", action="store_true", help="simulated audio, without a key")
    first.add_argument("--yes", action="store_true", help="replace the bot's texts on Telegram without asking")
    first.add_argument("--file", type=Path, default=Path(".env"), help="where the settings go (%(default)s)")
    check_command = add("check", _check, "say what is misconfigured")
    check_command.add_argument("--live", action="store_true", help="ask the chats and the gateway, too")
    check_command.add_argument(
        "--community", default="", metavar="KEY", help="also what the bot may do there, such as in telegram:-100123"
    )
    _add_store_commands(add)
    shell = add("completion", _completion, "print what completes this command line in a shell")
    shell.add_argument("shell", choices=["bash", "zsh", "tcsh"], help="which one")
    return top


def _add_store_commands(add: Callable[[str, Command, str], argparse.ArgumentParser]) -> None:
    """Describe the commands that look into what is stored, or change it."""
    ledger = add("ledger", _ledger, "check the books, or write every entry as CSV")
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
    communities = add("communities", _communities, "list communities, approve or decline one")
    communities.add_argument(
        "action", nargs="?", default="list", choices=["list", "approve", "decline"], help="what to do (%(default)s)"
    )
    communities.add_argument("key", nargs="?", default="", help="such as telegram:-100123")
    link = add("console-link", _console_link, "print a link that lets an operator into the console, once")
    link.add_argument("member", nargs="?", default="", help="such as telegram:5678 (the owner)")
    why = add("why", _why, "say why a member can't order in a community, and what to change")
    why.add_argument("community", metavar="COMMUNITY", help="its key, such as telegram:-100123")
    why.add_argument("member", metavar="MEMBER", help="a key, such as telegram:5678, or an @name")
    why.add_argument("--channel", metavar="KEY", help="in that channel or topic (default: one where orders are taken)")
    job = add("job", _job, "tell all that is recorded of one job: its order, requests, deliveries and money")
    job.add_argument("job", metavar="ID", help="its id, the beginning of it, or the gateway's request id")
    job.add_argument("--json", action="store_true", help="write it as JSON, amounts in micros and times in ms")
    heard = add("previews", _previews, "list previews of voices, or make those that are missing, within PREVIEW_BUDGET")
    heard.add_argument("action", nargs="?", default="list", choices=["list", "make"], help="what to do (%(default)s)")
    heard.add_argument("languages", nargs="*", help="such as en de (en)")
    copy = add("backup", _backup, "copy the database to a file, or to a folder again and again")
    copy.add_argument("file", type=Path, help="a new file; with --every, the folder of the copies")
    copy.add_argument("--every", type=_interval, metavar="TIME", help="copy at each interval, such as 6h, and verify")
    copy.add_argument(
        "--keep", type=_number("copies", 28), metavar="N", help="with --every: how many copies to keep (28)"
    )
    copy.add_argument("--textfile", type=Path, metavar="FILE", help="leave when it was made to Prometheus, too")
    back = add("restore", _restore, "put a copy in the place of the database, while the service is stopped")
    back.add_argument(
        "file", type=Path, nargs="?", help="made by backup; none on PostgreSQL, after pg_restore has loaded a dump"
    )
    back.add_argument("--yes", action="store_true", help="do it without asking")
    move_command = add("migrate-store", _migrate_store, "move everything from SQLite to PostgreSQL, and prove it")
    move_command.add_argument("source", metavar="FROM", help="sqlite:///path of a database that no process uses")
    move_command.add_argument("target", metavar="TO", help="postgresql://… of an empty database")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status."""
    options = parser().parse_args(arguments)
    os.umask(UMASK)
    try:
        status: int = asyncio.run(options.run(options))
        if sys.stdout:
            sys.stdout.flush()
    except (ConfigurationError, StoreError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if error.errno not in OUTPUT or error.filename is not None:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or else the interpreter complains at its end
        if error.errno != errno.EPIPE:  # somebody reads only the beginning, as `| head` does
            print(f"The output can't be written: {error.strerror}.", file=sys.stderr)
        return 2
    return status


if __name__ == "__main__":
    sys.exit(main())
