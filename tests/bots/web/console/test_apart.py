"""The console in a process of its own: it asks one that talks with the chats who somebody is, through the store."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bots.app.compose import WallClock, compose, platforms
from bots.app.environment import load
from bots.app.life import App
from bots.app.roles import Part
from bots.app.settings import Settings
from bots.app.stores import Stores, open_stores
from tests.audio import Shapes
from tests.bots.discord.studio import Studio
from tests.bots.web.console.browsing import URL, Browser, signed_in
from tests.bots.web.console.house import LINK
from tests.waiting import WAIT_S
from tests.worlds.postgres import Server
from tests.worlds.s3 import Store, environment, names_in
from tests.worlds.telegram import TelegramWorld


@asynccontextmanager
async def running(settings: Settings, stores: Stores, roles: str) -> AsyncIterator[App]:
    """One process, once it serves."""
    part, stop = Part.parse(roles, None), asyncio.Event()
    async with compose(settings, platforms(settings, part), stores, part, WallClock()) as app:
        run = asyncio.create_task(app.run(stop))
        async with asyncio.timeout(WAIT_S):
            while await app.health.wrong():
                await asyncio.sleep(0.005)
        try:
            yield app
        finally:
            stop.set()
            await run


async def test_it_knows_an_admin_while_a_bot_answers_and_nobody_without(
    studio: Studio, tmp_path: Path, postgres: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.app.generating.Media", Shapes)
    monkeypatch.setattr("core.engine.attesting.ANSWER_S", WAIT_S)
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(TelegramWorld())
        alice = world.user("Alice", "alice")
        band = world.group("Band", world.user("Bob", "bob"))
        band.add(alice, "administrator")
        settings = load(
            _env_file=None, telegram_token=SecretStr(world.token), telegram_api_url=world.api_url,
            gateway_url=studio.url, gateway_key=SecretStr("a-key"), data_dir=tmp_path, http_port=0, communities="open",
            database_url=SecretStr(await postgres.ready()), console_url=URL, console_port=0,
        )  # fmt: skip
        stores = await stack.enter_async_context(open_stores(settings, WallClock()))
        web = await stack.enter_async_context(running(settings, stores, "web"))
        assert web.console is not None
        browser = await stack.enter_async_context(Browser(web.console.port))
        here = f"/c/telegram:{band.id}"
        async with running(settings, stores, "bot,worker") as bot:
            assert bot.console is None
            own = world.private(alice)
            await band.says(alice, "/console")
            text = await own.wait_for(lambda chat: next(iter(chat.texts), None))
            await signed_in(browser, LINK.findall(text)[0])
            assert (await browser.open(f"{here}/members")).status == 200
            band.add(alice, "member")
            assert (await browser.open(f"{here}/members")).status == 403
            band.add(alice, "administrator")
        monkeypatch.setattr("core.engine.attesting.ANSWER_S", 0.1)
        refused = await browser.open(f"{here}/members")
        assert (refused.status, "can't be asked who you are there" in refused.words) == (503, True)
        assert (await browser.open("/data")).status == 200


async def test_it_plays_what_another_machine_has_fetched(
    studio: Studio, tmp_path: Path, postgres: Server, s3: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bots.app.generating.Media", Shapes)
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(TelegramWorld())
        bob = world.user("Bob", "bob")
        band, own, bucket = world.group("Band", bob), world.private(bob), s3.address()
        shared = {name.lower(): value for name, value in environment(bucket).items()}
        values: dict[str, Any] = {
            "telegram_token": SecretStr(world.token), "telegram_api_url": world.api_url, "gateway_url": studio.url,
            "gateway_key": SecretStr("a-key"), "http_port": 0, "communities": "open", "poll_min_s": 0.02,
            "poll_max_s": 0.02, "database_url": SecretStr(await postgres.ready()), "console_url": URL,
            "console_port": 0, **shared,
        }  # fmt: skip
        worker, web = (load(_env_file=None, data_dir=tmp_path / name, **values) for name in ("worker", "web"))
        stores = await stack.enter_async_context(open_stores(worker, WallClock()))
        app = await stack.enter_async_context(running(web, stores, "web"))
        assert app.console is not None
        browser = await stack.enter_async_context(Browser(app.console.port))
        async with running(worker, stores, "bot,worker"):
            await band.says(bob, "/speak Aria Hello everyone")
            (heard,) = await band.wait_for(lambda chat: chat.audios)
            await band.says(bob, "/console")
            text = await own.wait_for(lambda chat: next(iter(chat.texts), None))
            await signed_in(browser, LINK.findall(text)[0])
        assert len(names_in(bucket)) == 1
        shutil.rmtree(tmp_path / "worker" / "spool")
        page = (await browser.open("/orders")).text
        path = "/orders/" + page.partition('src="/orders/')[2].partition('"')[0]
        part = await browser.open(path, Range="bytes=0-9")
        assert (part.status, part.headers["Content-Length"]) == (206, "10")
        assert (await browser.open(path)).status == 200
        (copy,) = (tmp_path / "web" / "spool").iterdir()
        assert copy.read_bytes() == studio.audio
        assert heard.content
