"""Who adds the bot to a server hears hello, with what to do next."""

import time

from bots.app.life import App
from tests.bots.discord.conftest import Running, Stage
from tests.bots.discord.talk import ready
from tests.worlds.discord.places import BOT, SEND_MESSAGES, VIEW_CHANNEL

HELLO = "Hello! I say things with a voice and make music. Hear me: /speak Aria Hello everyone"


async def test_a_server_hears_hello_once_where_the_bot_may_write(stage: Stage, app: App) -> None:
    new, other, last = (stage.world.guild(name) for name in ("New", "Other", "Last"))
    first, new.system_channel = new.channel("first"), new.channel("welcome")
    hidden = other.channel("hidden", bot_permissions=BOT & ~VIEW_CHANNEL)
    rules = other.channel("rules", bot_permissions=BOT & ~SEND_MESSAGES)
    chat, end = other.channel("chat"), last.channel("end")
    for guild in (new, other, last):
        guild.present = False
    await ready(app)
    await stage.world.invite(new)
    await stage.world.invite(other)
    await stage.world.pulse.until(lambda: bool(new.system_channel and new.system_channel.posted and chat.posted))
    await stage.world.expel(new)
    await stage.world.invite(new)
    await stage.world.invite(last)
    await stage.world.pulse.until(lambda: bool(end.posted))
    assert [m.content for channel in (new.system_channel, chat, end) for m in channel.posted] == [HELLO] * 3
    sent = [r for r in stage.world.requests if r.method == "POST" and r.path.endswith("/messages")]
    assert len(sent) == 3
    assert not [m for channel in (first, hidden, rules, stage.channel) for m in channel.posted]


async def test_who_writes_directly_hears_what_to_type_once_a_minute(stage: Stage, app: App) -> None:
    await ready(app)
    ana, sam = stage.ana.user, stage.world.user("Sam")
    for user, words in ((ana, "say hello"), (ana, "please"), (sam, "!speak hi")):
        await stage.world.says(user, words)
    mine, other = stage.world.dm(ana), stage.world.dm(sam)
    await stage.world.pulse.until(lambda: len(other.posted) == 2)
    hint = "I take commands. Write /speak Aria Hello everyone, or /help for all that I can do."
    assert [m.content for m in other.posted if m.author is stage.world.bot] == ["Write /speak hi"]
    assert [m.content for m in mine.posted if m.author is stage.world.bot] == [hint]


async def test_a_server_that_added_the_bot_while_nothing_ran_hears_hello_once(stage: Stage, running: Running) -> None:
    new = stage.world.guild("New")
    chat, new.joined_s = new.channel("chat"), int(time.time()) - 3600
    for _ in range(2):
        async with running(communities="ask") as app:
            await ready(app)
            await stage.world.pulse.until(lambda: bool(chat.posted))
            await (await stage.world.command(stage.ana, stage.channel, "/help")).answered()
        assert "whoever runs this bot" in chat.posted[0].content
    posts = [r.path for r in stage.world.requests if r.method == "POST" and r.path.endswith("/messages")]
    assert posts == [f"/api/v10/channels/{chat.id}/messages"]  # the bot has been in the other server for long
