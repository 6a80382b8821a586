"""What is said where no interaction asks: hello in a server that the bot was added to, and what to type."""

import logging

import discord

from bots.discord.escaping import plain
from bots.discord.rest import NETWORK, describe
from bots.text import replies
from core.domain.products import Catalog

log = logging.getLogger(__name__)


async def greet(guild: discord.Guild, catalog: Catalog, *, waits: bool) -> None:
    """Say hello in the system channel, else in the first one where the bot may write, else nowhere."""
    channel = _where(guild)
    if channel is None:
        log.info("guild %d has no channel to say hello in", guild.id)
        return
    await say(channel, replies.hello(catalog, "/speak", waits=waits), f"hello{guild.id}")


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
