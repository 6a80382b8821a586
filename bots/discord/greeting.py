"""What is said where no interaction asks: hello in a server that the bot was added to, and what to type."""

import asyncio
import logging

import discord

from bots.discord.errors import NETWORK, describe
from bots.discord.escaping import plain
from bots.discord.identity import key
from bots.text import greetings
from core.domain.products import Catalog

log = logging.getLogger(__name__)

LATEST = 10
LOG_S = 5.0
"""How long a server's log may take; a hello waits for it."""


async def greet(guild: discord.Guild, catalog: Catalog, *, waits: bool) -> None:
    """Say hello in the system channel, else in the first one where the bot may write, else nowhere."""
    channel = _where(guild)
    if channel is None:
        log.info("guild %d has no channel to say hello in", guild.id)
        return
    await say(channel, greetings.hello(catalog, "/speak", waits=waits), f"hello{guild.id}")


async def adder(guild: discord.Guild) -> tuple[str, str]:
    """Return the key and the name of whoever added the bot, which the server's log tells those who may read it."""
    if not guild.me.guild_permissions.view_audit_log:
        return "", ""
    try:
        async with asyncio.timeout(LOG_S):
            async for entry in guild.audit_logs(action=discord.AuditLogAction.bot_add, limit=LATEST):
                if entry.user and entry.target and entry.target.id == guild.me.id:
                    return key(entry.user.id), entry.user.display_name
    except (discord.HTTPException, *NETWORK) as error:
        log.info("who added the bot to guild %d can't be read: %s", guild.id, describe(error))
    return "", ""


async def say(channel: discord.abc.Messageable, text: str, nonce: str) -> None:
    """Write where nobody used a command; a courtesy, which is not repeated."""
    try:
        await channel.send(plain(text), nonce=nonce)
    except (discord.HTTPException, *NETWORK) as error:
        log.warning("nothing could be said, %s: %s", nonce, describe(error))


def _where(guild: discord.Guild) -> discord.TextChannel | None:
    channels = [guild.system_channel, *guild.text_channels]
    return next((channel for channel in channels if channel is not None and _writes(channel)), None)


def _writes(channel: discord.TextChannel) -> bool:
    rights = channel.permissions_for(channel.guild.me)
    return rights.view_channel and rights.send_messages
