"""Store accepted requests in a folder, so that a restarted sandbox can resume them."""

import json
import logging
import os
from pathlib import Path
from typing import Any

log = logging.getLogger("troubadour.sandbox")


class RequestStore:
    """Stores one file per request; without a folder it stores nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        if folder is not None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, name: str, record: dict[str, Any]) -> None:
        """Replace a record atomically."""
        if self._folder is None:
            return
        part = self._folder / f"{name}.part"
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump(record, file)
            part.replace(self._folder / f"{name}.json")
        except OSError as error:
            log.warning("%s is not kept for another start: %s", name, error)

    def drop(self, name: str) -> None:
        """Delete a record."""
        if self._folder is not None:
            (self._folder / f"{name}.json").unlink(missing_ok=True)

    def records(self) -> list[dict[str, Any]]:
        """Return all records, oldest first."""
        found: list[dict[str, Any]] = []
        for path in sorted(self._folder.glob("*.json")) if self._folder is not None else ():
            try:
                found.append(json.loads(path.read_text(encoding="utf-8")))
            except (OSError, ValueError) as error:
                log.warning("%s can't be read: %s", path, error)
        return sorted(found, key=lambda record: str(record.get("created_at")))
