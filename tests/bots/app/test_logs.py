"""The log in bad days: an outage is a line a minute, whatever fails because of it."""

import io
import logging
from collections.abc import Iterator

import pytest

from bots.app.logs import Outages
from core.domain.errors import StoreAway
from core.domain.refusals import Cause, Unavailable

AWAY = StoreAway("the database books.db fails: disk I/O error")


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    out, logger = io.StringIO(), logging.getLogger("test.outages")
    handler = logging.StreamHandler(out)
    handler.addFilter(Outages())
    logger.addHandler(handler)
    yield logger, out
    logger.removeHandler(handler)


def order() -> None:
    raise Unavailable(Cause.STORE) from AWAY


def fail(kind: int, logger: logging.Logger) -> None:
    try:
        order()
    except Unavailable as error:
        if kind == 0:
            logger.warning("job %s: not written down: %s", "j%s", error.__cause__)
        elif kind == 1:
            logger.exception("job %s failed", "j%s")
        else:
            logger.exception("job %s failed", "j%s", exc_info=AWAY)


def test_an_outage_is_one_line_a_minute_without_a_traceback(
    log: tuple[logging.Logger, io.StringIO], monkeypatch: pytest.MonkeyPatch
) -> None:
    logger, out = log
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    for number in range(30):
        fail(number % 3, logger)
    logger.error("another thing: %s", ValueError("of its own"))
    assert out.getvalue().splitlines() == [
        "job j%s: not written down: the database books.db fails: disk I/O error",
        "another thing: of its own",
    ]
    now[0] = 60
    fail(1, logger)
    assert out.getvalue().splitlines()[2] == f"job j%s failed: {AWAY} (29 lines about outages were left out)"
