"""Speech comes as a voice message where the channel takes one, and as a file where it does not."""

from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import av
import pytest

from bots.discord.delivery import DiscordDelivery
from bots.discord.identity import Address
from bots.discord.voice_messages import VOICE_FLAG
from core.domain.errors import DeliveryDelayed, DeliveryRefused, DeliveryUncertain
from core.domain.models import Artifact, Job
from core.domain.orders import Destination
from tests.bots.discord.conftest import Running, Stage, deliver
from tests.bots.discord.studio import Studio
from tests.bots.discord.talk import button
from tests.worlds.discord import Message, Reply
from tests.worlds.discord.places import ATTACH_FILES, BOT, READ_MESSAGE_HISTORY, SEND_VOICE_MESSAGES

VOICE = BOT | SEND_VOICE_MESSAGES


@pytest.fixture
def spoken(tmp_path: Path, audio: list[Artifact]) -> list[Artifact]:
    path = tmp_path / "speech.ogg"
    path.write_bytes(b"OggS" + bytes(24) + b"OpusHead" + bytes(20))
    probe = replace(audio[0].probe, container="ogg", codec="opus", extension="ogg", waveform="AAD/", duration_ms=2500)
    return [Artifact.of(path, probe, path.stat().st_size)]


@pytest.fixture
def told(stage: Stage, job: Job) -> Job:
    """An order in a channel that takes voice messages."""
    stage.channel.bot_permissions = VOICE
    return replace(job, destination=Destination("discord", {**job.destination.data, "voice": True}))


def voices(stage: Stage) -> list[Message]:
    return [m for m in stage.channel.posted if m.flags & VOICE_FLAG]


async def test_speech_comes_as_a_voice_message_and_its_words_in_the_reply(
    stage: Stage, running: Running, tmp_path: Path, listens: None
) -> None:
    stage.channel.bot_permissions = VOICE & ~ATTACH_FILES  # which voice messages do not need
    async with running():
        reply = await stage.world.command(stage.ana, stage.channel, "/speak", voice="Aria", text="Hello everyone")
        await reply.wait_for(lambda r: r.content.startswith("Aria: “Hello everyone”"))
    [message] = voices(stage)
    [file] = message.attachments
    assert (message.content, message.components, reply.attachments) == ("", [], [])
    assert file.filename == "Aria - Hello everyone.ogg"
    points = b64decode(file.waveform)
    assert 0 < len(points) <= 256
    assert max(points) == 255
    (tmp_path / "voice.ogg").write_bytes(file.content)
    with av.open(tmp_path / "voice.ogg") as source:
        assert source.streams.audio[0].codec_context.codec.canonical_name == "opus"
        seconds = sum(frame.samples / frame.sample_rate for frame in source.decode(audio=0))
    assert file.duration_secs == pytest.approx(max(seconds, 1), abs=0.1)


async def test_a_voice_message_that_got_lost_is_repeated_once(
    stage: Stage, chat: DiscordDelivery, told: Job, reply: Reply, spoken: list[Artifact]
) -> None:
    stage.world.drop("POST", "/messages$", after_effect=True)
    with pytest.raises(DeliveryDelayed) as delayed:
        await deliver(chat, told, spoken)
    assert delayed.value.doubtful
    await deliver(chat, told, spoken, uncertain=True)
    assert len(voices(stage)) == 1
    assert reply.content == "Aria: “Hi”\n0:03"


async def test_one_that_arrived_long_ago_is_found_and_one_that_did_not_is_posted(
    stage: Stage, chat: DiscordDelivery, told: Job, reply: Reply, spoken: list[Artifact]
) -> None:
    stage.world.drop("POST", "/messages$", after_effect=True)
    with pytest.raises(DeliveryDelayed):
        await deliver(chat, told, spoken)
    stage.world.advance(600)
    await deliver(chat, told, spoken, uncertain=True)
    assert len(voices(stage)) == 1
    assert reply.content == "Aria: “Hi”\n0:03"
    voices(stage)[0].deleted = True
    await deliver(chat, told, spoken, uncertain=True)
    assert len(voices(stage)) == 1


