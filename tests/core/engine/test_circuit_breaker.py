"""The breaker's pauses on the loop's own clock, who passes it when, and what members meet while it is open."""

import asyncio
import logging

import pytest

from core.domain.errors import (
    BadRequest,
    GatewayError,
    OutOfCredit,
    TooManyRequests,
    Unauthorized,
    Unreachable,
)
from core.domain.lifecycle import DeliveryState, State
from core.domain.refusals import Unavailable
from core.engine.circuit_breaker import CircuitBreaker
from tests.core.engine.jobs import ONE_AT_A_TIME, a_while, at_rest, comes_to, current, ordered
from tests.core.engine.queued import queued
from tests.core.rig import Rig
from tests.makers import admission, caller, order
from tests.moves import only
from tests.waiting import WAIT_S, until
from tests.warp import Warp

LONGEST_PAUSE_S = GatewayError.longest_pause_s


def left_s(breaker: CircuitBreaker) -> int:
    return round(breaker._until_s - asyncio.get_running_loop().time())


def pause_over(breaker: CircuitBreaker) -> None:
    breaker._until_s = asyncio.get_running_loop().time()


async def test_each_try_that_fails_doubles_the_pause() -> None:
    breaker = CircuitBreaker(10)
    pauses = []
    for _ in range(9):
        breaker.fail(Unreachable())
        pauses.append(left_s(breaker))
        pause_over(breaker)
    assert pauses == [10, 20, 40, 80, 160, 320, 640, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    breaker.succeed()
    breaker.fail(Unreachable())
    assert left_s(breaker) == 10


async def test_after_the_wallet_was_topped_up_orders_go_on_within_a_minute() -> None:
    breaker = CircuitBreaker(5)
    for _ in range(9):
        breaker.fail(OutOfCredit(retry_after_s=3600))
        assert left_s(breaker) <= 60
        pause_over(breaker)


async def test_failures_of_one_moment_count_once() -> None:
    breaker = CircuitBreaker(10)
    for _ in range(5):
        breaker.fail(Unreachable())
    assert left_s(breaker) == 10


async def test_the_gateway_may_ask_for_a_longer_pause_but_not_for_ever() -> None:
    breaker = CircuitBreaker(10)
    breaker.fail(TooManyRequests(retry_after_s=60))
    assert left_s(breaker) == 60
    breaker.fail(TooManyRequests(retry_after_s=1))
    assert left_s(breaker) == 60
    breaker.fail(TooManyRequests(retry_after_s=10**6))
    assert left_s(breaker) == LONGEST_PAUSE_S


async def test_only_another_trouble_is_news() -> None:
    breaker = CircuitBreaker(10)
    assert [breaker.fail(e) for e in (Unreachable(), Unreachable(), OutOfCredit(), OutOfCredit())] == [
        True,
        False,
        True,
        False,
    ]
    breaker.succeed()
    assert breaker.fail(OutOfCredit())


async def test_trouble_lasts_until_the_pause_is_over_or_something_was_accepted() -> None:
    breaker = CircuitBreaker(10)
    empty: GatewayError = OutOfCredit()
    assert breaker.trouble() is None
    breaker.fail(empty)
    assert breaker.trouble() is empty
    pause_over(breaker)
    assert breaker.trouble() is None
    breaker.fail(empty)
    breaker.succeed()
    assert breaker.trouble() is None


async def test_after_a_failure_one_passes_at_a_time_until_one_succeeds() -> None:
    breaker = CircuitBreaker(0.001)
    inside: list[int] = []
    let_go = asyncio.Event()

    async def passes(number: int) -> None:
        async with breaker.passage():
            inside.append(number)
            await let_go.wait()
            breaker.succeed()

    breaker.fail(Unreachable())
    waiting = [asyncio.create_task(passes(n)) for n in range(3)]
    await until(lambda: inside)
    for _ in range(20):
        await asyncio.sleep(0)
    assert inside == [0]
    let_go.set()
    await asyncio.gather(*waiting)
    assert inside == [0, 1, 2]


async def test_after_one_has_succeeded_the_others_pass_together() -> None:
    breaker = CircuitBreaker(0.001)
    inside: list[int] = []
    all_in = asyncio.Event()

    async def passes(number: int) -> None:
        async with breaker.passage():
            inside.append(number)
            if number == 0:
                breaker.succeed()
            else:
                if len(inside) == 4:
                    all_in.set()
                await all_in.wait()

    breaker.fail(Unreachable())
    async with asyncio.timeout(WAIT_S):
        await asyncio.gather(*(passes(number) for number in range(4)))
    assert inside[0] == 0


async def test_an_open_gate_is_no_queue() -> None:
    breaker = CircuitBreaker(600)
    async with asyncio.timeout(WAIT_S), breaker.passage(), breaker.passage():
        pass


async def test_a_pause_that_is_made_longer_meanwhile_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    breaker = CircuitBreaker(20)
    through = asyncio.Event()

    async def passes() -> None:
        async with breaker.passage():
            through.set()

    breaker.fail(Unreachable())
    waiting = asyncio.create_task(passes())
    await asyncio.sleep(0)
    breaker.fail(TooManyRequests(retry_after_s=600))
    async with Warp(monkeypatch).hurrying():
        await asyncio.sleep(30)
    assert not through.is_set()
    breaker.release()
    async with asyncio.timeout(WAIT_S):
        await waiting
    assert through.is_set()


async def test_who_waited_behind_a_success_need_not_pause() -> None:
    breaker = CircuitBreaker(600)
    breaker.fail(Unreachable())
    pause_over(breaker)
    passed = asyncio.Event()

    async def passes() -> None:
        async with breaker.passage():
            passed.set()

    async with breaker.passage():
        breaker.fail(Unreachable())  # one that was under way before
        behind = asyncio.create_task(passes())
        await asyncio.sleep(0)
        assert not passed.is_set()
        breaker.succeed()
    async with asyncio.timeout(WAIT_S):
        await behind


async def test_an_operators_word_ends_the_pause_and_one_tries_before_the_others() -> None:
    breaker = CircuitBreaker(600)
    assert not breaker.resume()
    breaker.fail(OutOfCredit())
    inside: list[int] = []
    taken = asyncio.Event()

    async def passes(number: int) -> None:
        async with breaker.passage():
            inside.append(number)
            await taken.wait()
            breaker.succeed()

    waiting = [asyncio.create_task(passes(n)) for n in range(3)]
    await asyncio.sleep(0)
    assert breaker.resume()
    assert (breaker.trouble(), breaker.resume()) == (None, False)
    await until(lambda: inside)
    for _ in range(20):
        await asyncio.sleep(0)
    assert inside == [0]
    taken.set()
    async with asyncio.timeout(WAIT_S):
        await asyncio.gather(*waiting)
    assert inside == [0, 1, 2]


async def test_where_the_word_came_too_early_the_pause_begins_anew() -> None:
    breaker = CircuitBreaker(10)
    for _ in range(4):
        breaker.fail(OutOfCredit())
        pause_over(breaker)
    breaker.fail(OutOfCredit())
    breaker.resume()
    breaker.fail(OutOfCredit())
    assert left_s(breaker) == 20


async def test_a_success_lets_everybody_through_who_waits() -> None:
    breaker = CircuitBreaker(600)
    breaker.fail(Unreachable())
    through = asyncio.Event()

    async def pass_through() -> None:
        async with breaker.passage():
            through.set()

    waiting = [asyncio.create_task(pass_through()) for _ in range(3)]
    await asyncio.sleep(0)
    assert not through.is_set()
    breaker.succeed()
    async with asyncio.timeout(WAIT_S):
        await asyncio.gather(*waiting)


async def test_an_empty_wallet_is_told_loudly_once_and_pauses(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.breaker_pause_s = 30
    rig.limits = ONE_AT_A_TIME
    rig.gateway.submits = [OutOfCredit()]
    async with rig.running() as alive:
        first, second = await ordered(alive), await ordered(alive, who="bob")
        await rig.chat.until(lambda: bool(rig.chat.told))
        with pytest.raises(Unavailable, match="out_of_credit"):
            await ordered(alive, who="cid")
        assert only(await current(alive, first)).state is State.REJECTED
        assert (await current(alive, second)).stage is State.QUEUED
        assert len(rig.gateway.posted) == 1
    loud = [r for r in caplog.records if r.levelno == logging.CRITICAL]
    assert len(loud) == 1
    assert first.job_id in loud[0].getMessage()


async def test_orders_flow_again_once_the_wallet_is_full(rig: Rig) -> None:
    rig.gateway.submits = [OutOfCredit()]
    rig.limits = ONE_AT_A_TIME
    async with rig.running() as alive:
        await ordered(alive)
        second = await ordered(alive, who="bob")
        await at_rest(alive)
        assert (await current(alive, second)).stage is DeliveryState.SENT


@pytest.mark.parametrize(("error", "why"), [(OutOfCredit(), "out_of_credit"), (Unauthorized(), "misconfigured")])
async def test_what_only_the_operator_can_mend_refuses_orders(rig: Rig, error: GatewayError, why: str) -> None:
    rig.breaker_pause_s = 600
    rig.gateway.submits = [error]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        with pytest.raises(Unavailable, match=why):
            await ordered(alive)


async def test_what_mends_itself_refuses_nobody(rig: Rig) -> None:
    rig.breaker_pause_s = 600
    rig.gateway.submits = [Unreachable()]
    async with rig.running() as alive:
        job = await ordered(alive)
        await comes_to(alive, job, lambda now: now.reason)
        await a_while(alive)
        assert (await ordered(alive, who="bob")).stage is State.QUEUED
        await a_while(alive)
    assert len(rig.gateway.posted) == 1


async def test_each_time_the_wallet_is_empty_is_news(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.limits = ONE_AT_A_TIME
    rig.gateway.submits = [OutOfCredit(), None, OutOfCredit()]
    async with rig.running() as alive:
        for who in ("ann", "bob", "cid"):
            await alive.store.admit(admission(order(caller(who))))
    async with rig.running() as alive:
        await at_rest(alive)
    assert len([r for r in caplog.records if r.levelno == logging.CRITICAL]) == 2


async def test_a_bad_request_holds_up_nobody_else(rig: Rig) -> None:
    rig.breaker_pause_s = 600
    rig.gateway.submits = [BadRequest("no")]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        await ordered(alive, who="bob")
        await at_rest(alive)
    assert len(rig.chat.heard) == 1


async def test_a_gateway_that_is_away_is_warned_of_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    rig.gateway.submits = [Unreachable()] * 3
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
    assert [r.levelno for r in caplog.records if "paused" in r.getMessage()] == [logging.WARNING]


async def test_a_rejection_shows_that_the_gateway_works_again(rig: Rig) -> None:
    rig.gateway.submits = [Unreachable(), BadRequest("no")]
    async with rig.running() as alive:
        await ordered(alive)
        await at_rest(alive)
        assert (await alive.worker.seen(queued("a1"))).held_back is None


async def test_an_order_whose_turn_came_shows_that_it_waits_for_the_gateway(rig: Rig) -> None:
    rig.breaker_pause_s = 600
    rig.gateway.submits = [Unreachable()]
    async with rig.running() as alive:
        await ordered(alive)
        await rig.chat.until(lambda: State.QUEUED in rig.chat.shown)
