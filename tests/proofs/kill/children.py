"""Real processes of the program, as quick to start as a fork: what the harness holds of `tests.proofs.kill.nursery`."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[3]
BIRTH_S = 30.0
GONE_S = 40.0


class Child:
    """One process; `gone` holds its exit status, the negative signal number where a signal ended it."""

    def __init__(self, nursery: "Nursery", pid: int) -> None:
        self.pid = pid
        self.gone: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._nursery = nursery

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, unless it is gone."""
        self._nursery.ask(signal=int(number), pid=self.pid)

    async def ended(self, within_s: float = GONE_S) -> int:
        """Wait for its end and return the exit status. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            return await asyncio.shield(self.gone)


class Nursery:
    """Starts children one at a time; when it is closed, all that it started are dead."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._births: asyncio.Queue[int] = asyncio.Queue()
        self._children: dict[int, Child] = {}
        self._turn = asyncio.Lock()
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.proofs.kill.nursery", cwd=ROOT, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, start_new_session=True,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._listening is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._listening

    async def start(self, folder: Path, environment: Mapping[str, str], arguments: Sequence[str] = ("run",)) -> Child:
        """Start the program in a folder; what it says goes to the file `log` there. Raises TimeoutError."""
        async with self._turn, asyncio.timeout(BIRTH_S):
            self.ask(start=list(arguments), folder=str(folder), environment=dict(environment))
            return self._children[await self._births.get()]

    def ask(self, **order: object) -> None:
        """Send one order."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")

    async def _listen(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said: dict[str, int] = json.loads(line)
            if "pid" in said:
                self._children[said["pid"]] = Child(self, said["pid"])
                self._births.put_nowait(said["pid"])
            else:
                self._children.pop(said["ended"]).gone.set_result(said["status"])
        for child in self._children.values():
            child.gone.cancel()
