"""The folder for the demo's files."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from bots.text import titles
from core.domain.errors import ConfigurationError
from core.domain.models import Artifact, Job

_NUMBERED = re.compile(r"(\d{1,9})-")


@dataclass(frozen=True, slots=True)
class Kept:
    """An audio file in the output folder."""

    path: Path
    artifact: Artifact


class OutputFolder:
    """A folder whose files are numbered, so that none is ever overwritten."""

    def __init__(self, folder: Path) -> None:
        """Create the folder. Raises ConfigurationError."""
        self._folder = folder
        self.kept: list[Kept] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            used = (_NUMBERED.match(path.name) for path in folder.iterdir())
            self._last = max((int(found[1]) for found in used if found), default=0)
        except OSError as error:
            raise ConfigurationError(f"{folder} can't hold the audio files: {error.strerror}.") from error

    def keep(self, job: Job, artifact: Artifact) -> Kept:
        """Copy an artifact into the folder. Raises OSError."""
        with Path(artifact.path).open("rb") as source:
            name = titles.file_name(job, artifact.probe.extension)
            path = self._next("-".join(name.replace(" - ", " ").split()))  # easy to type into a shell
            with path.open("xb") as copy:
                shutil.copyfileobj(source, copy)
        kept = Kept(path, artifact)
        self.kept.append(kept)
        return kept

    def put(self, name: str, content: bytes) -> Path:
        """Write a file other than audio. Raises OSError."""
        path = self._next(name)
        with path.open("xb") as file:
            file.write(content)
        return path

    def _next(self, name: str) -> Path:
        self._last += 1
        return self._folder / f"{self._last:02d}-{name}"
