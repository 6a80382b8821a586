import logging
from collections.abc import Iterator

import pytest

from bots.app.logs import OURS


@pytest.fixture(autouse=True)
def _log_of_its_own() -> Iterator[None]:
    """A command configures the log of its process, which is here that of all tests."""
    loggers = [logging.getLogger(name) for name in (None, *OURS)]
    were = [(logger, logger.level, logger.handlers[:]) for logger in loggers]
    yield
    for logger, level, handlers in were:
        logger.setLevel(level)
        logger.handlers[:] = handlers
