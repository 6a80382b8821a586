"""From a member's command to the first sign that they can read: a message with the order's place, or a refusal.

Thirty orders a second come from a hundred communities in turn, which is eighteen a minute in each. The service is a
process of its own between a local gateway and a local Discord or Telegram, which check each request as the platforms
do. Discord's "thinking" is no sign. Telegram lets a bot send 30 messages a second, and 20 a minute into one group:
there, the audio that follows each sign stands in the same line.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from benchmarks.harness import Aim, Benchmark, Figures, Row, Side, ranked
from benchmarks.orders import TEXT
from benchmarks.peers import peer
from benchmarks.rows.deliveries import serving
from tests.worlds.discord import DiscordWorld
from tests.worlds.discord.places import BOT, SEND_VOICE_MESSAGES, Message
from tests.worlds.discord.replies import CALLBACK_S
from tests.worlds.telegram import TelegramWorld

PER_S, COMMUNITIES, WARM = 30, 100, 30
LIMIT_S = 200.0
"""The last audio is sent long after the last order, as there are more messages than a chat takes in that time."""
VOICE = 1 << 13
"""Discord's flag of a voice message."""
FULL, QUICK = {"orders": 900}, {"orders": 60}


def _rows(side: str) -> list[Row]:
    what = f"command to first sign, {side}"
    return [
        Row(what=f"{what}, p50", side=side, figure="p50_ms", unit="ms", aim=Aim(150, "ms")),
        Row(what=f"{what}, p99", side=side, figure="p99_ms", unit="ms", aim=Aim(500, "ms")),
        Row(
            what=f"audio that the chat plays, {side}",
            side=side,
            figure="native_percent",
            unit="%",
            aim=Aim(100, "%", at_least=True),
        ),
    ]


BENCHMARK = Benchmark(
    name="first_sign",
    rounds=3,
    sides={
        name: Side(run=f"benchmarks.rows.first_sign:{name.lower()}", options=FULL, quick=QUICK, limit_s=500)
        for name in ("Discord", "Telegram")
    },
    rows=[*_rows("Discord"), *_rows("Telegram")],
)


async def discord(*, folder: str, orders: int, shared: str) -> Figures:  # noqa: ARG001
    """Order in servers."""
    async with peer() as outside, DiscordWorld(callback_s=CALLBACK_S) as world:
        guilds = [world.guild(f"Server {number}") for number in range(COMMUNITIES)]
        may = BOT | SEND_VOICE_MESSAGES
        rooms = [(guild.channel("general", bot_permissions=may), guild.member("Ann")) for guild in guilds]
        async with serving(
            folder, outside, DISCORD_TOKEN=world.token, DISCORD_API_URL=world.api_url, REPEAT_KEPT="false"
        ):
            await world.connected(timeout_s=LIMIT_S)
            await world.pulse.until(lambda: "speak" in world.commands, LIMIT_S)

            async def order(number: int) -> None:
                channel, member = rooms[number % COMMUNITIES]
                reply = await world.command(member, channel, "/speak", text=f"Aria {TEXT}")
                await reply.answered(LIMIT_S)

            taken_s = await _asked(orders, order)
            await world.pulse.until(lambda: len(_uploads(world)) >= WARM + orders, LIMIT_S)
            sent = _uploads(world)
            return _figures(taken_s, sum(bool(message.flags & VOICE) for message in sent) / len(sent))


async def telegram(*, folder: str, orders: int, shared: str) -> Figures:  # noqa: ARG001
    """Order in groups."""
    async with peer() as outside, TelegramWorld() as world:
        people = [world.user(f"Ann {number}", f"ann{number}") for number in range(COMMUNITIES)]
        groups = [world.group(f"Group {number}", user) for number, user in enumerate(people)]
        async with serving(
            folder, outside, TELEGRAM_TOKEN=world.token, TELEGRAM_API_URL=world.api_url, REPEAT_KEPT="false"
        ):

            async def order(number: int) -> None:
                group, user = groups[number % COMMUNITIES], people[number % COMMUNITIES]
                asked = await group.says(user, f"/speak Aria {TEXT}")
                await group.reply_to(asked, LIMIT_S)

            taken_s = await _asked(orders, order)
            await groups[0].wait_for(lambda _: sum(len(group.audios) for group in groups) >= WARM + orders, LIMIT_S)
            sent = [message.kind for group in groups for message in group.audios]
            return _figures(taken_s, sent.count("voice") / len(sent))


async def _asked(orders: int, order: Callable[[int], Awaitable[object]]) -> list[float]:
    """Order at the rate, after some to warm up; return how long each sign took, in seconds."""

    async def timed(number: int) -> float:
        asked_s = time.monotonic()
        await order(number)
        return time.monotonic() - asked_s

    for number in range(WARM):
        await order(number)
    started_s, running = time.monotonic(), []
    for number in range(orders):
        await asyncio.sleep(started_s + number / PER_S - time.monotonic())
        running.append(asyncio.create_task(timed(number)))
    return await asyncio.gather(*running)


def _uploads(world: DiscordWorld) -> list[Message]:
    return [message for channel in world.channels.values() for message in channel.posted if message.attachments]


def _figures(taken_s: list[float], native: float) -> Figures:
    ranks = {f"p{rank}_ms": 1000 * ranked(taken_s, rank / 100) for rank in (50, 99)}
    return {"count": len(taken_s), "native_percent": 100 * native, **ranks}
