"""How long the console's pages take beside orders, and the orders beside pages, with a long past.

The past is a million finished jobs in 10,000 communities, one of them with 10,000 members. 50 orders a second come in
and are carried to their ends: first alone, then while visitors who have never been there open page after page, each
with its own community and member; nothing was read before. A page's time is the server's own, from the request to the
whole answer.
"""

import asyncio
import os
import random
import shutil
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from benchmarks.core_rig import Core, running
from benchmarks.fakes import CHAT, FakeGateway
from benchmarks.fill import JOBS_OF_MEMBER, into_postgres
from benchmarks.harness import Aim, Benchmark, Figures, Row, Side, Watch, ranked
from benchmarks.orders import caller
from benchmarks.rows.beside import PER_S, steady
from bots.app.compose import WallClock
from bots.web.console.app import PAGES, console_app
from bots.web.console.visit import Console
from bots.web.door import Door
from core.domain.attested import Attested
from core.domain.people import Caller
from core.domain.sessions import Visitor
from core.engine.pace import Pace
from core.engine.sessions import Sessions
from core.files.artifacts import ArtifactFolder
from storage.driver import Statement
from storage.overview import SqlOverview
from storage.sessions import SqlSessions

WITHIN = "console"
PAGES_PER_S = 10
_PAST = {"jobs": 1_000_000, "communities": 10_000, "together": 10_000}
_SMALL = {"jobs": 10_000, "communities": 100, "together": 100}
VISITORS = 40
FILES = (".csv", ".json")
"""What is downloaded whole, up to 20,000 rows of it."""
MORE = ("/c/{community}/members?like=99", "/c/{community}/usage?period=day", "/operator/communities?like=9999")
"""Pages that are asked for something else, too."""


def _side(*, postgres: bool) -> Side:
    options, quick = {**_PAST, "seconds": 30.0}, {**_SMALL, "seconds": 3.0}
    return Side(run="benchmarks.rows.console:pages", options=options, quick=quick, postgres=postgres, limit_s=900)


def _rows(side: str) -> list[Row]:
    return [
        Row(
            what=f"slowest of the console's pages, p99, {side}",
            side=side,
            figure="page_p99_ms",
            unit="ms",
            aim=Aim(100, "ms"),
        ),
        Row(what=f"admission p99 beside pages / alone, {side}", side=side, figure="ratio", unit="x", aim=Aim(1.2, "x")),
        Row(what=f"slowest of the console's files, p99, {side}", side=side, figure="file_p99_ms", unit="ms"),
        Row(what=f"admission p99 beside pages, {side}", side=side, figure="p99_ms", unit="ms"),
    ]


BENCHMARK = Benchmark(
    name="console",
    rounds=3,
    prepare=Side(
        run="benchmarks.fill:past",
        options={**_PAST, "within": [WITHIN]},
        quick=_SMALL,
        limit_s=600,
    ),
    sides={"SQLite": _side(postgres=False), "PostgreSQL": _side(postgres=True)},
    rows=[*_rows("SQLite"), *_rows("PostgreSQL")],
)


class Everybody:
    """A chat whose members are all admins of all communities."""

    async def attest(self, community: str, member: str) -> Attested | None:
        """Say that they are."""
        return Attested(Caller(platform=CHAT, community=community, member=member, name=member, is_admin=True))


