"""The same speech ordered once more: what is kept of it answers, free, to whoever asks; nothing else does."""

from dataclasses import replace
from typing import Any

import pytest

from core.domain.errors import MediaUnavailable
from core.domain.lifecycle import DeliveryState, Reason
from core.domain.orders import Destination, Order
from core.domain.people import Caller
from core.domain.quota import LimitName
from core.domain.refusals import Missing, NeedsConfirmation, NotFound, NotPermitted, OverLimit
from tests.core.engine.jobs import at_rest, current, held_up, ordered
from tests.core.people import ANN, BOSS
from tests.core.rig import Incarnation, Rig
from tests.makers import caller, order


@pytest.fixture(autouse=True)
def _repeats(rig: Rig) -> None:
    rig.policy = replace(rig.policy, repeats=True)


def again(who: Caller | None = None, to: str = "", **changes: Any) -> Order:
    return order(who, **{"destination": Destination("test", {"to": to}), **changes})


@pytest.mark.parametrize("member", ["ann", "bob"])
async def test_it_is_sent_free_to_whoever_asks_and_counts_as_theirs(rig: Rig, member: str) -> None:
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        wanted = again(caller(member), "here")
        accepted = await alive.service.order(wanted)
        assert (accepted.job.job_id, accepted.duplicate, accepted.job.is_repeat) == (job.job_id, False, True)
        assert accepted.job.destination == wanted.destination
        assert accepted.job.as_asked.member == f"test:{member}"
        twice = await alive.service.order(wanted)
        assert (twice.job.job_id, twice.duplicate) == (job.job_id, True)
        await at_rest(alive)
        assert [receipt.charged_micros for _, _, receipt in rig.chat.heard] == [1400, 0]
        assert (await alive.service.order(wanted)).duplicate
        await alive.service.own(caller(member), job.job_id)
        standing = await alive.service.standing(caller(member))
        assert (standing.used_micros, standing.held_micros) == (1400 if member == "ann" else 0, 0)
    assert len(rig.gateway.posted) == 1


async def test_it_is_theirs_to_have_sent_again_but_nobody_elses(alive: Incarnation, rig: Rig) -> None:
    job = await ordered(alive)
    await at_rest(alive)
    for who in ("bob", "carl"):
        await alive.service.order(again(caller(who)))
        await at_rest(alive)
    reached, go, step = held_up()
    rig.chat.deliveries = [step]
    assert not (await alive.service.as_file(caller("carl"), job.job_id, Destination("test", {}))).duplicate
    assert (await alive.service.as_file(caller("carl"), job.job_id, Destination("test", {}))).duplicate
    await reached.wait()
    for act in (alive.service.as_file, alive.service.redeliver):
        with pytest.raises(NotFound) as caught:  # it goes to Carl at the moment
            await act(caller("bob"), job.job_id, Destination("test", {}))
        assert caught.value.what is Missing.REST
    go.set()
    await at_rest(alive)
    await alive.service.redeliver(caller("bob"), job.job_id, Destination("test", {"to": "bob"}))
    await at_rest(alive)
    assert (await current(alive, job)).as_asked.member == "test:bob"
    for stranger in (caller("dora"), caller("bo"), caller("bob", community="choir")):
        with pytest.raises(NotPermitted):
            await alive.service.own(stranger, job.job_id)


async def test_of_one_event_at_once_there_is_one_answer(alive: Incarnation, rig: Rig) -> None:
    await ordered(alive)
    await at_rest(alive)
    wanted = again()
    first, second = [await alive.service.order(wanted) for _ in range(2)]
    assert (first.duplicate, second.duplicate) == (False, True)
    await at_rest(alive)
    assert len(rig.chat.heard) == 2


async def test_a_new_take_and_all_else_are_made_and_paid(alive: Incarnation, rig: Rig) -> None:
    job = await ordered(alive)
    song = order(product="music", parameters={"prompt": "rain"})
    await alive.service.order(song)
    await at_rest(alive)
    for wanted in (again(text="Hello"), again(parameters={"text": "Hello everyone", "voice": "Roger"})):
        assert not (await alive.service.order(wanted)).job.is_repeat
    assert not (await alive.service.order(replace(song, event_id="test:song"))).job.is_repeat
    await at_rest(alive)
    anew = await alive.service.anew(caller(), job.job_id, job.destination)
    assert not anew.job.is_repeat
    other = await alive.service.anew(caller("bob"), job.job_id, job.destination, voice="Roger")
    assert other.job.is_repeat
    pressed_again = await alive.service.anew(caller("bob"), job.job_id, job.destination, voice="Roger")
    assert pressed_again.duplicate
    await at_rest(alive)
    assert len(rig.gateway.posted) == 6


async def test_a_new_take_whose_price_is_asked_about_stays_one(alive: Incarnation, rig: Rig) -> None:
    job = await ordered(alive)
    await at_rest(alive)
    await alive.service.admin.set_limit(BOSS, LimitName.CONFIRM_MICROS, "0.001")
    with pytest.raises(NeedsConfirmation) as caught:
        await alive.service.order(again(fresh=True))
    assert not (await alive.service.confirm(caller(), caught.value.offer_id)).job.is_repeat
    await at_rest(alive)
    repeated = await alive.service.order(again())  # free, so that there is no price to agree to
    assert repeated.job.is_repeat
    assert repeated.job.job_id != job.job_id


async def test_limits_apply_to_what_is_free(alive: Incarnation, rig: Rig) -> None:
    await ordered(alive)
    await at_rest(alive)
    await alive.service.admin.set_limit(BOSS, LimitName.COOLDOWN_S, "1h")
    await alive.service.order(again(caller("bob")))
    await at_rest(alive)
    with pytest.raises(OverLimit):
        await alive.service.order(again(caller("bob")))
    await alive.service.admin.block(BOSS, ANN, "")
    with pytest.raises(OverLimit):
        await alive.service.order(again())
    assert len(rig.chat.heard) == 2


async def test_audio_that_is_lost_meanwhile_is_ordered_as_ever(alive: Incarnation, rig: Rig) -> None:
    job = await ordered(alive)
    await at_rest(alive)
    for path in rig.spooled(job):
        path.unlink()
    rig.gateway.fetches = [MediaUnavailable("gone", may_retry=False)]
    await alive.service.order(again(caller("bob")))
    await at_rest(alive)
    lost = await current(alive, job)
    assert (lost.stage, lost.why) == (DeliveryState.UNDELIVERABLE, Reason.LOST)
    assert not (await alive.service.order(again(caller("bob")))).job.is_repeat
