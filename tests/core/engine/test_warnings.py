"""Members and admins hear in time that little is left, once a period."""

from core.domain.errors import DeliveryRefused
from core.domain.quota import DAY_MS
from core.domain.warnings import Budget
from tests.core.engine.jobs import at_rest, ordered
from tests.core.rig import Incarnation, Rig

ALLOWANCE, POOL = Budget.ALLOWANCE, Budget.POOL


async def spend(alive: Incarnation, *characters: int) -> None:
    for n in characters:
        await ordered(alive, "x" * n)
        await at_rest(alive)


async def test_a_member_is_warned_once_a_period_for_each_percentage(rig: Rig) -> None:
    async with rig.running() as alive:
        await spend(alive, 790)
        assert rig.chat.warned == []
        await spend(alive, 10, 10)
        assert [warned[1:] for warned in rig.chat.warned] == [(ALLOWANCE, 80)]
    async with rig.running() as alive:  # it knows what the process before it has told
        await spend(alive, 10, 180)
        assert [warned[1:] for warned in rig.chat.warned] == [(ALLOWANCE, 80), (ALLOWANCE, 100)]
        rig.clock.forward(ms=DAY_MS)
        await spend(alive, 900)
    assert [warned[1:] for warned in rig.chat.warned] == [(ALLOWANCE, 80), (ALLOWANCE, 100), (ALLOWANCE, 80)]


async def test_a_pool_is_warned_of_by_whoever_comes_near_its_end(rig: Rig) -> None:
    async with rig.running() as alive:
        alive.store.default_pool_micros = 10_000
        await spend(alive, 79, 1, 1)
    assert [warned[1:] for warned in rig.chat.warned] == [(POOL, 80)]


async def test_a_warning_that_a_chat_refuses_comes_with_the_next_order(rig: Rig) -> None:
    rig.chat.warnings = [DeliveryRefused("blocked")]
    async with rig.running() as alive:
        await spend(alive, 900)
        assert (len(rig.chat.heard), rig.chat.warned) == (1, [])
        await spend(alive, 10)
    assert [warned[1:] for warned in rig.chat.warned] == [(ALLOWANCE, 80)]
