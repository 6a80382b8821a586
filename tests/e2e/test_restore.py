"""A copy from the middle of several orders takes the database's place: nothing is made, sent or charged twice."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.process import Process, process
from tests.e2e.turnstile import Turnstile
from tests.worlds.discord import Message as Post
from tests.worlds.discord import Reply
from tests.worlds.telegram import Fault
from tests.worlds.telegram.chats import Message

DOUBT = "My records were restored from an earlier copy: I can't tell whether you have this already."
SEND_AGAIN = "Send again"


@pytest.fixture
async def gateway() -> AsyncIterator[Turnstile]:
    async with Turnstile() as gateway:
        yield gateway


@pytest.fixture
async def service(gateway: Turnstile, tmp_path: Path) -> AsyncIterator[Process]:
    async with process(tmp_path, gateway.url, DRAIN_S="5", JOBS_PER_MEMBER="1") as service:
        yield service


class Scene:
    """A group on Telegram and a server on Discord, with orders in each state that a copy may find."""

    def __init__(self, service: Process, gateway: Turnstile) -> None:
        self.service, self.gateway = service, gateway
        self.ann, self.cid = service.telegram.user("Ann", "ann"), service.telegram.user("Cid", "cid")
        self.band = service.telegram.group("Band", self.ann, self.cid)
        guild = service.discord.guild()
        self.bea, self.channel = guild.member("Bea"), guild.channel("general")
        self.copy = service.folder / "copy.db"
        self.orders: dict[str, Message] = {}
        self.reply: Reply

    async def play(self) -> None:
        """Back up with one order being sent, two running and one waiting; then let all of them come to their ends."""
        service, band, gateway = self.service, self.band, self.gateway
        await service.start()
        arrives = asyncio.Event()
        service.telegram.fail("sendVoice", Fault.slow(arrives))
        self.orders["being sent"] = await band.says(self.cid, "/speak Aria Being sent")
        await service.telegram.until(lambda: service.telegram.calls_to("sendVoice"), "no upload")
        gateway.ready.clear()
        self.orders["running"] = await band.says(self.ann, "/speak Aria Running")
        self.reply = await service.discord.command(self.bea, self.channel, "/speak", text="On Discord", voice="Aria")
        await gateway.pulse.until(lambda: gateway.submitted == 3)
        self.orders["waiting"] = await band.says(self.ann, "/speak Aria Waiting")
        await band.wait_for(lambda chat: [m for m in chat.sent if m.text.startswith("Next in line")])
        status, said = await service.cli("backup", str(self.copy))
        assert status == 0, said
        arrives.set()
        gateway.ready.set()
        await band.wait_for(lambda chat: len(chat.audios) == 3)
        await self.reply.audio()
        assert gateway.submitted == 4

    async def told(self, name: str) -> Message:
        """Return what an order's member is told after the copy was restored."""
        order = self.orders[name]
        return await self.band.wait_for(
            lambda chat: next((m for m in chat.sent if m.reply_to == order.id and DOUBT in m.text), None)
        )

    async def told_on_discord(self) -> Post:
        return await self.reply.settled(lambda message: DOUBT in message.content)

    async def entries(self, kind: str) -> int:
        """Count the entries of a kind in the ledger."""
        status, said = await self.service.cli("ledger", "export")
        assert status == 0, said
        return said.count(f",{kind},")


async def test_nothing_is_made_sent_or_charged_twice(service: Process, gateway: Turnstile) -> None:
    scene = Scene(service, gateway)
    band, telegram = scene.band, service.telegram
    await scene.play()
    status, said = await service.cli("restore", str(scene.copy), "--yes")
    assert (status, "Another process is using this database" in said) == (2, True)
    assert await service.terminate() == 0
    status, said = await service.cli("restore", str(scene.copy))
    assert (status, "Nothing was changed." in said) == (1, True)
    assert await scene.entries("charge") == 4
    status, said = await service.cli("restore", str(scene.copy), "--yes")
    assert status == 0, said
    for line in ("Orders that wait for their turn: 1.", "Orders that went to the gateway: 2.",
                 "Orders whose audio was to be sent: 1.", "$0.0007 that no member pays"):  # fmt: skip
        assert line in said
    await service.start()

    cancelled = await scene.told("waiting")
    assert (cancelled.text.endswith("please order it once more."), SEND_AGAIN in cancelled.buttons) == (True, False)
    cards = {name: await scene.told(name) for name in ("being sent", "running")}
    post = await scene.told_on_discord()
    assert (len(band.audios), len(post.attachments), gateway.submitted) == (3, 1, 4)
    assert (await scene.entries("charge"), await scene.entries("void")) == (3, 1)

    await telegram.press(scene.cid, cards["being sent"], cards["being sent"].buttons[SEND_AGAIN])
    await telegram.press(scene.ann, cards["running"], cards["running"].buttons[SEND_AGAIN])
    await band.wait_for(lambda chat: len(chat.audios) == 5)
    again = next(button["custom_id"] for button in post.buttons if button["label"] == SEND_AGAIN)
    await (await service.discord.press(scene.bea, post, again)).audio()
    assert {m.reply_to for m in band.audios[3:]} == {scene.orders[name].id for name in cards}
    assert (await scene.entries("charge"), gateway.submitted) == (3, 4)


async def test_orders_go_on_after_it(service: Process, gateway: Turnstile) -> None:
    scene = Scene(service, gateway)
    await scene.play()
    assert await service.terminate() == 0
    (service.folder / "troubadour.db").write_bytes(b"what a failing disk has left of it")
    status, said = await service.cli("restore", str(scene.copy), "--yes")
    assert (status, "is damaged, and is kept as it is" in said) == (0, True), said
    await service.start()
    await scene.told("running")
    await scene.band.says(scene.ann, "/speak Aria Once more")
    await scene.band.wait_for(lambda chat: len(chat.audios) == 4)
    assert [o["text"] for o in gateway.orders[4:]] == ["Once more"]
    (aside,) = service.folder.glob("troubadour.db.before-*")
    assert aside.read_bytes() == b"what a failing disk has left of it"
