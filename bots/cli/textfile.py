"""Figures of commands that end, in a file for the textfile collector of Prometheus' node exporter."""

import logging
import time
from pathlib import Path

from bots.app.metrics import written
from core.domain.errors import ConfigurationError

log = logging.getLogger(__name__)

READABLE = 0o644
"""The collector is another user, and the figures are no secret."""


def leave_books(file: Path | None, *, balance: bool) -> None:
    """Leave what an audit found, where a file is named. Raises ConfigurationError."""
    _leave(
        file,
        books_wrong=("Whether the books did not balance when they were verified last.", float(not balance)),
        books_verified_timestamp_seconds=("When the books were verified last.", time.time()),
    )


def leave_backup(file: Path | None) -> None:
    """Leave when a backup was made, where a file is named. Raises ConfigurationError."""
    _leave(file, backup_timestamp_seconds=("When the newest backup was made.", time.time()))


def try_leaving_backup(file: Path | None) -> None:
    """Do the same where more backups follow: one that was made counts, whoever can't be told of it."""
    try:
        leave_backup(file)
    except ConfigurationError as error:
        log.error("%s", error)  # noqa: TRY400 - no trace tells more


def _leave(file: Path | None, **figures: tuple[str, float]) -> None:
    """Replace the file as a whole: the collector may read it at any time."""
    if file is None:
        return
    new = file.with_name(f"{file.name}.new")
    try:
        new.write_text(written({name: (text, [({}, value)]) for name, (text, value) in figures.items()}))
        new.chmod(READABLE)
        new.replace(file)
    except OSError as error:
        raise ConfigurationError(
            f"{file} can't be written ({error.strerror}): name a file in the folder that the node exporter reads."
        ) from error
