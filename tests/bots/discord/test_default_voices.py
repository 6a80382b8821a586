"""The voice that speaks where none is named, chosen with /voice and /limits voice."""

from bots.app.life import App
from tests.bots.discord.conftest import Stage
from tests.bots.discord.studio import Studio
from tests.bots.discord.talk import say


async def spoken(stage: Stage, studio: Studio, text: str) -> str:
    reply = await stage.world.command(stage.ana, stage.channel, "/speak", text=text)
    await reply.audio()
    return str(studio.orders[-1]["voice"])


async def test_mine_then_the_communitys_then_the_operators(stage: Stage, app: App, studio: Studio) -> None:
    assert "so Aria speaks for you." in (await say(stage, stage.ana, "/voice")).content
    assert "voice: George" in (await say(stage, stage.boss, "/limits", name="voice", value="george")).content
    assert await spoken(stage, studio, "Hi") == "George"
    assert "George speaks for you here, whom" in (await say(stage, stage.ana, "/voice")).content
    chosen = await say(stage, stage.ana, "/voice", voice="bill")
    assert chosen.content == "Bill speaks for you where you name no voice. /voice none takes that back."
    assert await spoken(stage, studio, "Hello") == "Bill"
    assert await spoken(stage, studio, "Lily: Hello") == "Lily"
    slip = await say(stage, stage.ana, "/voice", voice="Arya")
    assert slip.content == "voice “Arya” can't be used: it must be the name of a voice, such as Aria. Write Aria"
    refused = await say(stage, stage.ana, "/voice", voice="Nobody")
    assert "voice “Nobody” can't be used: it must be one of Aria" in refused.content
    await say(stage, stage.ana, "/voice", voice="none")
    assert await spoken(stage, studio, "Hey") == "George"


async def test_a_voice_is_searched_as_in_an_order(stage: Stage, app: App) -> None:
    offered = await stage.world.autocomplete(stage.ana, stage.channel, "/voice", voice="deep male", focused="voice")
    assert [choice["value"] for choice in offered] == ["Brian"]
