"""What a finished job leaves in the SQLite file, after a checkpoint and without pages that are free again."""

import sqlite3
from contextlib import closing
from pathlib import Path

from benchmarks.core_rig import running
from benchmarks.fakes import FakeGateway
from benchmarks.harness import Aim, Benchmark, Figures, Row, Side, at_once
from benchmarks.orders import orders
from core.domain.orders import Order

FEW, AT_ONCE = 200, 100
BENCHMARK = Benchmark(
    name="sizes",
    rounds=1,
    sides={"life": Side(run="benchmarks.rows.sizes:life", options={"jobs": 4_000}, quick={"jobs": 300})},
    rows=[Row(what="size of a finished job", side="life", figure="job_bytes", unit="B", aim=Aim(800, "B"))],
)


async def life(*, folder: str, shared: str, jobs: int) -> Figures:  # noqa: ARG001
    """Run a few jobs, then many, and compare."""
    placed, gateway = orders(jobs + FEW), FakeGateway()
    before = await _size_after(folder, gateway, placed[:FEW])
    return {"job_bytes": (await _size_after(folder, gateway, placed[FEW:]) - before) / jobs}


async def _size_after(folder: str, gateway: FakeGateway, placed: list[Order]) -> int:
    async with running(folder, gateway) as core:

        async def live(order: Order) -> None:
            await core.chat.delivered((await core.service.order(order)).job.job_id)

        await at_once(AT_ONCE, live, placed)
    with closing(sqlite3.connect(Path(folder) / "troubadour.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        names = ("page_count", "freelist_count", "page_size")
        pages, free, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
    return int((pages - free) * size)
