"""Who somebody is in a community is asked of the chat at each act; without an answer nobody is anything."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from core.domain.attested import Attested
from core.domain.errors import DeliveryRefused
from core.engine import attesting
from core.engine.attesting import Elsewhere, Here, Unattested, answer_questions
from storage.sessions import SqlQuestions
from storage.sqlite import SqliteDriver
from tests.clock import SetClock
from tests.makers import caller
from tests.template import prepared

BOSS = Attested(caller("boss", is_admin=True, roles=("test:role:1", "test:role:2")), {"test:role:1": "Singers"})


class Chat:
    """Knows one member of one community, if it answers at all."""

    def __init__(self) -> None:
        self.out = False
        self.silent = asyncio.Event()
        self.silent.set()

    async def attest(self, community: str, member: str) -> Attested | None:
        await self.silent.wait()
        if self.out:
            raise DeliveryRefused("no such chat")
        return BOSS if (community, member) == ("test:band", "test:boss") else None


@asynccontextmanager
async def elsewhere(driver: SqliteDriver, chat: Chat) -> AsyncIterator[Elsewhere]:
    """A process without the chat, and one that has it and answers."""
    questions = SqlQuestions(driver, SetClock())
    answering = asyncio.create_task(answer_questions(questions, Here({"test": chat})))
    try:
        yield Elsewhere(questions)
    finally:
        answering.cancel()
        await asyncio.wait({answering})


@pytest.fixture
async def asked(tmp_path: Path) -> AsyncIterator[SqliteDriver]:
    driver = SqliteDriver(prepared(tmp_path / "store.db"))
    await driver.open()
    yield driver
    await driver.close()


async def test_a_process_without_the_chat_is_told_the_same(asked: SqliteDriver) -> None:
    chat = Chat()
    async with elsewhere(asked, chat) as other:
        for who in (Here({"test": chat}), other):
            assert await who.attest("test:band", "test:boss") == BOSS
            assert await who.attest("test:band", "test:ann") is None
            assert await who.attest("else:band", "else:boss") is None
        assert await Here({"test": chat}).attest("test:band", "else:boss") is None


async def test_where_the_chat_can_not_be_asked_nobody_is_anything(asked: SqliteDriver) -> None:
    chat = Chat()
    chat.out = True
    async with elsewhere(asked, chat) as other:
        for who in (Here({"test": chat}), other):
            with pytest.raises(Unattested):
                await who.attest("test:band", "test:boss")


async def test_without_an_answer_in_time_nobody_is_anything(
    asked: SqliteDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attesting, "ANSWER_S", 0.2)
    chat = Chat()
    chat.silent.clear()
    with pytest.raises(Unattested):
        await Here({"test": chat}).attest("test:band", "test:boss")
    chat.silent.set()
    with pytest.raises(Unattested):  # nobody answers
        await Elsewhere(SqlQuestions(asked, SetClock())).attest("test:band", "test:boss")
