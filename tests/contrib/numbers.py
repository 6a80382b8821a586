"""What Prometheus really gets: from a service between a local Discord, a local Telegram and a gateway, and its commands."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from bots.cli.textfile import leave_backup, leave_books
from tests.bots.discord.studio import Studio
from tests.service import readiness, service
from tests.worlds.discord import DiscordWorld
from tests.worlds.telegram import TelegramWorld

Labels = Mapping[str, frozenset[str]]
OF_PROMETHEUS = ("instance", "job")
"""The labels that it adds itself."""


@dataclass(frozen=True)
class Numbers:
    """The text, and the values of each label of each series."""

    text: str
    series: Mapping[str, Labels]


async def real_numbers(folder: Path) -> Numbers:
    """Order something on each chat, and let something fail and be refused; return what there is to read then."""
    async with Studio() as studio, DiscordWorld() as discord, TelegramWorld() as telegram:
        chats = {"discord_token": SecretStr(discord.token), "discord_api_url": discord.api_url}
        async with service(telegram, studio, folder, **chats) as app:
            ann = telegram.user("Ann", "ann")
            band, guild = telegram.group("Band", ann), discord.guild()
            bea, channel = guild.member("Bea"), guild.channel("general")
            await discord.pulse.until(lambda: discord.gateway.connected(0))
            await (await discord.command(bea, channel, "/speak", voice="Aria", text="Hello everyone")).audio()
            await band.says(ann, "/speak Aria Hello everyone")
            await band.wait_for(lambda chat: chat.audios)
            text = (await readiness(app))["metrics"]
    for leave in (lambda file: leave_books(file, balance=True), leave_backup):
        leave(folder / "troubadour.prom")
        text += (folder / "troubadour.prom").read_text()
    return Numbers(text, _series(text))


def _series(text: str) -> Mapping[str, Labels]:
    found: dict[str, dict[str, set[str]]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = found.setdefault(sample.name, {})
            for name, value in sample.labels.items():
                labels.setdefault(name, set()).add(value)
    return {name: {label: frozenset(values) for label, values in labels.items()} for name, labels in found.items()}


def numbers_of(folder: Path) -> Numbers:
    """Return the same to a caller that waits."""
    return asyncio.run(real_numbers(folder))