@pytest.mark.parametrize("why", ["history", "length", "much"])
async def test_one_that_may_have_arrived_is_not_posted_twice(
    stage: Stage, chat: DiscordDelivery, told: Job, spoken: list[Artifact], why: str
) -> None:
    if why == "history":
        stage.channel.bot_permissions &= ~READ_MESSAGE_HISTORY
    elif why == "length":
        other = [replace(spoken[0], probe=replace(spoken[0].probe, waveform="/wAA"))]
        await deliver(chat, told, other)
    else:
        for _ in range(100):
            message = stage.world.new_message(stage.channel, stage.ana.user)
            stage.channel.messages[message.id] = message
    stage.world.advance(600)
    before = len(voices(stage))
    with pytest.raises(DeliveryUncertain):
        await deliver(chat, told, spoken, uncertain=True)
    assert len(voices(stage)) == before


async def test_a_channel_that_takes_none_gets_a_file_in_the_reply(
    stage: Stage, running: Running, studio: Studio, listens: None
) -> None:
    stage.channel.bot_permissions = VOICE
    async with running():
        studio.ready.clear()
        reply = await stage.world.command(stage.ana, stage.channel, "/speak", voice="Aria", text="Hello everyone")
        await reply.wait_for(lambda r: "Generating" in r.content)
        stage.channel.bot_permissions = BOT  # since the order
        studio.ready.set()
        [file] = await reply.audio()
    assert file.filename == "Aria - Hello everyone.mp3"
    assert voices(stage) == []
    posts = [r.status for r in stage.world.requests if r.path.endswith("/messages") and r.method == "POST"]
    assert posts == [403]  # it is not asked for twice


async def test_a_refusal_names_the_reply_as_the_next_place(
    stage: Stage, chat: DiscordDelivery, told: Job, spoken: list[Artifact]
) -> None:
    assert chat.accepts(told).waveform
    stage.channel.bot_permissions = BOT
    with pytest.raises(DeliveryRefused) as refused:
        await deliver(chat, told, spoken)
    assert refused.value.instead
    below = replace(told, destination=refused.value.instead)
    assert not chat.accepts(below).waveform
    assert not Address.read(below).voice


async def test_words_that_do_not_reach_the_reply_cost_nobody_the_audio(
    stage: Stage, chat: DiscordDelivery, told: Job, reply: Reply, spoken: list[Artifact]
) -> None:
    stage.world.fail("PATCH", "@original$", 403, 50013)
    await deliver(chat, told, spoken)
    assert len(voices(stage)) == 1


async def test_a_dead_token_leaves_the_words_in_a_message_of_their_own(
    stage: Stage, chat: DiscordDelivery, told: Job, reply: Reply, spoken: list[Artifact]
) -> None:
    stage.world.advance(14 * 60 + 1)
    await deliver(chat, told, spoken)
    first, second = stage.channel.posted
    assert first.flags & VOICE_FLAG
    assert second.content == "Aria for Ana: “Hi”\n0:03"
    assert reply.deleted


async def test_a_voice_message_comes_as_a_file_and_is_deleted_with_its_words(
    stage: Stage, running: Running, listens: None
) -> None:
    stage.channel.bot_permissions = VOICE
    async with running():
        reply = await stage.world.command(stage.ana, stage.channel, "/speak", voice="Aria", text="Hello everyone")
        await reply.wait_for(
            lambda r: r.content.startswith("Aria: “Hello everyone”") and bool(r.original and r.original.buttons)
        )
        [spoken], card = voices(stage), reply.original
        assert card
        filed = await stage.world.press(stage.ana, card, button(card, "As a file"))
        assert [file.filename for file in await filed.audio()] == ["Aria - Hello everyone.mp3"]
        delete = button(card, "Delete")
        theirs = await stage.world.press(stage.bea, card, delete)
        await theirs.wait_for(lambda r: r.followups)
        assert (theirs.last.content, spoken.deleted) == ("That order belongs to somebody else.", False)
        mine = await stage.world.press(stage.ana, card, delete)
        await mine.wait_for(lambda r: r.followups)
        assert (spoken.deleted, card.deleted) == (True, True)
        assert mine.followups[0].content == "Deleted here. What it cost stays charged."
