"""More audio than a channel takes at once: all of it arrives, once, through a restart of a few minutes too."""

import asyncio
from collections import deque

import pytest

from bots.app.life import App
from core.domain.models import Job
from core.engine.worker import Worker
from tests.bots.discord.conftest import Running, Stage
from tests.bots.discord.studio import Studio
from tests.waiting import WAIT_S
from tests.warp import Warp
from tests.worlds.discord.web import Fault, Request

AUDIOS = 40
AGE_S = 14 * 60 + 1
AT_ONCE, EVERY_S = 5, 5.0


class Strict:
    """Refuses what is more than five messages to one channel within five seconds, as Discord does."""

    def __init__(self, channel_id: int) -> None:
        self._path = f"/api/v10/channels/{channel_id}/messages"
        self._sent_s: deque[float] = deque()

    def __call__(self, request: Request) -> Fault | None:
        now_s = asyncio.get_running_loop().time()
        if (request.method, request.path) != ("POST", self._path):
            return None
        while self._sent_s and self._sent_s[0] <= now_s - EVERY_S:
            self._sent_s.popleft()
        if len(self._sent_s) < AT_ONCE:
            self._sent_s.append(now_s)
            return None
        left_s = self._sent_s[0] + EVERY_S - now_s
        return Fault(
            "POST",
            self._path,
            1,
            429,
            {"message": "You are being rate limited.", "retry_after": left_s, "global": False},
            {"Via": "1.1 google", "Retry-After": f"{left_s:.0f}"},
        )


async def unfinished(app: App) -> list[Job]:
    assert isinstance(app.worker, Worker)
    return await app.worker._store.unfinished()


async def test_all_that_waits_for_its_turn_in_a_channel_arrives_after_a_restart(
    stage: Stage, studio: Studio, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, channel = stage.world, stage.channel
    world.weather = Strict(channel.id)
    studio.ready.clear()
    async with running() as app:
        for n in range(AUDIOS):
            member = stage.guild.member(f"Member {n}")
            await world.command(member, channel, "/speak", voice="Aria", text=f"Number {n}")
        async with asyncio.timeout(WAIT_S):
            while len(await unfinished(app)) < AUDIOS:
                await asyncio.sleep(0)
        world.advance(AGE_S)
        async with Warp(monkeypatch, world.advance).hurrying():
            studio.ready.set()
            await world.pulse.until(lambda: any(m.attachments for m in channel.posted), 10_000)
            await app.worker.stop(5)
    world.advance(180)
    async with running() as app, Warp(monkeypatch, world.advance).hurrying(), asyncio.timeout(10_000):
        while await unfinished(app):
            await asyncio.sleep(1)
    texts = [m.content.partition("“")[2].partition("”")[0] for m in channel.posted if m.attachments]
    assert [m.content for m in channel.posted if not m.attachments] == []
    assert sorted(texts) == sorted(f"Number {n}" for n in range(AUDIOS))
