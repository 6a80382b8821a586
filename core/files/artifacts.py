"""Finished audio in a folder of this machine, one below it for each job."""

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path

from core.files.private import FOLDER
from core.files.spool import own_disk


class ArtifactFolder:
    """Implements `core.ports.ArtifactStore`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def folder(self, job_id: str) -> Path:
        folder = self._path / job_id
        with own_disk():
            await asyncio.to_thread(folder.mkdir, FOLDER, parents=True, exist_ok=True)
        return folder

    async def drop(self, job_id: str) -> None:
        await asyncio.to_thread(shutil.rmtree, self._path / job_id, ignore_errors=True)

    async def sizes(self) -> Mapping[str, int]:
        return await asyncio.to_thread(_sizes, self._path)


def _sizes(path: Path) -> Mapping[str, int]:
    """Return the bytes in each folder, by when something was last written there."""
    folders = [entry for entry in path.iterdir() if entry.is_dir()] if path.is_dir() else []
    found: list[tuple[float, str, int]] = []
    for folder in folders:
        try:
            written_s = folder.stat().st_mtime
            found.append((written_s, folder.name, sum(file.stat().st_size for file in folder.iterdir())))
        except FileNotFoundError:  # a file was renamed, or the folder went, just now
            found.append((0.0, folder.name, 0))
    return {name: size for _, name, size in sorted(found)}
