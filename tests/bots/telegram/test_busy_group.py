"""More audio than a group takes in a minute: all of it arrives, once, through restarts too."""

import asyncio
from collections import deque

import pytest

from bots.telegram.rate_limiter import AT_ONCE
from core.domain.lifecycle import DeliveryState
from tests.bots.telegram.rig import Bot, Rig, fill
from tests.waiting import WAIT_S
from tests.warp import Warp
from tests.worlds.telegram import Chat, Fault, TelegramWorld
from tests.worlds.telegram.wire import Call

AUDIOS = 40
MINUTE_S = 60


class Strict:
    """Refuses what is more than twenty messages to one group within a minute, as Telegram does."""

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._sent_s: deque[float] = deque()
        self.refused = 0

    def fill(self) -> None:
        """Let the group have had its share of messages just now."""
        self._sent_s.extend([asyncio.get_running_loop().time()] * AT_ONCE)

    def __call__(self, call: Call) -> Fault | None:
        now_s = asyncio.get_running_loop().time()
        if call.chat_id != self._chat.id or call.method not in {"sendMessage", "sendVoice"}:
            return None
        while self._sent_s and self._sent_s[0] <= now_s - MINUTE_S:
            self._sent_s.popleft()
        if len(self._sent_s) < AT_ONCE:
            self._sent_s.append(now_s)
            return None
        self.refused += 1
        return Fault.flood(int(self._sent_s[0] + MINUTE_S - now_s) + 1)


async def waiting(bot: Bot) -> int:
    """Count the audios that wait for their turn."""
    return sum(job.stage is DeliveryState.PENDING for job in await bot.store.unfinished())


async def test_all_that_waits_for_its_turn_in_a_group_arrives_after_a_restart(
    band: Chat, world: TelegramWorld, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = world.weather = Strict(band)
    members = [world.user(f"Member {n}") for n in range(AUDIOS)]
    async with rig.bot() as bot:
        fill(bot, band)
        for n, member in enumerate(members):
            band.add(member)
            await band.says(member, f"/speak Number {n}")
        async with asyncio.timeout(WAIT_S):
            while await waiting(bot) < AUDIOS:
                await asyncio.sleep(0)
    strict.fill()
    async with rig.bot() as bot, Warp(monkeypatch).hurrying(), asyncio.timeout(10_000):
        while await bot.store.unfinished():
            await asyncio.sleep(1)
    said = [audio.text.partition("“")[2].partition("”")[0] for audio in band.audios]
    assert sorted(said) == sorted(f"Number {n}" for n in range(AUDIOS))
    assert strict.refused
