"""The conversations whose pictures stand in the documents: what people do, and who looks."""

from collections.abc import Awaitable, Callable, Mapping

from htpy import Element

from contrib.screens import discord, telegram
from contrib.screens.stage import Stage
from tests.worlds.discord.places import BOT, SEND_VOICE_MESSAGES

LONG_S = 60.0

Scene = Callable[[Stage], Awaitable[Element]]


async def discord_speech(stage: Stage) -> Element:
    """A member orders speech in a server."""
    world = stage.discord
    guild = world.guild("Listening party")
    channel, ana = guild.channel("general", bot_permissions=BOT | SEND_VOICE_MESSAGES), guild.member("Ana")
    reply = await world.command(ana, channel, "/speak", text="Aria Hello everyone, and welcome to the listening party.")
    await world.pulse.until(lambda: any(message.attachments for message in channel.posted), LONG_S)
    await reply.settled(lambda message: message.components and len(message.buttons) > 1, LONG_S)
    return discord.page(world, channel, ana.user)


async def telegram_speech(stage: Stage) -> Element:
    """A member orders speech in a group."""
    world = stage.telegram
    ana = world.user("Ana", "ana")
    group = world.group("Listening party", ana)
    await group.says(ana, "/speak Aria Hello everyone, and welcome to the listening party.")
    await group.wait_for(lambda chat: chat.audios, LONG_S)
    return telegram.page(group, ana)


SCENES: Mapping[str, Scene] = {"discord-speech": discord_speech, "telegram-speech": telegram_speech}
