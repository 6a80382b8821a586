"""Admins and their acts: typed, by every way to name a member, and only while they are admins."""

from pathlib import Path

import pytest

from core.domain.errors import OutOfCredit
from tests.bots.telegram.rig import Bot, Rig
from tests.bots.telegram.talk import ADMINS_ONLY, IN_THE_GROUP, answer
from tests.worlds.telegram import Chat, Fault, TelegramWorld, User

pytestmark = pytest.mark.usefixtures("bot")


@pytest.fixture
def olga(world: TelegramWorld) -> User:
    """Whoever runs the bot."""
    return world.user("Olga", "olga")


@pytest.fixture
def rig(world: TelegramWorld, tmp_path: Path, olga: User) -> Rig:
    return Rig(world, tmp_path, owners=frozenset({f"telegram:{olga.id}"}))


ACTS = {
    "quota set @bob 1 day": "Bob may now spend: $1.00 a day.",
    "quota show @bob": "Bob: $0.01 a day (the bot's default)",
    "quota clear @bob": "Bob has no quota of their own.",
    "quota default 1 day": "may now spend: $1.00 a day",
    "grant @bob 0.50 well sung": "Bob now has $0.50 credit.",
    "block @bob 2 h": "Bob's orders are refused until",
    "unblock @bob": "Bob was not blocked.",
    "limits cooldown 60": "cooldown: 60 seconds",
    "limits": "cooldown: none",
}
REPORTS = {
    "usage": "Nothing was charged this month.",
    "audit": "Nobody has changed anything here yet.",
    "quota show": "No quota is set here",
}


@pytest.mark.parametrize(("words", "said"), ACTS.items(), ids=list(ACTS))
@pytest.mark.parametrize("anonymous", [False, True], ids=["", "anonymous"])
async def test_an_admin_may(band: Chat, alice: User, bob: User, words: str, said: str, *, anonymous: bool) -> None:
    await band.says(bob, "hello")
    assert said in await answer(band, alice, f"/{words}", anonymous=anonymous)


@pytest.mark.parametrize(("words", "said"), REPORTS.items(), ids=list(REPORTS))
async def test_a_report_reaches_only_the_admin_who_asked(
    world: TelegramWorld, band: Chat, alice: User, words: str, said: str
) -> None:
    link = f"https://t.me/{world.bot.username}"
    assert await answer(band, alice, f"/{words}") == (
        f"I may not write to you yet: open {link}, press Start, and ask again."
    )
    own = world.private(alice)
    assert await answer(band, alice, f"/{words}") == "I have sent it to you alone, in our own chat."
    assert [said in text for text in own.texts] == [True]
    assert "which one you are" in await answer(band, alice, f"/{words}", anonymous=True)
    assert len(own.sent) == 1


@pytest.mark.parametrize("words", [*ACTS, *REPORTS])
@pytest.mark.parametrize("who", ["a member", "a former admin", "somebody in a direct chat"])
async def test_nobody_else_may(world: TelegramWorld, band: Chat, alice: User, bob: User, words: str, who: str) -> None:
    chat, writer = band, bob
    await band.reply_to(await band.says(bob, "/voices"))
    if who == "a former admin":
        assert "Limits of" in await answer(band, alice, "/limits")
        writer = alice
        band.add(alice, "member")
    if who == "somebody in a direct chat":
        chat = world.private(bob)
        await chat.says(bob, "hello")
    assert await answer(chat, writer, f"/{words}") == (ADMINS_ONLY if chat is band else IN_THE_GROUP)
    band.add(alice, "administrator")
    assert "(the bot's default)" in await answer(band, alice, "/quota show @bob")
    assert "$0.01 left today." in await answer(band, bob, "/balance")
    assert "cooldown: none" in await answer(band, alice, "/limits")


async def test_operators_are_no_admins_and_admins_no_operators(band: Chat, alice: User, olga: User) -> None:
    band.add(olga)
    assert await answer(band, olga, "/grant @bob 1") == ADMINS_ONLY
    for words in ("/pool 1.00", f"/pool telegram:{band.id} 1.00", "/communities", "/resume"):
        assert await answer(band, alice, words) == "Only whoever runs this bot may do that."


