"""A new group waits for whoever runs the bot: the whole service, with Telegram."""

import asyncio
from pathlib import Path

import pytest

from bots.__main__ import main
from tests.bots.discord.studio import Studio
from tests.bots.telegram.talk import answer, pressed, sent
from tests.bots.text.catalogues import PSEUDO, german, pseudo_catalogue, unmarked, use
from tests.service import service
from tests.worlds.telegram import Chat, Fault, Message, TelegramWorld, User


@pytest.fixture
def boss(world: TelegramWorld) -> User:
    boss = world.user("Boss")
    world.private(boss)
    return boss


@pytest.fixture
def eve(world: TelegramWorld) -> User:
    return world.user("Eve")


WAITS = "I wait for my operator here"
OPENED = "Whoever runs me has approved this community. Hear me: /speak@\u2060troubadour_bot Aria Hello everyone"


async def added(world: TelegramWorld, eve: User, title: str) -> Chat:
    """Let Eve add the bot to a new group of hers."""
    group = world.group(title, eve)
    await again(group, eve)
    await group.wait_for(lambda chat: [text for text in chat.texts if text.startswith("Hello!")])
    return group


async def again(group: Chat, eve: User) -> None:
    group.members[group.world.bot.id] = "left"
    await group.changes(eve, "member")


def key(group: Chat) -> str:
    return f"telegram:{group.id}"


async def asked(home: Chat) -> Message:
    return await home.wait_for(lambda chat: next((m for m in chat.sent if m.buttons), None))


async def test_a_new_group_waits_for_an_owner(
    world: TelegramWorld, studio: Studio, tmp_path: Path, boss: User, eve: User, caplog: pytest.LogCaptureFixture
) -> None:
    home = world.private(boss)
    async with service(world, studio, tmp_path, communities="ask", owners=(key(home),)) as app:
        group = await added(world, eve, "Kind people")
        assert WAITS in group.texts[0]
        await app.health.look()
        question = await asked(home)
        assert key(group) in caplog.text
        assert not [name for name in ("Kind people", "Eve") if name in caplog.text]
        assert question.text.splitlines()[1:] == [
            f"{key(group)} calls itself “Kind people”; added by “Eve” (telegram:{eve.id})"
        ]
        assert list(question.buttons) == ["Approve", "Decline and leave"]
        assert (await answer(group, eve, "/speak Hello")).startswith(WAITS)
        assert "Only whoever runs this bot" in (await answer(group, eve, f"/communities approve {key(group)}"))
        assert "Write /communities approve COMMUNITY" in await answer(home, boss, "/communities approve")
        assert "I don't know a community" in await answer(home, boss, f"/communities decline {key(home)}")
        theirs = await sent(world, eve, question, question.buttons["Approve"])
        assert (theirs["text"], theirs["show_alert"]) == ("Only whoever runs this bot may do that.", "true")
        assert list(question.buttons) == ["Approve", "Decline and leave"]
        said = await pressed(world, boss, question, "Approve")
        assert said["text"] == f"I take orders in {key(group)} now, and have said so there."
        assert question.text.splitlines()[1:] == [
            f"{key(group)} calls itself “Kind people”: approved by “Boss”", "", said["text"]
        ]  # fmt: skip
        assert question.buttons == {}
        assert group.texts[-1] == OPENED.replace("\u2060", "")
        await group.says(eve, "/speak Hello")
        await group.wait_for(lambda chat: chat.audios)
        await app.health.look()
        await home.wait_for(lambda chat: [text for text in chat.texts if text.startswith("All is well again: No comm")])
        await home.says(boss, "/communities")
        listed = await home.wait_for(lambda chat: next((t for t in chat.texts if t.startswith("“Kind people”")), None))
        assert f"approved, added by “Eve” (telegram:{eve.id}); /communities decline {key(group)}" in listed
        last = await answer(home, boss, f"/communities decline {key(group)}")
        assert last == f"I take no orders in {key(group)} any more, and have left it."
        assert group.members[world.bot.id] == "left"


async def test_owners_and_groups_are_written_to_in_their_languages(
    world: TelegramWorld, studio: Studio, tmp_path: Path, boss: User, eve: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, tmp_path / "po", german())
    use(monkeypatch, tmp_path / "po", pseudo_catalogue())
    boss.language, eve.language = PSEUDO, "de-AT"
    home = world.private(boss)
    async with service(world, studio, tmp_path, communities="ask", owners=(key(home),)) as app:
        first = await added(world, eve, "First")
        await app.health.look()
        question = await asked(home)
        assert "Approve" in question.buttons  # nobody knows yet what they read
        await pressed(world, boss, question, "Approve")
        assert first.texts[-1].startswith("Hört mich: ")
    async with service(world, studio, tmp_path, communities="ask", owners=(key(home),)) as app:
        await added(world, eve, "Second")
        await app.health.look()
        question = await home.wait_for(
            lambda chat: next((m for m in chat.sent if m is not question and m.buttons), None)
        )
        told = [question.text, *question.buttons, *(t for t in home.texts if "!!" in t)]
        assert unmarked(told, "telegram") == {}
        assert len(question.buttons) == 2


