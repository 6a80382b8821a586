"""A slice of `python -m tests.proofs.kill --fleet`."""

from pathlib import Path

import pytest

from tests.e2e.children import Nursery
from tests.proofs.kill.fleet import fleet
from tests.worlds.postgres import Server


@pytest.mark.timeout(900)  # the time to come to rest
async def test_a_fleet_loses_nothing_while_its_workers_die_and_freeze(tmp_path: Path, postgres: Server) -> None:
    async with Nursery() as nursery, fleet(7, tmp_path, nursery, postgres) as ships:
        await ships.live(orders=30)
    assert ships.count.orders >= 30
    assert ships.count.ended["sent"] >= 15
