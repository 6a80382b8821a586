"""Message in, audio out."""

import json

import pytest

from core.domain.audio import LARGE_BYTES
from core.domain.orders import Destination, Order
from core.domain.people import Caller
from tests.audio import MP3, OGG, SHAPES, WAV
from tests.bots.telegram.rig import Bot, Rig
from tests.bots.telegram.talk import answer, with_what_is_left
from tests.worlds.telegram import Chat, Fault, TelegramWorld, User

pytestmark = pytest.mark.usefixtures("bot")


async def _heard(chat: Chat, audios: int) -> None:
    await chat.wait_for(lambda c: len(c.audios) >= audios)


async def test_speech_arrives_as_a_voice_message_under_the_order(
    band: Chat, bob: User, rig: Rig, world: TelegramWorld
) -> None:
    asked = await band.says(bob, "/speak Roger Hello everyone")
    voice = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    assert (voice.kind, voice.content, voice.reply_to) == ("voice", OGG, asked.id)
    assert voice.text.startswith("Roger: “Hello everyone”\n14 characters")
    assert "$" not in voice.text  # money is nobody else's business
    assert rig.gateway.parameters == [{"voice": "Roger", "text": "Hello everyone"}]
    status = band.sent[0]
    await band.wait_for(lambda _: status.deleted)
    assert status.reply_to == asked.id
    assert status.text == "Working on it: 14 characters, $0.0014. Usually about 15 s.\n“Hello everyone”"
    # It was there too soon for an edit or a chat action to be seen.
    made = [call.method for call in world.calls if call.chat_id == band.id]
    assert made == ["sendMessage", "sendVoice", "deleteMessage"]


