"""Audio that is sent again: to its member alone, wherever it was ordered."""

import asyncio

import pytest

from core.domain.errors import MediaUnavailable
from core.domain.models import Job
from tests.bots.telegram.rig import Bot, Rig
from tests.bots.telegram.talk import answer, pressed, sent
from tests.waiting import WAIT_S
from tests.worlds.telegram import Chat, Fault, TelegramWorld, User

pytestmark = pytest.mark.usefixtures("bot")


async def heard(band: Chat, user: User, text: str) -> None:
    before = len(band.audios)
    await band.says(user, text)
    await band.wait_for(lambda chat: len(chat.audios) > before)


async def remembered(bot: Bot, user: User) -> Job:
    """Wait until the order is closed, which comes after its audio."""
    async with asyncio.timeout(WAIT_S):
        while not (jobs := await bot.store.history(f"telegram:{user.id}", None, 1)):
            await asyncio.sleep(0)
    return jobs[0]


async def test_what_was_heard_in_a_group_comes_again_to_its_member_alone(
    band: Chat, alice: User, bob: User, world: TelegramWorld, rig: Rig
) -> None:
    own = world.private(bob)
    await heard(band, bob, "/speak Aria Hello everyone")
    assert (await answer(band, alice, "/history")).startswith("I may not write to you yet")
    assert await answer(band, bob, "/history") == "I have sent it to you alone, in our own chat."
    listed = await own.wait_for(lambda chat: next((m for m in chat.sent if m.buttons), None))
    assert listed.text.startswith("Your orders. A number sends it again, free:\n1. Aria: “Hello everyone” · ")
    said = await pressed(world, bob, listed, "1")
    assert said["text"] == "Sending it again. This costs nothing."
    (again,) = await own.wait_for(lambda chat: chat.audios or None)
    assert again.content == band.audios[0].content
    assert "sent again, free" in again.text
    assert listed in own.sent  # the list stays
    assert len(band.audios) == len(rig.gateway.parameters) == 1


async def test_after_a_kick_what_could_not_be_delivered_is_in_the_direct_chat(
    band: Chat, bob: User, world: TelegramWorld
) -> None:
    world.fail("sendVoice", Fault.kicked())
    await band.says(bob, "/speak Aria Hello")  # whom the bot may not write to yet
    await band.wait_for(lambda chat: [text for text in chat.texts if "may not post it here" in text])
    own = world.private(bob)
    listed = await own.reply_to(await own.says(bob, "/history"))
    assert "“Hello”" in listed.text
    assert listed.text.endswith("not delivered")
    await pressed(world, bob, listed, "1")
    await own.wait_for(lambda chat: chat.audios or None)


async def test_nobody_else_has_it_sent(band: Chat, alice: User, bob: User, world: TelegramWorld) -> None:
    own = world.private(bob)
    await heard(band, bob, "/speak Hello")
    listed = await own.reply_to(await own.says(bob, "/history"))
    theirs = world.private(alice)
    empty = await theirs.reply_to(await theirs.says(alice, "/history"))
    assert (empty.text, empty.buttons) == ("There is nothing of yours to send again.", {})
    said = await sent(world, alice, empty, listed.buttons["1"])
    assert (said["text"], said["show_alert"]) == ("That order belongs to somebody else.", "true")
    assert theirs.audios == []


async def test_what_telegram_keeps_is_not_uploaded_again(
    band: Chat, bob: User, world: TelegramWorld, rig: Rig, bot: Bot
) -> None:
    """Also where the folder had to make room for others."""
    own = world.private(bob)
    await heard(band, bob, "/speak Aria Hello")
    job = await remembered(bot, bob)
    assert await bot.store.drop_artifacts(job, chat_keeps=True)
    await bot.worker._tidier._artifacts.drop(job.job_id)
    listed = await own.reply_to(await own.says(bob, "/history"))
    await pressed(world, bob, listed, "1")
    await own.wait_for(lambda chat: chat.audios)
    await remembered(bot, bob)
    await pressed(world, bob, listed, "1")
    await own.wait_for(lambda chat: chat.audios[1:])
    first, *again = world.calls_to("sendVoice")
    assert [call.params.get("voice") for call in again] == [band.audios[0].raw["voice"]["file_id"]] * 2
    assert not any(call.files for call in again)
    assert first.files
    assert own.audios[1].text == own.audios[0].text
    assert rig.gateway.asked == ["request-1"]


