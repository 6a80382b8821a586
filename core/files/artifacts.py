"""Finished audio in a folder of this machine: files whose names begin with the id of their job.

Former releases made a folder for each job; those are read, counted and removed as they stand.
"""

import asyncio
import os
import shutil
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from core.domain.models import Artifact
from core.domain.stored import Share
from core.files.private import FOLDER
from core.files.spool import in_thread, own_disk, sync


class ArtifactFolder:
    """Implements `core.ports.ArtifactStore`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._leaving: set[str] = set()
        self._removing = asyncio.Lock()
        self._unsettled = False
        self._settling = asyncio.Lock()

    def path(self, job_id: str, name: str) -> Path:
        if not self._path.is_dir():
            with own_disk():
                self._path.mkdir(FOLDER, parents=True, exist_ok=True)
        return self._path / f"{job_id}-{name}"

    def found(self, job_id: str, path: str) -> Path | None:
        """Return where a job's file lies here."""
        name = Path(path).name
        return next((at for at in (self._path / name, self._path / job_id / name) if at.is_file()), None)

    def has(self, job_id: str, path: str) -> bool:
        return self.found(job_id, path) is not None

    async def bring(self, job_id: str, file: Artifact) -> Path | None:
        return self.found(job_id, file.path)

    def share(self, job_id: str, files: Sequence[Artifact]) -> None:
        """Make no copies."""

    async def settle(self) -> None:
        self._unsettled = True
        async with self._settling:  # one that began before may have come too early; the next goes for all who wait
            if self._unsettled:
                self._unsettled = False
                try:
                    await in_thread(sync, self._path)
                except BaseException:
                    self._unsettled = True
                    raise

    async def drop(self, *job_ids: str) -> None:
        await self.drop_here(*job_ids)

    async def drop_here(self, *job_ids: str) -> None:
        self._leaving.update(job_ids)
        async with self._removing:  # meanwhile others gather, and one goes for all
            leaving, self._leaving = self._leaving, set()
            if leaving:
                await in_thread(_remove, self._path, leaving)

    async def sizes(self) -> Mapping[str, int]:
        return await asyncio.to_thread(_sizes, self._path)

    async def shared(self) -> Mapping[str, Share] | None:
        return None


def _entries(path: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield what belongs to jobs, files and folders, each with the job's id."""
    try:
        entries = os.scandir(path)
    except FileNotFoundError:
        return
    with entries:
        for entry in entries:
            job_id, dash, _ = entry.name.lstrip(".").partition("-")  # what is being written begins with a dot
            if _is_folder(entry):
                yield entry.name, entry
            elif dash:
                yield job_id, entry


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _remove(path: Path, job_ids: Collection[str]) -> None:
    for job_id, entry in _entries(path):
        if job_id in job_ids and _is_folder(entry):
            shutil.rmtree(entry.path, ignore_errors=True)
        elif job_id in job_ids:
            with suppress(OSError):
                Path(entry.path).unlink()


def _sizes(path: Path) -> Mapping[str, int]:
    """Return the bytes of each job, by when something was last written of it."""
    written_s: dict[str, float] = defaultdict(float)
    sizes: dict[str, int] = defaultdict(int)
    for job_id, entry in _entries(path):
        for is_file, status in _stats(entry):
            written_s[job_id] = max(written_s[job_id], status.st_mtime)
            sizes[job_id] += is_file * status.st_size
    return {job_id: sizes[job_id] for job_id in sorted(sizes, key=written_s.__getitem__)}


def _stats(entry: os.DirEntry[str]) -> Iterator[tuple[bool, os.stat_result]]:
    """Yield what is known of a file, or of a folder and its files; what was renamed or went just now is passed over."""
    with suppress(FileNotFoundError):
        yield not _is_folder(entry), entry.stat(follow_symlinks=False)
        for file in os.scandir(entry.path) if _is_folder(entry) else ():
            yield True, file.stat(follow_symlinks=False)
