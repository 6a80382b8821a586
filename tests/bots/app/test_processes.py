"""Bot, worker and web apart, over one store: each does its part, and together they are the whole."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from pydantic import SecretStr

from bots.app.compose import WallClock, build, compose, platforms
from bots.app.environment import load
from bots.app.life import App
from bots.app.roles import Part
from bots.app.settings import Settings
from bots.app.stores import Stores, open_stores
from core.domain.errors import ConfigurationError, OutOfCredit
from core.domain.lifecycle import DeliveryState, State
from core.engine.load import Load
from core.engine.remote import RemoteWorkers
from core.engine.worker import Worker
from storage.driver import Statement
from tests import tokens
from tests.audio import Shapes
from tests.bots.discord.studio import Studio
from tests.bots.discord.talk import button
from tests.e2e.process import process
from tests.waiting import WAIT_S, until
from tests.worlds.discord import DiscordWorld
from tests.worlds.postgres import Server
from tests.worlds.telegram import Fault, TelegramWorld


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bots.app.generating.Media", Shapes)
    monkeypatch.setattr("bots.app.compose.LOOK_S", 0.02)
    monkeypatch.setattr("core.engine.remote.LOOK_S", 0.02)


class House:
    """Two chats, a gateway, and one store that every part shares."""

    def __init__(
        self, discord: DiscordWorld, telegram: TelegramWorld, studio: Studio, folder: Path, database: str
    ) -> None:
        self.discord, self.telegram, self.studio, self.folder = discord, telegram, studio, folder
        self.database = database
        self.stack = AsyncExitStack()
        self.stores: Stores
        self.ends: dict[int, Callable[[], Awaitable[None]]] = {}

    def settings(self, **changes: Any) -> Settings:
        values: dict[str, Any] = {
            "discord_token": SecretStr(self.discord.token),
            "discord_api_url": self.discord.api_url,
            "telegram_token": SecretStr(self.telegram.token),
            "telegram_api_url": self.telegram.api_url,
            "gateway_key": SecretStr("a-key"),
            "gateway_url": self.studio.url,
            "poll_min_s": 0.02,
            "poll_max_s": 0.02,
            "data_dir": self.folder,
            "database_url": SecretStr(self.database),
            "http_port": 0,
            "drain_s": 5,
            "communities": "open",
        }
        return load(_env_file=None, **{**values, **changes})

    async def start(self, roles: str, **changes: Any) -> App:
        settings, part, stop = self.settings(**changes), Part.parse(roles, None), asyncio.Event()
        chats = platforms(settings, part)
        app = await self.stack.enter_async_context(compose(settings, chats, self.stores, part, WallClock()))
        run = asyncio.create_task(app.run(stop))

        async def end() -> None:
            stop.set()
            await run

        self.stack.push_async_callback(end)
        self.ends[id(app)] = end
        async with asyncio.timeout(WAIT_S):
            while await app.health.wrong():
                await asyncio.sleep(0.005)
        return app


@pytest.fixture
async def house(tmp_path: Path, postgres: Server) -> AsyncIterator[House]:
    async with _house(tmp_path, await postgres.ready()) as house:
        yield house


@asynccontextmanager
async def _house(folder: Path, database: str) -> AsyncIterator[House]:
    async with DiscordWorld() as discord, TelegramWorld() as telegram, Studio() as studio:
        house = House(discord, telegram, studio, folder, database)
        async with open_stores(house.settings(), WallClock()) as house.stores, house.stack:
            yield house


async def test_a_bot_takes_orders_and_a_worker_delivers_them_without_a_connection(house: House) -> None:
    guild = house.discord.guild()
    channel, ana = guild.channel("general"), guild.member("Ana")
    bob = house.telegram.user("Bob", "bob")
    band = house.telegram.group("Band", bob)
    bot = await house.start("bot")
    assert isinstance(bot.worker, RemoteWorkers)
    async with aiohttp.ClientSession() as session:
        url = f"http://127.0.0.1:{bot.web.port}"
        async with session.get(f"{url}/healthz") as health, session.post(f"{url}/gateway/any", json={}) as callback:
            assert (health.status, callback.status) == (200, 404)
            assert await callback.text() == "404: Not Found"  # nothing is there, whatever the token
    reply = await house.discord.command(ana, channel, "/speak", voice="Aria", text="Hello everyone")
    await band.says(bob, "/speak Hello everyone")
    async with asyncio.timeout(WAIT_S):
        while (await house.stores.admin.open_jobs()).get(State.QUEUED) != 2:
            await asyncio.sleep(0.005)
    assert house.studio.orders == []
    what = "14 characters, $0.0014. Usually about 15 s from its beginning.\n“Hello everyone”"
    alone = f"No worker is running, waiting until one is: {what}"
    await reply.wait_for(lambda reply: reply.content == alone)
    await band.wait_for(lambda chat: alone in chat.texts)
    asked = await house.discord.command(ana, channel, "/speak", text="Braian hello")
    question = await asked.settled(lambda m: m.buttons)
    pressed = await house.discord.press(ana, question, button(question, "Brian"))
    await pressed.wait_for(
        lambda reply: reply.content.startswith("No worker is running, waiting until one is: 5 characters, $0.0005. ")
    )
    identified, polls = house.discord.gateway.identified, len(house.telegram.calls_to("deleteWebhook"))
    worker = await house.start("worker")
    assert worker.receiving == {}
    for waited in (reply, pressed):
        assert len(await waited.audio()) == 1
    await band.wait_for(lambda chat: chat.audios)
    assert house.discord.gateway.identified == identified
    assert len(house.telegram.calls_to("deleteWebhook")) == polls
    assert len(house.studio.orders) == 3


async def test_who_waits_when_the_last_worker_is_gone_is_told_so_by_one_process(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.remote.GONE_S", 0.05)
    bob, guild = house.telegram.user("Bob", "bob"), house.discord.guild()
    band, channel, ana = house.telegram.group("Band", bob), guild.channel("general"), guild.member("Ana")
    house.studio.ready.clear()
    worker = await house.start("worker", jobs_total=1)
    for roles in ("bot", "web"):
        await house.start(roles)
    await house.discord.command(ana, channel, "/speak", voice="Aria", text="First")
    await until(lambda: house.studio.orders)
    waits = await house.discord.command(ana, channel, "/speak", voice="Aria", text="Hello everyone")
    await band.says(bob, "/speak Hello everyone")
    await band.wait_for(lambda chat: chat.texts)
    await house.ends[id(worker)]()
    what = "14 characters, $0.0014. Usually about 15 s from its beginning.\n“Hello everyone”"
    alone = f"No worker is running, waiting until one is: {what}"
    await waits.wait_for(lambda reply: reply.content == alone)
    await band.wait_for(lambda chat: alone in chat.texts)
    await house.start("worker", jobs_total=1)
    again = {
        f"{place}: {what}"
        for place in ("Next in line", "1 before you", *(f"At most {n} before you" for n in (1, 2, 3)))
    }
    await waits.wait_for(lambda reply: reply.content in again)
    await band.wait_for(lambda chat: again & {*chat.texts})
    house.studio.ready.set()
    await waits.audio()
    await band.wait_for(lambda chat: chat.audios)
    assert len(house.studio.orders) == 3
    assert [c.params.get("text") for c in house.telegram.calls_to("editMessageText")].count(alone) == 1


async def test_an_order_that_comes_while_the_worker_runs_is_taken_up_once(house: House) -> None:
    bob = house.telegram.user("Bob", "bob")
    band = house.telegram.group("Band", bob)
    await house.start("worker", discord_token=None)
    await house.start("bot", discord_token=None)
    for number in range(5):
        await band.says(bob, f"/speak Hello number {number}")
    await band.wait_for(lambda chat: len(chat.audios) == 5)
    assert len(house.studio.orders) == 5


async def test_a_job_that_waits_is_left_to_whoever_has_room(house: House) -> None:
    bob = house.telegram.user("Bob", "bob")
    band = house.telegram.group("Band", bob)
    house.studio.ready.clear()
    worker = (await house.start("worker", discord_token=None, jobs_total=1)).worker
    assert isinstance(worker, Worker)
    await house.start("bot", discord_token=None)
    for number in range(2):
        await band.says(bob, f"/speak Hello number {number}")
    await until(lambda: worker.load() == Load(1, 1, worker.load().wait_s))
    assert worker._queue.waiting == 0
    other = (await house.start("worker", discord_token=None, jobs_total=1)).worker
    await until(lambda: (worker.load().waiting, other.load().in_flight) == (0, 1))
    house.studio.ready.set()
    await band.wait_for(lambda chat: len(chat.audios) == 2)


async def test_what_was_kept_is_sent_again_by_the_worker(house: House) -> None:
    bob = house.telegram.user("Bob", "bob")
    band = house.telegram.group("Band", bob)
    await house.start("worker", discord_token=None)
    await house.start("bot", discord_token=None)
    house.telegram.fail("sendVoice", Fault.kicked())
    await band.says(bob, "/speak Hello")
    card = await band.wait_for(lambda chat: next((m for m in chat.sent if m.buttons), None))
    async with asyncio.timeout(WAIT_S):
        while await house.stores.admin.open_jobs():
            await asyncio.sleep(0.005)
    await house.telegram.press(bob, card, card.buttons["Send again"])
    await band.wait_for(lambda chat: chat.audios)


async def test_a_job_that_waits_for_its_chat_is_carried_once(house: House) -> None:
    bob = house.telegram.user("Bob", "bob")
    band = house.telegram.group("Band", bob)
    await house.start("worker", discord_token=None)
    bot = await house.start("bot", discord_token=None)
    house.telegram.fail("sendVoice", Fault.flood(600))
    await band.says(bob, "/speak Hello")
    await house.telegram.until(lambda: house.telegram.calls_to("sendVoice"), "no upload")
    async with asyncio.timeout(WAIT_S):
        while (await house.stores.admin.open_jobs()).get(DeliveryState.PENDING) != 1:
            await asyncio.sleep(0.005)
    for _ in range(5):
        await asyncio.sleep(0.02)  # the worker looks again
    assert len([t for t in asyncio.all_tasks() if t.get_name().startswith("job ")]) == 1
    assert bot.receiving.keys() == {"telegram"}


async def test_a_word_from_a_bot_opens_the_gates_of_the_workers(house: House) -> None:
    bob, olga = house.telegram.user("Bob", "bob"), house.telegram.user("Olga", "olga")
    band, own = house.telegram.group("Band", bob), house.telegram.private(olga)
    changes = {"discord_token": None, "owners": (f"telegram:{olga.id}",)}
    workers = [await house.start("worker", **changes) for _ in range(2)]
    await house.start("bot", **changes)
    for app in workers:
        app.health.breaker.fail(OutOfCredit(retry_after_s=60))
    await band.says(bob, "/speak Hello")
    said = await own.reply_to(await own.says(olga, "/resume"))
    assert said.text.startswith("Nothing is paused in this process. Every other process that sends orders was told")
    await band.wait_for(lambda chat: chat.audios)
    await until(lambda: not any(app.health.breaker.open_s for app in workers))


async def test_what_has_no_shards_goes_with_the_first(house: House) -> None:
    settings = house.settings()
    for shards, names in (("0-1/4", {"discord", "telegram"}), ("2-3/4", {"discord"})):
        part = Part.parse("bot", shards)
        chats = platforms(settings, part)
        async with compose(settings, chats, house.stores, part, WallClock()) as app:
            assert app.receiving.keys() == names
            assert app.platforms.keys() == {"discord", "telegram"}
        for chat in chats.values():
            await chat.close()


async def test_web_alone_takes_updates_and_callbacks(house: House) -> None:
    bob = house.telegram.user("Bob", "bob")
    band = house.telegram.group("Band", bob)
    changes = {"discord_token": None, "telegram_webhook": True, "public_url": "https://bot.example"}
    bot = await house.start("bot", **changes)
    assert bot.receiving == {}
    web = await house.start("web", **changes)
    house.telegram.webhook.target = f"http://127.0.0.1:{web.web.port}"
    await band.says(bob, "/speak Hello")
    async with asyncio.timeout(WAIT_S):
        while not await house.stores.admin.open_jobs():
            await asyncio.sleep(0.005)
    [job] = await house.stores.store.unfinished()
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{house.telegram.webhook.target}/gateway/{job.generations[0].callback_token}", json={}) as answer,
        session.get(f"{house.telegram.webhook.target}/readyz") as ready,
    ):
        assert (answer.status, json.loads(await ready.text())["status"]) == (200, "ready")
    code, own = await bot.service.operators.issue_code(), house.telegram.private(bob)
    said = await own.reply_to(await own.says(bob, f"/claim {code}"))  # which the bot printed
    assert said.text.startswith("You run this bot now")
    assert await bot.service.operators.owners() == {f"telegram:{bob.id}"}
    assert house.telegram.calls_to("getUpdates") == []


async def test_audio_that_is_called_for_late_where_no_worker_is_comes_free_from_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.watching.UNSURE_S", 0.05)
    bob, changes = house.telegram.user("Bob", "bob"), {"discord_token": None, "public_url": "https://bot.example"}
    band = house.telegram.group("Band", bob)
    house.studio.refusal = 500
    parts = {roles: await house.start(roles, **changes) for roles in ("bot", "worker", "web")}
    await band.says(bob, "/speak Hello everyone")
    await band.wait_for(lambda chat: any("you get it free" in text for text in chat.texts))
    [path] = [urlsplit(url).path for url in house.studio.webhooks]
    url = f"http://127.0.0.1:{parts['web'].web.port}{path}"
    async with aiohttp.ClientSession() as session:
        for _ in range(2):
            async with session.post(url, json={"request_id": "speech_1", "status": "COMPLETED"}) as answer:
                assert answer.status == 200
    [audio] = await band.wait_for(lambda chat: chat.audios)
    assert "This came late; it costs you nothing." in audio.text
    await band.wait_for(lambda chat: not chat.texts)
    async with asyncio.timeout(WAIT_S):
        while await house.stores.admin.open_jobs():
            await asyncio.sleep(0.005)
    assert len(band.audios) == len(house.studio.orders) == 1
    (rows,) = await house.stores.driver.run([Statement("SELECT kind FROM ledger ORDER BY kind")])
    assert [row["kind"] for row in rows] == ["hold", "upstream", "void"]


@pytest.mark.parametrize(("roles", "shards"), [("bot", None), ("bot,worker,web", "0-1/4")])
async def test_parts_of_a_service_over_a_file_are_refused(
    tmp_path: Path, house: House, roles: str, shards: str | None
) -> None:
    settings = house.settings(database_url=None, data_dir=tmp_path / "other")
    part = Part.parse(roles, shards)
    with pytest.raises(ConfigurationError, match="SQLite file belongs to one"):
        async with build(settings, {}, part=part):
            raise AssertionError


async def test_the_command_line_says_what_can_not_work(tmp_path: Path) -> None:
    async with process(tmp_path, "sandbox") as service:
        for arguments, said in (
            (("--roles", "bot,cook"), "no role 'cook'"),
            (("--roles", "worker"), "SQLite file belongs to one"),
            (("--shards", "7"), "0-7/32"),
        ):
            status, text = await service.cli("run", *arguments)
            assert (status, said in text) == (2, True), text
        await service.start()


async def test_an_order_that_waits_for_a_worker_is_taken_back_at_a_bot(house: House) -> None:
    house.studio.ready.clear()
    guild = house.discord.guild()
    channel, ana = guild.channel("general"), guild.member("Ana")
    await house.start("bot")
    await house.start("worker", jobs_per_member=1)
    replies = [await house.discord.command(ana, channel, "/speak", voice="Aria", text=text) for text in ("One", "Two")]
    async with asyncio.timeout(WAIT_S):
        while len(house.studio.orders) != 1 or (await house.stores.admin.open_jobs()).get(State.QUEUED) != 1:
            await asyncio.sleep(0.005)
    [waits] = [job for job in await house.stores.store.unfinished() if job.stage is State.QUEUED]
    number = next(n for n, text in enumerate(("One", "Two")) if text == waits.parameters["text"])
    status = await replies[number].settled(lambda m: m.buttons)
    await house.discord.press(ana, status, button(status, "Cancel"))
    said = await replies[number].settled(lambda m: "cancelled" in m.content)
    assert said.ephemeral
    house.studio.ready.set()
    await replies[1 - number].audio()
    assert len(house.studio.orders) == 1


async def test_web_alone_stays_for_callbacks_where_telegram_refuses(house: House) -> None:
    house.telegram.fail("setWebhook", Fault(400, "Bad Request: bad webhook: Failed to resolve host"))
    changes = {"discord_token": None, "telegram_webhook": True, "public_url": "https://bot.example"}
    settings, part = house.settings(**changes), Part.parse("web", None)
    stop = asyncio.Event()
    async with compose(settings, platforms(settings, part), house.stores, part, WallClock()) as app:
        run = asyncio.create_task(app.run(stop))
        await house.telegram.until(lambda: house.telegram.calls_to("setWebhook"), "no webhook was set")
        await until(lambda: not any(task.get_name().startswith("platform") for task in asyncio.all_tasks()))
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{app.web.port}/healthz") as health,
        ):
            assert health.status == 200
        assert not run.done()
        stop.set()
        await run


async def test_a_spool_that_takes_nothing_is_the_operators_to_mend(tmp_path: Path) -> None:
    (tmp_path / "spool").symlink_to("/proc/sys/kernel/random")  # small, and closed to root as well
    settings = load(_env_file=None, telegram_token=SecretStr(tokens.TELEGRAM), gateway_url="sandbox", data_dir=tmp_path)
    with pytest.raises(ConfigurationError, match="can't be used for audio"):
        async with build(settings, platforms(settings)):
            pass
