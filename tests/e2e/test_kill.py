"""SIGKILL at each stage of a job, and a new start: nothing is lost, doubled or charged for nothing."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.process import Process, process
from tests.e2e.turnstile import Turnstile
from tests.waiting import WAIT_S
from tests.worlds.discord import Channel, Member
from tests.worlds.telegram import Chat, Fault, User


@pytest.fixture
async def gateway() -> AsyncIterator[Turnstile]:
    async with Turnstile() as gateway:
        yield gateway


@pytest.fixture
async def service(gateway: Turnstile, tmp_path: Path) -> AsyncIterator[Process]:
    async with process(tmp_path, gateway.url, DRAIN_S="5") as service:
        yield service


@pytest.fixture
def ann(service: Process) -> User:
    return service.telegram.user("Ann", "ann")


@pytest.fixture
def band(service: Process, ann: User) -> Chat:
    return service.telegram.group("Band", ann)


@pytest.fixture
def bea(service: Process) -> tuple[Member, Channel]:
    guild = service.discord.guild()
    return guild.member("Bea"), guild.channel("general")


async def lives_again(service: Process, gateway: Turnstile) -> None:
    async with asyncio.timeout(WAIT_S):
        await gateway.reached.wait()
    await service.kill()
    await service.start()


@pytest.mark.parametrize("stage", ["running", "fetching"])
async def test_generation_goes_on_after_a_kill(
    service: Process, gateway: Turnstile, band: Chat, ann: User, bea: tuple[Member, Channel], stage: str
) -> None:
    await service.start()
    gateway.ready.clear()
    await band.says(ann, "/speak Aria Hello everyone")
    reply = await service.discord.command(bea[0], bea[1], "/speak", text="Hello Discord", voice="Aria")
    await gateway.pulse.until(lambda: gateway.submitted == 2)
    gateway.holding = stage
    gateway.ready.set()
    await lives_again(service, gateway)
    await band.wait_for(lambda chat: chat.audios)
    assert len(await reply.audio()) == 1
    assert gateway.submitted == 2
    assert len(band.audios) == 1


async def test_a_submission_of_unknown_outcome_is_not_repeated(
    service: Process, gateway: Turnstile, band: Chat, ann: User
) -> None:
    await service.start()
    gateway.holding = "submitting"
    await band.says(ann, "/speak Aria Hello everyone")
    await lives_again(service, gateway)
    await band.wait_for(lambda chat: [m for m in chat.sent if "You were not charged" in m.text])
    assert gateway.submitted == 1
    assert band.audios == []


async def test_what_waits_in_the_queue_survives(gateway: Turnstile, tmp_path: Path) -> None:
    async with process(tmp_path, gateway.url, JOBS_TOTAL="1", DRAIN_S="5") as service:
        ann = service.telegram.user("Ann", "ann")
        band = service.telegram.group("Band", ann)
        await service.start()
        gateway.holding = "submitting"
        await band.says(ann, "/speak Aria The first")
        async with asyncio.timeout(WAIT_S):
            await gateway.reached.wait()
        await band.says(ann, "/speak Aria The second")
        await band.wait_for(lambda chat: [m for m in chat.sent if m.text.startswith("Next in line")])
        await service.kill()
        await service.start()
        await band.wait_for(lambda chat: chat.audios)
        assert [o["text"] for o in gateway.orders] == ["The second"]


async def test_telegram_a_kill_during_the_upload_leaves_send_again(
    service: Process, gateway: Turnstile, band: Chat, ann: User
) -> None:
    await service.start()
    service.telegram.fail("sendVoice", Fault.slow(asyncio.Event()))
    await band.says(ann, "/speak Aria Hello everyone")
    await band.wait_for(lambda chat: chat.audios)
    await service.kill()
    await service.start()
    card = await band.wait_for(lambda chat: next((m for m in chat.sent if "Send again" in m.buttons), None))
    assert len(band.audios) == 1
    await service.telegram.press(ann, card, card.buttons["Send again"])
    await band.wait_for(lambda chat: len(chat.audios) == 2)
    assert gateway.submitted == 1


async def test_discord_a_kill_during_the_upload_leaves_one_audio(
    service: Process, gateway: Turnstile, bea: tuple[Member, Channel]
) -> None:
    await service.start()
    gateway.holding = "fetching"
    reply = await service.discord.command(bea[0], bea[1], "/speak", text="Hello everyone", voice="Aria")
    async with asyncio.timeout(WAIT_S):
        await gateway.reached.wait()
    uploads = len(service.discord.requests)
    await service.kill()
    await service.start()
    await service.discord.pulse.until(lambda: any(r.files for r in service.discord.requests[uploads:]))
    await service.kill()
    await service.start()
    assert len(await reply.audio()) == 1
    assert [len(m.attachments) for m in bea[1].posted if m.attachments] in ([], [1])


async def test_the_same_update_after_a_kill_is_one_order(
    service: Process, gateway: Turnstile, band: Chat, ann: User
) -> None:
    await service.start()
    said = await band.says(ann, "/speak Aria Hello everyone")
    await band.wait_for(lambda chat: chat.audios)
    await service.kill()
    await service.start()
    assert said.update is not None
    await service.telegram.repeat(said.update)
    await band.says(ann, "/balance")
    await band.wait_for(lambda chat: [m for m in chat.sent if "for you alone" in m.text])
    assert gateway.submitted == len(band.audios) == 1


async def test_sigterm_ends_in_time_and_refuses_nothing_it_accepted(
    service: Process, gateway: Turnstile, band: Chat, ann: User
) -> None:
    await service.start()
    gateway.ready.clear()
    await band.says(ann, "/speak Aria Hello everyone")
    await gateway.pulse.until(lambda: gateway.submitted == 1)
    assert await service.terminate() == 0
    gateway.ready.set()
    await service.start()
    await band.wait_for(lambda chat: chat.audios)
    assert gateway.submitted == 1
