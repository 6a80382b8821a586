"""No page of the console reads a table that grows without a limit or an index, on either engine: the planner says so."""

import json
import re
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bots.web.console.app import PAGES, Page
from bots.web.console.visit import Visit
from storage.driver import Driver, Statement
from storage.postgres import PostgresDriver
from storage.sqlite import SqliteDriver
from tests.bots.discord.studio import Studio
from tests.bots.web.console.house import House, here, opened, seen_by_all
from tests.worlds.postgres import Server

GROWS = {"jobs", "generations", "deliveries", "ledger", "ledger_notes", "usage", "audit"}
TAKES_ALL = {"Sort", "Aggregate", "Hash"}
"""Nodes of PostgreSQL's plans that read all of what is beneath them before they give anything."""
looking: ContextVar[list[Statement] | None] = ContextVar("looking", default=None)


def watched(seen: list[Statement]) -> dict[str, Page]:
    """Return the pages; what each of them reads is noted."""

    def noting(page: Page) -> Page:
        async def noted(visit: Visit) -> Any:
            looking.set(seen)
            return await page(visit)

        return noted

    return {route: noting(page) for route, page in PAGES.items()}


def recording(run: Callable[..., Any]) -> Callable[..., Any]:
    async def recorded(driver: Driver, what: Statement | Sequence[Statement], **more: Any) -> Any:
        if (seen := looking.get()) is not None:
            seen.extend([what] if isinstance(what, Statement) else what)
        return await run(driver, what, **more)

    return recorded


async def look_everywhere(house: House) -> None:
    """Let something happen, and open every page as somebody who may see it."""
    await seen_by_all(house)
    await house.ordered()
    routes = [route.removeprefix("GET ") for route in PAGES if route.startswith("GET ")]
    carol = await house.visit(house.carol)
    house.band.add(house.carol, "administrator")
    for path in routes:
        if "{job}" not in path and not path.endswith("/live"):  # which looks as its page does
            member = f"telegram:{house.bob.id}"
            seen = await carol.open(path.format(community=here(house).removeprefix("/c/"), member=member))
            assert seen.status in {200, 404}, (path, seen.words)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
async def test_every_page_reads_by_an_index_or_up_to_a_limit(
    engine: str, studio: Studio, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes: dict[str, Any] = {}
    if engine == "postgres":
        server: Server = request.getfixturevalue("postgres")
        changes["database_url"] = SecretStr(await server.ready())
    seen: list[Statement] = []
    monkeypatch.setattr("bots.web.console.app.PAGES", watched(seen))
    for kind in (SqliteDriver, PostgresDriver):
        for name in ("run", "read"):
            monkeypatch.setattr(kind, name, recording(getattr(kind, name)))
    async with opened(studio, tmp_path, **changes) as house:
        await look_everywhere(house)
        by_text = {each.sql: each for each in seen if each.sql.lstrip().startswith(("SELECT", "WITH"))}
        driver = house.app.service.sessions.store._driver  # type: ignore[union-attr]
        explains = {"sqlite": sqlite_trouble, "postgres": postgres_trouble}[engine]
        troubles = [trouble for each in by_text.values() for trouble in await explains(driver, each)]
    assert len(by_text) > 20
    assert troubles == []


async def sqlite_trouble(driver: Driver, query: Statement) -> list[str]:
    (rows,) = await driver.run([Statement(f"EXPLAIN QUERY PLAN {query.sql}", query.args)])
    names = dict(re.findall(r"(\w+) AS (\w+)", query.sql))
    of = {alias: table for table, alias in names.items()}
    found = []
    for row in rows:
        scan = re.match(r"SCAN (\w+)(.*)", row["detail"])
        if scan and of.get(scan[1], scan[1]) in GROWS and not ("USING" in scan[2] and "LIMIT" in query.sql):
            found.append(f"{row['detail']}: {query.sql}")
    return found


async def postgres_trouble(driver: Driver, query: Statement) -> list[str]:
    # In a table of a few rows everything is cheap: what is asked is whether there is a way by an index.
    dear = [Statement(f"SET LOCAL enable_{way} = off") for way in ("seqscan", "bitmapscan", "hashjoin", "mergejoin")]
    *_, partial, (row,) = await driver.run(
        [
            *dear,
            Statement("SELECT indexname FROM pg_indexes WHERE indexdef LIKE '% WHERE %'"),
            Statement(f"EXPLAIN (FORMAT JSON) {query.sql}", query.args),
        ]
    )
    (explained,) = json.loads(next(iter(row)))
    some = {each["indexname"] for each in partial}
    return [f"{trouble}: {query.sql}" for trouble in _unbounded(explained["Plan"], some, limited=False)]


def _unbounded(node: dict[str, Any], partial: set[str], *, limited: bool) -> list[str]:
    """Return the tables of a plan that are read whole."""
    limited = node["Node Type"] == "Limit" or (limited and node["Node Type"] not in TAKES_ALL)
    is_narrow = "Index Cond" in node or node.get("Index Name") in partial or "Recheck Cond" in node
    is_whole = node.get("Relation Name") in GROWS and not is_narrow
    bad = is_whole and (node["Node Type"] == "Seq Scan" or not limited)
    beneath = [found for each in node.get("Plans", ()) for found in _unbounded(each, partial, limited=limited)]
    return [f"{node['Node Type']} on {node.get('Relation Name')}", *beneath] if bad else beneath
