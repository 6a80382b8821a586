"""The gate's pauses, on the loop's own clock, and who passes it when."""

import asyncio

from core.errors import GatewayError, OutOfCredit, TooManyRequests, Unreachable
from core.gate import Gate

LONGEST_PAUSE_S = GatewayError.longest_pause_s


def left_s(gate: Gate) -> int:
    return round(gate._until_s - asyncio.get_running_loop().time())


def pause_over(gate: Gate) -> None:
    gate._until_s = asyncio.get_running_loop().time()


async def test_each_try_that_fails_doubles_the_pause() -> None:
    gate = Gate(10)
    pauses = []
    for _ in range(9):
        gate.shut(Unreachable())
        pauses.append(left_s(gate))
        pause_over(gate)
    assert pauses == [10, 20, 40, 80, 160, 320, 640, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    gate.opened()
    gate.shut(Unreachable())
    assert left_s(gate) == 10


async def test_after_the_wallet_was_topped_up_orders_go_on_within_a_minute() -> None:
    gate = Gate(5)
    for _ in range(9):
        gate.shut(OutOfCredit(retry_after_s=3600))
        assert left_s(gate) <= 60
        pause_over(gate)


async def test_failures_of_one_moment_count_once() -> None:
    gate = Gate(10)
    for _ in range(5):
        gate.shut(Unreachable())
    assert left_s(gate) == 10


async def test_the_gateway_may_ask_for_a_longer_pause_but_not_for_ever() -> None:
    gate = Gate(10)
    gate.shut(TooManyRequests(retry_after_s=60))
    assert left_s(gate) == 60
    gate.shut(TooManyRequests(retry_after_s=1))
    assert left_s(gate) == 60
    gate.shut(TooManyRequests(retry_after_s=10**6))
    assert left_s(gate) == LONGEST_PAUSE_S


async def test_only_another_trouble_is_news() -> None:
    gate = Gate(10)
    assert [gate.shut(e) for e in (Unreachable(), Unreachable(), OutOfCredit(), OutOfCredit())] == [
        True,
        False,
        True,
        False,
    ]
    gate.opened()
    assert gate.shut(OutOfCredit())


async def test_trouble_lasts_until_the_pause_is_over_or_something_was_accepted() -> None:
    gate = Gate(10)
    empty: GatewayError = OutOfCredit()
    assert gate.trouble() is None
    gate.shut(empty)
    assert gate.trouble() is empty
    pause_over(gate)
    assert gate.trouble() is None
    gate.shut(empty)
    gate.opened()
    assert gate.trouble() is None


async def test_after_a_failure_one_passes_at_a_time_until_one_succeeds() -> None:
    gate = Gate(0.001)
    inside: list[int] = []
    let_go = asyncio.Event()

    async def passes(number: int) -> None:
        async with gate.passage():
            inside.append(number)
            await let_go.wait()
            gate.opened()

    gate.shut(Unreachable())
    waiting = [asyncio.create_task(passes(n)) for n in range(3)]
    async with asyncio.timeout(10):
        while not inside:
            await asyncio.sleep(0)
    for _ in range(20):
        await asyncio.sleep(0)
    assert inside == [0]
    let_go.set()
    await asyncio.gather(*waiting)
    assert inside == [0, 1, 2]


async def test_after_one_has_succeeded_the_others_pass_together() -> None:
    gate = Gate(0.001)
    inside: list[int] = []
    all_in = asyncio.Event()

    async def passes(number: int) -> None:
        async with gate.passage():
            inside.append(number)
            if number == 0:
                gate.opened()
            else:
                if len(inside) == 4:
                    all_in.set()
                await all_in.wait()

    gate.shut(Unreachable())
    async with asyncio.timeout(10):
        await asyncio.gather(*(passes(number) for number in range(4)))
    assert inside[0] == 0


async def test_an_open_gate_is_no_queue() -> None:
    gate = Gate(600)
    async with asyncio.timeout(10), gate.passage(), gate.passage():
        pass


async def test_a_pause_that_is_made_longer_meanwhile_is_kept() -> None:
    gate = Gate(0.01)
    through = asyncio.Event()

    async def passes() -> None:
        async with gate.passage():
            through.set()

    gate.shut(Unreachable())
    first_until_s = gate._until_s
    waiting = asyncio.create_task(passes())
    await asyncio.sleep(0)
    gate.shut(TooManyRequests(retry_after_s=600))
    async with asyncio.timeout(10):
        while asyncio.get_running_loop().time() < first_until_s + 0.02:
            await asyncio.sleep(0)
    assert not through.is_set()
    gate.release()
    async with asyncio.timeout(10):
        await waiting
    assert through.is_set()


async def test_who_waited_behind_a_success_need_not_pause() -> None:
    gate = Gate(600)
    gate.shut(Unreachable())
    pause_over(gate)
    passed = asyncio.Event()

    async def passes() -> None:
        async with gate.passage():
            passed.set()

    async with gate.passage():
        gate.shut(Unreachable())  # one that was under way before
        behind = asyncio.create_task(passes())
        await asyncio.sleep(0)
        assert not passed.is_set()
        gate.opened()
    async with asyncio.timeout(10):
        await behind


async def test_an_operators_word_ends_the_pause_and_one_tries_before_the_others() -> None:
    gate = Gate(600)
    assert not gate.resume()
    gate.shut(OutOfCredit())
    inside: list[int] = []
    taken = asyncio.Event()

    async def passes(number: int) -> None:
        async with gate.passage():
            inside.append(number)
            await taken.wait()
            gate.opened()

    waiting = [asyncio.create_task(passes(n)) for n in range(3)]
    await asyncio.sleep(0)
    assert gate.resume()
    assert (gate.trouble(), gate.resume()) == (None, False)
    async with asyncio.timeout(10):
        while not inside:
            await asyncio.sleep(0)
    for _ in range(20):
        await asyncio.sleep(0)
    assert inside == [0]
    taken.set()
    async with asyncio.timeout(10):
        await asyncio.gather(*waiting)
    assert inside == [0, 1, 2]


async def test_where_the_word_came_too_early_the_pause_begins_anew() -> None:
    gate = Gate(10)
    for _ in range(4):
        gate.shut(OutOfCredit())
        pause_over(gate)
    gate.shut(OutOfCredit())
    gate.resume()
    gate.shut(OutOfCredit())
    assert left_s(gate) == 20


async def test_a_success_lets_everybody_through_who_waits() -> None:
    gate = Gate(600)
    gate.shut(Unreachable())
    through = asyncio.Event()

    async def pass_through() -> None:
        async with gate.passage():
            through.set()

    waiting = [asyncio.create_task(pass_through()) for _ in range(3)]
    await asyncio.sleep(0)
    assert not through.is_set()
    gate.opened()
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting)
