"""Admins say who may spend what."""

import pytest

from tests.bots.telegram.rig import Bot, Rig
from tests.bots.telegram.talk import answer
from tests.worlds.telegram import Chat, TelegramWorld, User

pytestmark = pytest.mark.usefixtures("bot")

ADMINS_ONLY = "Only admins of this community may do that."
IN_THE_GROUP = "That is for a group's admins: write it in the group."


async def test_a_quota_by_name_is_set_used_shown_and_cleared(band: Chat, alice: User, bob: User) -> None:
    await band.says(bob, "hello")
    assert await answer(band, alice, "/quota set @BOB 0.0005 day") == "Bob may now spend: $0.0005 a day."
    await band.says(bob, "/speak Hello")
    await band.wait_for(lambda chat: chat.audios)
    assert "You have $0.00 left today" in await answer(band, bob, "/speak Hello again")
    shown = await answer(band, alice, "/quota show @bob")
    assert shown.startswith("Bob: $0.0005 a day (own quota); $0.0005 used, $0.00 left today")
    assert await answer(band, alice, "/quota clear @bob") == "Bob's own quota is cleared."
    assert await answer(band, bob, "/balance") != shown
    assert "(the bot's default)" in await answer(band, alice, "/quota show @bob")


async def test_a_quota_for_whom_a_message_answers(band: Chat, alice: User, bob: User) -> None:
    said = await band.says(bob, "may I?")
    text = await answer(band, alice, "/quota set 5000 chars week", reply_to=said)
    assert text == "Bob may now spend: $0.50 a week."
    assert "$0.50 left this week" in await answer(band, bob, "/balance")


async def test_a_quota_for_somebody_without_a_name_of_their_own(world: TelegramWorld, band: Chat, alice: User) -> None:
    zoe = world.user("Zoë 🎵 day 9")
    band.add(zoe)
    assert (
        await answer(band, alice, f"/quota set {zoe.mention} unlimited month")
        == "Zoë 🎵 day 9 may now spend: unlimited."
    )
    assert "You have no limit." in await answer(band, zoe, "/balance")


async def test_the_default_holds_for_everybody_else(band: Chat, alice: User, bob: User) -> None:
    assert "may now spend: $0.02 a day" in await answer(band, alice, "/quota default 0.02 day")
    assert "$0.02 left today" in await answer(band, bob, "/balance")
    assert await answer(band, alice, "/quota default clear") == "The community's default is cleared."
    assert "$0.01 left today" in await answer(band, bob, "/balance")


async def test_members_may_do_none_of_it(band: Chat, alice: User, bob: User) -> None:
    await band.says(alice, "hello")
    for text in ("set @alice 9 day", "show @alice", "clear @alice", "default 9 day", "default clear"):
        assert await answer(band, bob, f"/quota {text}") == ADMINS_ONLY


async def test_an_anonymous_admin_may_do_all_of_it(band: Chat, alice: User, bob: User) -> None:
    await band.says(bob, "hello")
    text = await answer(band, alice, "/quota set @bob 1 day", anonymous=True)
    assert text == "Bob may now spend: $1.00 a day."
    assert "Bob: $1.00 a day" in await answer(band, alice, "/quota show @bob", anonymous=True)
    assert await answer(band, alice, "/quota clear @bob", anonymous=True) == "Bob's own quota is cleared."


async def test_an_anonymous_admin_is_nobodys_account(band: Chat, alice: User) -> None:
    said = await band.says(alice, "hidden", anonymous=True)
    assert (await answer(band, alice, "/quota set 1 day", reply_to=said)).startswith("Write /quota set")


async def test_nobody_administers_a_direct_chat(world: TelegramWorld, bob: User) -> None:
    assert await answer(world.private(bob), bob, "/quota default unlimited month") == IN_THE_GROUP


async def test_the_message_that_opens_a_topic_is_not_answered_by_anybody(
    world: TelegramWorld, alice: User, bob: User
) -> None:
    forum = world.supergroup("Forum", bob, forum=True)
    forum.add(alice, "creator")
    asked = await forum.says(alice, "/quota set 1 day", topic=forum.topic("Songs"))
    assert (await forum.reply_to(asked)).text.startswith("Write /quota set")


async def test_what_can_not_be_understood_is_explained(band: Chat, alice: User, bob: User) -> None:
    await band.says(bob, "hello")
    for words, said in (
        ("set @bob 0.50", "day, week or month"),
        ("set @bob much day", "amount “much” can't be used"),
        ("set @bob 0.50 year", "period “year” can't be used"),
        ("set @nobody 0.50 day", "I have not seen @\u2060nobody here yet."),
        ("set 0.50 day", "Write /quota set"),
        ("give @bob 0.50 day", "Write /quota set"),
        ("default", "Write /quota set"),
    ):
        assert said in await answer(band, alice, f"/quota {words}")


async def test_a_name_follows_whoever_has_it_now(world: TelegramWorld, band: Chat, alice: User, bob: User) -> None:
    await band.reply_to(await band.says(bob, "/voices"))
    bob.username = "robert"
    carol = world.user("Carol", "bob")
    band.add(carol)
    await band.says(bob, "now robert")
    await band.says(carol, "now bob")
    assert await answer(band, alice, "/quota set @bob 1 day") == "Carol may now spend: $1.00 a day."
    assert await answer(band, alice, "/quota set @robert 1 day") == "Bob may now spend: $1.00 a day."


async def test_an_answer_to_a_bot_names_nobody(band: Chat, alice: User, bot: Bot) -> None:
    said = await band.reply_to(await band.says(alice, "/voices"))
    assert "a person, not a bot" in await answer(band, alice, "/grant 1", reply_to=said)


async def test_a_name_goes_back_to_whoever_had_it(
    world: TelegramWorld, rig: Rig, band: Chat, alice: User, bob: User
) -> None:
    carol = world.user("Carol", "carol")
    band.add(carol)
    await band.reply_to(await band.says(bob, "/voices"))
    rig.clock.forward(ms=1)
    bob.username, carol.username = None, "bob"
    await band.reply_to(await band.says(carol, "/voices"))
    rig.clock.forward(ms=1)
    bob.username, carol.username = "bob", "carol"
    await band.reply_to(await band.says(bob, "/voices"))
    assert await answer(band, alice, "/quota set @bob 1 day") == "Bob may now spend: $1.00 a day."


async def test_a_name_further_on_is_only_a_word(band: Chat, alice: User, bob: User) -> None:
    said = await band.says(bob, "hello")
    assert await answer(band, alice, "/grant 1 thanks to @alice", reply_to=said) == "Bob now has $1.00 credit."
