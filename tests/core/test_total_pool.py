"""Orders that fail cost the operator, though nobody is charged: they stop at the total pool."""

from pathlib import Path

import pytest

from core.domain.errors import OverLimit
from tests.core.engine.test_worker import at_rest, ordered
from tests.core.rig import Answer, Rig


async def test_failing_orders_stop_at_the_total(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.gateway.statuses = [Answer("FAILED", ())] * 100
    async with rig.running() as alive:
        alive.store._total_pool_micros = 10_000  # each order costs 1,400
        for number in range(7):
            await ordered(alive, who=f"member{number}")
            await at_rest(alive)
        with pytest.raises(OverLimit) as caught:
            await ordered(alive, who="one too many")
        assert caught.value.limit == "total_pool"
        assert caught.value.standing.total_left_micros == 200
    assert len(rig.gateway.posted) == 7
    assert rig.chat.heard == []
