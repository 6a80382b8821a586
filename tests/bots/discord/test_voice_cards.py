"""Voices are looked at, heard and chosen before anybody pays for them."""

from bots.app.life import App
from tests.bots.discord.conftest import Running, Stage
from tests.bots.discord.studio import Studio
from tests.bots.discord.talk import button, say
from tests.worlds.discord import Member, Message, Reply


async def press(stage: Stage, who: Member, on: Message, label: str) -> Message:
    """Press a button and return what its presser alone is told."""
    reply = await stage.world.press(who, on, button(on, label))
    await reply.wait_for(lambda r: r.followups)
    assert reply.followups[-1].ephemeral
    return reply.followups[-1]


async def forge(stage: Stage, on: Message, custom_id: str) -> Reply:
    """Press a button that is not there, as a client can."""
    shown = list(on.components)
    on.components = [{"type": 1, "components": [{"type": 2, "style": 2, "custom_id": custom_id}]}]
    reply = await stage.world.press(stage.ana, on, custom_id)
    on.components = shown
    return reply


async def test_a_voice_is_heard_free_and_generated_once(stage: Stage, running: Running, studio: Studio) -> None:
    async with running(preview_budget="1.00"):
        shown = await say(stage, stage.ana, "/voices", like="deep male")
        assert shown.content.startswith("1 voice for “deep male”\n\nBrian: deep, male, middle-aged, American")
        for who in (stage.ana, stage.bea):
            heard = await press(stage, who, shown, "▶ Brian")
            assert heard.content == "Brian: deep, male, middle-aged, American, narration, English"
            [file] = heard.attachments
            assert (file.filename, file.content[:3]) == ("Brian.mp3", b"ID3")
        assert [order["voice"] for order in studio.orders] == ["Brian"]
        assert "$0.10 left today" in (await say(stage, stage.ana, "/balance")).content
        stage.bea.user.language = "de"
        await press(stage, stage.bea, shown, "▶ Brian")
        assert [order["text"][:5] for order in studio.orders] == ["Hello", "Hallo"]
    assert stage.channel.posted == []


async def test_all_voices_are_heard_with_one_tap(stage: Stage, running: Running, studio: Studio) -> None:
    async with running(preview_budget="1.00"):
        shown = await say(stage, stage.ana, "/voices")
        heard = await press(stage, stage.ana, shown, "▶ All 24")
        lines = heard.content.splitlines()
        assert lines[:3] == ["0:00 Aria", "0:01 Roger", "0:03 Sarah"]
        assert len(lines) == len(studio.orders) == 24
        assert len(heard.attachments) == 1
        studio.refusal = 402
        assert len((await press(stage, stage.ana, shown, "▶ All 24")).attachments) == 1  # from memory
        few = await say(stage, stage.ana, "/voices", like="british")
        assert (await press(stage, stage.ana, few, "▶ All 4")).content.count("\n") == 3


async def test_a_budget_that_is_spent_or_a_gateway_that_is_away_is_said(
    stage: Stage, running: Running, studio: Studio
) -> None:
    async with running(preview_budget="0.01"):
        shown = await say(stage, stage.ana, "/voices", like="british")
        studio.refusal = 402
        said = await press(stage, stage.ana, shown, "▶ Alice")
        assert said.content == (
            "There is no sample of Alice yet, and none can be made at the moment. Try again in a while."
        )
        studio.refusal = None
        heard = await press(stage, stage.ana, shown, "▶ All 4")
        assert len(studio.orders) == 3  # the one that was refused, and two that the budget allows
        assert heard.content.endswith(" yet, and this month's budget for new ones is spent.")
        assert heard.attachments


async def test_without_a_budget_nothing_can_be_heard(stage: Stage, app: App, studio: Studio) -> None:
    shown = await say(stage, stage.ana, "/voices")
    assert not [b for b in shown.buttons if "▶" in b["label"]]
    reply = await forge(stage, shown, "listen:Aria")
    await reply.wait_for(lambda r: r.followups)
    assert reply.last.content == "Nobody pays for samples here, so voices can't be heard before they are ordered."
    assert studio.orders == []


async def test_pages_are_turned_in_place(stage: Stage, app: App) -> None:
    shown = await say(stage, stage.ana, "/voices")
    assert shown.content.startswith("24 voices, 1 to 4:\n\nAria: ")
    assert shown.content.endswith("\n\nWithout a name, Aria speaks.")
    reply = await stage.world.press(stage.ana, shown, button(shown, "More"))
    await reply.wait_for(lambda _: shown.content.startswith("24 voices, 5 to 8:\n\nCharlie: "))
    reply = await stage.world.press(stage.ana, shown, button(shown, "Back"))
    await reply.wait_for(lambda _: shown.content.startswith("24 voices, 1 to 4:"))
    assert reply.followups == []
    await (await forge(stage, shown, "page:voices:999:")).wait_for(lambda _: "24 voices, 21 to 24" in shown.content)
    await (await forge(stage, shown, "page:voices:0:male")).wait_for(lambda _: "“male”, 1 to 4" in shown.content)
    for forged in ("page:", "page:voices:x:", "page:members:1:", "use:Nobody", "like:", "listen:" + "x" * 41):
        reply = await forge(stage, shown, forged)
        await reply.wait_for(lambda r: r.followups)
        assert reply.last.content.startswith("I don't know ")


async def test_a_voice_is_chosen_and_liked_with_a_press(stage: Stage, app: App) -> None:
    shown = await say(stage, stage.ana, "/voices", like="british")
    said = await press(stage, stage.ana, shown, "Use Lily")
    assert said.content == "Lily speaks for you where you name no voice. /voice none takes that back."
    assert shown.content.endswith("Without a name, Lily speaks.")
    stars = [b["custom_id"] for b in shown.buttons if b["label"] == "☆"]
    reply = await stage.world.press(stage.ana, shown, stars[-1])
    await reply.wait_for(lambda r: r.followups)
    assert reply.last.content == "Lily is among your favourites: they come first."
    assert shown.content.startswith("4 voices for “british”\n\n★ Lily: ")
    offered = await stage.world.autocomplete(stage.ana, stage.channel, "/voice", voice="", focused="voice")
    assert [choice["value"] for choice in offered][:2] == ["Lily", "Aria"]
    assert "★" not in (await say(stage, stage.bea, "/voices", like="british")).content
    assert "not among your favourites" in (await press(stage, stage.ana, shown, "★")).content
    assert "★" not in shown.content


async def test_what_finds_nobody_is_said(stage: Stage, app: App) -> None:
    assert (await say(stage, stage.ana, "/voices", like="xyzzy")).content == (
        "No voice is like “xyzzy”. Try words such as deep male or british; /voices shows all."
    )
    assert "“?”" in (await say(stage, stage.ana, "/voices", like="\ud800")).content
    long = await say(stage, stage.ana, "/voices", like="a voice that is like nobody heard before")
    assert "it must be a few words, such as deep male or german" in long.content
