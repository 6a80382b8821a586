"""Real processes of the program, as quick to start as a fork: a fork server has done its second of imports before."""

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.e2e.program import run

GONE_S = 120.0
PROGRAM = "bots.__main__"
_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(["__main__", "tests.e2e.program"])


@cache
def _warm() -> None:
    """Wait, once, until the fork server has imported everything."""
    first = _server.Process(target=os.getpid)
    first.start()
    first.join()


class Child:
    """One process; `gone` holds its exit status, the negative signal number where a signal ended it."""

    def __init__(self, process: ForkServerProcess) -> None:
        assert process.pid is not None
        self.pid = process.pid
        self._process = process
        self._loop = asyncio.get_running_loop()
        self.gone: asyncio.Future[int] = self._loop.create_future()
        self._loop.add_reader(process.sentinel, self._end)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it is gone."""
        if not self.gone.done():
            with suppress(ProcessLookupError):  # it may be gone although we have not heard so yet
                os.kill(self.pid, number)

    async def ended(self, within_s: float = GONE_S) -> int:
        """Wait for its end and return the exit status. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            return await asyncio.shield(self.gone)

    def _end(self) -> None:
        self._loop.remove_reader(self._process.sentinel)
        self._process.join()
        assert self._process.exitcode is not None
        self.gone.set_result(self._process.exitcode)
        self._process.close()


class Nursery:
    """Starts children; when it is closed, all that it started are dead."""

    def __init__(self) -> None:
        self._children: list[Child] = []

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(_warm)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._children:
            child.signal(signal.SIGKILL)
        for child in self._children:
            await child.ended()

    def start(
        self,
        folder: Path,
        environment: Mapping[str, str],
        arguments: Sequence[str] = ("run",),
        *,
        program: str = PROGRAM,
        output: Path | None = None,
    ) -> Child:
        """Start the program in a folder; what it says goes to `output`, or to the file `log` there."""
        order = (program, arguments, folder, dict(environment), output or folder / "log")
        process = _server.Process(target=run, args=order, daemon=True)
        process.start()
        self._children.append(child := Child(process))
        return child
