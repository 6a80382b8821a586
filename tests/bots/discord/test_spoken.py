"""What Discord's mark-up and tags are spoken as."""

import pytest

from bots.app.life import App
from bots.discord.spoken import cleaning
from tests.bots.discord.conftest import Stage
from tests.bots.discord.studio import Studio
from tests.bots.discord.talk import button

NOW_S = 1_700_000_000
NAMES = {("user", "1"): "Ann", ("role", "2"): "Owls", ("channel", "3"): "general"}


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("<:two_words:12> <a:wave:13>", "two words wave"),
        ("<@1>, <@!1> and <@4>", "Ann, Ann and somebody"),
        ("<@&2> <@&5> <#3> <#6>", "Owls a role general a channel"),
        ("</speak now:7> <id:browse> <id:guide>", "/speak now browse channels server guide"),
        ("<t:1700000000>", "November 14, 2023, 22:13 UTC"),
        ("<t:1700000000:t> <t:1700000000:D>", "22:13 UTC November 14, 2023"),
        ("<t:1700000000:F>", "Tuesday, November 14, 2023, 22:13 UTC"),
        ("<t:1700010800:R> <t:1699990000:R>", "in 3 hours 3 hours ago"),
        ("<t:9999999999999:F> <t:x> <@> <:a:1> <b>", "<t:9999999999999:F> <t:x> <@> <:a:1> <b>"),
        ("**<@1>** ||<:smile:1>|| `<@1>`", "Ann smile <@1>"),
    ],
)
def test_tags_become_words(text: str, spoken: str) -> None:
    assert cleaning(NAMES, NOW_S)(text) == spoken


async def test_what_is_spoken_is_what_was_meant(stage: Stage, app: App, studio: Studio) -> None:
    stage.bea.nick = "Queen Bea"
    text = rf"Roger **Hi** {stage.bea.mention} and <@99>,\nsee <#{stage.channel.id}> <:tada_yay:1234567890123>"
    reply = await stage.world.command(stage.ana, stage.channel, "/speak", text=text)
    await reply.audio()
    said = "Hi Queen Bea and somebody,\nsee general tada yay"
    assert studio.orders == [{"voice": "Roger", "text": said}]
    assert "“Hi Queen Bea and somebody, see general tada yay”" in reply.content
    told = await reply.settled(lambda m: m.ephemeral)
    assert f"{len(said)} characters" in told.content


async def test_of_a_markdown_file_the_words_are_spoken(stage: Stage, app: App, studio: Studio) -> None:
    text = "# Title\n\n**Bold** [here](https://a.b)"
    for name in ("a.md", "a.txt"):
        file = stage.world.attach(name, text.encode())
        await (await stage.world.command(stage.ana, stage.channel, "/speak", text="Aria", file=file)).audio()
    assert [order["text"] for order in studio.orders] == ["Title\n\nBold here", text]


async def test_one_tap_is_asked_where_the_words_cost_more(stage: Stage, app: App, studio: Studio) -> None:
    reply = await stage.world.command(stage.ana, stage.channel, "/speak", text="Aria www.ab.co")
    asked = await reply.settled(lambda m: "Shall I go ahead?" in m.content)
    assert asked.ephemeral
    assert "“link to ab.co”" in asked.content
    assert studio.orders == []
    pressed = await stage.world.press(stage.ana, asked, button(asked, "Go ahead"))
    await pressed.audio()
    assert studio.orders == [{"voice": "Aria", "text": "link to ab.co"}]


async def test_where_nothing_to_be_heard_is_left_it_is_said(stage: Stage, app: App, studio: Studio) -> None:
    reply = await stage.world.command(stage.ana, stage.channel, "/speak", text="Aria ``` 🎉 ```")
    told = await reply.settled(lambda m: m.content)
    assert "There is nothing to be heard in that" in told.content