async def test_where_the_chat_can_not_be_asked_nothing_is_done(
    band: Chat, alice: User, bob: User, world: TelegramWorld
) -> None:
    await band.says(bob, "hello")
    world.fail("getChatMember", Fault.server_error())
    assert (await answer(band, alice, "/grant @bob 1")).startswith("Something went wrong")
    assert "credit" not in await answer(band, bob, "/balance")


async def test_where_members_are_hidden_the_list_of_admins_counts_each_time(
    band: Chat, alice: User, bob: User, world: TelegramWorld
) -> None:
    band.hidden = True
    assert "Limits of" in await answer(band, alice, "/limits")
    assert await answer(band, bob, "/limits") == ADMINS_ONLY
    band.add(alice, "member")
    assert await answer(band, alice, "/limits") == ADMINS_ONLY
    world.fail("getChatAdministrators", Fault.bad_request("member list is inaccessible"))
    assert "Make me an administrator of this group" in await answer(band, alice, "/limits")
    band.add(alice, "administrator")
    band.add(world.bot, "administrator")
    world.fail("getChatAdministrators", Fault.bad_request("member list is inaccessible"))
    assert "Limits of" in await answer(band, alice, "/limits")


async def test_who_writes_in_the_name_of_another_chat_is_no_admin(
    band: Chat, alice: User, bob: User, world: TelegramWorld
) -> None:
    await band.says(bob, "hello")
    for other in (world.supergroup("Channel", alice), world.private(alice)):
        said = await band.says(alice, "/grant @bob 1", more={"sender_chat": other.raw})
        assert (await band.reply_to(said)).text == ADMINS_ONLY
    assert "credit" not in await answer(band, bob, "/balance")


@pytest.mark.parametrize("way", ["name", "mention", "reply", "id"])
async def test_a_grant_names_its_member(band: Chat, alice: User, bob: User, world: TelegramWorld, way: str) -> None:
    zoe = world.user("Zoë 🎵 day 9")
    band.add(zoe)
    who = zoe if way == "mention" else bob
    said = await band.says(who, "hello")
    named = {"name": "@BOB ", "mention": zoe.mention + " ", "reply": "", "id": f"id:{bob.id} "}[way]
    text = await answer(
        band, alice, f"/grant {named}5000 chars for the song", reply_to=said if way == "reply" else None
    )
    assert text.endswith("now has $0.50 credit.")
    assert "$0.01 left today and $0.50 credit" in await answer(band, who, "/balance")
    assert "$0.50 credit granted: for the song" in await answer(band, who, "/balance")


async def test_credit_is_taken_back_down_to_nothing(band: Chat, alice: User, bob: User) -> None:
    await band.says(bob, "hello")
    await answer(band, alice, "/grant @bob 1")
    assert await answer(band, alice, "/revoke @bob 0.4 a mistake") == "Bob now has $0.60 credit."
    assert (await answer(band, alice, "/revoke @bob 0.7")).startswith("That is not possible with a balance of $0.60.")


async def test_the_same_update_twice_grants_once(band: Chat, alice: User, bob: User, world: TelegramWorld) -> None:
    await band.says(bob, "hello")
    asked = await band.says(alice, "/grant @bob 1")
    await band.reply_to(asked)
    assert asked.update is not None
    await world.repeat(asked.update)
    await band.wait_for(lambda chat: any(said.text == "That was done before." for said in chat.sent))
    assert "and $1.00 credit" in await answer(band, bob, "/balance")
    assert await answer(band, alice, "/revoke @bob 1") == "Bob now has $0.00 credit."


async def test_a_blocked_member_is_told(band: Chat, alice: User, bob: User) -> None:
    await band.says(bob, "hello")
    await answer(band, alice, "/block @bob")
    assert "blocked" in await answer(band, bob, "/speak Hello")
    await answer(band, alice, "/unblock @bob")
    await band.says(bob, "/speak Hello")
    await band.wait_for(lambda chat: chat.audios)


async def test_orders_are_kept_to_the_topic_in_which_here_was_written(
    world: TelegramWorld, alice: User, bob: User
) -> None:
    forum = world.supergroup("Forum", bob, forum=True)
    forum.add(alice, "creator")
    songs, talk = forum.topic("Songs"), forum.topic("Talk")
    asked = await forum.says(alice, "/limits channels here", topic=songs)
    assert f"channels: topic {songs.id}" in (await forum.reply_to(asked)).text
    for topic in (talk, None):
        refused = await forum.reply_to(await forum.says(bob, "/speak Hello", topic=topic))
        assert "don't allow orders here" in refused.text
    await forum.says(bob, "/speak Hello", topic=songs)
    await forum.wait_for(lambda chat: chat.audios)
    assert "channels: General" in await answer(forum, alice, "/limits channels here")
    await forum.says(bob, "/speak Hello")
    await forum.wait_for(lambda chat: chat.audios[1:])


