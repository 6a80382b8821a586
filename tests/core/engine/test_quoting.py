"""What is kept, and told to operators, of errors that quote what a member wrote."""

from typing import Any

import pytest

from core.domain.contract import RequestStatus
from core.domain.errors import BadRequest, DeliveryRefused, OutOfCredit, RequestUnknown
from core.domain.lifecycle import DeliveryState
from core.domain.products import PRODUCTS
from core.domain.troubles import Troubles
from core.engine.meters import Meters
from core.engine.observed import ObservedGateway
from tests.core.engine.jobs import at_rest, current, ordered
from tests.core.rig import Answer, Rig, ScriptedGateway

TEXT, SAID, KEPT = "Kestrels everywhere", "400 text 'Kestrels every…' is refused", "400 text '…' is refused"
FAILED = Answer(RequestStatus.FAILED, error=SAID)


@pytest.mark.parametrize(
    ("submits", "statuses"),
    [([BadRequest(SAID)], []), ([], [FAILED]), ([], [RequestUnknown(SAID)] * 50)],
    ids=["rejected", "failed", "forgotten"],
)
async def test_the_gateways_words_are_kept_without_those_of_the_member(
    rig: Rig, submits: list[Any], statuses: list[Any]
) -> None:
    rig.gateway.submits, rig.gateway.statuses = submits, statuses
    async with rig.running() as alive:
        job = await ordered(alive, TEXT)
        await at_rest(alive)
        assert (await current(alive, job)).generations[0].detail == KEPT


async def test_the_chats_words_are_kept_without_those_of_the_member(rig: Rig) -> None:
    rig.chat.deliveries = [DeliveryRefused(SAID)]
    async with rig.running() as alive:
        job = await ordered(alive, TEXT)
        await at_rest(alive)
        delivery = (await current(alive, job)).delivery
        assert delivery
        assert (delivery.state, delivery.detail) == (DeliveryState.UNDELIVERABLE, KEPT)


async def test_operators_are_told_of_a_trouble_without_the_words_of_whose_order_met_it() -> None:
    troubles = Troubles()
    gateway = ObservedGateway(ScriptedGateway(submits=[OutOfCredit(SAID)]), Meters(), troubles)
    with pytest.raises(OutOfCredit):
        await gateway.submit(PRODUCTS["speech"], {"text": TEXT, "voice": "Aria"}, "token")
    assert [case.detail for case in troubles.cases] == [KEPT]
