"""How many updates are taken at a time: those that are only to be answered hold up nobody."""

import asyncio
import itertools

import pytest
from telegram import Update

from bots.telegram.intake import Ack, Intake


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.telegram.intake.AT_ONCE", 2)
    monkeypatch.setattr("bots.telegram.intake.MOST", 4)


_numbers = itertools.count()


def updates(count: int) -> list[Update]:
    return [Update(next(_numbers)) for _ in range(count)]


async def test_what_is_in_the_store_makes_room_while_it_is_answered() -> None:
    answered = asyncio.Event()

    async def handle(_: Update, ack: Ack) -> None:
        ack()
        await answered.wait()

    intake = Intake(handle)
    states = []
    for count in (3, 1):
        assert await intake.take(updates(count), 10)
        states.append(intake.full)
    assert states == [False, True]
    room = asyncio.create_task(intake.wait_for_room())
    await asyncio.sleep(0)
    assert not room.done()
    answered.set()
    await room
    await intake.drained()


async def test_what_is_not_yet_in_the_store_is_waited_for() -> None:
    stored = asyncio.Event()

    async def handle(_: Update, ack: Ack) -> None:
        await stored.wait()
        ack()
        await asyncio.Event().wait()

    intake = Intake(handle)
    assert not await intake.take(updates(2), 0)
    assert intake.full
    room = asyncio.create_task(intake.wait_for_room())
    await asyncio.sleep(0)
    assert not room.done()
    stored.set()
    await room
    intake.cancel_all()
    await intake.drained()


async def test_what_is_given_again_while_it_is_handled_is_handled_once() -> None:
    stored, handled = asyncio.Event(), []

    async def handle(update: Update, _: Ack) -> None:
        handled.append(update.update_id)
        await stored.wait()

    intake, given = Intake(handle), updates(2)
    assert not await intake.take(given, 0)
    assert intake.oldest == given[0].update_id
    stored.set()
    assert await intake.take(given, 10)
    assert await intake.take(given, 10)  # as where an earlier one is not kept yet
    assert intake.full is False
    assert handled == [update.update_id for update in given]
    intake.forget(lambda number: number <= given[0].update_id)
    assert await intake.take(given, 10)
    assert handled[2:] == [given[0].update_id]
