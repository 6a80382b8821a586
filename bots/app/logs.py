"""Logging: one line per event, in text or JSON, with every secret redacted."""

import json
import logging
import os
import sys
import time
from collections.abc import Mapping, Sequence
from copy import copy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from pydantic import SecretStr

from bots.app.fields import LogFormat, LogLevel
from bots.app.redaction import Redaction
from bots.app.settings import Settings
from core.domain.errors import StoreAway
from core.domain.models import Job
from core.domain.money import MICROS
from core.domain.people import Caller
from core.domain.quoting import unquoted
from core.engine.behalf import whose

OURS = ("bots", "core", "storage", "troubadour", "__main__")
"""Whose lines are logged from LOG_LEVEL on. Those of libraries hold addresses with tokens, and what members wrote."""
QUIET_S = 60.0
DEEPEST = 5
"""How deep a chain of causes is followed."""
JOB = "job %s"
"""How lines about a job begin: with the job itself, or its id."""


class Outages(logging.Filter):
    """During an outage of the database or the disk, lets one line a minute through, without a traceback."""

    def __init__(self) -> None:
        super().__init__()
        self._said_s = -QUIET_S
        self._left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether to log."""
        outage = _outage(record)
        if outage is None:
            return True
        if time.monotonic() - self._said_s < QUIET_S:
            self._left_out += 1
            return False
        text = record.getMessage()
        record.__dict__["job"] = _named(record)
        more = f" ({self._left_out} lines about outages were left out)" if self._left_out else ""
        record.msg = f"{text}{'' if str(outage) in text else f': {outage}'}{more}"
        record.args, record.exc_info, record.exc_text = (), None, None
        self._said_s, self._left_out = time.monotonic(), 0
        return True


def _outage(record: logging.LogRecord) -> StoreAway | None:
    """Return the outage in a record's arguments or in the chain of its exception."""
    told = record.args if isinstance(record.args, tuple) else ()
    errors = [error for error in (*told, record.exc_info and record.exc_info[1]) if isinstance(error, BaseException)]
    for _ in range(DEEPEST):
        if found := next((error for error in errors if isinstance(error, StoreAway)), None):
            return found
        errors = [cause for error in errors if (cause := error.__cause__ or error.__context__)]
    return None


class Redacting(logging.Formatter):
    """Formats a record, tracebacks included, and redacts secrets wherever they came from."""

    def __init__(self, secrets: Sequence[str], *, as_json: bool) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._redaction = Redaction(secrets)
        self._as_json = as_json

    def format(self, record: logging.LogRecord) -> str:
        """Return one line (tracebacks may take more in text)."""
        record = _unquoted(record)
        line = self._json(record) if self._as_json else super().format(record)
        return self._redaction.strike(line)

    def _json(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": self._redaction.strike(record.getMessage()),
            **_facts(record),
        }
        if record.exc_info:
            text = record.exc_text or self.formatException(record.exc_info)
            fields["traceback"] = self._redaction.strike(text)
        return json.dumps(fields, ensure_ascii=False)


def _unquoted(record: logging.LogRecord) -> logging.LogRecord:
    """Return a record about a job in which no error quotes its member."""
    told, raised = record.args if isinstance(record.args, tuple) else (), record.exc_info and record.exc_info[1]
    job = next((value for value in (*told, whose()) if isinstance(value, Job)), None)
    errors = [value for value in (*told, raised) if isinstance(value, BaseException)]
    if job is None or not errors:
        return record
    record = copy(record)
    record.args = tuple(unquoted(job, value) if isinstance(value, BaseException) else value for value in told)
    if record.exc_info:
        record.exc_text = _traceback(record, job)
    return record


def _traceback(record: logging.LogRecord, job: Job) -> str:
    """Return a traceback in which no error quotes a job's member."""
    text = logging.Formatter().formatException(cast(Any, record.exc_info))
    error = record.exc_info and record.exc_info[1]
    for _ in range(DEEPEST):
        if error is None:
            break
        text = text.replace(str(error), unquoted(job, error)) if str(error) else text
        error = error.__cause__ or error.__context__
    return text


def _facts(record: logging.LogRecord) -> Mapping[str, Any]:
    """Return what a line is about: the job that it names, or else for which job or whose command it was written."""
    match _named(record), whose():
        case Job() as job, _:
            return _of_job(job, record) | {"state": job.stage}
        case None, Job() as job:  # which may be further by now
            return _of_job(job, record)
        case named, Caller() as caller:
            return ({"job": named} if named else {}) | {"community": caller.community, "platform": caller.platform}
        case named, _:
            return {"job": named} if named else {}


def _named(record: logging.LogRecord) -> Job | str | None:
    """Return the job that a line names, or its id where the line has no more."""
    if "job" in record.__dict__:
        return cast(Job | str | None, record.__dict__["job"])
    told = record.args if isinstance(record.args, tuple) else ()
    job_id = str(told[0]) if told and str(record.msg).startswith(JOB) else None
    return next((value for value in told if isinstance(value, Job)), job_id)


def _of_job(job: Job, record: logging.LogRecord) -> dict[str, Any]:
    return {
        "job": job.job_id,
        "community": job.community,
        "platform": job.platform,
        "product": job.product,
        "cost": job.cost_micros / MICROS,
        "duration": round(max(0.0, record.created - job.created_ms / 1000), 3),
    }


def secrets(settings: Settings) -> list[str]:
    """Return every secret among the settings, and the proxies of the environment, whose addresses hold passwords."""
    values = [value.get_secret_value() for value in dict(settings).values() if isinstance(value, SecretStr)]
    proxies = [value for name, value in os.environ.items() if name.lower().endswith("_proxy") and "://" in value]
    return [value for value in (*values, *proxies) if value]


def configure(settings: Settings) -> None:
    """Log to standard error as the settings say."""
    _install(Redacting(secrets(settings), as_json=settings.log_format is LogFormat.JSON), settings.log_level)


def configure_quietly(level: LogLevel = LogLevel.WARNING, file: Path | None = None) -> None:
    """Log what matters beside a terminal that shows something else, or to a file, once there is something.

    Raises OSError.
    """
    if file and file.exists():
        file.open("a").close()
    _install(
        Redacting((), as_json=False), level, logging.FileHandler(file, encoding="utf-8", delay=True) if file else None
    )


def _install(formatter: logging.Formatter, level: LogLevel, handler: logging.Handler | None = None) -> None:
    handler = handler or logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    handler.addFilter(Outages())
    libraries = LogLevel.ERROR if level is LogLevel.ERROR else LogLevel.WARNING
    logging.basicConfig(handlers=[handler], level=libraries, force=True)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
