"""When there is too much to do: who hears what, and who waits."""

from dataclasses import replace
from pathlib import Path

import pytest

from bots.text import refusals
from core.domain.errors import StoreError, TooManyRequests
from core.domain.lifecycle import DeliveryState, Reason, Stage, State
from core.domain.models import Outlook
from core.domain.products import catalog
from core.domain.quota import Period, Quota
from core.domain.refusals import Cause, Unavailable
from core.engine.callbacks import Naming
from core.engine.durations import Durations
from core.engine.lease import SoleLease
from core.engine.load import Throughput
from core.engine.pace import Pace
from core.engine.queue import Limits
from core.engine.remote import RemoteWorkers
from storage.engines import driver_of
from storage.unattended import PostgresUnattended
from tests.core.engine.jobs import (
    ONE_AT_A_TIME,
    at_rest,
    held_up,
    ordered,
)
from tests.core.engine.queued import queued
from tests.core.rig import RecordingChat, Rig
from tests.makers import caller
from tests.waiting import until


async def test_over_the_limit_members_hear_it_before_anything_is_set_aside(rig: Rig) -> None:
    reached, go, step = held_up()
    rig.gateway.submits = [step]
    rig.limits = ONE_AT_A_TIME
    rig.policy = replace(rig.policy, max_queue=2)
    async with rig.running() as alive:
        await ordered(alive, who="ann")
        await reached.wait()
        await ordered(alive, who="bob")
        await ordered(alive, who="cid")
        with pytest.raises(Unavailable) as refused:
            await ordered(alive, who="dan")
        assert "busy, about a minute," in refusals.refusal(refused.value)
        assert (await alive.service.standing(caller("dan"))).held_micros == 0
        assert len(await alive.store.unfinished()) == 3
        go.set()
        await at_rest(alive)
        await ordered(alive, who="dan")
        await at_rest(alive)
    assert len(rig.chat.heard) == 4


@pytest.mark.parametrize(("wait_s", "said"), [(0, "a minute,"), (61, "2 minutes,"), (600, "10 minutes,")])
def test_the_wait_is_said_in_minutes(wait_s: float, said: str) -> None:
    assert f"about {said}" in refusals.refusal(Unavailable(Cause.FULL, wait_s=wait_s))


def test_the_wait_follows_from_what_has_ended_lately() -> None:
    throughput = Throughput()
    assert throughput.wait_s(60, 4, 0, usual_s=30) == 450  # nothing has ended yet: 4 places, each free in 30 s
    for second in range(10):
        throughput.note(second * 1000)
    assert throughput.wait_s(60, 4, 10_000, usual_s=30) == 60  # one a second
    assert throughput.wait_s(60, 4, 20_000, usual_s=30) == 120  # none for ten seconds
    assert throughput.wait_s(60, 4, 3_600_000, usual_s=30) == 450  # long ago


async def test_a_closed_gate_is_waited_for_too(rig: Rig) -> None:
    rig.breaker_pause_s = 300
    rig.gateway.submits = [TooManyRequests(retry_after_s=300)]
    rig.limits = ONE_AT_A_TIME
    async with rig.running() as alive:
        await ordered(alive)
        await until(lambda: alive.worker.load().wait_s >= 290)


async def test_a_gateway_that_asks_to_slow_down_slows_everybody_alike(rig: Rig) -> None:
    rig.limits = Limits(total=2, community=100, member=2)
    rig.policy = replace(rig.policy, default_quota=Quota(limit_micros=None, period=Period.DAY))
    reached, go, step = held_up()

    async def first() -> str:
        await step()
        return "the-first"

    rig.gateway.submits = [first, *[TooManyRequests(retry_after_s=0.005), None] * 3]
    async with rig.running() as alive:
        await ordered(alive, text="first", who="zoe")
        await reached.wait()
        for number in range(4):
            await ordered(alive, text=f"ann {number}", who="ann")
        for number in range(4):
            await ordered(alive, text=f"bob {number}", who="bob")
        go.set()
        await at_rest(alive)
    begun = [text for n, text in enumerate(rig.gateway.posted) if text not in rig.gateway.posted[:n]]
    assert sorted(begun[1:]) == sorted([f"{who} {n}" for who in ("ann", "bob") for n in range(4)])
    ahead = 0
    for text in begun[1:]:
        ahead += 1 if text.startswith("ann") else -1
        assert abs(ahead) <= 2
    assert len(rig.chat.heard) == 9


async def test_where_the_workers_are_elsewhere_the_store_says_how_busy_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.remote.LOOK_S", 0.001)

    answers: list[Exception] = [StoreError("not now"), ValueError("a state of a newer release")]

    async def jobs() -> dict[Stage, int]:
        if answers:
            raise answers.pop(0)
        return {State.QUEUED: 100, State.RUNNING: 8, State.SUBMITTING: 2, DeliveryState.SENDING: 5}

    ready: list[str] = []

    async def workers() -> int:
        return len(ready)

    async with Rig(tmp_path).running() as alive:
        naming, bell = Naming(alive.store, Rig(tmp_path).gateway), SoleLease(alive.store)
    hands = PostgresUnattended(driver_of(tmp_path / "none.db"), (), 1)  # nothing is in need of any
    chat = RecordingChat()
    elsewhere = RemoteWorkers(
        open_jobs=jobs,
        workers=workers,
        naming=naming,
        signal=bell,
        unattended=hands,
        deliveries={"test": chat},
        durations=Durations(catalog(), Pace()),
        limits=Limits(),
    )
    assert await elsewhere.start() == 0
    await until(lambda: elsewhere.load().waiting)
    load = elsewhere.load()
    assert (load.waiting, load.in_flight, load.wait_s) == (100, 10, 300)
    ready.append("ann")
    elsewhere._alone = False
    elsewhere.accept(job := queued("a1"))  # counts until the store is asked again
    assert elsewhere.load().waiting == 101
    await chat.until(lambda: chat.places == [100])  # at once, before a worker hears of it
    ready.clear()
    elsewhere._alone = True
    assert elsewhere.running
    await elsewhere.stop(1)
    assert (await elsewhere.seen(job)).held_back is Reason.NO_WORKER
    ready.append("ann")  # since the last look
    seen = await elsewhere.seen(job)
    assert (seen.held_back, seen.outlook) == (None, Outlook(usual_s=15, before=101, at_most=True))
    assert elsewhere.stopping
    assert not elsewhere.running
