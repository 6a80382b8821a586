"""What each command of the command line does; a command imports what it alone needs."""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from bots.app import logs
from bots.app.compose import WallClock, presences, serve
from bots.app.environment import load, read
from bots.app.fields import LogLevel
from bots.app.roles import Part
from bots.app.settings import SANDBOX, address_of
from bots.app.values import catalog_of, pace_of
from bots.cli import check, textfile
from bots.cli.parser import parser
from core.domain.errors import ConfigurationError, StoreBusy, StoreError
from core.domain.troubles import Troubles
from core.engine.meters import Meters
from core.engine.previews import Previews
from core.engine.sessions import Sessions
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

NICE = 10
"""How much lower than a running service's is the priority of what looks at a whole database."""

Command = Callable[[argparse.Namespace], Coroutine[Any, Any, int]]
"""Returns the exit status. Raises ConfigurationError, StoreError."""


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
    from bots.cli.init import Setup
    from bots.cli.terminal import Terminal

    logs.configure_quietly()
    given = {name: getattr(options, name) for name in ("discord_token", "telegram_token", "gateway_key")}
    given |= {"gateway_url": SANDBOX} if options.sandbox else {}
    terminal = Terminal(agrees=options.yes)
    return await Setup(options.file, terminal, {name: value for name, value in given.items() if value}).run()


async def _completion(options: argparse.Namespace) -> int:
    from bots.cli.completion import completion

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
    from bots.cli.communities import decide

    if (options.action == "list") != (not options.key):
        raise ConfigurationError("Write troubadour communities, or troubadour communities approve KEY, or decline KEY.")
    clock, settings = WallClock(), load()
    rules: dict[str, Any] = {"communities": settings.communities, "allowed": settings.communities_allowed}
    opening = admin_of(_database(), clock, settings.default_pool_micros, **rules)
    async with presences(settings, options.key) as there:
        print(await decide(opening, clock, options.action, options.key, presences=there, table=catalog_of(settings)))
    return 0


async def _console_link(options: argparse.Namespace) -> int:
    from bots.cli.console_link import keep_link, leave_link, whom

    settings, clock = load(), WallClock()
    member = await whom(settings, options.member, reading_of(settings.database, clock, None, None))
    database = _database()
    if isinstance(database, Path):  # which the running service has to itself
        link = leave_link(settings, clock, member)
    else:
        async with sessions_of(database, clock) as store:
            link = await keep_link(Sessions(store, clock, str(settings.console_url)), member)
    print(f"{link}\nIt lets whoever opens it in as {member}, once, within ten minutes.")
    return 0


async def _why(options: argparse.Namespace) -> int:
    from bots.cli.why import explain

    settings = load()
    rules: dict[str, Any] = {"communities": settings.communities, "allowed": settings.communities_allowed}
    opening = reading_of(_database(), WallClock(), settings.default_pool_micros, settings.total_pool_micros, **rules)
    print(await explain(opening, settings, options.community, options.member.removeprefix("@"), options.channel))
    return 0


async def _job(options: argparse.Namespace) -> int:
    from bots.cli.job import traced

    print(await traced(traces_of(_database()), options.job, as_json=options.json))
    return 0


async def _previews(options: argparse.Namespace) -> int:
    from bots.app.artifacts import artifacts_of
    from bots.app.generating import generating
    from bots.cli.previews import BUSY, previews

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
    from bots.cli.backups import KEEP, Backups

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
    from bots.cli.restore import restore
    from bots.cli.terminal import Terminal

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
        raise ConfigurationError(
            f"There is no database at {database}: put the DATA_DIR or DATABASE_URL of the service."
        )
    return database


COMMANDS: Mapping[str, Command] = {
    "run": _run,
    "demo": _demo,
    "sandbox": _sandbox,
    "check": _check,
    "init": _init,
    "completion": _completion,
    "ledger": _ledger,
    "communities": _communities,
    "console-link": _console_link,
    "why": _why,
    "job": _job,
    "previews": _previews,
    "backup": _backup,
    "restore": _restore,
    "migrate-store": _migrate_store,
}
"""By the name that is typed."""
