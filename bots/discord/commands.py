"""The slash commands: each parses, calls the service through the desk, and returns the sentence to show."""

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bots import replies
from bots.discord.address import Anybody, person
from bots.discord.client import AnyCommand, Bot
from core.models import Caller, Destination
from core.products import OUTPUT_FORMATS
from core.quota import Period

MOST_CHOICES = 25
LONGEST_CHOICE = 100
LONGEST_OPTION = 6000
"""Discord's limits for choices and string options (documentation, "Application Commands")."""

Interaction = discord.Interaction[Bot]
Text = Range[str, 1, LONGEST_OPTION]

_periods = app_commands.choices(period=[Choice(name=p.value, value=p.value) for p in Period])
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
    desk = interaction.client.desk

    async def act(_: Caller, __: Destination) -> str:
        return replies.voice_names(desk.service.catalog)

    await desk.answer(interaction, act)


@app_commands.command(name="balance", description=replies.COMMANDS["balance"])
async def balance(interaction: Interaction) -> None:
    """Say what the caller may spend."""
    desk = interaction.client.desk

    async def act(caller: Caller, _: Destination) -> str:
        return replies.balance(await desk.service.standing(caller))

    await desk.answer(interaction, act)


@app_commands.command(name="help", description=replies.COMMANDS["help"])
async def show_help(interaction: Interaction) -> None:
    """Say what there is."""

    async def act(_: Caller, __: Destination) -> str:
        return replies.HELP

    await interaction.client.desk.answer(interaction, act)


# What Discord hides from members is only a default that a server can change: the service checks every time.
quota = app_commands.Group(
    name="quota",
    description=replies.COMMANDS["quota"],
    allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
    default_permissions=discord.Permissions(manage_guild=True),
)


@quota.command(name="set", description=replies.COMMANDS["quota set"])
@app_commands.describe(**replies.OPTIONS["quota set"])
@_periods
async def quota_set(interaction: Interaction, member: Anybody, amount: Text, period: str) -> None:
    """Set a member's quota."""
    desk, who = interaction.client.desk, person(member)

    async def act(caller: Caller, _: Destination) -> str:
        return replies.quota_set(who.name, await desk.service.set_quota(caller, who, amount, period))

    await desk.answer(interaction, act)


@quota.command(name="show", description=replies.COMMANDS["quota show"])
@app_commands.describe(**replies.OPTIONS["quota show"])
async def quota_show(interaction: Interaction, member: Anybody) -> None:
    """Show what a member may spend."""
    desk, who = interaction.client.desk, person(member)

    async def act(caller: Caller, _: Destination) -> str:
        return replies.quota_shown(who.name, await desk.service.show_quota(caller, who))

    await desk.answer(interaction, act)


@quota.command(name="clear", description=replies.COMMANDS["quota clear"])
@app_commands.describe(**replies.OPTIONS["quota clear"])
async def quota_clear(interaction: Interaction, member: Anybody | None = None) -> None:
    """Take a member's own quota away, or the community's default."""
    desk, who = interaction.client.desk, person(member) if member else None

    async def act(caller: Caller, _: Destination) -> str:
        await desk.service.clear_quota(caller, who)
        return replies.quota_cleared(who.name if who else None)

    await desk.answer(interaction, act)


@quota.command(name="default", description=replies.COMMANDS["quota default"])
@app_commands.describe(**replies.OPTIONS["quota default"])
@_periods
async def quota_default(interaction: Interaction, amount: Text, period: str) -> None:
    """Set the community's default quota."""
    desk = interaction.client.desk

    async def act(caller: Caller, _: Destination) -> str:
        return replies.quota_set(None, await desk.service.set_quota(caller, None, amount, period))

    await desk.answer(interaction, act)


COMMANDS: tuple[AnyCommand, ...] = (speak, music, voices, balance, show_help, quota)
