"""Bring a database's schema up to date: numbered SQL files, recorded, one transaction each."""

import re
from collections.abc import Iterator
from importlib import resources

from core.domain.errors import Conflict, SchemaTooNew, StoreError
from storage.driver import Driver, Statement

MARK = "migrations"
"""The table by which a database is known as ours."""
_RECORD = """
CREATE TABLE IF NOT EXISTS migrations (
    version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_ms BIGINT NOT NULL
)
"""
_VERSION = "SELECT max(version) AS version FROM migrations"
_DONE = "INSERT INTO migrations (version, name, applied_ms) VALUES (:version, :name, :now_ms)"


def migrations(dialect: str) -> Iterator[tuple[int, str, str]]:
    """Yield version, name and SQL of every migration that this release brings, in order.

    Where the engines' languages differ, each has a file of its own, such as `0017_append_only.sqlite.sql`.
    """
    files = sorted(f.name for f in resources.files("storage.migrations").iterdir())
    for name in (name for name in files if name.split(".")[1:] in (["sql"], [dialect, "sql"])):
        yield int(name.split("_")[0]), name, resources.files("storage.migrations").joinpath(name).read_text("utf-8")


def statements(sql: str) -> list[str]:
    """Split a migration at the semicolons that end a line."""
    without_comments = re.sub(r"^\s*--.*$", "", sql, flags=re.MULTILINE)
    return [part.strip() for part in re.split(r";\s*$", without_comments, flags=re.MULTILINE) if part.strip()]


async def migrate(driver: Driver, now_ms: int) -> int:
    """Apply what is missing and return the version reached.

    Processes that start at once take turns, and each migration is recorded before it is made: whoever comes second
    meets the record and goes on with the next.

    Raises SchemaTooNew, or StoreError for somebody else's database, having changed nothing.
    """
    await version_of(driver)
    _, (row,) = await driver.reshape([Statement(_RECORD), Statement(_VERSION)])
    known = list(migrations(driver.dialect))
    current, latest = _known(driver, row["version"] or 0), known[-1][0]
    for version, name, sql in known:
        if version > current:
            done = Statement(_DONE, {"version": version, "name": name, "now_ms": now_ms})
            try:
                await driver.reshape([done, *(Statement(text) for text in statements(sql))])
            except Conflict:
                if version not in await _applied(driver):
                    raise
    return latest


async def version_of(driver: Driver) -> int:
    """Return the version of a database, 0 for an empty one, changing nothing. Raises as `migrate` does."""
    tables = await driver.tables()
    if tables and MARK not in tables:
        raise StoreError("The database holds other tables than Troubadour's, so it is left alone.")
    if not tables:
        return 0
    ((row,),) = await driver.run([Statement(_VERSION)])
    return _known(driver, row["version"] or 0)


async def is_current(driver: Driver) -> bool:
    """Say whether a database has the schema of this release. Raises as `migrate` does."""
    return await version_of(driver) == max(version for version, *_ in migrations(driver.dialect))


def _known(driver: Driver, version: int) -> int:
    latest = max(version for version, *_ in migrations(driver.dialect))
    if version > latest:
        raise SchemaTooNew(
            f"The database has schema version {version}, and this release of Troubadour knows versions up to {latest}. "
            "Install the newer release, or restore a backup made by this one."
        )
    return version


async def _applied(driver: Driver) -> set[int]:
    (rows,) = await driver.run([Statement("SELECT version FROM migrations")])
    return {row["version"] for row in rows}
