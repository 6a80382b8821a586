"""Audio reaches the chat, or stays where one can ask for it again."""

from bots.app.life import App
from tests.bots.discord.conftest import Running, Stage
from tests.bots.discord.studio import Studio
from tests.bots.discord.talk import posted
from tests.worlds.discord import DiscordWorld, Reply
from tests.worlds.discord.places import VIEW_CHANNEL

AGE_S = 14 * 60 + 1


async def speak(stage: Stage) -> Reply:
    return await stage.world.command(stage.ana, stage.channel, "/speak", voice="Aria", text="Hello everyone")


def refuse(stage: Stage) -> None:
    """Let the next audio be taken nowhere, and words only in the reply."""
    stage.world.fail("PATCH", "@original$", 403, 50013, "Missing Permissions", uploads=True)
    stage.world.fail("POST", f"{stage.channel.id}/messages$", 403, 50013, "Missing Permissions")
    stage.ana.user.takes_direct_messages = False


async def held(stage: Stage, studio: Studio) -> Reply:
    """Place an order that is being generated until the studio is ready."""
    studio.ready.clear()
    reply = await speak(stage)
    return await reply.wait_for(lambda r: "Generating" in r.content)


async def test_an_old_token_gives_way_to_a_message(stage: Stage, app: App, studio: Studio) -> None:
    reply = await held(stage, studio)
    stage.world.advance(AGE_S)
    studio.ready.set()
    message = await posted(stage, reply)
    await reply.wait_for(lambda r: r.deleted)
    assert message.nonce is not None
    assert len(message.nonce) <= 25
    assert message.content == "Aria for Ana: “Hello everyone”"
    assert reply.followups == []  # nobody can be told alone any more
    assert stage.channel.posted == [message]


async def test_a_dead_token_gives_way_to_a_message(stage: Stage, app: App, studio: Studio) -> None:
    reply = await held(stage, studio)
    stage.world.kill_token(reply)
    studio.ready.set()
    assert (await posted(stage, reply)).attachments[0].content.startswith(b"ID3")


async def test_a_reply_that_was_deleted_gives_way_to_a_message(stage: Stage, app: App, studio: Studio) -> None:
    reply = await held(stage, studio)
    assert reply.original is not None
    reply.original.deleted = True
    studio.ready.set()
    await posted(stage, reply)


async def test_a_failure_after_the_token_is_told_in_the_channel(stage: Stage, app: App, studio: Studio) -> None:
    studio.outcome = "FAILED"
    reply = await held(stage, studio)
    stage.world.advance(AGE_S)
    studio.ready.set()
    await reply.wait_for(lambda r: r.deleted)
    [message] = stage.channel.posted
    assert "You were not charged" in message.content


async def test_the_reply_is_kept_over_a_restart(stage: Stage, running: Running, studio: Studio) -> None:
    async with running():
        reply = await held(stage, studio)
    studio.ready.set()
    before = stage.world.gateway.identified
    async with running(receive=False):  # a worker without a websocket
        await reply.audio()
    assert stage.world.gateway.identified == before
    assert len(studio.orders) == 1
    assert stage.channel.posted == [reply.original]


async def test_send_again_is_free_and_lands_in_the_same_message(stage: Stage, app: App, studio: Studio) -> None:
    refuse(stage)
    reply = await speak(stage)
    said = await reply.settled(lambda m: m.buttons)
    assert "It is kept, and sending it again is free. /history lists it, also in our direct chat" in said.content
    pressed = await stage.world.press(stage.ana, said, said.buttons[0]["custom_id"])
    [file] = await pressed.audio()
    assert file.content.startswith(b"ID3")
    assert pressed.original is reply.original
    assert "Send again" not in [button["label"] for button in said.buttons]
    assert said.content == "Aria: “Hello everyone”"
    assert "$0.0986 left today" in (await pressed.settled(lambda m: m.ephemeral)).content
    assert len(studio.orders) == 1


async def test_send_again_is_for_the_owner_and_works_once(stage: Stage, running: Running, studio: Studio) -> None:
    async with running():
        refuse(stage)
        said = await (await speak(stage)).settled(lambda m: m.buttons)
    again = said.buttons[0]["custom_id"]
    async with running():  # another process than the one that made the button
        refused = await stage.world.press(stage.bea, said, again)
        await refused.wait_for(lambda r: r.followups)
        assert refused.followups[0].ephemeral
        assert refused.followups[0].content == "That order belongs to somebody else."
        assert said.buttons
        copy = list(said.components)
        await (await stage.world.press(stage.ana, said, again)).audio()
        said.components = copy  # as a client that was slow still shows it
        late = await stage.world.press(stage.ana, said, again)
        await late.wait_for(lambda r: r.followups)
        assert late.followups[0].content == "I don't know that order any more."


async def test_nothing_may_be_posted_any_more(stage: Stage, running: Running, studio: Studio) -> None:
    async with running() as app:
        reply = await held(stage, studio)
        stage.world.kill_token(reply)
        stage.channel.bot_permissions = VIEW_CHANNEL
        studio.ready.set()
        await stage.world.pulse.until(lambda: _statuses(stage.world, "POST", "/messages").count(403) == 2)
    assert stage.channel.posted == [reply.original]
    assert app.platforms["discord"].name == "discord"


def _statuses(world: DiscordWorld, method: str, end: str) -> list[int | None]:
    return [r.status for r in world.requests if r.method == method and r.path.endswith(end)]