async def test_who_is_declined_is_left_and_not_asked_about_again(
    world: TelegramWorld, studio: Studio, tmp_path: Path, boss: User, eve: User
) -> None:
    home = world.private(boss)
    async with service(world, studio, tmp_path, communities="ask", owners=(key(home),)) as app:
        group = await added(world, eve, "Kind people")
        await app.health.look()
        question = await asked(home)
        decline = question.buttons["Decline and leave"]
        said = await pressed(world, boss, question, "Decline and leave")
        assert said["text"] == f"I take no orders in {key(group)} any more, and have left it."
        assert ": declined by “Boss”" in question.text
        assert group.members[world.bot.id] == "left"
        await again(group, eve)
        await world.until(lambda: len(world.calls_to("leaveChat")) == 2, "not left again")
        late = await sent(world, boss, question, decline)
        assert late["text"] == f"{key(group)} is declined by “Boss” already; /communities can change that."
        assert len(world.calls_to("leaveChat")) == 2
        await app.health.look()
        assert len(group.texts) == 1
        assert [m for m in home.sent if m.buttons] == []
    assert len([t for t in home.texts if t.startswith("I was added")]) == 1


async def test_two_owners_at_once_one_decides(
    world: TelegramWorld, studio: Studio, tmp_path: Path, boss: User, eve: User
) -> None:
    other = world.user("Other")
    homes = [world.private(boss), world.private(other)]
    async with service(world, studio, tmp_path, communities="ask", owners=tuple(map(key, homes))) as app:
        group = await added(world, eve, "Kind people")
        await app.health.look()
        mine, theirs = [await asked(home) for home in homes]
        said = await asyncio.gather(
            pressed(world, boss, mine, "Approve"), pressed(world, other, theirs, "Decline and leave")
        )
        first, last = sorted((s["text"] for s in said), key=lambda text: "already" in text)
        did, who = ("approved", "Boss") if first.startswith("I take orders") else ("declined", "Other")
        assert last == f"{key(group)} is {did} by “{who}” already; /communities can change that."
        for question in (mine, theirs):
            assert f": {did} by “{who}”" in question.text
            assert question.buttons == {}
        assert len(world.calls_to("leaveChat")) == (did == "declined")


async def test_several_are_named_in_one_message_and_decided_one_by_one(
    world: TelegramWorld, studio: Studio, tmp_path: Path, boss: User, eve: User
) -> None:
    home, liar = world.private(boss), "X”: approved by “Boss\nI take orders " + "_" * 99
    async with service(world, studio, tmp_path, communities="ask") as app:  # nobody is told yet
        groups = [await added(world, eve, title) for title in ["First", "Second", "Third", "Fourth", "Kind", liar]]
        await app.health.look()
    async with service(world, studio, tmp_path, communities="ask", owners=(key(home),)) as app:
        await app.health.look()
        question = await asked(home)
        lines = question.text.splitlines()
        assert lines[1].startswith(f"1. {key(groups[-1])} calls itself “X': approved by 'BossI take orders ____")
        assert lines[1].endswith(f"_____”; added by “Eve” (telegram:{eve.id})")
        assert lines[2].startswith(f"2. {key(groups[-2])} calls itself “Kind”; added by")
        assert lines[6:] == ["and 1 more: /communities"]
        rows = question.raw["reply_markup"]["inline_keyboard"]
        assert [len(row) for row in rows] == [2] * 5
        assert [button["text"] for button in rows[1]] == ["Approve 2: “Kind”", "Decline and leave 2: “Kind”"]
        assert max(len(button["callback_data"].encode()) for row in rows for button in row) <= 64
        world.fail("leaveChat", Fault.server_error())
        said = await pressed(world, boss, question, "Decline and leave 2: “Kind”")
        assert (
            said["text"] == f"I take no orders in {key(groups[-2])} any more, but could not leave it: remove me there."
        )
        assert f"2. {key(groups[-2])} calls itself “Kind”: declined by “Boss”" in question.text
        assert "Approve 2: “Kind”" not in question.buttons
        assert len(question.buttons) == 8
        declined = "I take no orders here: whoever runs this bot has declined this community. Nothing was charged."
        assert await answer(groups[-2], eve, "/speak Hello") == declined
        world.fail("sendMessage", Fault.blocked(), chat=groups[1])
        said = await pressed(world, boss, question, "Approve 5: “Second”")
        assert said["text"] == f"I take orders in {key(groups[1])} now, but could not say so there."
        assert len(question.buttons) == 6


