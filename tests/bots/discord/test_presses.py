"""Buttons: credit that is asked for, prices that are agreed to, and presses of what is not there any more."""

import asyncio

import pytest

from bots.app.life import App
from bots.discord import Discord
from tests.bots.discord.conftest import Running, Stage
from tests.bots.discord.studio import Studio
from tests.bots.discord.talk import button, order, refused, say
from tests.waiting import WAIT_S
from tests.worlds.discord import Member, Message, Reply


async def credit_request(stage: Stage) -> Message:
    """Let Ana ask for what an order lacks, and return what everybody sees."""
    said = await refused(stage, stage.ana, 1500)
    assert [each["label"] for each in said.buttons] == ["Ask an admin", "Ask, then order it ($0.15)"]
    pressed = await stage.world.press(stage.ana, said, button(said, "Ask an admin"))
    await pressed.wait_for(lambda _: "have been asked" in said.content)
    assert said.buttons == []
    [message] = stage.channel.posted
    return message


async def whispered(reply: Reply) -> str:
    await reply.wait_for(lambda r: r.followups)
    [said] = reply.followups
    assert said.ephemeral
    return said.content


async def test_an_admin_approves_once(stage: Stage, app: App, studio: Studio) -> None:
    message = await credit_request(stage)
    asked_for = f"$0.05 of credit is asked for by Ana (id {stage.ana.id}). An admin may decide."
    assert (message.content, message.allowed_mentions) == (f"{asked_for}\n<@1>", {"parse": [], "users": ["1"]})
    approve, decline = button(message, "Approve"), button(message, "Decline")
    for member in (stage.ana, stage.bea):
        reply = await stage.world.press(member, message, approve)
        assert await whispered(reply) == "Only admins of this community may do that."
    assert len(message.buttons) == 2
    assert "credit" not in (await say(stage, stage.ana, "/balance")).content
    asked = list(message.components)
    pressed = await stage.world.press(stage.boss, message, approve)
    await pressed.wait_for(lambda _: "was granted $0.05 and now has $0.05 credit" in message.content)
    assert message.buttons == []
    await pressed.wait_for(lambda r: r.followups)
    [told] = pressed.followups
    assert (told.ephemeral, told.allowed_mentions) == (False, {"parse": [], "users": [str(stage.ana.id)]})
    assert told.content == (
        "Your request for $0.05 of credit was granted. The order that you asked for costs $0.15 today."
        f"\n<@{stage.ana.id}>"
    )
    message.components = asked  # as a client that was slow still shows it
    late = await stage.world.press(stage.guild.member("Second", admin=True), message, decline)
    assert await whispered(late) == "Somebody has decided on that already."
    assert "was granted" in message.content
    await (await order(stage, stage.ana, 1500)).audio()


async def test_no_row_of_buttons_is_kept_in_memory(stage: Stage, app: App) -> None:
    await credit_request(stage)
    [platform] = app.platforms.values()
    assert isinstance(platform, Discord)
    assert platform._bot is not None
    assert platform._bot.persistent_views == []


async def test_an_admin_declines(stage: Stage, app: App) -> None:
    message = await credit_request(stage)
    pressed = await stage.world.press(stage.boss, message, button(message, "Decline"))
    await pressed.wait_for(lambda _: message.content == "Ana's request for $0.05 was declined.")
    await pressed.wait_for(lambda r: r.followups)
    [told] = pressed.followups
    assert (told.ephemeral, told.allowed_mentions) == (False, {"parse": [], "users": [str(stage.ana.id)]})
    assert told.content == (
        "Your request for $0.05 of credit was declined, so the order that was kept for it is forgotten."
        f"\n<@{stage.ana.id}>"
    )
    assert "credit" not in (await say(stage, stage.ana, "/balance")).content


async def test_one_asks_once(stage: Stage, app: App) -> None:
    await credit_request(stage)
    again = await refused(stage, stage.ana, 1500)
    reply = await stage.world.press(stage.ana, again, again.buttons[0]["custom_id"])
    assert await whispered(reply) == (
        "You have asked the admins already. You may ask again an hour after they decide, or a day after you asked."
    )
    assert len(stage.channel.posted) == 1


async def test_nobody_asks_with_the_button_of_another(stage: Stage, app: App) -> None:
    theirs = await refused(stage, stage.ana, 1500)
    reply = await stage.world.press(stage.bea, theirs, theirs.buttons[0]["custom_id"])
    assert await whispered(reply) == "That order belongs to somebody else."
    assert stage.channel.posted == []


async def test_there_is_nobody_to_ask_in_a_direct_chat(stage: Stage, app: App) -> None:
    sam = stage.world.user("Sam")
    reply = await stage.world.command(sam, stage.world.dm(sam), "/speak", voice="Aria", text="Hello")
    said = await reply.settled(lambda m: m.content)
    assert "no allowance" in said.content
    assert said.buttons == []


async def offer(stage: Stage) -> tuple[Message, str]:
    await say(stage, stage.boss, "/limits", name="confirm", value="0.001")
    said = await refused(stage, stage.ana)
    assert "This costs $0.0014" in said.content
    return said, button(said, "Go ahead")


