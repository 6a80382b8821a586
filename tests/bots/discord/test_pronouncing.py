"""How words are said, with /pronounce."""

from bots.app.life import App
from tests.bots.discord.conftest import Stage
from tests.bots.discord.studio import Studio
from tests.bots.discord.talk import ADMINS_ONLY, say


async def spoken(stage: Stage, studio: Studio, text: str) -> str:
    await (await stage.world.command(stage.ana, stage.channel, "/speak", text=text)).audio()
    return str(studio.orders[-1]["text"])


async def test_mine_goes_before_the_communitys(stage: Stage, app: App, studio: Studio) -> None:
    assert "as it is written" in (await say(stage, stage.ana, "/pronounce")).content
    assert (await say(stage, stage.ana, "/pronounce", entry="here nginx as x")).content == ADMINS_ONLY
    for who, entry in (
        (stage.boss, "here nginx as engine boss"),
        (stage.boss, "here gif as jif"),
        (stage.ana, "nginx as engine x"),
    ):
        assert "from now on." in (await say(stage, who, "/pronounce", entry=entry)).content
    assert (
        await spoken(stage, studio, "Aria the nginx gif was shown to all of us here")
        == "the engine x jif was shown to all of us here"
    )
    assert "what is written and how it is said" in (await say(stage, stage.ana, "/pronounce", entry="nginx")).content
    long = await say(stage, stage.ana, "/pronounce", entry=f"a as {'b' * 51}")
    assert "of at most 50 characters" in long.content
    listed = (await say(stage, stage.ana, "/pronounce")).content
    assert "“nginx” is said as “engine x”\n" in listed
    assert "“gif” is said as “jif”, for everybody here" in listed
    await say(stage, stage.ana, "/pronounce", entry="remove nginx")
    assert (
        await spoken(stage, studio, "Aria the nginx gif was shown to all of us here")
        == "the engine boss jif was shown to all of us here"
    )
