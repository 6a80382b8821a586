"""Copy finished audio to where all machines find it, and back.

A file is charged and delivered from its own machine's disk; its copy is made meanwhile, and nothing waits for it.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from core.domain.errors import ArtifactsAway
from core.domain.models import Artifact
from core.domain.stored import Share
from core.files.artifacts import ArtifactFolder
from core.ports import Bucket

log = logging.getLogger(__name__)

AT_ONCE = 4
MOST_WAITING = 1000
"""Files that wait to be copied; the sweep finds the others."""
PAUSES_S = (1.0, 5.0, 30.0)
"""Before further tries; what has failed so often waits for the next sweep."""
CLOSE_S = 5.0
"""How long a stop waits for copies."""


class SharedFolder(ArtifactFolder):
    """An `ArtifactStore` with copies in a bucket, under the id of their job."""

    def __init__(self, path: Path, bucket: Bucket) -> None:
        super().__init__(path)
        self._bucket = bucket
        self._waiting: asyncio.Queue[tuple[str, Path]] = asyncio.Queue(MOST_WAITING)
        self._copying: list[asyncio.Task[None]] = []

    def has(self, job_id: str, path: str) -> bool:  # noqa: ARG002 - to know better takes a request
        return bool(path)

    async def bring(self, job_id: str, file: Artifact) -> Path | None:
        here = self.found(job_id, file.path)
        if here:
            with suppress(OSError):
                here.touch()  # what was used last goes last when room is made
            return here
        if not file.path:
            return None
        name = Path(file.path).name
        into = self.path(job_id, name.removeprefix(f"{job_id}-"))
        if not await self._bucket.get(f"{job_id}/{name}", into, file.size_bytes):
            return None
        log.info("job %s: its audio was brought from the shared store", job_id)
        return into

    def share(self, job_id: str, files: Sequence[Artifact]) -> None:
        for path in filter(None, (self.found(job_id, file.path) for file in files)):
            if self._waiting.full():
                log.warning("job %s: too many files wait to be copied; the next sweep tries again", job_id)
                return
            self._waiting.put_nowait((job_id, path))
        if not self._copying:
            self._copying = [asyncio.create_task(self._copy_all(), name="copies of audio") for _ in range(AT_ONCE)]

    async def _copy_all(self) -> None:
        while True:
            job_id, path = await self._waiting.get()
            try:
                await self._copy(job_id, path)
            except Exception:
                log.exception("job %s: its audio could not be copied; the next sweep tries again", job_id)
            finally:
                self._waiting.task_done()

    async def _copy(self, job_id: str, path: Path) -> None:
        for pause_s in (*PAUSES_S, 0):
            if not self.found(job_id, str(path)):  # it was let go meanwhile
                break
            try:
                await self._bucket.put(f"{job_id}/{path.name}", path)
                break
            except ArtifactsAway as error:
                again = f"in {pause_s:.0f} s" if pause_s else "at the next sweep"
                log.warning("job %s: its audio is on this machine alone, to be copied %s: %s", job_id, again, error)
            await asyncio.sleep(pause_s)

    async def drop(self, *job_ids: str) -> None:
        await self.drop_here(*job_ids)
        try:
            for job_id in job_ids:
                await self._bucket.delete([one.name for one in await self._bucket.list(job_id)])
        except ArtifactsAway as error:
            log.warning("copies of audio that nobody needs stay until the next sweep: %s", error)

    async def shared(self) -> Mapping[str, Share]:
        shares: dict[str, Share] = {}
        for one in await self._bucket.list():
            shares.setdefault(one.name.partition("/")[0], Share()).add(one)
        return dict(sorted(shares.items(), key=lambda each: each[1].written_ms))

    async def close(self) -> None:
        """Wait a little for what is being copied; the next start's sweep finds the rest."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self._waiting.join()
        for task in self._copying:
            task.cancel()
        await asyncio.gather(*self._copying, return_exceptions=True)
        if left := self._waiting.qsize():
            log.warning("%d files are on this machine alone, and are copied at the next start", left)
        self._bucket.close()