async def test_usage_is_a_picture_with_its_caption_and_a_table(
    world: TelegramWorld, band: Chat, alice: User, bob: User
) -> None:
    own = world.private(alice)
    await band.says(bob, "/speak Hello")
    await band.wait_for(lambda chat: chat.audios)
    await answer(band, alice, "/usage")
    picture, table = own.sent
    assert picture.content.startswith(b"\x89PNG")
    assert "This month: $0.0005 (speech $0.0005).\nBob: $0.0005" in picture.raw["caption"]
    assert picture.raw["photo"]
    assert table.raw["document"]["file_name"] == "usage.csv"
    assert table.content.startswith(b"\xef\xbb\xbfTime (UTC),Member,Order,")
    assert ",Bob,speech,0.0005,,\r\n" in table.content.decode()


async def test_what_each_community_spent_is_for_its_operator_alone(
    world: TelegramWorld, band: Chat, olga: User
) -> None:
    own = world.private(olga)
    band.add(olga)
    await band.says(olga, "/speak Hello")
    await band.wait_for(lambda chat: chat.audios)
    await own.says(olga, "/start")
    await band.says(olga, "/communities")
    listed = await own.wait_for(lambda chat: next((m for m in chat.sent if f"telegram:{band.id}" in m.text), None))
    assert f"telegram:{band.id}: $0.0005 of no pool, 1 member has ordered" in listed.text
    assert not any("no pool" in message.text for message in band.sent)
    alone = await answer(own, olga, "/communities")
    assert f"telegram:{band.id}: $0.0005 of no pool, 1 member has ordered" in alone
    assert f"telegram:{olga.id}: " not in alone  # this chat is none


async def test_an_operator_says_that_the_wallet_was_refilled(
    world: TelegramWorld, band: Chat, alice: User, olga: User, bot: Bot
) -> None:
    own = world.private(olga)
    assert "/resume" in (await own.reply_to(await own.says(olga, "/help"))).text
    assert "/resume" not in await answer(band, alice, "/help")
    assert await answer(own, olga, "/resume") == "Nothing was paused: orders go to the gateway as they come."
    bot.worker._breaker.fail(OutOfCredit(retry_after_s=60))
    assert (await answer(own, olga, "/resume")).startswith("Orders were held back here.")
    await band.says(alice, "/speak Hello")
    await band.wait_for(lambda chat: chat.audios)


async def test_the_audit_names_who_did_what(world: TelegramWorld, band: Chat, alice: User, bob: User) -> None:
    own = world.private(alice)
    await answer(band, alice, "/grant id:77 1", anonymous=True)
    await answer(band, bob, "/grant id:77 1")
    await answer(band, alice, "/audit")
    text, file = own.sent
    applied, refused = (line for line in text.text.splitlines() if "77" in line or "Bob" in line)
    assert "Band gave credit to 77 (id 77): $0.00 → $1.00" in applied
    assert "Bob tried /grant: not allowed" in refused
    assert file.raw["document"]["file_name"] == "audit.csv"


async def test_what_was_meant_is_explained(band: Chat, alice: User, bob: User, bot: Bot) -> None:
    await band.says(bob, "hello")
    for words, said in (
        ("grant", "Write /grant @"),
        ("revoke @bob", "Write /revoke @"),
        ("block 2 h", "Write /block @"),
        ("limits cooldown", "Write /limits [text"),
        ("limits volume 3", "Write /limits [text"),
        ("grant @bob 0,5", "amount “0,5” can't be used"),
        ("grant @nobody 1", "I have not seen @\u2060nobody here yet."),
        ("grant id:x 1", "id “x” can't be used"),
        ("block @bob soon", "time “soon” can't be used"),
        ("usage year", "Write /usage [day, week or month] [@\u2060name]"),
        ("usage bob", "Write /usage [day, week or month] [@\u2060name] or /usage @\u2060bob"),
        ("grant Bobby 1", "I have not seen @\u2060Bobby here yet."),
    ):
        assert said in await answer(band, alice, f"/{words}")
