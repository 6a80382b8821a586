"""What is asked about before it is made, and was made before: it can be sent again instead, free."""

import pytest

from core.domain.models import Caller, Destination
from core.domain.quota import LimitName
from core.domain.refusals import NeedsConfirmation, NotFound
from core.service import KEPT
from tests.core.engine.jobs import at_rest, ordered
from tests.core.people import ANN, BOSS
from tests.core.rig import Incarnation, Rig
from tests.makers import caller, order


async def asked(alive: Incarnation, who: Caller | None = None, text: str = "Hello everyone") -> NeedsConfirmation:
    await alive.service.admin.set_limit(BOSS, LimitName.CONFIRM_MICROS, "0.001")
    with pytest.raises(NeedsConfirmation) as caught:
        await alive.service.order(order(who, text))
    return caught.value


@pytest.mark.parametrize("member", ["ann", "bob"])
async def test_the_question_offers_what_is_kept_and_it_is_sent_free(alive: Incarnation, rig: Rig, member: str) -> None:
    job = await ordered(alive)
    await at_rest(alive)
    who, there = caller(member), Destination("test", {"to": member})
    question = await asked(alive, who)
    assert question.is_kept
    accepted = await alive.service.confirm(who, question.offer_id, there, KEPT)
    assert (accepted.job.job_id, accepted.job.destination) == (job.job_id, there)
    await at_rest(alive)
    assert [(heard, receipt.charged_micros) for heard, _, receipt in rig.chat.heard] == [
        (job.job_id, 1400),
        (job.job_id, 0),
    ]
    assert len(rig.gateway.posted) == 1
    assert (await alive.service.standing(who)).used_micros == (1400 if member == "ann" else 0)
    for reading in (KEPT, None):
        with pytest.raises(NotFound):
            await alive.service.confirm(who, question.offer_id, there, reading)


async def test_what_was_never_made_is_only_asked_about(alive: Incarnation, rig: Rig) -> None:
    await ordered(alive)
    await at_rest(alive)
    question = await asked(alive, text="Something else.")
    assert not question.is_kept
    with pytest.raises(NotFound):
        await alive.service.confirm(caller(), question.offer_id, reading=KEPT)
    await alive.service.confirm(caller(), question.offer_id)
    await at_rest(alive)
    assert len(rig.chat.heard) == 2


async def test_who_was_blocked_since_is_not_sent_it(alive: Incarnation, rig: Rig) -> None:
    await ordered(alive)
    await at_rest(alive)
    question = await asked(alive)
    await alive.service.admin.block(BOSS, ANN, "")
    with pytest.raises(NotFound):
        await alive.service.confirm(caller(), question.offer_id, reading=KEPT)
    assert await alive.service.same_again(order()) is None
    assert len(rig.chat.heard) == 1


async def test_what_is_not_plain_and_who_may_not_order_have_no_answer(alive: Incarnation) -> None:
    job = await ordered(alive)
    await at_rest(alive)
    found = await alive.service.same_again(order())
    assert found
    assert found.job_id == job.job_id
    unclear = {"Aria": {"text": "Hello everyone", "voice": "Aria"}}
    assert await alive.service.same_again(order(readings=unclear)) is None
    assert await alive.service.same_again(order(caller(can_spend=False))) is None
