"""A slice of the kills, and a check that the verdict notices a broken promise."""

import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from tests.e2e.children import Nursery
from tests.proofs.kill import verdict
from tests.proofs.kill.__main__ import run, summary
from tests.proofs.kill.books import Memory, Row, copied, remembered
from tests.proofs.kill.crowd import TelegramOrder
from tests.proofs.kill.life import Wrong, life
from tests.worlds.telegram import TelegramWorld

ROW = Row("j", "telegram:-5000:1", "sent", None, True, 100, 100, 0)


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def nursery() -> AsyncIterator[Nursery]:
    async with Nursery() as nursery:
        yield nursery


async def order() -> TelegramOrder:
    world = TelegramWorld()
    ann = world.user("Ann", "ann")
    said = await world.group("Band", ann).says(ann, "/speak Aria Hello")
    return TelegramOrder(text="Hello", event_id=ROW.event_id, message=said, user=ann)


async def test_nothing_goes_wrong_over_some_kills(nursery: Nursery) -> None:
    course = await run(nursery, kills=5, seed=20, side_by_side=1)
    assert course.stories == []
    assert course.tally.kills == 5
    assert sum(course.tally.ended.values()) == course.tally.orders
    assert "5 kills" in summary(course, 1)


async def test_a_service_that_ends_by_itself_is_noticed(nursery: Nursery, tmp_path: Path) -> None:
    async with life(1, tmp_path, nursery) as one:
        one.service.extra |= {"DISCORD_TOKEN": "", "TELEGRAM_TOKEN": ""}
        with pytest.raises(Wrong, match="ended by itself with status 2"):
            await one.live(1)


async def test_a_lost_database_is_noticed(nursery: Nursery, tmp_path: Path) -> None:
    async with life(2, tmp_path, nursery) as one:
        one.memory = Memory({ROW.event_id: ROW}, frozenset({"j:hold"}))
        with pytest.raises(Wrong, match="forgotten: telegram:-5000:1"):
            await one.live(1)


async def test_a_child_is_a_process_of_its_own(nursery: Nursery, tmp_path: Path) -> None:
    frozen = nursery.start(tmp_path, {"TMPDIR": str(tmp_path)}, ("sandbox", "--port", "0"))
    helped = nursery.start(tmp_path, {}, ("--help",))
    assert await helped.ended() == 0
    assert not frozen.gone.done()
    frozen.signal(signal.SIGSTOP)
    frozen.signal(signal.SIGKILL)
    assert await frozen.ended() == -signal.SIGKILL
    assert "run the service" in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (replace(ROW, stage="running", closed=False), "still running"),
        (ROW, "delivered, but there is no audio"),
        (replace(ROW, stage="expired"), "told nothing"),
        (replace(ROW, stage="undeliverable", reason="too_large"), "no chat has refused"),
        (replace(ROW, charged_micros=99), "charged 99"),
        (replace(ROW, event_id="telegram:-5000:2"), "nobody ordered"),
    ],
)
async def test_what_ended_badly_is_seen(row: Row, told: str) -> None:
    assert any(
        told in words for words in verdict.at_rest([await order()], [], Memory({row.event_id: row}, frozenset()))
    )


async def test_an_order_that_never_became_a_job_is_seen() -> None:
    assert list(verdict.at_rest([await order()], [], Memory({}, frozenset()))) == [
        f"{ROW.event_id}: never became a job"
    ]


async def test_a_copy_has_what_only_the_log_holds(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"")
    (tmp_path / "a.db-wal").write_bytes(b"not yet in the file")
    with copied(tmp_path / "a.db") as copy:
        assert copy.with_name("a.db-wal").read_bytes() == b"not yet in the file"
        assert remembered(copy).jobs == {}