async def test_a_price_is_agreed_to_once_and_the_audio_is_for_all(stage: Stage, app: App, studio: Studio) -> None:
    said, go = await offer(stage)
    assert studio.orders == []
    pressed = await stage.world.press(stage.ana, said, go)
    [file] = await pressed.audio()
    assert file.content.startswith(b"ID3")
    assert pressed.callback == 5
    assert pressed.original is not said
    assert not pressed.ephemeral
    assert "$0.0986 left today" in (await pressed.settled(lambda m: m.ephemeral)).content
    late = await stage.world.press(stage.ana, said, go)
    assert (
        await whispered(late)
        == "That can't be confirmed any more: it is ordered already, or I asked more than ten minutes ago."
    )
    assert late.deleted
    assert stage.channel.posted == [pressed.original]
    assert len(studio.orders) == 1


async def test_a_price_agreed_to_twice_at_once_is_one_order(
    stage: Stage, app: App, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def not_yet(_: str) -> None:
        """The second press finds the offer as the first did."""

    monkeypatch.setattr(app.service._store, "drop_offer", not_yet)
    said, go = await offer(stage)
    first = await stage.world.press(stage.ana, said, go)
    await first.audio()
    second = await stage.world.press(stage.ana, said, go)
    assert (await whispered(second)) == "That is ordered already."
    assert second.deleted
    assert stage.channel.posted == [first.original]
    assert len(studio.orders) == 1


async def test_a_price_that_cannot_be_paid_any_more_is_refused_with_words(
    stage: Stage, app: App, studio: Studio
) -> None:
    said, go = await offer(stage)
    await say(stage, stage.boss, "/block", member=stage.ana)
    pressed = await stage.world.press(stage.ana, said, go)
    assert "has blocked your orders" in await whispered(pressed)
    assert pressed.deleted
    assert studio.orders == []


async def test_a_reading_that_is_chosen_agrees_to_no_price(stage: Stage, app: App, studio: Studio) -> None:
    await say(stage, stage.boss, "/limits", name="confirm", value="0.0001")
    reply = await stage.world.command(stage.ana, stage.channel, "/speak", text="Braian hello")
    question = await reply.settled(lambda m: m.buttons)
    for label, price in (("Brian", "$0.0005"), ("Say all of it", "$0.0005")):  # the first answer stands
        chosen = await stage.world.press(stage.ana, question, button(question, label))
        assert f"This costs {price}" in await whispered(chosen)
    assert studio.orders == []
    go = await stage.world.press(stage.ana, chosen.followups[0], button(chosen.followups[0], "Go ahead"))
    await go.audio()
    assert studio.orders == [{"voice": "Brian", "text": "hello"}]


MADE_UP = [
    "ask:", "ask:many", "ask:5", "ask:-5:{ana}", "ask:0:{ana}", "ask:" + "9" * 15 + ":{ana}", "ask:" + "9" * 90, "ask:٣:{ana}", "ask:5:1", "approve:", "approve:x",
    "approve:" + "x" * 90, "decline:a b", "decline:\x00", "confirm:", "confirm:" + "0" * 18, "confirm:" + "0" * 18 + ":1", "confirm:x:٣", "confirm:\x00", "askgo:", "kept:", "kept:x:1", "again:",
    "again:\x00", "again:" + "z" * 90, "sing:1", "",
]  # fmt: skip


@pytest.mark.parametrize("who", ["ana", "boss"])
async def test_what_is_made_up_ends_in_a_sentence(
    stage: Stage, app: App, caplog: pytest.LogCaptureFixture, who: str
) -> None:
    message = await credit_request(stage)
    person: Member = getattr(stage, who)
    before = message.content
    for custom_id in (made.format(ana=stage.ana.id) for made in MADE_UP):
        message.components = [{"type": 1, "components": [{"type": 2, "style": 2, "custom_id": custom_id}]}]
        text = await whispered(await stage.world.press(person, message, custom_id))
        assert text, custom_id
        assert "Something went wrong" not in text, custom_id
    assert message.content == before
    assert [r for r in caplog.records if r.exc_info] == []


async def test_what_is_offered_to_one_is_not_another_s(stage: Stage, app: App, studio: Studio) -> None:
    said, go = await offer(stage)
    pressed = await stage.world.press(stage.bea, said, go)
    assert await whispered(pressed) == "That order belongs to somebody else."
    await (await stage.world.press(stage.ana, said, go)).audio()
    assert len(studio.orders) == 1


async def test_a_wish_that_could_not_be_posted_can_be_made_again(stage: Stage, app: App) -> None:
    said = await refused(stage, stage.ana, 1500)
    ask = said.buttons[0]["custom_id"]
    failed = stage.world.fail("POST", f"/webhooks/{stage.world.application_id}/", 403, 50013, "Missing Permissions")
    pressed = await stage.world.press(stage.ana, said, ask)
    await pressed.wait_for(lambda _: failed.times == 0)
    [platform] = app.platforms.values()
    assert isinstance(platform, Discord)
    assert platform._bot is not None
    async with asyncio.timeout(WAIT_S):
        while busy := platform._bot.responder._busy:
            await asyncio.wait(busy)
    assert stage.channel.posted == []
    pressed = await stage.world.press(stage.ana, said, ask)
    await pressed.wait_for(lambda _: "have been asked" in said.content)
    assert len(stage.channel.posted) == 1


async def test_an_order_that_waits_can_be_taken_back(stage: Stage, running: Running, studio: Studio) -> None:
    studio.ready.clear()
    async with running(jobs_per_member=1):
        first = await order(stage, stage.ana)
        second = await order(stage, stage.ana)
        await second.wait_for(lambda r: r.original and r.original.buttons)
        status = second.last
        assert status.content == (
            "Next in line: 14 characters, $0.0014. Usually about 15 s from its beginning.\n“xxxxxxxxxxxxxx”"
        )
        cancel = button(status, "Cancel")
        theirs = await stage.world.press(stage.bea, status, cancel)
        assert await whispered(theirs) == "That order belongs to somebody else."
        pressed = await stage.world.press(stage.ana, status, cancel)
        said = await second.settled(lambda m: "cancelled" in m.content)
        assert said.ephemeral
        assert said.content == "You cancelled this order. You were not charged."
        assert second.deleted
        assert pressed.followups == []
        studio.ready.set()
        await first.audio()
    assert len(studio.orders) == 1


async def test_the_number_of_an_order_is_told_to_its_member_alone(stage: Stage, running: Running) -> None:
    async with running():
        reply = await order(stage, stage.ana)
        await reply.audio()
        card = reply.original
        assert card
        details = button(card, "Details")
        assert details.partition(":")[2] not in reply.content
        theirs = await stage.world.press(stage.bea, card, details)
        assert await whispered(theirs) == "That order belongs to somebody else."
        mine = await whispered(await stage.world.press(stage.ana, card, details))
        assert mine.startswith("Speech · ")
        assert mine.endswith(f"name its number: {details.partition(':')[2]}")


async def test_who_presses_again_pays_and_pressing_twice_is_one_order(
    stage: Stage, running: Running, studio: Studio
) -> None:
    async with running():
        reply = await order(stage, stage.ana)
        await reply.audio()
        card = reply.original
        assert card
        again = button(card, "Again ($0.0014)")
        first = await stage.world.press(stage.bea, card, again)
        await first.audio()
        assert await whispered(await stage.world.press(stage.bea, card, again)) == "That is ordered already."
        balances = [
            (await (await stage.world.command(who, stage.channel, "/balance")).answered()).content
            for who in (stage.ana, stage.bea)
        ]
        assert ["$0.0986 left today" in balance for balance in balances] == [True, True]
        assert len(studio.orders) == 2


async def test_one_choice_repeats_it_in_another_voice(stage: Stage, running: Running, studio: Studio) -> None:
    async with running():
        await (await stage.world.command(stage.bea, stage.channel, "/speak", voice="Brian", text="Hello")).audio()
        shown = await say(stage, stage.ana, "/voices", like="sarah")
        await (await stage.world.press(stage.ana, shown, button(shown, "☆"))).wait_for(lambda r: r.followups)
        reply = await order(stage, stage.ana)
        await reply.audio()
        card = reply.original
        assert card
        [menu] = card.menus
        assert menu["placeholder"] == "In another voice ($0.0014)"
        offered = [(each["label"], each["description"]) for each in menu["options"]]
        assert offered[:2] == [
            ("Sarah ($0.0014)", "soft, female, young, American, news, English"),  # her favourite
            ("Brian ($0.0014)", "deep, male, middle-aged, American, narration, English"),  # heard here lately
        ]
        assert (len(offered), "Aria ($0.0014)" in dict(offered)) == (23, False)
        first = await stage.world.pick(stage.bea, card, "Roger ($0.0014)")
        await first.wait_for(lambda r: r.original is not card and r.attachments)
        twice = await stage.world.pick(stage.bea, card, "Roger ($0.0014)")
        assert await whispered(twice) == "That is ordered already."
        assert [made["voice"] for made in studio.orders] == ["Brian", "Aria", "Roger"]
        balance = await say(stage, stage.bea, "/balance")
        assert "$0.0981 left today" in balance.content  # Brian's five characters and Roger's fourteen


async def test_admins_are_called_once_within_an_hour(stage: Stage, app: App) -> None:
    said = await refused(stage, stage.ana, 1500)
    await (await stage.world.press(stage.ana, said, said.buttons[0]["custom_id"])).wait_for(
        lambda _: "have been asked" in said.content
    )
    theirs = await refused(stage, stage.bea, 1500)
    await (await stage.world.press(stage.bea, theirs, theirs.buttons[0]["custom_id"])).wait_for(
        lambda _: "have been asked" in theirs.content
    )
    first, second = stage.channel.posted
    assert ["<@" in message.content for message in (first, second)] == [True, False]
    assert second.allowed_mentions == {"parse": []}
