"""Many chats order for a long time while sends fail; at rest the service is as small as before."""

import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from bots.sandbox import Sandbox, SandboxConfig
from tests.e2e.children import PROGRAM, Nursery
from tests.e2e.process import Process
from tests.ports import free_port
from tests.proofs.kill.crowd import DiscordOrder, Order, TelegramOrder
from tests.proofs.soak.size import FIGURES, Size, measured
from tests.proofs.soak.weather import Weather
from tests.worlds.discord import DiscordWorld, Reply
from tests.worlds.telegram import TelegramWorld

LOOK_S = 0.5
ORDER_S = 240.0
"""The time from an order to its audio."""
ACKNOWLEDGED_S = 5.0
"""How long an order may wait for its acknowledgement; after 3 s Discord says that the bot failed."""
UNACKNOWLEDGED_SHARE = 0.01
"""The share of orders that a busy machine may acknowledge late."""
REST_S = 120.0
SETTLE_S = 45.0
"""The longest that an unused connection is kept: aiohttp closes those idle for 15 s and checks every 15 s, so 30 s, and
more on a busy machine."""
ENVIRONMENT = {
    "DIRECT_ALLOWANCE": "unlimited day", "DEFAULT_ALLOWANCE": "unlimited day", "DEFAULT_POOL": "unlimited",
    "TOTAL_POOL": "unlimited", "COMMUNITIES": "open", "JOBS_PER_COMMUNITY": "64",
}  # fmt: skip

Ordering = Callable[[int], Awaitable[Order]]
"""Orders the n-th audio of one chat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The amount of orders; the first part ends after `first_s` or `first` audios."""

    chats: int
    audios: int
    first: int = 0
    first_s: float = 60.0
    figures: tuple[str, ...] = FIGURES
    """The figures that must not grow."""
    settle_s: float = SETTLE_S
    acknowledged_s: float = ACKNOWLEDGED_S
    drops: bool = True
    program: str = PROGRAM


@dataclass
class Outcome:
    """The result of a soak."""

    delivered: int = 0
    asked_again: int = 0
    unacknowledged: int = 0
    met: dict[str, int] = field(default_factory=dict)
    before: Size | None = None
    after: Size | None = None
    wrong: list[str] = field(default_factory=list)
    took_s: float = 0.0


