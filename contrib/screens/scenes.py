"""The conversations whose pictures stand in the documents: what people do, and who looks."""

from collections.abc import Awaitable, Callable, Mapping

from htpy import Element

from contrib.screens import discord, telegram
from contrib.screens.stage import Stage

Scene = Callable[[Stage], Awaitable[Element]]


async def discord_speech(stage: Stage) -> Element:
    """A member orders speech in a server."""
    world = stage.discord
    guild = world.guild("Listening party")
    channel, ana = guild.channel("general"), guild.member("Ana")
    reply = await world.command(ana, channel, "/speak", text="Aria Hello everyone, and welcome to the listening party.")
    await reply.audio(60)
    return discord.page(world, channel, ana.user)


async def telegram_speech(stage: Stage) -> Element:
    """A member orders speech in a group."""
    world = stage.telegram
    ana = world.user("Ana", "ana")
    group = world.group("Listening party", ana)
    await group.says(ana, "/speak Aria Hello everyone, and welcome to the listening party.")
    await group.wait_for(lambda chat: chat.audios, 60)
    return telegram.page(group, ana)


SCENES: Mapping[str, Scene] = {"discord-speech": discord_speech, "telegram-speech": telegram_speech}