@dataclass
class Visiting:
    """Visitors of the console, and how long each of its pages took them."""

    port: int
    sessions: Sessions
    members: int
    communities: int
    together: int
    dice: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - no secret
    cookies: list[tuple[Visitor, str]] = field(default_factory=list)

    async def sign_in(self) -> None:
        """Let visitors in; the first runs the bot."""
        for number in range(VISITORS):
            who = caller(number)
            visitor = Visitor(member=who.member, name=who.name)
            link = await self.sessions.link_for(visitor)
            self.cookies.append((visitor, str(await self.sessions.begin(link.rpartition("/")[2]))))

    async def browse(self, seconds: float) -> None:
        """Open page after page at a steady rate. Raises RuntimeError for one that is not shown."""
        routes = [route.removeprefix("GET ") for route in PAGES if route.startswith("GET ") and "{job}" not in route]
        paths = [path for path in (*routes, *MORE) if not path.endswith("/live")]
        loop, count = asyncio.get_running_loop(), round(seconds * PAGES_PER_S)
        begun_s = loop.time()
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as browser:
            for number in range(count):
                await asyncio.sleep(max(0, begun_s + number / PAGES_PER_S - loop.time()))
                await self._open(browser, paths[number % len(paths)], number // len(paths))

    async def _open(self, browser: aiohttp.ClientSession, path: str, turn: int) -> None:
        _, secret = self.cookies[0 if path.startswith("/operator") else turn % VISITORS]
        first, last = (self.together, self.members) if turn % 2 else (0, self.together)
        member = self.dice.randrange(first, last)
        community = max(0, member - self.together) * self.communities // (self.members - self.together)
        whose = {"community": f"{CHAT}:{community}", "member": f"{CHAT}:m{member}"}
        url = f"http://127.0.0.1:{self.port}{path.format(**whose)}"
        async with browser.get(url, cookies={"session": secret}, headers={"X-Page": path}) as answer:
            await answer.read()
            if answer.status not in {200, 404}:
                raise RuntimeError(f"{path}: {answer.status}")


async def pages(
    *, folder: str, shared: str, jobs: int, communities: int, together: int, seconds: float, postgres: str = ""
) -> Figures:
    """Order at a steady rate, alone and then beside pages."""
    where = Path(folder) / WITHIN
    await asyncio.to_thread(shutil.copytree, Path(shared) / WITHIN, where)
    if postgres:
        async with running(str(where), FakeGateway(), postgres=postgres):
            pass  # for the tables
        await into_postgres(where, postgres)
    await asyncio.to_thread(os.sync)  # a past has been on the disk for long
    async with AsyncExitStack() as stack:
        core = await stack.enter_async_context(running(str(where), FakeGateway(), pace=Pace(), postgres=postgres))
        sessions = Sessions(SqlSessions(core.driver), WallClock(), "http://127.0.0.1")
        took_ms: dict[str, list[float]] = defaultdict(list)
        port = await stack.enter_async_context(_console(core, where, sessions, took_ms))
        visiting = Visiting(port, sessions, jobs // JOBS_OF_MEMBER, communities, together)
        await visiting.sign_in()
        orders = round(seconds * PER_S)
        await steady(core, 2 * PER_S)
        alone_ms = await steady(core, orders, first=2 * PER_S)
        with Watch() as watch:
            beside_ms, _ = await asyncio.gather(
                steady(core, orders, first=2 * PER_S + orders), visiting.browse(seconds)
            )
    p99_ms, by_page = ranked(beside_ms, 0.99), {path: ranked(found, 0.99) for path, found in took_ms.items()}
    files, shown = (
        [ms for path, ms in by_page.items() if path.endswith(FILES) is is_file] for is_file in (True, False)
    )
    figures = {"ratio": p99_ms / ranked(alone_ms, 0.99), "p99_ms": p99_ms, "page_p99_ms": max(shown)}
    figures["file_p99_ms"] = max(files)
    return watch.figures(len(beside_ms), **figures, **{f"{path} p99_ms": ms for path, ms in by_page.items()})


@asynccontextmanager
async def _console(
    core: Core, folder: Path, sessions: Sessions, took_ms: Mapping[str, list[float]]
) -> AsyncIterator[int]:
    """Yield the port at which it listens."""
    claim = "INSERT INTO owners (member, name, at_ms) VALUES (:member, 'operator', 0) ON CONFLICT DO NOTHING"
    await core.driver.run([Statement(claim, {"member": caller(0).member})])
    app = console_app(
        Console(
            service=core.service,
            sessions=sessions,
            attesting=Everybody(),
            overview=SqlOverview(core.driver, sessions.clock, core.store),
            artifacts=ArtifactFolder(folder / "spool"),
            platforms={},
            wrong=_nothing,
            troubles=tuple,
            total_left=core.store.total_left,
            settings={},
        )
    )
    app.middlewares.insert(0, _timed(took_ms))
    door = Door(app, "127.0.0.1", 0, "CONSOLE")
    await door.start()
    yield door.port
    await door.stop()


def _timed(took_ms: Mapping[str, list[float]]) -> Middleware:
    @web.middleware
    async def timed(request: web.Request, handler: Handler) -> web.StreamResponse:
        begun_s = perf_counter()
        response = await handler(request)
        took_ms[request.headers["X-Page"]].append(1000 * (perf_counter() - begun_s))
        return response

    return timed


async def _nothing() -> Mapping[str, str]:
    return {}
