"""Links to the console that the terminal makes beside a running service: files, since the database has one user."""

import json
import os
from contextlib import suppress
from pathlib import Path

from core.files.private import FOLDER, create


class LinkFolder:
    """Implements `core.engine.sessions.Dropped`: who may write here, runs the bot."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, digest: str, member: str, now_ms: int, until_ms: int) -> None:
        """Leave a link for the service to find, and sweep those that have expired. Raises OSError."""
        self._path.mkdir(FOLDER, parents=True, exist_ok=True)
        for old in self._path.iterdir():
            self._read(old, now_ms)
        with os.fdopen(create(self._path / digest), "w") as file:
            json.dump({"member": member, "until_ms": until_ms}, file)

    def take(self, digest: str, now_ms: int) -> tuple[str, int] | None:
        """Return whom a link lets in, and until when, once; None where there is none."""
        path = self._path / digest
        found = self._read(path, now_ms)
        with suppress(OSError):
            path.unlink()
        return found

    @staticmethod
    def _read(path: Path, now_ms: int) -> tuple[str, int] | None:
        """Read a link; what has expired, or is none, is removed."""
        try:
            held = json.loads(path.read_text())
            if held["until_ms"] > now_ms:
                return str(held["member"]), int(held["until_ms"])
        except OSError:
            return None
        except (ValueError, KeyError, TypeError):
            pass
        with suppress(OSError):
            path.unlink()
        return None
