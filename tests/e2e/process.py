"""`troubadour run` as a real process, between a local Discord, a local Telegram and a gateway."""

import os
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.children import PROGRAM, Child, Nursery
from tests.worlds.discord import DiscordWorld
from tests.worlds.telegram import TelegramWorld


@dataclass
class Process:
    """One service in one folder; it can be killed and started again."""

    folder: Path
    discord: DiscordWorld
    telegram: TelegramWorld
    gateway_url: str
    nursery: Nursery
    extra: dict[str, str] = field(default_factory=dict)
    program: str = PROGRAM
    running: Child | None = None

    @property
    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""

    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "DISCORD_TOKEN": self.discord.token,
            "DISCORD_API_URL": self.discord.api_url,
            "TELEGRAM_TOKEN": self.telegram.token,
            "TELEGRAM_API_URL": self.telegram.api_url,
            "GATEWAY_URL": self.gateway_url,
            "GATEWAY_KEY": "canary-gateway-key",
            "DATA_DIR": str(self.folder),
            "HTTP_PORT": "0",
            "POLL_MIN_S": "0.05",
            "POLL_MAX_S": "0.1",
            "DEFAULT_ALLOWANCE": "10 day",
            "COMMUNITIES": "open",
            "REPEAT_KEPT": "false",
            **self.extra,
        }

    async def start(self, *, discord: bool = True, telegram: bool = True) -> None:
        """Start and wait until these platforms take orders."""
        self.running = self.nursery.start(self.folder, self.environment(), program=self.program)
        polls = len(self.telegram.calls_to("getUpdates"))
        if discord:
            await self.discord.connected()
        if telegram:
            await self.telegram.until(lambda: len(self.telegram.calls_to("getUpdates")) > polls, "no poll")

    async def kill(self) -> None:
        """End it without a word, as a power cut does, if it still runs."""
        if self.running is not None:
            self.running.signal(signal.SIGKILL)
            await self.running.ended()
        await self.discord.gateway.cut()

    async def terminate(self) -> int:
        """Ask it to end; return its exit status."""
        assert self.running is not None
        self.running.signal(signal.SIGTERM)
        return await self.running.ended()

    async def cli(self, *arguments: str) -> tuple[int, str]:
        """Run another command of the program in the same environment; return its exit status and what it said."""
        with tempfile.NamedTemporaryFile("r") as output:
            child = self.nursery.start(self.folder, self.environment(), arguments, output=Path(output.name))
            return await child.ended(), output.read()


@asynccontextmanager
async def process(folder: Path, gateway_url: str, **extra: str) -> AsyncIterator[Process]:
    """Yield a process that is not started; at the end it is stopped, the books are checked and no secret was logged."""
    async with Nursery() as nursery, DiscordWorld() as discord, TelegramWorld() as telegram:
        service = Process(folder, discord, telegram, gateway_url, nursery, extra)
        try:
            yield service
            assert await service.terminate() == 0, service.log
            status, said = await service.cli("ledger", "verify")
            assert status == 0, said
            for secret in (discord.token, telegram.token, "canary-gateway-key"):
                assert secret not in service.log
                assert [
                    path for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()
                ] == []
        except BaseException:
            print(service.log[-8000:])  # noqa: T201 - pytest shows it with the failure
            raise
        finally:
            await service.kill()
