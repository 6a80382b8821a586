"""A new server waits for whoever runs the bot, is told that it may begin, or left."""

from bots.app.life import App
from bots.discord.platform import Discord
from tests.bots.discord.conftest import Running, Stage
from tests.bots.discord.talk import ready
from tests.worlds.discord import Channel, Guild, Member, Message, User
from tests.worlds.discord.places import BOT, MEMBER, SEND_MESSAGES, VIEW_AUDIT_LOG

WAITS = "I wait for my operator here"


async def added(stage: Stage, app: App, name: str, by: User | None = None) -> Channel:
    """Let somebody add the bot to a new server; return its channel, where it said hello."""
    await ready(app)
    new = stage.world.guild(name)
    new.channel("rules", bot_permissions=BOT & ~SEND_MESSAGES)
    channel, new.present, new.added_by = new.channel("chat"), False, by
    new.rights = MEMBER | VIEW_AUDIT_LOG if by else MEMBER
    await stage.world.invite(new)
    await stage.world.pulse.until(lambda: bool(channel.posted))
    assert WAITS in channel.posted[0].content
    return channel


def guild(channel: Channel) -> Guild:
    assert channel.guild is not None
    return channel.guild


def key(channel: Channel) -> str:
    return f"discord:{guild(channel).id}"


def button(message: Message, label: str) -> str:
    return next(str(b["custom_id"]) for b in message.buttons if b["label"].startswith(label))


async def asked(stage: Stage, app: App, owner: Member) -> Message:
    await app.health.look()
    home = stage.world.dm(owner)
    await stage.world.pulse.until(lambda: any(m.buttons for m in home.posted))
    return next(m for m in home.posted if m.buttons)


async def test_an_owner_approves_with_a_button(stage: Stage, running: Running) -> None:
    owner = f"discord:{stage.boss.id}"
    async with running(communities="ask", owners=(owner,)) as app:
        chat = await added(stage, app, "*Kind* people", stage.ana.user)
        question = await asked(stage, app, stage.boss)
        about = rf"{key(chat)} calls itself “\*Kind\* people”"
        assert question.content.splitlines()[1:] == [f"{about}; added by “Ana” (discord:{stage.ana.id})"]
        assert [b["label"] for b in question.buttons] == ["Approve", "Decline and leave"]
        approve, decline = (button(question, label) for label in ("Approve", "Decline"))
        asks = list(question.components)
        theirs = await stage.world.press(stage.ana, question, approve)
        await theirs.wait_for(lambda r: r.followups)
        assert [m.content for m in theirs.followups] == ["Only whoever runs this bot may do that."]
        assert question.buttons
        await stage.world.press(stage.boss, question, approve)
        await stage.world.pulse.until(lambda: not question.buttons)
        assert question.content.splitlines()[1:] == [
            f"{about}: approved by “Boss”", "", f"I take orders in {key(chat)} now, and have said so there."
        ]  # fmt: skip
        assert chat.posted[-1].content == (
            "Whoever runs me has approved this community. Hear me: /speak Aria Hello everyone"
        )
        question.components = asks  # as a client that was slow still shows it
        late = await stage.world.press(stage.boss, question, decline)
        await late.wait_for(lambda r: r.followups)
        said = f"{key(chat)} is approved by “Boss” already; /communities can change that."
        assert [m.content for m in late.followups] == [said]
        assert not question.buttons
        assert guild(chat).present


async def test_who_is_declined_is_left_each_time_and_asked_about_once(stage: Stage, running: Running) -> None:
    owner = f"discord:{stage.boss.id}"
    async with running(communities="ask", owners=(owner,)) as app:
        chats = [await added(stage, app, name) for name in ("First", "Second")]
        question = await asked(stage, app, stage.boss)
        assert "1. " + f"{key(chats[1])} calls itself “Second”; who added me is unknown" in question.content
        assert [[b["label"] for b in row["components"]] for row in question.components] == [
            ["Approve 1: “Second”", "Decline and leave 1: “Second”"],
            ["Approve 2: “First”", "Decline and leave 2: “First”"],
        ]
        await stage.world.press(stage.boss, question, button(question, "Decline and leave 2"))
        await stage.world.pulse.until(lambda: len(question.buttons) == 2)
        assert f"2. {key(chats[0])} calls itself “First”: declined by “Boss”" in question.content
        assert question.content.endswith(f"I take no orders in {key(chats[0])} any more, and have left it.")
        assert [guild(chat).present for chat in chats] == [False, True]
        await stage.world.invite(guild(chats[0]))
        await stage.world.pulse.until(lambda: not guild(chats[0]).present)
        assert len(chats[0].posted) == 1
        stage.world.fail("DELETE", "/users/@me/guilds/", 403, 50001, "Missing Access")
        await stage.world.press(stage.boss, question, button(question, "Decline and leave 1"))
        await stage.world.pulse.until(lambda: not question.buttons)
        assert question.content.endswith(
            f"I take no orders in {key(chats[1])} any more, but could not leave it: remove me there."
        )


async def test_the_first_command_in_a_server_makes_it_wait(stage: Stage, running: Running) -> None:
    owner = f"discord:{stage.boss.id}"
    async with running(communities="ask", owners=(owner,)) as app:
        reply = await stage.world.command(stage.ana, stage.channel, "/voices")
        assert WAITS in (await reply.settled(lambda m: m.content)).content
        reply = await stage.world.command(stage.boss, stage.channel, "/quota default", amount="0.50", period="day")
        assert WAITS in (await reply.settled(lambda m: m.content)).content
        question = await asked(stage, app, stage.boss)
        heard = f"who added me is unknown, first heard from “Ana” (discord:{stage.ana.id})"
        assert question.content.splitlines()[1] == f"discord:{stage.guild.id} calls itself “Minstrels”; {heard}"
        reply = await stage.world.command(stage.ana, stage.channel, "/speak", text="Braian hello")
        assert (await reply.settled(lambda m: m.content)).content.startswith(WAITS)


async def test_a_server_that_is_gone_is_left(stage: Stage, app: App) -> None:
    [discord] = app.platforms.values()
    assert isinstance(discord, Discord)
    await discord.leave("discord:1")
