"""A hundred orders at once over both platforms, from the sandbox inside the process: none lost, the books balance."""

import asyncio
import io
from pathlib import Path

import av
import pytest

from tests.e2e.process import process

ORDERS = 100
"""More than may be at the gateway at a time, and on Discord more than one community may have there."""
PEOPLE = 25


def seconds(content: bytes) -> float:
    """Decode audio and return how long it is."""
    with av.open(io.BytesIO(content), "r") as file:
        return sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))


@pytest.mark.timeout(600)  # as long as its people wait
async def test_a_hundred_orders_at_once(tmp_path: Path) -> None:
    async with process(tmp_path, "sandbox", POLL_MIN_S="1", POLL_MAX_S="1") as service:
        guild = service.discord.guild()
        channel = guild.channel("general")
        members = [guild.member(f"Member {n}") for n in range(PEOPLE)]
        users = [service.telegram.user(f"User{n}", f"user{n}") for n in range(PEOPLE)]
        bands = [service.telegram.group(f"Band {n}", user) for n, user in enumerate(users)]
        await service.start()
        replies = []
        for n in range(ORDERS // 4):
            user, member, band = users[n % PEOPLE], members[n % PEOPLE], bands[n % PEOPLE]
            await band.says(user, f"/speak Roger Order number {n} of many")
            await band.says(user, f"/music short beat number {n}")
            replies += [
                await service.discord.command(member, channel, "/speak", voice="Aria", text=f"Order number {n}"),
                await service.discord.command(member, channel, "/music", prompt=f"short tune number {n}"),
            ]
        attached = await asyncio.gather(*(reply.audio(500) for reply in replies))
        for band in bands:
            await band.wait_for(lambda chat: len(chat.audios) == ORDERS // 2 // PEOPLE, 500)
        assert [len(files) for files in attached] == [1] * (ORDERS // 2)
        heard = [files[0].content for files in attached] + [m.content for band in bands for m in band.audios]
        assert min(map(seconds, heard[:: ORDERS // 20])) > 0.5
        assert all(len({m.reply_to for m in band.audios}) == len(band.audios) for band in bands)
