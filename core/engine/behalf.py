"""Whose work is done now, for the lines of the log that do not say it themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from core.domain.models import Job
from core.domain.people import Caller

_whose: ContextVar[Job | Caller | None] = ContextVar("whose", default=None)


def take_up(job: Job) -> None:
    """Note that the task that runs now carries a job, to the task's end; what it starts inherits that."""
    _whose.set(job)


@contextmanager
def on_behalf_of(whose: Job | Caller) -> Iterator[None]:
    """Note for whom a block works; what it starts inherits that."""
    token = _whose.set(whose)
    try:
        yield
    finally:
        _whose.reset(token)


def whose() -> Job | Caller | None:
    """Return the job as it was taken up, or who gave the command; None where neither is the reason for the work."""
    return _whose.get()