@pytest.mark.parametrize("told", ["wrong file identifier/HTTP URL specified", "VOICE_MESSAGES_FORBIDDEN"])
async def test_what_telegram_does_not_send_any_more_is_uploaded(
    band: Chat, bob: User, world: TelegramWorld, told: str
) -> None:
    own = world.private(bob)
    await heard(band, bob, "/speak Aria Hello")
    listed = await own.reply_to(await own.says(bob, "/history"))
    world.fail("sendVoice", Fault.bad_request(told), chat=own)
    await pressed(world, bob, listed, "1")
    (again,) = await own.wait_for(lambda chat: chat.audios or None)
    assert again.content.startswith(b"ID3" if again.kind == "audio" else band.audios[0].content[:4])
    last = world.calls_to("sendVoice")[-1] if again.kind == "voice" else world.calls_to("sendAudio")[-1]
    assert last.files


async def test_what_nobody_has_any_more_is_owned_up_to(
    band: Chat, bob: User, world: TelegramWorld, rig: Rig, bot: Bot
) -> None:
    own = world.private(bob)
    await heard(band, bob, "/speak Aria Hello")
    job = await remembered(bot, bob)
    await bot.worker._tidier._artifacts.drop(job.job_id)
    rig.gateway.fetches = [MediaUnavailable("gone", may_retry=False)]
    listed = await own.reply_to(await own.says(bob, "/history"))
    world.fail("sendVoice", Fault.bad_request("wrong file identifier/HTTP URL specified"), chat=own)
    await pressed(world, bob, listed, "1")
    await own.wait_for(lambda chat: [text for text in chat.texts if "kept any more" in text])
    assert own.texts[-1] == "The audio is not kept any more, neither here nor at the audio service."
    assert own.audios == []


async def test_in_our_own_chat_the_pages_of_a_group_stay_that_groups(
    band: Chat, bob: User, world: TelegramWorld, bot: Bot
) -> None:
    own = world.private(bob)
    await heard(own, bob, "/speak Aria Only for me")
    for n in range(5):
        await heard(band, bob, f"/speak Aria Number {n}")
    await remembered(bot, bob)
    assert await answer(band, bob, "/history") == "I have sent it to you alone, in our own chat."
    listed = await own.wait_for(lambda chat: next((m for m in chat.sent if m.text.startswith("Your orders")), None))
    assert listed.text.startswith("Your orders, 1 to 4 of 5.")
    await pressed(world, bob, listed, "More")
    await world.until(lambda: "5 to 5 of 5" in listed.text, "the next page")
    assert "“Number 0”" in listed.text
    spoken = band.audios[0]
    assert (await sent(world, bob, spoken, "page:history:1::"))["text"] == "I don't know that request any more."
    everywhere = await own.reply_to(await own.says(bob, "/history number"))
    assert everywhere.text.startswith("Orders with “number”, 1 to 4 of 5.")
    mine = await own.reply_to(await own.says(bob, "/history only me"))
    assert "“Only for me”" in mine.text
    assert "Number" not in mine.text
    long = await own.reply_to(await own.says(bob, "/history a text that is far too long for it"))
    assert "it must be a few words of the order, such as its voice or how it begins" in long.text
    assert (await sent(world, bob, listed, "page:history:1:x:"))["text"] == "I don't know that request any more."


async def test_what_a_supergroup_has_is_linked(world: TelegramWorld, bob: User, bot: Bot) -> None:
    choir, own = world.supergroup("Choir", bob), world.private(bob)
    await heard(choir, bob, "/speak Aria Hello")
    await remembered(bot, bob)
    listed = await own.reply_to(await own.says(bob, "/history"))
    [audio] = choir.audios
    assert listed.text.endswith(f" https://t.me/c/{str(choir.id).removeprefix('-100')}/{audio.id}")


async def test_again_orders_the_last_once_more(band: Chat, bob: User, alice: User, rig: Rig, bot: Bot) -> None:
    assert await answer(band, bob, "/again") == "There is nothing of yours here to order once more."
    await heard(band, bob, "/speak Roger Hello")
    await remembered(bot, bob)
    await heard(band, alice, "/speak Something else")
    await heard(band, bob, "/again")
    assert await answer(band, bob, "/again George") == "Write /again"
    assert [each["text"] for each in rig.gateway.parameters] == ["Hello", "Something else", "Hello"]
    assert rig.gateway.parameters[-1]["voice"] == "Roger"
