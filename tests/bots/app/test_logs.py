"""The log: an outage is a line a minute, whatever fails because of it; a line about a job knows the job."""

import ast
import asyncio
import io
import json
import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bots.app.logs import Outages, Redacting
from core.domain.errors import StoreAway
from core.domain.lifecycle import State
from core.domain.refusals import Cause, Unavailable
from core.engine.behalf import on_behalf_of
from tests.makers import caller, job

ROOT = Path(__file__).parents[3]
SOURCES = [path for name in ("bots", "core", "storage") for path in (ROOT / name).rglob("*.py")]

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


def written(logger: logging.Logger, line: str, *args: object) -> Mapping[str, Any]:
    """Return a line as it is written in JSON."""
    record = logger.makeRecord(logger.name, logging.INFO, "", 0, line, args, None)
    Outages().filter(record)
    told: dict[str, Any] = json.loads(Redacting((), as_json=True).format(record))
    return {name: told[name] for name in told.keys() - {"time", "level", "logger", "message", "duration"}}


CARRIED = job(job_id="0carried", community="test:band", cost_micros=5_100)
NAMED = job(job_id="0named", community="test:band", cost_micros=2_000, state=State.RUNNING)
OF_CARRIED = {"job": "0carried", "community": "test:band", "platform": "test", "product": "speech", "cost": 0.0051}
OF_NAMED = {**OF_CARRIED, "job": "0named", "cost": 0.002, "state": "running"}


def test_a_line_is_about_the_job_that_it_names_or_that_is_carried(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, _ = log
    assert written(logger, "a disk is slow") == {}
    with on_behalf_of(caller()):
        assert written(logger, "a disk is slow") == {"community": "test:band", "platform": "test"}
        assert written(logger, "job %s: ordered", NAMED) == OF_NAMED
        assert written(logger, "job %s: reported by %d", "0other", 2) == {
            "job": "0other", "community": "test:band", "platform": "test"
        }  # fmt: skip
    with on_behalf_of(CARRIED):
        assert written(logger, "a disk is slow") == OF_CARRIED  # how far it is now, only its own lines know
        assert written(logger, "job %s.%d: %s", NAMED, 1, AWAY) == OF_NAMED
        assert written(logger, "job %s: %s", "0other", AWAY) == {"job": "0other"}
    assert written(logger, "a disk is slow") == {}


async def test_what_a_job_starts_is_about_it(log: tuple[logging.Logger, io.StringIO]) -> None:
    async def tell() -> Mapping[str, Any]:
        return written(log[0], "a disk is slow")

    with on_behalf_of(CARRIED):
        began = asyncio.create_task(tell())
    assert await began == OF_CARRIED


def test_text_is_as_it_was(log: tuple[logging.Logger, io.StringIO]) -> None:
    record = log[0].makeRecord("core", logging.INFO, "", 0, "job %s.%d: rejected", (NAMED, 2), None)
    with on_behalf_of(CARRIED):
        assert Redacting((), as_json=False).format(record).endswith("INFO core: job 0named.2: rejected")


def test_the_lines_of_the_code_about_a_job_name_the_job_itself() -> None:
    calls = [call for path in SOURCES for call in ast.walk(ast.parse(path.read_text())) if isinstance(call, ast.Call)]
    about = [call.args for call in calls if any("'job %s" in ast.unparse(value) for value in call.args[:2])]
    told = [next(values[n + 1] for n, text in enumerate(values) if isinstance(text, ast.Constant)) for values in about]
    assert len(told) > 50
    names = [ast.unparse(value) for value in told]
    assert [name for name in names if ".named(" in name or name.endswith("job.job_id")] == []


def quoting(quoted: str) -> LookupError:
    return LookupError(f"no '{quoted}' here")


@pytest.mark.parametrize("as_json", [True, False])
def test_no_error_quotes_the_member_whose_job_it_is_about(as_json: bool) -> None:
    about, quoted = job(job_id="0named", parameters={"text": "Kestrels everywhere"}), "kestrels every"
    try:
        raise quoting(quoted) from quoting(quoted.title())
    except LookupError as error:
        caught = (LookupError, error, error.__traceback__)
    for line, args in (("job %s: %s", (about, caught[1])), ("it failed: %s", (caught[1],))):
        record = logging.getLogger("core").makeRecord("core", logging.ERROR, "", 0, line, args, caught)
        with on_behalf_of(about):
            told = Redacting((), as_json=as_json).format(record)
        assert told.count("no '…' here") == 3
        assert "kestrel" not in told.casefold()
