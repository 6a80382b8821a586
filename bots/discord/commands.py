"""The slash commands: each parses, calls the service through the desk, and returns the sentence to show."""

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bots import replies
from bots.acts import Answer
from bots.discord.client import AnyCommand, Bot
from core.models import Caller
from core.products import OUTPUT_FORMATS
from core.service import Service

MOST_CHOICES = 25
LONGEST_CHOICE = 100
LONGEST_OPTION = 6000
"""Discord's limits for choices and string options (documentation, "Application Commands")."""

Interaction = discord.Interaction[Bot]
Text = Range[str, 1, LONGEST_OPTION]

_formats = app_commands.choices(output_format=[Choice(name=f, value=f) for f in OUTPUT_FORMATS])


@app_commands.command(name="speak", description=replies.COMMANDS["speak"])
@app_commands.describe(**replies.OPTIONS["speak"])
async def speak(
    interaction: Interaction,
    voice: Range[str, 1, LONGEST_CHOICE],
    text: Text,
    *,
    stability: Range[float, 0.0, 1.0] | None = None,
    similarity_boost: Range[float, 0.0, 1.0] | None = None,
    speed: Range[float, 0.5, 2.0] | None = None,
) -> None:
    """Order speech."""
    await interaction.client.desk.order(
        interaction,
        "speech",
        voice=voice,
        text=text,
        stability=stability,
        similarity_boost=similarity_boost,
        speed=speed,
    )


@speak.autocomplete("voice")
async def voices_like(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the voices that hold what was typed, those that begin with it first; the service checks again."""
    wanted = typed.strip().casefold()
    known = [v for v in interaction.client.desk.service.catalog.voices if wanted in v.casefold()]
    known.sort(key=lambda v: not v.casefold().startswith(wanted))
    return [Choice(name=v, value=v) for v in known if len(v) <= LONGEST_CHOICE][:MOST_CHOICES]


@app_commands.command(name="music", description=replies.COMMANDS["music"])
@app_commands.describe(**replies.OPTIONS["music"])
@_formats
async def music(
    interaction: Interaction,
    prompt: Text,
    output_format: str | None = None,
    respect_sections_durations: bool | None = None,
) -> None:
    """Order music."""
    await interaction.client.desk.order(
        interaction,
        "music",
        prompt=prompt,
        output_format=output_format,
        respect_sections_durations=respect_sections_durations,
    )


@app_commands.command(name="voices", description=replies.COMMANDS["voices"])
async def voices(interaction: Interaction) -> None:
    """List the voices."""
    await interaction.client.desk.tell(interaction, _voices)


async def _voices(service: Service, _: Caller) -> Answer:
    return Answer(replies.voice_names(service.catalog))


@app_commands.command(name="balance", description=replies.COMMANDS["balance"])
async def balance(interaction: Interaction) -> None:
    """Say what the caller may spend."""
    await interaction.client.desk.tell(interaction, _balance)


async def _balance(service: Service, caller: Caller) -> Answer:
    return Answer(replies.balance(await service.standing(caller), await service.entries(caller)))


@app_commands.command(name="help", description=replies.COMMANDS["help"])
async def show_help(interaction: Interaction) -> None:
    """Say what there is."""
    await interaction.client.desk.tell(interaction, _help)


async def _help(_: Service, __: Caller) -> Answer:
    return Answer(replies.HELP)


COMMANDS: tuple[AnyCommand, ...] = (speak, music, voices, balance, show_help)
