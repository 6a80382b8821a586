"""What a reply can't hold goes where it is taken: into the channel, then to its member alone."""

from bots.app.life import App
from tests.bots.discord.conftest import Stage
from tests.bots.discord.studio import Studio
from tests.worlds.discord import Channel, Reply
from tests.worlds.discord.places import ATTACH_FILES, BOT, VIEW_CHANNEL, Message

AGE_S = 14 * 60 + 1


async def held(stage: Stage, studio: Studio, channel: Channel) -> Reply:
    """Place an order that is being generated until the studio is ready."""
    studio.ready.clear()
    reply = await stage.world.command(stage.ana, channel, "/speak", voice="Aria", text="Hello everyone")
    return await reply.wait_for(lambda r: "Generating" in r.content)


async def heard(stage: Stage, channel: Channel) -> Message:
    await stage.world.pulse.until(lambda: any(m.attachments for m in channel.posted))
    return next(m for m in channel.posted if m.attachments)


async def test_a_thread_that_was_archived_is_opened_again(stage: Stage, app: App, studio: Studio) -> None:
    thread = stage.guild.channel("songs", parent=stage.channel)
    reply = await held(stage, studio, thread)
    thread.archived = True
    studio.ready.set()
    message = await heard(stage, thread)
    assert message.content == "Aria for Ana: “Hello everyone”"
    await reply.wait_for(lambda r: r.deleted)
    assert not thread.archived


async def test_a_thread_that_was_locked_leaves_its_member_alone(stage: Stage, app: App, studio: Studio) -> None:
    thread = stage.guild.channel("songs", parent=stage.channel)
    await held(stage, studio, thread)
    thread.archived = thread.locked = True
    studio.ready.set()
    message = await heard(stage, stage.world.dm(stage.ana))
    assert message.content.startswith("Aria: “Hello everyone”\n14 characters · $0.0014 · ")
    assert message.content.endswith("I may not post this where you ordered it, so it comes to you alone.")
    assert len(studio.orders) == 1


async def test_where_only_words_may_be_posted_they_say_who_has_the_audio(
    stage: Stage, app: App, studio: Studio
) -> None:
    reply = await held(stage, studio, stage.channel)
    stage.world.advance(AGE_S)
    stage.channel.bot_permissions = BOT & ~ATTACH_FILES
    studio.ready.set()
    await heard(stage, stage.world.dm(stage.ana))
    await reply.wait_for(lambda r: r.deleted)
    [pointing] = stage.channel.posted
    assert pointing.content == "Ana: I may not post it here, so you have it in our direct chat."


async def test_who_takes_no_direct_messages_finds_it_in_the_history(stage: Stage, app: App, studio: Studio) -> None:
    reply = await held(stage, studio, stage.channel)
    stage.world.kill_token(reply)
    stage.channel.bot_permissions, stage.ana.user.takes_direct_messages = BOT & ~ATTACH_FILES, False
    studio.ready.set()
    await reply.wait_for(lambda r: r.deleted)
    [told] = stage.channel.posted
    assert told.content.startswith("Ana: The audio is ready, but I may not post it here. It is kept, ")


async def test_a_failure_that_may_not_be_told_here_is_told_alone(stage: Stage, app: App, studio: Studio) -> None:
    studio.outcome = "FAILED"
    reply = await held(stage, studio, stage.channel)
    stage.world.kill_token(reply)
    stage.channel.bot_permissions = VIEW_CHANNEL
    studio.ready.set()
    own = stage.world.dm(stage.ana)
    await stage.world.pulse.until(lambda: bool(own.posted))
    assert "You were not charged." in own.posted[0].content


async def test_a_direct_message_that_got_lost_is_repeated_once(stage: Stage, app: App, studio: Studio) -> None:
    own = stage.world.dm(stage.ana)
    reply = await held(stage, studio, stage.channel)
    stage.world.kill_token(reply)
    stage.channel.bot_permissions = VIEW_CHANNEL
    stage.world.fail("POST", f"{own.id}/messages$", 502)
    studio.ready.set()
    await heard(stage, own)
    assert len(own.posted) == 1