async def test_the_first_command_in_a_group_makes_it_wait(
    world: TelegramWorld, studio: Studio, tmp_path: Path, boss: User, eve: User
) -> None:
    home = world.private(boss)
    async with service(world, studio, tmp_path, communities="ask", owners=(key(home),)):
        for command in ("/voices", "/quota default 0.50 day", "/speak", "/balance"):
            group = world.group(command, eve)  # the bot was there before anybody was told of such things
            group.add(eve, "creator")
            assert WAITS in await answer(group, eve, command)
        for command in ("/usage", "/speak Rogr: hello"):
            group = world.group(command, eve)
            await answer(group, eve, command)
        assert WAITS in group.texts[-1]
        for command in ("/help", "/start"):  # neither tells them to order
            said = await answer(group, eve, command)
            assert WAITS in said
            assert "Aria" not in said
        heard = f"who added me is unknown, first heard from “Eve” (telegram:{eve.id})"
        await home.says(boss, "/communities")
        waiting = await home.wait_for(lambda chat: next((t for t in chat.texts if t.count(heard) == 6), None))
        assert f"“/speak Rogr: hello” {key(group)}: " in waiting
        assert WAITS not in await answer(home, boss, "/voices")
        assert WAITS not in await answer(home, boss, f"/pool {key(group)} 5")
        await home.says(boss, f"/communities decline {key(group)}")
        await world.until(lambda: world.calls_to("leaveChat"), "not left")
        await group.changes(boss, "member")  # by somebody who saw to it that it can't leave
        assert "I take no orders here" in await answer(group, eve, "/voices")


@pytest.mark.parametrize("action", ["approve", "decline"])
async def test_the_terminal_tells_and_leaves_by_itself(
    world: TelegramWorld,
    studio: Studio,
    tmp_path: Path,
    eve: User,
    action: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with service(world, studio, tmp_path, communities="ask"):
        group = await added(world, eve, "Kind people")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TELEGRAM_TOKEN", world.token)
    monkeypatch.setenv("TELEGRAM_API_URL", world.api_url)
    assert await asyncio.to_thread(main, ["communities", action, key(group)]) == 0
    said = capsys.readouterr().out.strip()
    if action == "approve":
        assert said == f"I take orders in {key(group)} now, and have said so there."
        assert group.texts[-1] == OPENED.replace("\u2060", "")
    else:
        assert said == f"I take no orders in {key(group)} any more, and have left it."
        assert group.members[world.bot.id] == "left"
    monkeypatch.delenv("TELEGRAM_TOKEN")
    assert await asyncio.to_thread(main, ["communities", "decline", key(group)]) == 0
    assert capsys.readouterr().out.strip().endswith("but could not leave it: remove me there.")


async def test_why_a_member_can_not_order_is_told_beside_the_running_service(
    world: TelegramWorld, studio: Studio, tmp_path: Path, boss: User, eve: User, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    async def why(*words: str) -> tuple[int, str, str]:
        status = await asyncio.to_thread(main, ["why", *words])
        return status, *capsys.readouterr()

    async with service(world, studio, tmp_path, communities="ask", owners=(key(world.private(boss)),)):
        group = await added(world, eve, "Kind people")
        await group.says(eve, "/balance")
        status, said, _ = await why(key(group), f"telegram:{eve.id}")
        assert (status, said.splitlines()[0]) == (
            0,
            (
                "Eve can't use /speak and /music here: nobody has approved this community yet. Whoever runs this bot does so "
                f"with /communities approve {key(group)}."
            ),
        )
        assert await why(key(group), "nobody") == (
            2, "", (f"Nobody called 'nobody' was seen in {key(group)}: write the @name that they write under, or their "
            "key, such as telegram:5678.\n"),
        )  # fmt: skip
        meant = f"did you mean telegram:{eve.id} (“Eve”)?\n"
        assert (await why(key(group), "@evee"))[2] == f"Nobody called 'evee' was seen in {key(group)}: {meant}"
        there = "There is no community"
        lists = "troubadour communities lists them.\n"
        for who in ("nobody", "telegram:5"):
            assert (await why("foo", who))[2] == f"{there} 'foo': {lists}"
            assert (await why("kind", who))[2] == f"{there} 'kind': did you mean {key(group)} (“Kind people”)?\n"
        assert (await why(key(group), "eve", "--channel", "x"))[2] == "--channel: 'x' is not such as telegram:123.\n"
        assert "\nNobody with the id 5 has ever been seen here" in (await why(key(group), "telegram:5"))[1]
        for who in ("telegrm:5", "discord:5", "telegram:eve", "telegram:"):
            assert await why(key(group), who) == (
                2, "", f"{who!r} is no member's key there: write such as telegram:5678, or an @name.\n"
            )  # fmt: skip
