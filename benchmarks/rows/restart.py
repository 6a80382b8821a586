"""The longest that a command waits for its answer while the service restarts: SIGTERM, drain, start, ready.

The service is a real process between a local Discord, a local Telegram and the sandbox, with orders under way. Ten
times a second one member asks for their balance on each platform in turn. A command on Discord is sent once the bot is
connected, and its time runs from when it should have been: Discord gives up after 3 s.
"""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from benchmarks.harness import ROOT, Aim, Benchmark, Figures, Row, Side
from bots.sandbox import Sandbox, SandboxConfig
from tests.worlds.discord import DiscordWorld
from tests.worlds.telegram import TelegramWorld

TICK_S, BEFORE_S, AFTER_S, LIMIT_S = 0.1, 1.0, 1.0, 30.0
LOOK_S = 0.005
ORDERS = 4
BENCHMARK = Benchmark(
    name="restart",
    rounds=3,
    sides={"service": Side(run="benchmarks.rows.restart:service")},
    rows=[
        Row(
            what="restart, drain included: longest unanswered command",
            side="service",
            figure="longest_s",
            unit="s",
            aim=Aim(3, "s"),
        ),
        Row(what="restart: of this, until the process has ended", side="service", figure="drain_s", unit="s"),
    ],
)


async def service(*, folder: str, shared: str) -> Figures:  # noqa: ARG001
    """Restart the service once, and ask all the time."""
    config = SandboxConfig(queued_s=0.5, processing_s=3)
    async with Sandbox(config) as gateway, DiscordWorld() as discord, TelegramWorld() as telegram:
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "DISCORD_TOKEN": discord.token,
            "DISCORD_API_URL": discord.api_url,
            "TELEGRAM_TOKEN": telegram.token,
            "TELEGRAM_API_URL": telegram.api_url,
            "GATEWAY_URL": gateway.url,
            "GATEWAY_KEY": "no-key-needed",
            "DATA_DIR": folder,
            "HTTP_PORT": "0",
            "COMMUNITIES": "open",
            "DIRECT_ALLOWANCE": "10 day",
        }
        asking = _Asking(discord, telegram)
        process = await _started(Path(folder), environment)
        try:
            await asyncio.gather(asking.discord_answers(), asking.telegram_answers())
            asking.taken_s.clear()
            await asking.orders()
            ticking = asyncio.create_task(asking.keep_asking())
            await asyncio.sleep(BEFORE_S)
            stopped_s = time.monotonic()
            process.send_signal(signal.SIGTERM)
            await process.wait()
            drain_s = time.monotonic() - stopped_s
            process = await _started(Path(folder), environment)
            await asyncio.gather(asking.discord_answers(), asking.telegram_answers())
            await asyncio.sleep(AFTER_S)
            ticking.cancel()
            await asyncio.gather(*asking.asked)
            return {"longest_s": max(asking.taken_s), "drain_s": drain_s, "commands": len(asking.taken_s)}
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _started(folder: Path, environment: dict[str, str]) -> asyncio.subprocess.Process:
    with (folder / "service.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bots", "run", cwd=folder, env=environment, stdout=log, stderr=log
        )


class _Asking:
    """Members who ask for their balance."""

    def __init__(self, discord: DiscordWorld, telegram: TelegramWorld) -> None:
        self.taken_s: list[float] = []
        self.asked: list[asyncio.Task[None]] = []
        self._discord, self._telegram = discord, telegram
        guild = discord.guild()
        self._channel, self._member = guild.channel("general"), guild.member("Ann")

    async def keep_asking(self) -> None:
        """Ask on both platforms in turn."""
        while True:
            ask = self.telegram_answers if len(self.asked) % 2 else self.discord_answers
            self.asked.append(asyncio.create_task(ask()))
            await asyncio.sleep(TICK_S)

    async def orders(self) -> None:
        """Order what is under way when the service stops."""
        for number in range(ORDERS):
            user = self._telegram.user(f"Bob{number}", f"bob{number}")
            await self._telegram.private(user).says(user, f"/speak Aria Hello number {number}")

    async def discord_answers(self) -> None:
        """Ask on Discord and wait for the acknowledgement."""
        asked_s = time.monotonic()
        while not self._discord.gateway.connected() or not self._discord.commands:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_S)
        reply = await self._discord.command(self._member, self._channel, "/balance")
        await reply.answered(LIMIT_S)
        self.taken_s.append(time.monotonic() - asked_s)

    async def telegram_answers(self) -> None:
        """Ask on Telegram in a chat of its own, and wait for the answer."""
        asked_s = time.monotonic()
        user = self._telegram.user("Cid", f"cid{len(self._telegram.users)}")
        chat = self._telegram.private(user)
        await chat.says(user, "/balance")
        await chat.wait_for(lambda chat: chat.texts, LIMIT_S)
        self.taken_s.append(time.monotonic() - asked_s)
