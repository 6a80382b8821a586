"""Whose work is done now, for the lines of the log that do not say it themselves."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from core.domain.models import Caller, Job

_whose: ContextVar[Job | Caller | None] = ContextVar("whose", default=None)


@contextmanager
def on_behalf_of(whose: Job | Caller) -> Iterator[None]:
    """Note that the block carries a job, or runs a member's command; what it starts inherits that."""
    token = _whose.set(whose)
    try:
        yield
    finally:
        _whose.reset(token)


def whose() -> Job | Caller | None:
    """Return the job as it was taken up, or who gave the command; None where neither is the reason for the work."""
    return _whose.get()
