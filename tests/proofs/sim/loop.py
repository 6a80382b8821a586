"""An event loop with virtual time, whose ready queue is shuffled by the seed, and which can die between two steps."""

import asyncio
import heapq
import selectors
from asyncio import events
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tests.proofs.sim.timeline import Timeline

if TYPE_CHECKING:
    from tests.proofs.sim.wire import Wire


STEP_S = 1e-6
"""How long a step takes."""


class Poisoned(BaseException):
    """Something that a dead process held was touched."""


class _Future(asyncio.Future[Any]):
    """A future that sets hold in an order that does not depend on memory addresses."""

    def __init__(self, *, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop=loop)
        self._serial: int = loop.timeline.serial()  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return self._serial


class _Task(asyncio.Task[Any]):
    """A task likewise."""

    def __init__(self, coro: Any, *, loop: "SimLoop", **options: Any) -> None:
        self._serial = loop.timeline.serial()
        super().__init__(coro, loop=loop, **options)

    def __hash__(self) -> int:
        return self._serial


class _Nothing(selectors.BaseSelector):
    """Waits for no descriptor: selecting lets virtual time pass."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._timeline.now_s += timeout or 0
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        raise NotImplementedError("there is nothing to wait for in a simulation")

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        raise NotImplementedError("there is nothing to wait for in a simulation")

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return {}


class SimLoop(asyncio.SelectorEventLoop):
    """The loop of one incarnation of the process."""

    def __init__(self, timeline: Timeline, wire: "Wire") -> None:
        self.timeline = timeline
        self.wire = wire
        self.dead = self.dying = False
        """Dying: killed in the middle of a step, whose rest has no effect."""
        self.frozen_s = 0.0
        """How long the machine slept: its monotonic clock stood still meanwhile."""
        self.asleep_until_s = 0.0
        self._selector: selectors.BaseSelector
        super().__init__(_Nothing(timeline))
        self.set_task_factory(self._make_task)
        self.set_exception_handler(self._note)
        events._set_running_loop(self)  # until it dies: setting it at each step takes a twentieth of the run

    # --- what asyncio asks for ------------------------------------------------------------------------------------

    def _make_self_pipe(self) -> None:
        self._ssock = self._csock = None  # no thread wakes this loop

    def _close_self_pipe(self) -> None: ...

    def time(self) -> float:
        return self.timeline.now_s - self.frozen_s

    def create_future(self) -> asyncio.Future[Any]:
        return _Future(loop=self)

    def _make_task(self, _: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
        self._check()
        return _Task(coro, loop=self, **options)

    def call_soon(self, callback: Any, *args: Any, context: Any = None) -> asyncio.Handle:  # type: ignore[override]
        self._check()
        handle = asyncio.Handle(callback, args, self, context)
        if not self.dying:
            self._ready.append(handle)  # type: ignore[attr-defined]
        return handle

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def _check(self) -> None:
        if self.dead and not self.dying:
            raise Poisoned("the loop of a dead process")

    def _note(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not self.dead:
            error = context.get("exception")
            self.wire.history.unhandled.append(f"{context['message']}: {error!r}")

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Run blocking work in this thread, a moment later."""
        future = self.create_future()
        self.timeline.after(self.timeline.rng.uniform(0.0001, 0.004), self._work, future, func, args)
        return future

    def _work(self, future: asyncio.Future[Any], func: Callable[..., Any], args: tuple[Any, ...]) -> None:
        if self.dead:
            return
        try:
            self.wire.history.disk.before_work(func)
            result = func(*args)
        except Exception as error:  # noqa: BLE001 - it is the caller's
            if not self.dead and not future.done():
                future.set_exception(error)
        else:
            if not self.dead and not future.done():
                future.set_result(result)

    # --- the network ----------------------------------------------------------------------------------------------

    async def getaddrinfo(self, host: Any, port: Any, **_: Any) -> Any:
        return await self.wire.resolve(host, port)

    async def sock_connect(self, sock: Any, address: Any) -> None:
        await self.wire.connect(sock, address)

    async def create_connection(self, protocol_factory: Any, *_: Any, sock: Any = None, **__: Any) -> Any:
        return self.wire.connected(sock, protocol_factory())

    async def create_server(self, protocol_factory: Any, *_: Any, **__: Any) -> Any:
        return self.wire.listen(protocol_factory)

    # --- stepping -------------------------------------------------------------------------------------------------

    @property
    def next_s(self) -> float:
        """When this loop has something to do, on the timeline."""
        if self.dead:
            return float("inf")
        if self._ready:  # type: ignore[attr-defined]
            return max(self.timeline.now_s, self.asleep_until_s)
        scheduled = self._scheduled  # type: ignore[attr-defined]
        while scheduled and scheduled[0]._cancelled:
            heapq.heappop(scheduled)._scheduled = False
        when_s = scheduled[0]._when + self.frozen_s if scheduled else float("inf")
        return max(float(when_s), self.timeline.now_s, self.asleep_until_s)

    def step(self, due_s: float) -> None:
        """Run one callback, whichever the seed picks of those that are ready."""
        ready = self._ready  # type: ignore[attr-defined]
        self._selector.select(max(0.0, due_s - self.timeline.now_s) + STEP_S)
        if not ready:
            self._wake()
            if not ready:
                return
        if len(ready) > 1:
            ready.rotate(int(self.timeline.rng.random() * len(ready)))
        handle = ready.popleft()
        if not handle._cancelled:
            handle._run()

    def _wake(self) -> None:
        now_s, scheduled = self.time() + 1e-9, self._scheduled  # type: ignore[attr-defined]
        while scheduled and scheduled[0]._when <= now_s:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False
            if not handle._cancelled:
                self._ready.append(handle)  # type: ignore[attr-defined]

    def _timer_handle_cancelled(self, handle: Any) -> None:
        """Cancelled timers are dropped when they come up."""

    # --- the end --------------------------------------------------------------------------------------------------

    def die(self) -> list[asyncio.Task[Any]]:
        """Stop for good: nothing that waits is told, no `finally` runs. Return what was under way, to be kept."""
        self.dead, self.dying = True, False
        remains = list(asyncio.all_tasks(self))
        for task in remains:
            task._log_destroy_pending = False  # type: ignore[attr-defined]
        events._set_running_loop(None)
        self.close()
        return remains
