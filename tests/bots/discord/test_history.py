"""Audio that is sent again: to its member alone, wherever it was ordered."""

from bots.app.life import App
from tests.bots.discord.conftest import Stage
from tests.bots.discord.talk import button, order, say


async def test_what_was_heard_comes_again_in_a_private_reply(stage: Stage, app: App) -> None:
    first = await (await order(stage, stage.ana, 5)).audio()
    said = await say(stage, stage.ana, "/history")
    assert said.content.startswith("Press a number to have it sent again, free:\n1. Aria: ")
    reply = await stage.world.press(stage.ana, said, button(said, "1"))
    again = await reply.audio()
    assert [file.content for file in again] == [file.content for file in first]
    assert reply.ephemeral
    assert said.buttons  # the list stays
    assert len(stage.channel.posted) == 1


async def test_nobody_else_has_it_sent(stage: Stage, app: App) -> None:
    await (await order(stage, stage.ana, 5)).audio()
    said = await say(stage, stage.ana, "/history")
    reply = await stage.world.press(stage.bea, said, button(said, "1"))
    answer = await reply.settled(lambda m: m.content == "That order belongs to somebody else.")
    assert answer.ephemeral
