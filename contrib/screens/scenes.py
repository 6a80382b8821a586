"""The conversations whose pictures stand in the documents: what people do, and who looks."""

from collections.abc import Awaitable, Callable, Mapping

from htpy import Element

from contrib.screens import discord, telegram
from contrib.screens.stage import Stage
from tests.worlds.discord import Channel, Member
from tests.worlds.discord.places import BOT, MANAGE_GUILD, SEND_VOICE_MESSAGES
from tests.worlds.telegram import Chat, User

LONG_S = 60.0
HELLO = "Hello everyone, and welcome to the listening party."
LONG = "And this is a rather long story, told on the night in which it rained on the stage. " * 14

Scene = Callable[[Stage], Awaitable[Element]]


def _server(stage: Stage) -> tuple[Channel, Member]:
    guild = stage.discord.guild("Listening party")
    return guild.channel("general", bot_permissions=BOT | SEND_VOICE_MESSAGES), guild.member("Ana")


def _group(stage: Stage) -> tuple[Chat, User]:
    ana = stage.telegram.user("Ana", "ana")
    return stage.telegram.group("Listening party", ana), ana


async def discord_speech(stage: Stage) -> Element:
    """A member orders speech in a server."""
    channel, ana = _server(stage)
    reply = await stage.discord.command(ana, channel, "/speak", text=f"Aria {HELLO}")
    await stage.discord.pulse.until(lambda: any(message.attachments for message in channel.posted), LONG_S)
    await reply.settled(lambda message: len(message.buttons) > 1, LONG_S)
    return discord.page(stage.discord, channel, ana.user)


async def discord_refused(stage: Stage) -> Element:
    """A member's order costs more than they may spend, and they alone read why."""
    channel, ana = _server(stage)
    reply = await stage.discord.command(ana, channel, "/speak", text=LONG)
    await reply.answered(LONG_S)
    return discord.page(stage.discord, channel, ana.user)


async def discord_asked(stage: Stage) -> Element:
    """A voice's name is misspelt, and the member is asked."""
    channel, ana = _server(stage)
    reply = await stage.discord.command(ana, channel, "/speak", text="Arya: hi there")
    await reply.answered(LONG_S)
    return discord.page(stage.discord, channel, ana.user)


async def discord_form(stage: Stage) -> Element:
    """A member opens the form."""
    channel, ana = _server(stage)
    return discord.form(await (await stage.discord.command(ana, channel, "/form")).acknowledged())


async def discord_usage(stage: Stage) -> Element:
    """An admin looks at what people of many scripts have spent."""
    guild = stage.discord.guild("Listening party")
    channel = guild.channel("general", bot_permissions=BOT | SEND_VOICE_MESSAGES)
    for name, times in (("Ana", 3), ("さくら", 2), ("Дмитрий", 2), ("ليلى", 1)):
        member = guild.member(name)
        for number in range(times):
            await stage.discord.command(member, channel, "/speak", text=f"Aria {HELLO} {number}")
    await stage.discord.pulse.until(lambda: sum(len(m.attachments) for m in channel.posted) == 8, LONG_S)
    admin = guild.member("Olga", permissions=MANAGE_GUILD)
    staff = guild.channel("staff")
    await (await stage.discord.command(admin, staff, "/usage")).answered(LONG_S)
    return discord.page(stage.discord, staff, admin.user)


async def telegram_speech(stage: Stage) -> Element:
    """A member orders speech in a group."""
    group, ana = _group(stage)
    await group.says(ana, f"/speak Aria {HELLO}")
    await group.wait_for(lambda chat: chat.audios and not chat.texts, LONG_S)
    return telegram.page(group, ana)


async def telegram_form(stage: Stage) -> Element:
    """A member asks for the form, and presses a tag."""
    group, ana = _group(stage)
    form = await group.reply_to(await group.says(ana, "/form"), LONG_S)
    await (await stage.telegram.press(ana, form, form.buttons["whispers"])).answered()
    return telegram.page(group, ana)


async def telegram_arabic(stage: Stage) -> Element:
    """Another member orders speech in Arabic."""
    group, ana = _group(stage)
    await group.says(ana, "/speak Aria مرحبا بالجميع، وأهلا بكم في حفلة الاستماع.")
    await group.wait_for(lambda chat: chat.audios and not chat.texts, LONG_S)
    return telegram.page(group, ana)


async def telegram_help(stage: Stage) -> Element:
    """A member asks what the bot can do, and which voices there are."""
    group, ana = _group(stage)
    for line in ("/help", "/voices"):
        await group.reply_to(await group.says(ana, line), LONG_S)
    return telegram.page(group, ana)


SCENES: Mapping[str, Scene] = {
    scene.__name__.replace("_", "-"): scene
    for scene in (
        discord_speech,
        discord_refused,
        discord_asked,
        discord_form,
        discord_usage,
        telegram_speech,
        telegram_form,
        telegram_arabic,
        telegram_help,
    )
}
