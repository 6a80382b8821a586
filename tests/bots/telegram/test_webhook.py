"""Updates that Telegram posts: over the wire, into the whole service."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from bots.app.compose import build, platforms
from bots.app.environment import load
from bots.app.life import App
from bots.telegram.webhook import SECRET_HEADER
from core.domain.errors import ConfigurationError, PlatformError
from tests.bots.discord.studio import Studio
from tests.waiting import WAIT_S, until
from tests.worlds.telegram import Chat, Fault, TelegramWorld, User

PUBLIC = "https://bot.example"
Running = Callable[..., AbstractAsyncContextManager[App]]


@pytest.fixture
def running(world: TelegramWorld, studio: Studio, tmp_path: Path) -> Running:
    @asynccontextmanager
    async def live(**changes: Any) -> AsyncIterator[App]:
        values: dict[str, Any] = {
            "telegram_token": SecretStr(world.token),
            "telegram_api_url": world.api_url,
            "telegram_webhook": True,
            "gateway_url": studio.url,
            "gateway_key": SecretStr("a-key"),
            "data_dir": tmp_path,
            "http_port": 0,
            "poll_min_s": 0.02,
            "poll_max_s": 0.02,
            "public_url": PUBLIC,
            "communities": "open",
        }
        settings, stop = load(_env_file=None, **{**values, **changes}), asyncio.Event()
        async with build(settings, platforms(settings)) as app:
            run = asyncio.create_task(app.run(stop))
            await until(lambda: app.platforms["telegram"].receiving)
            world.webhook.target = f"http://127.0.0.1:{app.web.port}"
            try:
                yield app
            finally:
                stop.set()
                await run

    return live


async def test_an_order_comes_by_webhook(running: Running, world: TelegramWorld, band: Chat, bob: User) -> None:
    async with running():
        await band.reply_to(await band.says(bob, "/voices"))
        await band.reply_to(await band.says(bob, "/balance"))
        await until(lambda: len(world.webhook.answers) >= 2)
        assert world.webhook.url == f"{PUBLIC}/telegram"
        assert sorted(world.webhook.kinds) == ["callback_query", "edited_message", "message", "my_chat_member"]
        assert world.token not in world.webhook.secret
    assert set(world.webhook.answers) == {200}
    assert world.calls_to("getUpdates") == []
    assert world.webhook.url  # updates wait at Telegram for the next start


async def test_the_same_update_after_a_restart_is_one_order(
    running: Running, world: TelegramWorld, studio: Studio, band: Chat, bob: User
) -> None:
    studio.ready.clear()
    async with running(public_url="https://bot.example:8443") as app:
        said = await band.says(bob, "/speak Hello")
        async with asyncio.timeout(WAIT_S):
            while not await app.health.open_jobs():
                await asyncio.sleep(0.001)
        secret = world.webhook.secret
    async with running() as app:
        assert world.webhook.secret == secret
        assert said.update is not None
        assert await world.webhook.post(said.update) == 200
        assert sum((await app.health.open_jobs()).values()) == 1


async def bare(port: int, header: bytes) -> bytes:
    """Post with a header as no library would send it; return the status."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /telegram HTTP/1.1\r\nHost: bot\r\nContent-Length: 2\r\n" + header + b"\r\n\r\n{}")
    status = (await reader.readline()).split()[1]
    writer.close()
    return status


async def test_what_does_not_know_the_secret_changes_nothing(
    running: Running, world: TelegramWorld, band: Chat, bob: User
) -> None:
    async with running() as app:
        message = (await band.says(bob, "/voices")).raw | {"text": "/speak Hello"}
        forged = {"update_id": 9_000, "message": message}
        await band.wait_for(lambda chat: chat.sent)
        for secret in ("", "wrong", world.webhook.secret[:-1], world.webhook.secret + "é"):
            assert await world.webhook.post(forged, **{SECRET_HEADER: secret}) == 403
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{world.webhook.target}/telegram", json=forged) as answer,
        ):
            assert answer.status == 403
        assert await bare(app.web.port, f"{SECRET_HEADER}: ".encode() + b"\xff") == b"403"
        assert await app.health.open_jobs() == {}
        for unreadable in (["no object"], {"message": 5}, "{"):
            assert await world.webhook.post(unreadable) == 400
        assert await world.webhook.post({"update_id": 1, "message": "x" * 1_100_000}) == 413


