"""Messages outside of interactions: greet a new server, and tell people what to type."""

import asyncio
import logging

import discord

from bots.discord.errors import NETWORK, describe
from bots.discord.escaping import plain
from bots.discord.identity import key
from bots.text import greetings
from core.domain.products import Catalog

log = logging.getLogger(__name__)

MOST_ENTRIES = 10
AUDIT_LOG_S = 5.0
"""Deadline for reading a server's audit log, for which the greeting waits."""


async def greet(guild: discord.Guild, catalog: Catalog, *, waits: bool) -> None:
    """Greet a server in its system channel, or in the first channel where the bot may write, or nowhere."""
    channel = _greeting_channel(guild)
    if channel is None:
        log.info("guild %d has no channel to say hello in", guild.id)
        return
    await send(channel, greetings.hello(catalog, "/speak", waits=waits), f"hello{guild.id}")


async def adder(guild: discord.Guild) -> tuple[str, str]:
    """Return the key and name of whoever added the bot, from the audit log; both empty if that can't be read."""
    if not guild.me.guild_permissions.view_audit_log:
        return "", ""
    try:
        async with asyncio.timeout(AUDIT_LOG_S):
            async for entry in guild.audit_logs(action=discord.AuditLogAction.bot_add, limit=MOST_ENTRIES):
                if entry.user and entry.target and entry.target.id == guild.me.id:
                    return key(entry.user.id), entry.user.display_name
    except (discord.HTTPException, *NETWORK) as error:
        log.info("who added the bot to guild %d can't be read: %s", guild.id, describe(error))
    return "", ""


async def send(channel: discord.abc.Messageable, text: str, nonce: str) -> None:
    """Send a text, without retrying and without raising: nobody waits for it."""
    try:
        await channel.send(plain(text), nonce=nonce)
    except (discord.HTTPException, *NETWORK) as error:
        log.warning("nothing could be said, %s: %s", nonce, describe(error))


def _greeting_channel(guild: discord.Guild) -> discord.TextChannel | None:
    channels = [guild.system_channel, *guild.text_channels]
    return next((channel for channel in channels if channel is not None and _is_writable(channel)), None)


def _is_writable(channel: discord.TextChannel) -> bool:
    rights = channel.permissions_for(channel.guild.me)
    return rights.view_channel and rights.send_messages
