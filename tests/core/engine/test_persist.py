"""What only this process knows is written down, however long the store is away."""

import pytest

from core.domain.errors import (
    StoreAway,
    StoreError,
)
from core.domain.lifecycle import DeliveryState
from core.engine.persist import persist
from tests.core.engine.jobs import (
    at_rest,
    current,
    held_up,
    ordered,
)
from tests.core.rig import Rig
from tests.waiting import until


async def test_an_end_to_insisting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.persist.PAUSE_S", 0.001)

    async def never() -> str:
        raise StoreError("no")

    with pytest.raises(StoreError, match="no"):
        await persist("a job", never, within_s=0.01)


async def test_an_outage_is_outlasted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.persist.PAUSE_S", 0)
    outages = 9

    async def later() -> str:
        nonlocal outages
        outages -= 1
        if outages:
            raise StoreAway("the disk is full")
        return "done"

    assert await persist("a job", later, within_s=0) == "done"


async def test_what_only_this_process_knows_is_written_down_when_the_store_is_back(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("core.engine.persist.PAUSE_S", 0.001)
    for where in ("submits", "deliveries"):
        reached, go, step = held_up()
        (rig.chat if where == "deliveries" else rig.gateway).__dict__[where] = [step]
        async with rig.running() as alive:
            job = await ordered(alive)
            await reached.wait()
            await alive.store.close()
            caplog.clear()
            go.set()
            await until(lambda: any("asked again" in r.getMessage() for r in caplog.records))
            await alive.store.open()
            await at_rest(alive)
            assert (await current(alive, job)).stage is DeliveryState.SENT
    assert rig.chat.told == []
    assert rig.chat.uncertain == [False, False]
