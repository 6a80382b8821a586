"""Databases as earlier releases wrote them."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.domain.lifecycle import VOIDS
from core.domain.models import Job
from storage import migrate
from storage.driver import Driver, Statement
from storage.store import SqlStore
from tests.makers import day
from tests.moves import only

_NEXT_ID = "SELECT setval(pg_get_serial_sequence('communities', 'community_id'), max(community_id)) FROM communities"


class Old:
    """Rows in the schema of their release, and what it said of them."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(__file__).with_name(folder)
        self.figures: dict[str, Any] = json.loads((self._folder / "figures.json").read_text())

    async def write(self, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
        """Fill an empty database."""
        version = self.figures["version"]
        known = [m for m in migrate.migrations(driver.dialect) if m[0] <= version]
        await driver.open()
        with monkeypatch.context() as patch:
            patch.setattr(migrate, "migrations", lambda _: known)
            await migrate.migrate(driver, self.figures["now_ms"])
        rows = migrate.statements((self._folder / "rows.sql").read_text())
        numbered = [_NEXT_ID] if driver.dialect == "postgres" and any("community_id" in row for row in rows) else []
        await driver.run([Statement(text) for text in (*rows, *numbered)])
        await driver.close()

    async def standings(self, store: SqlStore, **renamed: str) -> list[list[Any]]:
        """Return what a store says now where the release said `figures["standings"]`."""
        found = []
        for community, member, *_ in self.figures["standings"]:
            now = await store.standing(renamed.get(community.removeprefix("test:"), community), member, day(12345))
            money = (now.used_micros, now.balance_micros, now.held_micros, now.pool_left_micros)
            found.append([community, member, now.quota.limit_micros, now.source, *money, now.blocked])
        return found


_CALLED = {"pending": "generated", "sending": "delivering", "sent": "delivered"}
"""What releases without rows of deliveries called how far a job's is."""


def described(jobs: list[Job]) -> list[list[str]]:
    """Return jobs as `figures["unfinished"]` has them."""
    stages = [only(job).state if job.state in VOIDS else job.stage for job in jobs]
    return [
        [job.job_id, _CALLED.get(stage, stage.value), job.community, job.member]
        for job, stage in zip(jobs, stages, strict=True)
    ]
