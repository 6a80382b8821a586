"""Callbacks that never come, and submissions that a plain 5xx answered."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.errors import NoAnswer, ServerError
from core.domain.lifecycle import DeliveryState, Reason, State
from core.domain.troubles import Trouble
from core.engine.pace import Pace
from tests.core.engine.jobs import (
    at_rest,
    current,
    held_up,
    ordered,
    upstream_spend,
)
from tests.core.rig import Rig
from tests.makers import order
from tests.moves import only
from tests.waiting import WAIT_S


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    rig = Rig(tmp_path)
    rig.pace = Pace(poll_min_s=0.001, poll_max_s=0.001, net=1, callbacks=True)
    usual_s = {"speech": 0.01, "music": 1000.0}
    rows = {name: replace(row, usual_s=usual_s[name]) for name, row in rig.table.products.items()}
    rig.table = replace(rig.table, products=rows)
    return rig


async def test_a_callback_that_does_not_come_is_noticed_and_polling_takes_over_at_once(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    async with rig.running() as alive:
        slow = (await alive.service.order(order(product="music", parameters={"prompt": "rain"}))).job
        await rig.chat.until(lambda: State.RUNNING in rig.chat.shown)
        quick = await ordered(alive)
        async with asyncio.timeout(WAIT_S):
            await at_rest(alive)  # the slow one too, which would have been looked at after 1,000 s
        arrivals = alive.worker._runner._arrivals
        assert arrivals.missing
        assert [case.trouble for case in arrivals._troubles.cases] == [Trouble.CALLBACKS_MISSING]
        assert {(await current(alive, job)).stage for job in (slow, quick)} == {DeliveryState.SENT}
        reached, go, step = held_up()
        rig.gateway.statuses = [step]
        third = await ordered(alive, who="bob")
        await reached.wait()
        await alive.service.called_back(only(third).callback_token, "request-3")
        go.set()
        await at_rest(alive)
        assert (arrivals.missing, arrivals._troubles.cases) == (False, [])
    assert [m for m in caplog.messages if "did not call PUBLIC_URL" in m] == [
        f"job {quick.job_id}: it is finished, and the gateway did not call PUBLIC_URL: jobs are polled"
    ]


async def test_a_job_found_at_a_start_is_no_sign_that_callbacks_are_missing(rig: Rig) -> None:
    async with rig.running() as alive:
        slow = (await alive.service.order(order(product="music", parameters={"prompt": "rain"}))).job
        await rig.chat.until(lambda: State.RUNNING in rig.chat.shown)
    rig.clock.forward(ms=60_000)
    async with rig.running() as alive:
        await at_rest(alive)
        assert (await current(alive, slow)).stage is DeliveryState.SENT
        assert not alive.worker._runner._arrivals.missing


async def test_a_plain_5xx_holds_the_money_for_two_minutes_at_most(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.engine.watching.UNSURE_S", 0.02)
    rig.gateway.submits = [ServerError(), NoAnswer()]
    async with rig.running() as alive:
        failed, silent = await ordered(alive), await ordered(alive, who="bob")
        await rig.chat.until(lambda: bool(rig.chat.told))
        assert rig.chat.told == [("expired", Reason.SERVER_FAILED)]
        assert (await current(alive, silent)).stage is State.UNCONFIRMED
        assert await upstream_spend(alive) == failed.cost_micros
