"""A database from before rows became narrower, in every state: each row says what it said."""

from typing import Any

import pytest

from core.domain.digests import digest_of
from storage import migrate
from storage.books import breaches
from storage.driver import Driver, Row, Statement
from storage.migrate import MARK
from tests.storage.old import Old

BEFORE = 28
LONG = "0123456789abcdef" * 2


async def content(driver: Driver) -> dict[str, list[list[tuple[str, Any]]]]:
    """Return what rows hold but for their digests, whatever their order and that of their columns."""
    tables = sorted(await driver.tables() - {MARK})
    found = await driver.run([Statement(f"SELECT * FROM {table}") for table in tables])

    def held(row: Row) -> list[tuple[str, Any]]:
        return sorted((name, row[name]) for name in set(row.keys()) - {"digest"} if row[name] is not None)

    return {table: sorted(map(held, rows), key=str) for table, rows in zip(tables, found, strict=True)}


async def test_each_row_says_what_it_said(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    old, every = Old("before_generations"), list(migrate.migrations(driver.dialect))
    await old.write(driver, monkeypatch)
    await driver.open()
    with monkeypatch.context() as patch:
        patch.setattr(migrate, "migrations", lambda _: [m for m in every if m[0] <= BEFORE])
        await migrate.migrate(driver, 1)
    await driver.run([Statement("UPDATE jobs SET digest = :digest", {"digest": LONG})])
    before = await content(driver)
    for table in (
        "jobs",
        "generations",
        "deliveries",
        "ledger",
        "holds",
        "members",
        "identities",
        "usage",
        "pool_usage",
    ):
        assert before[table], table
    await migrate.migrate(driver, 2)
    assert before.items() <= (await content(driver)).items()
    (rows,) = await driver.run([Statement("SELECT DISTINCT kept, digest FROM jobs")])
    assert {(row["kept"], row["digest"]) for row in rows} == {(0, LONG), (1, LONG[: len(digest_of("speech", {}))])}
    assert [sentence async for sentence in breaches(driver)] == []
    await driver.close()