async def test_a_large_upload_is_announced_and_a_small_one_is_not(
    band: Chat, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    await band.says(bob, "/speak Hello")
    await _heard(band, 1)
    monkeypatch.setitem(SHAPES, "opus", (OGG + bytes(LARGE_BYTES), SHAPES["opus"][1]))
    await band.says(bob, "/speak Hello again")
    await _heard(band, 2)
    small, large = (message for message in band.sent if message.kind == "text")
    assert "Sending" not in str((small.raw, small.edits))
    assert large.text == "Sending the audio: 11 characters, $0.0011.\n“Hello again”"
    assert set(band.actions) == {"upload_voice"}


async def test_music_arrives_as_a_song_with_a_title(band: Chat, bob: User, rig: Rig) -> None:
    await band.says(bob, "/music lo-fi\nrain beat")
    song = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    assert (song.kind, song.content) == ("audio", MP3)
    assert (song.raw["audio"]["title"], song.raw["audio"]["performer"]) == ("lo-fi rain beat", "Troubadour")
    assert song.raw["audio"]["file_name"] == "lo-fi rain beat.mp3"
    assert song.text.startswith("Music: “lo-fi rain beat”\n15 characters")
    assert rig.gateway.parameters == [{"prompt": "lo-fi\nrain beat"}]


@pytest.mark.parametrize(
    ("output_format", "kind", "content"),
    [("opus_48000_64", "voice", OGG), ("mp3_22050_32", "audio", MP3), ("pcm_44100", "document", WAV)],
    ids=["opus", "mp3", "pcm"],
)
async def test_a_chosen_format_arrives_as_what_shows_it_best(
    band: Chat, bob: User, rig: Rig, bot: Bot, output_format: str, kind: str, content: bytes
) -> None:
    await _ordered(bot, band, bob, output_format)
    song = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    assert (song.kind, song.content) == (kind, content)
    if kind == "document":
        assert song.raw["document"]["file_name"] == "Дождь и ветер.wav"
    assert song.text.startswith("Music for Bob: “Дождь и ветер”\n13 characters")


async def test_where_voice_is_forbidden_opus_is_a_file(band: Chat, bob: User, bot: Bot, world: TelegramWorld) -> None:
    world.fail("sendVoice", Fault.voice_forbidden(), times=9)
    await _ordered(bot, band, bob, "opus_48000_64")
    song = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    assert (song.kind, song.content, song.raw["document"]["file_name"]) == ("document", OGG, "Дождь и ветер.ogg")


async def _ordered(bot: Bot, band: Chat, bob: User, output_format: str) -> None:
    caller = Caller(platform="telegram", community=f"telegram:{band.id}", member=f"telegram:{bob.id}", name="Bob")
    parameters = {"prompt": "Дождь и ветер", "output_format": output_format}
    place = Destination("telegram", {"chat": band.id})
    await bot.service.order(
        Order(event_id=output_format, caller=caller, product="music", parameters=parameters, destination=place)
    )


@pytest.mark.parametrize("product", ["/speak Hm", "/music hm"])
async def test_even_a_blink_lasts_a_second(band: Chat, bob: User, rig: Rig, product: str) -> None:
    rig.media.duration_ms = 300
    await band.says(bob, product)
    audio = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    assert audio.raw[audio.kind]["duration"] == 1


async def test_the_first_word_is_the_voice_if_it_names_one(band: Chat, bob: User, rig: Rig) -> None:
    for text, voice, spoken in (
        ("/speak Hello everyone", "Aria", "Hello everyone"),
        ("/speak ROGER Hello", "Roger", "Hello"),
        ("/speak@Troubadour_Bot bella Hello", "Bella", "Hello"),
        ("/speak Aria \"One\"  two\n\n'three'", "Aria", "\"One\"  two\n\n'three'"),
        ("/speak\nAria\nnew line", "Aria", "new line"),
        ("/speak Arianna sings", "Aria", "Arianna sings"),
        ("/speak Rachel: [sighs] hi", "Rachel", "[sighs] hi"),
        ("/SPEAK 🎵 /music @alice", "Aria", "🎵 /music alice"),
    ):
        await band.says(bob, text)
        await _heard(band, len(band.audios) + 1)
        assert rig.gateway.parameters[-1] == {"voice": voice, "text": spoken}


@pytest.mark.parametrize(("text", "voice"), [("/speak", "Aria"), ("/speak roger", "Roger")])
async def test_an_answer_speaks_what_it_answers(
    band: Chat, alice: User, bob: User, rig: Rig, text: str, voice: str
) -> None:
    said = await band.says(alice, "so it was written")
    await band.says(bob, text, reply_to=said)
    await band.wait_for(lambda chat: chat.audios)
    assert rig.gateway.parameters == [{"voice": voice, "text": "so it was written"}]


async def test_a_quotation_speaks_only_what_was_quoted(band: Chat, alice: User, bob: User, rig: Rig) -> None:
    said = await band.says(alice, "so it was written")
    await band.says(bob, "/music", reply_to=said, quote="so it")
    await band.wait_for(lambda chat: chat.audios)
    assert rig.gateway.parameters == [{"prompt": "so it"}]


async def test_the_same_update_twice_is_one_job(band: Chat, bob: User, rig: Rig, world: TelegramWorld) -> None:
    asked = await band.says(bob, "/speak Hello")
    await band.wait_for(lambda chat: chat.audios)
    assert asked.update is not None
    await world.repeat(asked.update)
    await band.says(bob, "/speak Goodbye")
    await _heard(band, 2)
    assert rig.gateway.posted == ["Hello", "Goodbye"]
    assert [message.kind for message in band.sent] == ["text", "voice", "text", "voice"]


async def test_edits_and_commands_for_other_bots_are_not_orders(band: Chat, bob: User, rig: Rig) -> None:
    said = await band.says(bob, "/sing Hello")
    await band.edits(said, "/speak Hello")
    await band.says(bob, "/speak@other_bot Hello")
    await band.says(bob, "now /speak Hello")
    await band.says(bob, "/speak Goodbye")
    await _heard(band, 1)
    assert rig.gateway.posted == ["Goodbye"]


async def test_an_order_that_was_deleted_is_still_delivered(band: Chat, bob: User, rig: Rig) -> None:
    async def delete() -> None:
        asked.deleted = True

    rig.gateway.statuses.append(delete)
    asked = await band.says(bob, "/speak Hello")
    voice = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    assert voice.reply_to is None


async def test_topics_keep_their_audio(world: TelegramWorld, bob: User, rig: Rig) -> None:
    forum = world.supergroup("Forum", bob, forum=True)
    songs = forum.topic("Songs")
    asked = await forum.says(bob, "/speak", topic=songs)
    usage = await forum.reply_to(asked)
    assert usage.thread == songs.id
    asked = await forum.says(bob, "/speak Hello", topic=songs)
    voice = await forum.wait_for(lambda chat: next(iter(chat.audios), None))
    assert (voice.thread, voice.reply_to) == (songs.id, asked.id)
    assert {m.thread for m in forum.sent[1:]} == {songs.id}


async def test_an_answer_in_a_supergroup_is_no_topic(world: TelegramWorld, bob: User) -> None:
    group = world.supergroup("Big", bob)
    said = await group.says(bob, "so it was written")
    asked = await group.says(bob, "/speak", reply_to=said)
    assert asked.thread is not None
    voice = await group.wait_for(lambda chat: next(iter(chat.audios), None))
    assert voice.reply_to == asked.id


async def test_a_direct_chat_is_a_community_of_one(world: TelegramWorld, alice: User, bob: User, band: Chat) -> None:
    for user in (alice, bob):
        chat = world.private(user)
        await chat.says(user, "/speak Hello")
        voice = await chat.wait_for(lambda c: next(iter(c.audios), None))
        assert voice.text.startswith("Aria: “Hello”\n5 characters · $0.0005 · $0.0095 left today")
    assert "$0.01 left today" in await answer(band, bob, "/balance")


async def test_an_order_beyond_the_allowance_is_refused_with_figures(band: Chat, bob: User, rig: Rig) -> None:
    """In a group without those, which are told at the press of a button, to whoever pressed."""
    refused = await band.reply_to(await band.says(bob, "/speak " + "la " * 40))
    assert refused.text == (
        "This costs $0.0119, which is more than you may spend here now. "
        "Ask an admin of this community to raise it with /quota set."
    )
    assert (await with_what_is_left(bob, refused)).startswith(f"{refused.text}\nYou have $0.01 left today.\n")
    assert rig.gateway.posted == []


async def test_a_prompt_beyond_the_limit_is_refused(band: Chat, bob: User) -> None:
    answer = await band.reply_to(await band.says(bob, "/music " + "x" * 2001))
    assert "at most 2000 characters" in answer.text


@pytest.mark.parametrize("text", ["/speak Hello", "/music rain"])
async def test_an_anonymous_admin_can_not_spend(band: Chat, alice: User, rig: Rig, text: str) -> None:
    answer = await band.reply_to(await band.says(alice, text, anonymous=True))
    assert "several people share that identity" in answer.text
    assert rig.gateway.posted == []


@pytest.mark.parametrize("role", ["admin", "member", "anonymous"])
async def test_every_command_is_answered(band: Chat, alice: User, bob: User, role: str) -> None:
    no_words = "Only admins of this community" if role == "member" else "Write /quota set"
    for text, said in (
        ("/speak", "/speak Aria Hello everyone"),
        ("/speak Roger", "/speak Aria Hello everyone"),
        ("/music", "/music lo-fi rain beat"),
        ("/voices", "24 voices, 1 to 4:"),
        ("/help", "/speak Aria Hello everyone"),
        ("/help", "Also: /form" if role == "member" else "For admins: /quota /why /grant"),
        ("/quota", no_words),
    ):
        asked = await band.says(bob if role == "member" else alice, text, anonymous=role == "anonymous")
        answer = (await band.reply_to(asked)).text
        assert said in answer
        assert role != "member" or "For admins" not in answer


async def test_members_words_ping_nobody_and_format_nothing(world: TelegramWorld, band: Chat, alice: User) -> None:
    asked = await band.says(alice, "/quota set @victim_name 1 day")
    assert "@\u2060victim_name" in (await band.reply_to(asked)).text
    sly = world.user("<b>@every_one</b>")
    asked = await band.says(alice, f"/quota set {sly.mention} 1 day")
    assert (await band.reply_to(asked)).text == "<b>@\u2060every_one</b> may now spend: $1.00 a day."
    assert not [call for call in world.calls if "parse_mode" in call.params]


async def test_a_reply_survives_a_flood_wait(band: Chat, bob: User, world: TelegramWorld) -> None:
    world.fail("sendMessage", Fault.flood(1))
    asked = await band.says(bob, "/voices")
    assert (await band.reply_to(asked)).text.startswith("24 voices")


async def test_parameters_are_typed_before_the_text(band: Chat, bob: User, rig: Rig) -> None:
    await band.says(bob, "/speak speed=1.2 stability=0.4 Bella Hello")
    await _heard(band, 1)
    await band.says(bob, "/music output_format=opus_48000_64 rain")
    await _heard(band, 2)
    assert rig.gateway.parameters == [
        {"voice": "Bella", "speed": 1.2, "stability": 0.5, "text": "Hello"},
        {"output_format": "opus_48000_64", "prompt": "rain"},
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("/speak 🎉", "There is nothing to be heard in that"),
        ("/speak Bella [laughs] …", "There is nothing to be heard in that"),
        ("/music \u3164", "There is nothing to be heard in that"),
        ("/speak speed=9 Hello", "speed “9” can't be used: it must be a number from 0.5 to 2.0."),
        ("/speak sped=1.5 Hello", "it must be written speed=1.5."),
    ],
)
async def test_what_can_not_be_meant_is_refused_free(band: Chat, bob: User, rig: Rig, text: str, says: str) -> None:
    assert says in (await band.reply_to(await band.says(bob, text))).text
    assert rig.gateway.parameters == []


async def test_who_waited_long_is_mentioned_by_name(
    band: Chat, bob: User, world: TelegramWorld, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.engine.receipts.AWAITED_MS", -1)
    await band.says(bob, "/speak 😀 Hello")
    voice = await band.wait_for(lambda chat: next(iter(chat.audios), None))
    assert voice.text.startswith("Aria for Bob: “😀 Hello”\n")
    [call] = world.calls_to("sendVoice")
    [mention] = json.loads(call.params["caption_entities"])
    assert (mention["type"], mention["offset"], mention["length"]) == ("text_mention", 9, 3)
    assert mention["user"]["id"] == bob.id
