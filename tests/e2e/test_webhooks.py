"""The real process with a public address: orders are posted to it, and so is what the gateway has to say."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.bots.discord.studio import Studio
from tests.e2e.process import Process, process
from tests.ports import free_port
from tests.waiting import until
from tests.worlds.telegram import Chat, User

PUBLIC = "https://bot.example"


class Public:
    """A process behind an address, as its reverse proxy sees it."""

    def __init__(self, service: Process, gateway: Studio, port: int) -> None:
        self.service, self.gateway, self.telegram = service, gateway, service.telegram
        self._local = f"http://127.0.0.1:{port}"

    async def start(self) -> None:
        self.telegram.webhook.url = ""
        await self.service.start(discord=False, telegram=False)
        await until(lambda: self.telegram.webhook.url, 0.01)
        self.telegram.webhook.target = self._local

    def member(self) -> tuple[User, Chat]:
        ann = self.telegram.user("Ann", "ann")
        return ann, self.telegram.group("Band", ann)

    async def submitted(self, orders: int) -> None:
        await until(lambda: len(self.gateway.orders) == orders, 0.01)

    async def call_back(self, order: int, url: str = "") -> int:
        """Post what the gateway does when a request has ended, and return the answer's status."""
        path = urlsplit(url or self.gateway.webhooks[order - 1]).path
        body = {"request_id": f"speech_{order}", "status": "COMPLETED", "output": {"media_url": ["http://10.0.0.1/x"]}}
        async with aiohttp.ClientSession() as session, session.post(self._local + path, json=body) as answer:
            return answer.status


@pytest.fixture
async def public(tmp_path: Path) -> AsyncIterator[Public]:
    port = free_port()
    settings = {"PUBLIC_URL": PUBLIC, "TELEGRAM_WEBHOOK": "true", "HTTP_PORT": str(port), "DISCORD_TOKEN": ""}
    async with Studio() as gateway, process(tmp_path, gateway.url, **settings) as service:
        yield Public(service, gateway, port)


async def test_an_order_that_is_posted_is_delivered_once_its_end_is_posted(public: Public) -> None:
    public.service.extra |= {"POLL_MIN_S": "60", "POLL_MAX_S": "60"}
    public.gateway.ready.clear()
    await public.start()
    ann, band = public.member()
    await band.says(ann, "/speak Aria Hello everyone")
    await public.submitted(1)
    assert public.gateway.webhooks[0].startswith(f"{PUBLIC}/")
    public.gateway.ready.set()
    assert await public.call_back(1, public.gateway.webhooks[0][:-1]) == 404
    assert band.audios == []
    assert {*await asyncio.gather(public.call_back(1), public.call_back(1))} == {200}
    await band.wait_for(lambda chat: chat.audios, 50)  # before it is polled
    assert public.telegram.calls_to("getUpdates") == []


async def test_what_is_posted_while_it_is_dead_is_not_lost(public: Public) -> None:
    public.gateway.ready.clear()
    await public.start()
    ann, band = public.member()
    await band.says(ann, "/speak Aria One")
    await band.wait_for(
        lambda chat: any(text.startswith("Generating speech: ") for text in chat.texts)
    )  # the gateway's name for it is written down
    await public.service.kill()
    public.gateway.ready.set()
    with pytest.raises(aiohttp.ClientConnectionError):
        await public.call_back(1)
    await band.says(ann, "/speak Aria Two")
    await public.start()
    await public.submitted(2)
    await public.call_back(2)
    await band.wait_for(lambda chat: len(chat.audios) == 2)
    assert [order["text"] for order in public.gateway.orders] == ["One", "Two"]
