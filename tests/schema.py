"""Whether a database has all that its rules ask about: it is brought up to date one migration after another."""

import sqlite3
from functools import cache

from storage.migrate import MARK, migrations


@cache
def _latest() -> int:
    return max(version for version, _, _ in migrations("sqlite"))


def is_current(database: sqlite3.Connection) -> bool:
    """Say whether the last migration is there."""
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (MARK,)).fetchone():
        return False
    return bool(database.execute(f"SELECT max(version) FROM {MARK}").fetchone()[0] == _latest())