class Soak:
    """One service between its worlds."""

    def __init__(self, plan: Plan, service: Process, weather: Weather, port: int) -> None:
        self._plan = plan
        self._service = service
        self._weather = weather
        self._port = port
        self._outcome = Outcome()
        self._ordered = 0
        self._most = 0
        self._until_s = 0.0

    async def live(self) -> Outcome:
        """Order the first part, rest, order the rest, rest again, and compare."""
        started_s, outcome = time.monotonic(), self._outcome
        orderings = self._people()
        self._until_s, self._most = started_s + self._plan.first_s, self._plan.first or self._plan.audios
        await asyncio.gather(*(self._keep_ordering(one) for one in orderings))
        outcome.before = await self._at_rest(None)
        self._until_s, self._most = float("inf"), self._plan.audios
        await asyncio.gather(*(self._keep_ordering(one) for one in orderings))
        outcome.after = await self._at_rest(outcome.before)
        outcome.wrong += outcome.after.beyond(outcome.before, self._plan.figures)
        if outcome.unacknowledged > outcome.delivered * UNACKNOWLEDGED_SHARE:
            outcome.wrong.append(f"{outcome.unacknowledged} orders were not acknowledged")
        outcome.met, outcome.took_s = dict(self._weather.met), time.monotonic() - started_s
        return outcome

    async def _keep_ordering(self, ordering: Ordering) -> None:
        """Order one audio after the other in one chat, each once the previous one has arrived."""
        while self._ordered < self._most and time.monotonic() < self._until_s:
            number, self._ordered = self._ordered, self._ordered + 1
            try:
                async with asyncio.timeout(ORDER_S):
                    await self._delivered(await ordering(number))
            except TimeoutError:
                self._outcome.wrong.append(f"{_text(number)}: no audio after {ORDER_S:.0f} s")
                return
            self._outcome.delivered += 1

    async def _delivered(self, order: Order) -> None:
        while not order.audios:
            if order.offers:
                self._outcome.asked_again += 1
                await order.ask_again()
            await asyncio.sleep(LOOK_S)

    async def _at_rest(self, before: Size | None) -> Size:
        """Wait until every job is closed, then return the smallest size seen while idle connections are closed.

        With a size to compare with, the first one that is no larger ends the wait.
        """
        pid = self._pid()
        async with asyncio.timeout(REST_S):
            while (await measured(pid, self._port))[1]:
                await asyncio.sleep(LOOK_S)
        self._service.telegram.calls.clear()
        self._service.discord.requests.clear()
        least, _ = await measured(pid, self._port)
        until_s = time.monotonic() + (SETTLE_S if before else self._plan.settle_s)
        while time.monotonic() < until_s and (before is None or least.beyond(before, self._plan.figures)):
            await asyncio.sleep(LOOK_S)
            least = least.least((await measured(pid, self._port))[0])
        return least

    def _pid(self) -> int:
        assert self._service.running is not None
        return self._service.running.pid

    def _people(self) -> list[Ordering]:
        """Return a function for each chat that orders there: half are Telegram groups, half Discord channels."""
        return [self._group(n) if n % 2 else self._channel(n) for n in range(self._plan.chats)]

    def _group(self, number: int) -> Ordering:
        telegram = self._service.telegram
        user = telegram.user(f"User{number}", f"user{number}")
        group = telegram.group(f"Band {number}", user)

        async def order(n: int) -> Order:
            message = await group.says(user, _line(n))
            return TelegramOrder(
                text=_text(n), event_id=f"telegram:{group.id}:{message.id}", message=message, user=user
            )

        return order

    def _channel(self, number: int) -> Ordering:
        discord = self._service.discord
        channel = discord.guilds[0].channel(f"stage-{number}")
        member = discord.guilds[0].member(f"Member {number}")

        async def order(n: int) -> Order:
            line, options = (
                ("/music", {"prompt": _text(n)}) if _is_music(n) else ("/speak", {"voice": "Aria", "text": _text(n)})
            )
            reply = await discord.command(member, channel, line, **options)
            while not await _acknowledged(reply, self._plan.acknowledged_s):
                self._outcome.unacknowledged += 1
                reply = await discord.command(member, channel, line, **options)
            return DiscordOrder(
                text=_text(n), event_id=f"discord:{reply.id}", reply=reply, member=member, world=discord
            )

        return order


async def _acknowledged(reply: Reply, within_s: float) -> bool:
    try:
        await reply.acknowledged(within_s)
    except TimeoutError:
        return False
    return True


def _is_music(number: int) -> bool:
    return number % 25 == 24


def _text(number: int) -> str:
    return f"Number {number} short tune" if _is_music(number) else f"Number {number}"


def _line(number: int) -> str:
    return f"/music {_text(number)}" if _is_music(number) else f"/speak Aria {_text(number)}"


async def soak(plan: Plan, seed: int = 1) -> Outcome:
    """Run a new service through a plan; its books and its requests must be valid, too."""
    port, weather = free_port(), Weather(seed, drops=plan.drops)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="troubadour-soak-")))
        gateway = await stack.enter_async_context(Sandbox(SandboxConfig(queued_s=0.05, processing_s=0.1, keep=1000)))
        discord = await stack.enter_async_context(DiscordWorld())
        discord.guild()
        telegram = await stack.enter_async_context(TelegramWorld())
        nursery = await stack.enter_async_context(Nursery())
        environment = {**ENVIRONMENT, "HTTP_PORT": str(port)}
        service = Process(folder, discord, telegram, gateway.url, nursery, environment, program=plan.program)
        await service.start()
        telegram.weather, discord.weather = weather.telegram, weather.discord
        outcome = await Soak(plan, service, weather, port).live()
        weather.fair = True
        status = await service.terminate()
        verified, said = await service.cli("ledger", "verify")
        outcome.wrong += [f"it ended with status {status}"] if status else []
        outcome.wrong += [said] if verified else []
        return outcome
