"""The line of lists that wait for a connection: those of one shape that stand in it go together, as one commit."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from dataclasses import dataclass, field

from storage.driver import Row
from storage.postgres_functions import Shape
from storage.postgres_session import Work

TOGETHER = (16, 4, 1)
"""So many lists may go together: few sizes, since a connection prepares each."""

Results = list[list[Row]]
Serve = Callable[[Sequence[Work]], Awaitable[Sequence[Results]]]


@dataclass(slots=True, eq=False)
class _Waiting:
    work: Work
    shape: Shape | None
    """None where it goes alone."""
    results: asyncio.Future[Results]
    since_s: float = field(default_factory=time.monotonic)
    is_taken: bool = False


class Line:
    """Serves lists in the order in which they came, but for those that go along with one before them."""

    def __init__(self, connections: int, longest_s: float, serve: Serve) -> None:
        """`longest_s`: after how long in the line a list fails with TimeoutError."""
        self._free = connections
        self._longest_s = longest_s
        self._serve = serve
        self._waiting: deque[_Waiting] = deque()
        self._alike: defaultdict[Shape, deque[_Waiting]] = defaultdict(deque)
        self._serving: set[asyncio.Task[None]] = set()

    async def run(self, work: Work, shape: Shape | None) -> Results:
        """Wait for the list's turn and return its results; `shape`: of others with which it may go.

        Raises what serving it raises, and TimeoutError.
        """
        one = _Waiting(work, shape, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        if shape is not None:
            self._alike[shape].append(one)
        if self._free:
            self._free -= 1
            # It serves others, too: what it logs is not about whose list came first.
            task = asyncio.create_task(self._serve_all(), name="postgres connection", context=Context())
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        return await one.results

    async def _serve_all(self) -> None:
        try:
            while served := self._next():
                await self._answer(served)
        finally:
            self._free += 1

    async def _answer(self, taken: Sequence[_Waiting]) -> None:
        served = [one for one in taken if not one.results.done()]  # others were cancelled before they began
        if not served:
            return
        try:
            self._check(served[0])
            results = await self._serve([one.work for one in served])
        except Exception as error:  # noqa: BLE001 - it is told to whoever waits
            for one in served:
                if not one.results.done():
                    one.results.set_exception(error)
            return
        for one, result in zip(served, results, strict=True):
            if not one.results.done():
                one.results.set_result(result)

    def _check(self, one: _Waiting) -> None:
        if time.monotonic() - one.since_s > self._longest_s:
            raise TimeoutError("no connection was free in time")

    def _next(self) -> list[_Waiting]:
        """Take the first, and those that go along with it."""
        while self._waiting:
            first = self._waiting.popleft()
            if first.is_taken:
                continue
            if first.shape is None:
                return [first]
            alike = self._alike[first.shape]
            many = next(size for size in TOGETHER if size <= len(alike))
            together = [alike.popleft() for _ in range(many)]
            if not alike:
                del self._alike[first.shape]
            for one in together:
                one.is_taken = True
            return together
        return []
