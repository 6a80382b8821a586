"""Child processes that serve one request at a time, and are killed rather than trusted."""

import asyncio
import json
import logging
import os
import signal
import sys
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Self

from core.domain.errors import MediaError, MediaTimeout
from core.domain.jsontype import JSON
from core.files.private import UMASK

log = logging.getLogger(__name__)

# Our folder comes last: it must hide no library.
PROGRAM = f"import sys; sys.path.append({str(Path(__file__).parents[2])!r}); from core.media.child import main; main()"
START_S = 30
IDLE_S = 60
"""After this long, of several processes that have nothing to do one is left."""
COMPLAINTS_BYTES = 4096
ENVIRONMENT = {
    "PATH": os.defpath,
    "LANG": "C.UTF-8",
    # Each further arena of glibc reserves 64 MB of the limited address space.
    "MALLOC_ARENA_MAX": "2",
}


class ChildDied(MediaError):
    """The child ended, or answered what no healthy child answers."""


class Child:
    """One process that runs `core.media.child`. Nothing of our environment, and no secret, is passed on to it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        if not (process.stdin and process.stdout and process.stderr):
            raise ValueError("a child needs three pipes")
        self.pid = process.pid
        self.served = 0
        self._process = process
        self._stdin = process.stdin
        self._stdout = process.stdout
        self._reading = asyncio.Lock()
        self._ids = count(1)
        self._complaints = bytearray()
        self._listening = asyncio.create_task(self._listen(process.stderr))

    @classmethod
    async def spawn(cls, memory_bytes: int) -> Self:
        """Start a process; `ready` says when it can be asked. In a session of its own, Ctrl-C does not reach it."""
        return cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                *("-I", "-c", PROGRAM, str(memory_bytes)),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=ENVIRONMENT,
                start_new_session=True,
                umask=UMASK,
            )
        )

    async def ready(self) -> None:
        """Wait until the child says that it serves."""
        if (await self._read(START_S)).get("ready") != self.pid:
            raise ChildDied("the media process did not start properly")

    async def ask(self, operation: str, arguments: JSON, deadline_s: float) -> JSON:
        """Send one request and return its answer. Raises MediaTimeout and ChildDied; the child must go then."""
        request_id = next(self._ids)
        request = {"id": request_id, "operation": operation, "arguments": arguments, "deadline_s": deadline_s}
        self._stdin.write(json.dumps(request).encode() + b"\n")  # a dead reader shows when the answer is read
        answer = await self._read(deadline_s)
        if answer.pop("id", None) != request_id:
            raise ChildDied("the media process answered another request")
        self.served += 1
        return answer

    async def _read(self, deadline_s: float) -> JSON:
        try:
            async with asyncio.timeout(deadline_s), self._reading:
                line = await self._stdout.readline()
            answer = json.loads(line)
        except TimeoutError as error:
            raise MediaTimeout(f"no answer within {deadline_s:g} s") from error
        except (ConnectionError, ValueError) as error:  # ValueError: no JSON, nothing at all, or an endless line
            raise ChildDied(f"the media process died or answered nonsense: {error}") from error
        if not isinstance(answer, dict):
            raise ChildDied("the media process answered nonsense")
        return answer

    async def _listen(self, stderr: asyncio.StreamReader) -> None:
        while text := await stderr.read(COMPLAINTS_BYTES):
            self._complaints += text
            del self._complaints[:-COMPLAINTS_BYTES]

    def kill(self) -> None:
        """End the process at once."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self._stdin.close()

    async def gone(self) -> None:
        """Wait for the end of a killed process and log what it had to say."""
        async with self._reading:  # asyncio tells of a process's end only when its pipes have been read to theirs
            while await self._stdout.read(COMPLAINTS_BYTES):
                pass
        await self._listening
        status = await self._process.wait()
        text = self._complaints.decode(errors="replace").strip()
        level = logging.DEBUG if status == -signal.SIGKILL else logging.WARNING  # else nobody here ended it
        log.log(level, "media process %d ended with %d after %d requests: %s", self.pid, status, self.served, text)


class Pool:
    """At most `children` processes, started when they are needed; callers queue for a free one."""

    def __init__(self, children: int, memory_bytes: int, recycle_after: int) -> None:
        self._memory_bytes = memory_bytes
        self._recycle_after = recycle_after
        self._free = asyncio.Semaphore(children)
        self._children = children
        self._alive: set[Child] = set()
        self._idle: list[Child] = []
        self._burials: set[asyncio.Task[None]] = set()
        self._warming: asyncio.Task[None] | None = None
        self._thinning: asyncio.TimerHandle | None = None
        self._closed = False

    def warm(self) -> None:
        """Start a child in the background, unless there is one: starting takes longer than most requests."""
        if not self._alive and not self._closed:
            self._warming = asyncio.create_task(self._warm(), name="warm media process")

    async def _warm(self) -> None:
        async with self._free:
            if self._idle or self._closed:
                return
            try:
                self._idle.append(await self._start())
            except MediaError as error:
                if not self._closed:
                    log.warning("no media process could be started ahead: %s", error)

    async def ask(self, operation: str, arguments: JSON, deadline_s: float) -> JSON:
        """Return a child's answer; `deadline_s` counts from when a child takes the request.

        A child that has served before may have been killed while it waited, so its death says nothing about the
        request: a fresh one gets it once more. Raises MediaError, MediaTimeout.
        """
        self._check_open()
        async with self._free:
            if self._idle:
                with suppress(ChildDied):
                    return await self._ask(self._idle.pop(), operation, arguments, deadline_s)
            return await self._ask(await self._start(), operation, arguments, deadline_s)

    async def _ask(self, child: Child, operation: str, arguments: JSON, deadline_s: float) -> JSON:
        try:
            answer = await child.ask(operation, arguments, deadline_s)
        except BaseException:  # cancellation too: an answer that is still to come must not reach the next caller
            self._bury(child)
            raise
        if child.served < self._recycle_after:
            self._idle.append(child)
        else:
            self._bury(child)
            self.warm()
        if len(self._idle) > 1 and self._thinning is None:
            self._thinning = asyncio.get_running_loop().call_later(IDLE_S, self._thin)
        return answer

    def _thin(self) -> None:
        self._thinning = None
        while len(self._idle) > 1:
            self._bury(self._idle.pop(0))

    async def _start(self) -> Child:
        self._check_open()
        try:
            child = await Child.spawn(self._memory_bytes)
        except OSError as error:
            raise MediaError(f"no media process can be started: {error}") from error
        self._alive.add(child)
        try:
            self._check_open()
            await child.ready()
        except BaseException:
            self._bury(child)
            raise
        return child

    def _check_open(self) -> None:
        if self._closed:
            raise MediaError("media processes are shut down")

    def _bury(self, child: Child) -> None:
        if child not in self._alive:
            return
        self._alive.discard(child)
        child.kill()
        burial = asyncio.create_task(child.gone())
        self._burials.add(burial)
        burial.add_done_callback(self._burials.discard)

    async def close(self) -> None:
        """Kill every child; requests under way end with MediaError."""
        if self._closed:
            return
        self._closed = True
        self._idle.clear()
        if self._thinning is not None:
            self._thinning.cancel()
        for child in tuple(self._alive):
            self._bury(child)
        for _ in range(self._children):  # once nobody holds a permit, nobody buries any more
            await self._free.acquire()
        await asyncio.gather(*self._burials)
