"""No page of the console reads a table that grows without a limit or an index, on either engine: the planner says so."""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bots.web.console.app import PAGES, Page
from bots.web.console.visit import Visit
from storage.driver import Driver, Statement
from storage.members_sql import REPORT
from storage.postgres import PostgresDriver
from storage.sqlite import SqliteDriver
from tests.bots.discord.studio import Studio
from tests.bots.web.console.house import House, here, opened, seen_by_all
from tests.plans import troubles
from tests.worlds.postgres import Server

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
    def recorded(driver: Driver, what: Statement | Sequence[Statement], *how: Any, **more: Any) -> Any:
        if (seen := looking.get()) is not None:
            seen.extend([what] if isinstance(what, Statement) else what)
        return run(driver, what, *how, **more)

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
        for name in ("run", "read", "stream"):
            monkeypatch.setattr(kind, name, recording(getattr(kind, name)))
    async with opened(studio, tmp_path, **changes) as house:
        await look_everywhere(house)
        by_text = {each.sql: each for each in seen if each.sql.lstrip().startswith(("SELECT", "WITH"))}
        driver = house.app.service.sessions.store._driver  # type: ignore[union-attr]
        found = [trouble for each in by_text.values() for trouble in await troubles(driver, each)]
    assert len(by_text) > 20
    assert REPORT in by_text
    assert found == []
