"""A member asks for credit, and an admin approves or declines once."""

import asyncio
from dataclasses import replace

import pytest

from core.domain.refusals import (
    AlreadyAsked,
    InvalidInput,
    NotFound,
    NotPermitted,
    OverLimit,
    Refusal,
)
from tests.core.people import ANN, BOSS
from tests.core.rig import Incarnation, Rig
from tests.makers import caller, order


async def test_a_credit_request_is_granted_in_one_tap_and_once(alive: Incarnation) -> None:
    request = await alive.service.credit.ask(caller(), 1400)
    bosses = [replace(BOSS, member=f"test:boss{n}") for n in range(4)]
    results = await asyncio.gather(
        *(alive.service.admin.decide(b, request.credit_request_id, approve=True) for b in bosses),
        return_exceptions=True,
    )
    assert sum(isinstance(r, Refusal) for r in results) == 3
    assert {entry.act for entry in await alive.service.admin.audit(BOSS)} == {"approve"}
    assert (await alive.service.standing(caller())).balance_micros == 1400


async def test_credit_requests_are_limited_in_rate(alive: Incarnation, rig: Rig) -> None:
    request = await alive.service.credit.ask(caller(), 1400)
    with pytest.raises(AlreadyAsked):
        await alive.service.credit.ask(caller(), 1400)
    await alive.service.credit.ask(caller("bob"), 1400)
    await alive.service.admin.decide(BOSS, request.credit_request_id, approve=False)
    with pytest.raises(AlreadyAsked):
        await alive.service.credit.ask(caller(), 1400)
    rig.clock.forward(hours=1)
    await alive.service.credit.ask(caller(), 1400)
    rig.clock.forward(hours=24)
    await alive.service.credit.ask(caller(), 1400)


@pytest.mark.parametrize("amount", [0, -1, 2**63, 100_000_001])
async def test_a_forged_credit_request_is_refused(alive: Incarnation, amount: int) -> None:
    with pytest.raises(InvalidInput):
        await alive.service.credit.ask(caller(), amount)


async def test_a_credit_request_is_one_member_s_and_a_sum(alive: Incarnation) -> None:
    with pytest.raises(NotPermitted, match="account"):
        await alive.service.credit.ask(caller(can_spend=False), 1400)
    with pytest.raises(InvalidInput):
        await alive.service.credit.ask_for(caller(), "unlimited")
    assert (await alive.service.credit.ask(caller(), 100_000_000)).amount_micros == 100_000_000
    assert (await alive.service.credit.ask_for(caller("bob"), "$0.000001")).amount_micros == 1


async def test_a_direct_chat_has_nobody_to_ask(alive: Incarnation) -> None:
    with pytest.raises(OverLimit) as refused:
        await alive.service.order(order(caller(direct=True)))
    assert (refused.value.limit, refused.value.missing_micros) == ("direct", None)
    with pytest.raises(NotPermitted, match="community"):
        await alive.service.credit.ask(caller(direct=True), 1000)


async def test_a_credit_request_that_nobody_saw_is_taken_back(alive: Incarnation) -> None:
    request = await alive.service.credit.ask(caller(), 1400)
    await alive.service.credit.withdraw(caller("bob"), request)
    with pytest.raises(AlreadyAsked):
        await alive.service.credit.ask(caller(), 1400)
    await alive.service.credit.withdraw(caller(), request)
    with pytest.raises(NotFound):
        await alive.service.admin.decide(BOSS, request.credit_request_id, approve=True)
    await alive.service.credit.ask(caller(), 1400)


async def test_a_blocked_member_asks_for_nothing(alive: Incarnation) -> None:
    await alive.service.admin.block(BOSS, ANN)
    with pytest.raises(OverLimit, match="blocked"):
        await alive.service.credit.ask(caller(), 1400)
