"""Work gives way to answers while the loop is late; the loop's time goes on only where it waits, or where a test says."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine

from core.engine.congestion import FEWEST, LOOK_S, RECOVERY, Congestion


class Loop(asyncio.SelectorEventLoop):
    """A loop that waits in no time."""

    def __init__(self) -> None:
        self.now_s = 0.0
        super().__init__(_Passing(self))

    def time(self) -> float:
        return self.now_s


class _Passing(selectors.DefaultSelector):
    def __init__(self, loop: Loop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._loop.now_s += timeout or 0
        return super().select(0)


class Work:
    """Pieces of work that last until they are told to end."""

    def __init__(self) -> None:
        self.congestion, self.begun, self.end = Congestion(), 0, asyncio.Event()
        self.tasks: list[asyncio.Task[None]] = []

    async def begin(self, pieces: int) -> None:
        self.tasks += [asyncio.create_task(self._piece()) for _ in range(pieces)]
        await asyncio.sleep(0)

    async def _piece(self) -> None:
        async with self.congestion.turn():
            self.begun += 1
            await self.end.wait()

    async def be_late(self, times: int) -> None:
        """Keep the loop busy past the next look, as often as said."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Loop)
        for _ in range(times):
            loop.now_s += 1
            await asyncio.sleep(0)
            await asyncio.sleep(0)


def held(story: Callable[[Work], Coroutine[None, None, None]]) -> None:
    async def told() -> None:
        work = Work()
        await story(work)
        work.end.set()
        ends = await asyncio.gather(*work.tasks, return_exceptions=True)
        assert all(end is None or isinstance(end, asyncio.CancelledError) for end in ends)

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(told())


def test_nothing_is_held_back_while_the_loop_is_on_time() -> None:
    async def story(work: Work) -> None:
        await work.begin(500)
        await asyncio.sleep(10 * LOOK_S)
        await work.begin(1)
        assert work.begun == 501

    held(story)


def test_a_late_loop_halves_what_may_begin_and_recovers_by_and_by() -> None:
    async def story(work: Work) -> None:
        await work.begin(8)
        await work.be_late(1)  # as if there were room for 4
        await work.begin(5)
        assert work.begun == 8
        await work.be_late(10)  # one is always let through
        await asyncio.sleep((RECOVERY * (8 - FEWEST) + 0.5) * LOOK_S)
        assert work.begun == 8
        await asyncio.sleep(RECOVERY * 4 * LOOK_S)
        assert work.begun == 12
        await asyncio.sleep(RECOVERY * 2 * LOOK_S)
        await work.begin(50)  # nothing waited any more
        assert work.begun == 63

    held(story)


def test_what_is_given_up_while_it_waits_leaves_its_turn_to_the_next() -> None:
    async def story(work: Work) -> None:
        await work.begin(4)
        await work.be_late(5)
        await work.begin(3)
        work.tasks[4].cancel()
        work.end.set()  # the four end: one waits no more, two begin
        await asyncio.wait(work.tasks)
        assert work.begun == 6
        work.end.clear()
        await work.begin(1)
        assert work.begun == 7

    held(story)


def test_a_turn_that_comes_with_the_end_of_its_wait_is_passed_on() -> None:
    async def story(work: Work) -> None:
        await work.begin(1)
        await work.be_late(5)
        await work.begin(2)
        work.end.set()
        await asyncio.sleep(0)  # the first ends and admits the second
        work.tasks[1].cancel()
        for _ in range(3):
            await asyncio.sleep(0)
        assert work.begun == 2

    held(story)