async def test_an_update_that_can_not_be_read_is_passed_over(
    running: Running, world: TelegramWorld, band: Chat, bob: User, caplog: pytest.LogCaptureFixture
) -> None:
    """Telegram would give it again and again, and nothing after it."""
    async with running():
        message = (await band.says(bob, "/voices")).raw
        await band.wait_for(lambda chat: chat.sent)
        undated = await world.send_update("message", message | {"date": 10**30, "text": "words of a member"})
        mad = await world.send_update("message", {"chat": "words of a member"})
        await band.reply_to(await band.says(bob, "/balance"))
        assert not [update for update in (undated, mad) if update in world._updates]
        assert 400 not in world.webhook.answers
    assert f"update {mad['update_id']} can't be read" in caplog.text
    assert "words of a member" not in caplog.text


async def test_an_update_that_can_not_be_kept_comes_again(
    running: Running, world: TelegramWorld, band: Chat, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.telegram.webhook.ACK_S", 0.05)
    held = asyncio.Event()
    async with running() as app:
        world.fail("getChatMember", Fault.slow(held))
        await band.says(bob, "/block @alice")
        await until(lambda: 503 in world.webhook.answers)
        held.set()
        await band.wait_for(lambda chat: chat.sent)
        await app.platforms["telegram"].stop_receiving()
        assert await world.webhook.post({"update_id": 9_001}) in {503, 0}


async def test_going_back_to_polling_takes_the_webhook_away(
    running: Running, world: TelegramWorld, band: Chat, bob: User
) -> None:
    async with running():
        await band.reply_to(await band.says(bob, "/voices"))
    waiting = await band.says(bob, "/balance")
    async with running(telegram_webhook=False):
        await band.reply_to(waiting)
        assert world.webhook.url == ""
        assert world.calls_to("getUpdates")


async def test_a_webhook_that_was_taken_away_is_taken_back(
    running: Running, world: TelegramWorld, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bots.telegram.webhook.CHECK_S", 0.02)
    async with running():
        world.webhook.url, world.webhook._last_error = "", "Connection refused"
        await world.until(lambda: world.calls_to("setWebhook")[1:], "not taken back")
        await world.until(lambda: len(world.calls_to("getWebhookInfo")) > 4, "did not look")
    assert len([r for r in caplog.records if "took the webhook away" in r.message]) == 1
    assert len([r for r in caplog.records if "Connection refused" in r.message]) == 1


async def test_an_address_that_telegram_refuses_is_the_operators_to_mend(
    running: Running, world: TelegramWorld, tmp_path: Path
) -> None:
    world.fail("setWebhook", Fault.bad_request("bad webhook: IP address 127.0.0.1 is reserved"))
    settings = load(
        _env_file=None,
        telegram_token=SecretStr(world.token),
        telegram_api_url=world.api_url,
        telegram_webhook=True,
        public_url=PUBLIC,
        gateway_url="sandbox",
        data_dir=tmp_path,
        http_port=0,
    )
    async with build(settings, platforms(settings)) as app:
        telegram = app.platforms["telegram"]
        await telegram.open(app.service)
        with pytest.raises(PlatformError, match=r"PUBLIC_URL.*reserved"):
            await telegram.run()
        await telegram.close()


@pytest.mark.parametrize(
    ("public_url", "named"), [(None, "needs PUBLIC_URL"), ("https://bot.example:8080", "443, 80, 88 or 8443")]
)
def test_what_telegram_would_refuse_is_said_at_the_start(public_url: str | None, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        load(_env_file=None, telegram_webhook=True, public_url=public_url)
