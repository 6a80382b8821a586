"""How calls reach Telegram, and what becomes of those that nobody waits for any more."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from telegram import InputFile
from telegram.error import NetworkError, TelegramError, TimedOut

from bots.telegram.errors import text_fault, upload_fault
from bots.telegram.transport import WHOLE_BYTES, AiohttpRequest
from core.domain.errors import DeliveryDelayed, DeliveryUncertain
from tests.audio import OGG
from tests.bots.telegram.rig import Bot
from tests.waiting import WAIT_S
from tests.worlds.telegram import Chat, Fault, TelegramWorld, User


@pytest.fixture
async def request_of_two() -> AsyncIterator[AiohttpRequest]:
    request = AiohttpRequest(2, read_s=WAIT_S)
    yield request
    await request.shutdown()
    assert request.under_way == 0


def _url(world: TelegramWorld, method: str = "getMe") -> str:
    return f"{world.api_url}/bot{world.token}/{method}"


async def test_a_wait_that_is_given_up_costs_no_place(request_of_two: AiohttpRequest, world: TelegramWorld) -> None:
    for turns in range(60):
        waits = [asyncio.create_task(request_of_two.post(_url(world))) for _ in range(3)]
        for _ in range(1 + turns % 30):
            await asyncio.sleep(0)
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
    async with asyncio.timeout(WAIT_S):
        await asyncio.gather(*(request_of_two.post(_url(world)) for _ in range(6)))
    await world.until(lambda: len(world.calls) == 186, "a call was cancelled, not its wait")


async def test_a_call_without_a_connection_never_left_and_does_not_name_the_token(
    request_of_two: AiohttpRequest, world: TelegramWorld
) -> None:
    held = asyncio.Event()
    world.fail("getMe", Fault.slow(held), times=2)
    places = [asyncio.create_task(request_of_two.post(_url(world))) for _ in range(2)]
    await world.until(lambda: len(world.calls) == 2, "not under way")
    with pytest.raises(TimedOut) as failure:
        await request_of_two.post(_url(world), connect_timeout=0.05)
    assert isinstance(upload_fault(failure.value, 1), DeliveryDelayed)
    assert world.token not in str(failure.value)
    held.set()
    await asyncio.gather(*places)


async def test_a_call_without_an_answer_may_have_arrived(request_of_two: AiohttpRequest, world: TelegramWorld) -> None:
    held = asyncio.Event()
    world.fail("getMe", Fault.slow(held))
    with pytest.raises(TimedOut) as failure:
        await request_of_two.post(_url(world), read_timeout=0.05)
    assert isinstance(upload_fault(failure.value, 1), DeliveryUncertain)
    world.fail("getMe", Fault.drop_after())
    with pytest.raises(NetworkError) as cut:
        await request_of_two.post(_url(world))
    assert isinstance(upload_fault(cut.value, 1), DeliveryUncertain)
    assert isinstance(text_fault(cut.value), DeliveryDelayed)


@pytest.mark.parametrize("body", ["[1]", "<html>", "{}", "[" * 100_000])
async def test_what_is_no_answer_is_an_error_and_not_logged(
    request_of_two: AiohttpRequest, world: TelegramWorld, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    fault = Fault(200)
    fault.body = body
    world.fail("getMe", fault)
    with pytest.raises(TelegramError):
        await request_of_two.post(_url(world))
    assert caplog.records == []


async def test_an_upload_of_which_the_wait_is_given_up_arrives(
    bot: Bot, world: TelegramWorld, band: Chat, bob: User
) -> None:
    held = asyncio.Event()
    world.fail("sendVoice", Fault.slow(held))
    wait = asyncio.create_task(bot.telegram._bot.send_voice(band.id, OGG, caption="ö \N{SNOWMAN}", filename="é ☃.ogg"))
    await world.until(lambda: world.calls_to("sendVoice"), "no upload")
    wait.cancel()
    await asyncio.wait({wait})
    held.set()
    await world.until(lambda: world.calls_to("sendVoice")[0].status == 200, "the upload was cut")
    assert [(f.filename, f.content) for f in world.calls_to("sendVoice")[0].files.values()] == [("é ☃.ogg", OGG)]
    async with asyncio.timeout(WAIT_S):  # the world hears nothing of the answer's arrival
        while bot.telegram.calls_under_way:
            await asyncio.sleep(0)


@pytest.mark.parametrize("content", [OGG, OGG + bytes(2 * WHOLE_BYTES)], ids=["one write", "many"])
async def test_a_file_that_is_sent_again_is_sent_whole(
    bot: Bot, world: TelegramWorld, band: Chat, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "a.ogg").write_bytes(content)
    with (tmp_path / "a.ogg").open("rb") as file:
        upload = InputFile(file, read_file_handle=False)
        for _ in range(2):
            await bot.telegram._bot.send_voice(band.id, upload)
    assert [c.files["voice"].content for c in world.calls_to("sendVoice")] == [content, content]
