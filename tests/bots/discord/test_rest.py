"""One delivery at a time: what each answer of Discord means, and that repeating does no harm."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from bots.discord.delivery import DiscordDelivery
from bots.discord.identity import Address
from bots.discord.platform import Discord
from core.domain.errors import DeliveryDelayed, DeliveryError, DeliveryRefused, DeliveryUncertain, TooLarge
from core.domain.lifecycle import Reason, State
from core.domain.models import Artifact, Destination, Job, Receipt
from core.domain.quota import Period, Quota, Standing
from tests.audio import PROBE
from tests.bots.discord.conftest import Stage, settings_for
from tests.bots.discord.studio import Studio, sound
from tests.worlds.discord import Reply
from tests.worlds.discord.places import LOADING

STANDING = Standing(
    quota=Quota(limit_micros=100_000, period=Period.DAY),
    source="operator",
    used_micros=0,
    balance_micros=0,
    held_micros=0,
    resets_ms=0,
)


@pytest_asyncio.fixture
async def chat(stage: Stage, studio: Studio, tmp_path: Path) -> AsyncIterator[DiscordDelivery]:
    """Delivery alone; no bot is connected."""
    discord = Discord(settings_for(stage.world, studio, tmp_path), stage.world.now_s)
    await discord.open(None)  # type: ignore[arg-type]
    yield discord
    await discord.close()


@pytest.fixture
def reply(stage: Stage) -> Reply:
    """A deferred reply."""
    world, channel = stage.world, stage.channel
    reply = Reply(world.new_id(), "a-token", 2, stage.ana.user, channel, world.now_s(), 1 << 20, world.pulse)
    reply.callback, reply.original = 5, world.new_message(channel, world.bot, LOADING)
    channel.messages[reply.original.id] = reply.original
    world.replies[reply.token] = reply
    return reply


@pytest.fixture
def job(stage: Stage, reply: Reply, chat: DiscordDelivery) -> Job:
    assert reply.original is not None
    address = Address(
        application_id=stage.world.application_id,
        token=reply.token,
        token_until_s=reply.created_s + 14 * 60,
        channel_id=stage.channel.id,
        message_id=reply.original.id,
        upload_limit_bytes=1 << 20,
    )
    return Job(
        job_id="0000000000123456ab",
        event_id="discord:1",
        platform="discord",
        community="discord:2",
        member="discord:3",
        member_name="Ana",
        direct=False,
        product="speech",
        parameters={"text": "Hi", "voice": "Aria"},
        characters=2,
        cost_micros=200,
        state=State.DELIVERING,
        destination=address.destination(),
        channel="",
        callback_token="",
        created_ms=0,
        updated_ms=int(stage.world.now_s() * 1000),
    )


@pytest.fixture
def audio(tmp_path: Path) -> list[Artifact]:
    path = tmp_path / "sound.wav"
    path.write_bytes(sound(0.1))
    return [Artifact.of(path, PROBE, path.stat().st_size)]


async def deliver(chat: DiscordDelivery, job: Job, audio: list[Artifact], *, uncertain: bool = False) -> None:
    await chat.deliver(job, audio, receipt(job), uncertain=uncertain)


def receipt(job: Job) -> Receipt:
    return Receipt(job=job, charged_micros=job.cost_micros, standing=STANDING)


@pytest.mark.parametrize("after_effect", [False, True])
async def test_an_edit_that_got_lost_is_repeated(
    stage: Stage, chat: DiscordDelivery, job: Job, reply: Reply, audio: list[Artifact], *, after_effect: bool
) -> None:
    stage.world.drop("PATCH", "@original$", after_effect=after_effect)
    with pytest.raises(DeliveryDelayed):
        await deliver(chat, job, audio)
    assert len(reply.attachments) == int(after_effect)
    await deliver(chat, job, audio, uncertain=True)
    assert len(reply.attachments) == 1
    assert stage.channel.posted == [reply.original]


async def test_a_message_that_got_lost_is_repeated(
    stage: Stage, chat: DiscordDelivery, job: Job, reply: Reply, audio: list[Artifact]
) -> None:
    stage.world.advance(14 * 60 + 1)
    job = replace(job, updated_ms=int(stage.world.now_s() * 1000))
    stage.world.drop("POST", "/messages$", after_effect=True)
    with pytest.raises(DeliveryDelayed):
        await deliver(chat, job, audio)
    await deliver(chat, job, audio, uncertain=True)
    [message] = stage.channel.posted
    assert len(message.attachments) == 1
    assert reply.deleted


async def test_an_edit_that_had_arrived_is_not_posted_too(
    stage: Stage, chat: DiscordDelivery, job: Job, reply: Reply, audio: list[Artifact]
) -> None:
    stage.world.drop("PATCH", "@original$", after_effect=True)
    with pytest.raises(DeliveryDelayed):
        await deliver(chat, job, audio)
    stage.world.advance(14 * 60 + 1)
    await deliver(chat, job, audio, uncertain=True)
    assert stage.channel.posted == [reply.original]


ANSWERS: list[tuple[int, int, type[DeliveryError]]] = [
    (403, 50013, DeliveryRefused),
    (403, 50001, DeliveryRefused),
    (403, 50007, DeliveryRefused),
    (404, 10003, DeliveryRefused),
    (400, 50035, DeliveryRefused),
    (413, 40005, TooLarge),
    (413, 0, TooLarge),
    (401, 0, DeliveryDelayed),
    (429, 0, DeliveryDelayed),
]


@pytest.mark.parametrize("late", [False, True])
async def test_what_each_answer_means(
    stage: Stage, chat: DiscordDelivery, job: Job, audio: list[Artifact], *, late: bool
) -> None:
    if late:
        stage.world.advance(14 * 60 + 1)
    method, path = ("POST", "/messages$") if late else ("PATCH", "@original$")
    for status, code, kind in ANSWERS:
        stage.world.fail(method, path, status, code)
        with pytest.raises(kind) as caught:
            await deliver(chat, job, audio)
        assert "a-token" not in str(caught.value)
        if isinstance(caught.value, TooLarge):
            assert caught.value.max_bytes == audio[0].size_bytes // 2


async def test_a_rate_limit_is_waited_for(
    stage: Stage, chat: DiscordDelivery, job: Job, reply: Reply, audio: list[Artifact]
) -> None:
    stage.world.limit_rate("PATCH", "@original$", 0.01)
    await deliver(chat, job, audio)
    assert len(reply.attachments) == 1
    assert [r.status for r in stage.world.requests][:2] == [429, 200]


async def test_an_old_token_is_not_tried(
    stage: Stage, chat: DiscordDelivery, job: Job, reply: Reply, audio: list[Artifact]
) -> None:
    stage.world.advance(14 * 60 + 1)
    await chat.progress(job)
    assert stage.world.requests == []
    await deliver(chat, job, audio)
    assert [r.method for r in stage.world.requests] == ["GET", "POST", "DELETE"]
    assert "Authorization" not in str(reply.original)


async def test_progress_is_shown_and_its_failure_is_the_cores_to_ignore(
    stage: Stage, chat: DiscordDelivery, job: Job, reply: Reply
) -> None:
    await chat.progress(job)
    await chat.progress(job)
    assert reply.edits == ["Sending the audio…"]  # the same words are not sent twice
    stage.world.fail("PATCH", "@original$", 404, 10008)
    with pytest.raises(DeliveryError):
        await chat.progress(replace(job, state=State.RUNNING))


async def test_what_is_told_is_followed_by_new_progress(chat: DiscordDelivery, job: Job, reply: Reply) -> None:
    kept = replace(job, state=State.UNDELIVERABLE, reason=Reason.CHAT_REFUSED)
    await chat.progress(job)
    await chat.tell(kept, receipt(kept))
    await chat.progress(job)
    sending, told, again = reply.edits
    assert sending == again != told


async def test_a_token_that_died_early_leaves_nobody_untold(
    stage: Stage, chat: DiscordDelivery, job: Job, reply: Reply
) -> None:
    stage.world.kill_token(reply)
    failed = replace(job, state=State.FAILED, reason=Reason.NO_MEDIA)
    await chat.tell(failed, receipt(failed))
    assert "You were not charged" in stage.channel.posted[-1].content


async def test_two_files_have_two_names(chat: DiscordDelivery, job: Job, reply: Reply, audio: list[Artifact]) -> None:
    await deliver(chat, job, audio * 2)
    assert [a.filename for a in reply.attachments] == ["Aria - Hi.wav", "Aria - Hi (2).wav"]
    assert [a.title for a in reply.attachments] == ["Aria - Hi", "Aria - Hi (2)"]


LONG = "la " * 1000
WORDS = [
    (
        "@everyone <@123456789012345678> **loud** ||secret|| `code`",
        "Aria - @everyone @123456789012345678 loud secret code",
    ),
    ("```\nfence\n```\n# head\n> quote\n- [a](http://b)", "Aria - fence # head quote - [a](http b)"),
    ("שלום **עולם**", "Aria - שלום עולם"),
    (LONG, "Aria - " + " ".join(["la"] * 18)),
    ("_" * 3000, "Aria - " + "_" * 53),
]


@pytest.mark.parametrize(("words", "title"), WORDS)
async def test_whatever_is_quoted_neither_formats_nor_pings_nor_bursts_the_message(
    chat: DiscordDelivery, job: Job, reply: Reply, audio: list[Artifact], words: str, title: str
) -> None:
    await deliver(chat, replace(job, parameters={"text": words, "voice": "Aria"}), audio)
    assert reply.original is not None
    assert reply.original.pings == []
    assert reply.original.flags & 4  # no previews of links
    assert len(reply.content) <= 2000
    assert reply.content.startswith("Aria: “")
    assert reply.content.endswith("”")
    bare = re.sub(r"\\.", "", reply.content)
    assert not re.search(r"[*_`|]|^[>#-]|@everyone|@\d", bare, re.MULTILINE)
    assert [a.title for a in reply.attachments] == [title.replace("*", "")]


async def test_what_it_cost_is_for_the_author_alone_and_comes_after_the_audio(
    stage: Stage, chat: DiscordDelivery, job: Job, reply: Reply, audio: list[Artifact]
) -> None:
    await deliver(chat, job, audio)
    await chat.finish()
    assert reply.content == "Aria: “Hi”"
    [told] = reply.followups
    assert told.ephemeral
    assert told.content == f"2 characters · $0.0002 · $0.10 left today · {job.job_id}"
    assert [r.method for r in stage.world.requests] == ["PATCH", "POST"]


async def test_in_a_direct_chat_all_is_said_in_one_message(
    chat: DiscordDelivery, job: Job, reply: Reply, audio: list[Artifact]
) -> None:
    await deliver(chat, replace(job, direct=True), audio)
    await chat.finish()
    assert reply.content == f"Aria: “Hi”\n2 characters · $0.0002 · $0.10 left today · {job.job_id}"
    assert reply.followups == []


@pytest.mark.parametrize("status", [403, 404, 429, 500])
async def test_a_receipt_that_is_refused_or_hangs_costs_nobody_the_audio(
    stage: Stage,
    chat: DiscordDelivery,
    job: Job,
    reply: Reply,
    audio: list[Artifact],
    monkeypatch: pytest.MonkeyPatch,
    status: int,
) -> None:
    monkeypatch.setattr("bots.discord.delivery.RECEIPT_S", 0.05)
    stage.world.fail("POST", "/a-token$", status, 10015)
    await deliver(chat, job, audio)
    await chat.finish()
    assert len(reply.attachments) == 1
    stage.world.hold("POST", "/a-token$", asyncio.Event())
    await deliver(chat, job, audio)
    async with asyncio.timeout(5):
        await chat.finish()


async def test_a_format_that_is_not_the_chosen_one_is_said(
    chat: DiscordDelivery, job: Job, reply: Reply, audio: list[Artifact]
) -> None:
    song = replace(job, product="music", parameters={"prompt": "rain", "output_format": "pcm_44100"})
    await chat.deliver(song, audio, replace(receipt(song), as_chosen=False), uncertain=False)
    said = "As pcm\\_44100 it would be too large for this chat, so it comes as a smaller wav file."
    assert reply.content == f"Music: “rain”\n{said}"


async def test_a_wiped_destination_is_refused(chat: DiscordDelivery, job: Job, audio: list[Artifact]) -> None:
    wiped = replace(job, destination=Destination("discord"))
    assert chat.accepts(wiped).max_bytes == 10 * 1024 * 1024
    assert chat.accepts(job).max_bytes == 1 << 20
    with pytest.raises(DeliveryRefused):
        await deliver(chat, wiped, audio)
    with pytest.raises(DeliveryRefused):
        await chat.tell(replace(wiped, state=State.FAILED, reason=Reason.NO_MEDIA), receipt(job))


async def test_an_edit_of_unknown_outcome_is_known_as_such(
    stage: Stage, chat: DiscordDelivery, job: Job, audio: list[Artifact]
) -> None:
    stage.world.drop("PATCH", "@original$", after_effect=True, times=5)
    with pytest.raises(DeliveryDelayed) as delayed:
        await deliver(chat, job, audio)
    assert delayed.value.doubtful


async def test_audio_is_not_posted_where_a_reply_that_nobody_can_find_may_hold_it(
    stage: Stage, chat: DiscordDelivery, job: Job, audio: list[Artifact]
) -> None:
    unknown = replace(job, destination=Destination("discord", {**job.destination.data, "message_id": None}))
    stage.world.advance(14 * 60 + 1)
    with pytest.raises(DeliveryUncertain):
        await deliver(chat, unknown, audio, uncertain=True)
    assert stage.world.requests == []
    await deliver(chat, unknown, audio)
    assert len(stage.channel.posted) == 1


async def test_a_lost_answer_counts_also_where_the_library_hides_it(
    stage: Stage, chat: DiscordDelivery, job: Job, audio: list[Artifact]
) -> None:
    """The library repeats an edit after a 502 by itself; by then the token is dead."""
    unknown = replace(job, destination=Destination("discord", {**job.destination.data, "message_id": None}))
    stage.world.fail("PATCH", "@original$", 502)
    stage.world.fail("PATCH", "@original$", 401, 50027)
    with pytest.raises(DeliveryUncertain):
        await deliver(chat, unknown, audio)
    assert stage.channel.posted == []


async def test_a_reply_that_cant_be_read_now_is_read_later(
    stage: Stage, chat: DiscordDelivery, job: Job, audio: list[Artifact]
) -> None:
    stage.world.advance(14 * 60 + 1)
    stage.world.drop("GET", "/messages/", after_effect=False, times=5)
    with pytest.raises(DeliveryDelayed):
        await deliver(chat, job, audio, uncertain=True)
    assert stage.channel.posted == []


async def test_a_refusal_after_an_answer_that_was_lost_is_no_plain_refusal(
    stage: Stage, chat: DiscordDelivery, job: Job, audio: list[Artifact]
) -> None:
    """The library repeats a post after a 502 by itself, and shows only what the repeat met."""
    stage.world.advance(14 * 60 + 1)
    stage.world.fail("POST", "/messages$", 502)
    stage.world.fail("POST", "/messages$", 403, 50013)
    with pytest.raises(DeliveryUncertain):
        await deliver(chat, job, audio)
    stage.world.fail("POST", "/messages$", 403, 50013)
    with pytest.raises(DeliveryRefused):
        await deliver(chat, job, audio)


async def test_what_may_have_been_posted_long_ago_is_not_posted_again(
    stage: Stage, chat: DiscordDelivery, job: Job, audio: list[Artifact]
) -> None:
    """A crash can come after the post and after the reply was taken away; Discord compares nonces for minutes only."""
    stage.world.advance(14 * 60 + 1)
    await deliver(chat, job, audio)
    with pytest.raises(DeliveryUncertain):
        await deliver(chat, job, audio, uncertain=True)
    recent = replace(job, updated_ms=int(stage.world.now_s() * 1000))
    await deliver(chat, recent, audio, uncertain=True)
    assert len(stage.channel.posted) == 1


async def test_a_clock_that_was_put_back_makes_no_edit_of_a_post(
    stage: Stage, chat: DiscordDelivery, job: Job, reply: Reply, audio: list[Artifact]
) -> None:
    with pytest.raises(DeliveryUncertain):
        await deliver(chat, replace(job, updated_ms=job.updated_ms + 60_000), audio, uncertain=True)
    assert stage.world.requests == []


async def test_a_channel_that_takes_long_holds_up_no_other(
    stage: Stage, chat: DiscordDelivery, job: Job, audio: list[Artifact]
) -> None:
    stage.world.advance(14 * 60 + 1)
    other, until = stage.guild.channel("other"), asyncio.Event()
    elsewhere = Address(**{**job.destination.data, "channel_id": other.id, "message_id": None})
    stage.world.hold("POST", f"{stage.channel.id}/messages$", until)
    slow = asyncio.create_task(deliver(chat, job, audio))
    await stage.world.pulse.until(lambda: bool(stage.channel.posted), 10)
    async with asyncio.timeout(10):
        await deliver(chat, replace(job, job_id="0000000000123456cd", destination=elsewhere.destination()), audio)
    assert len(other.posted) == 1
    assert not slow.done()
    until.set()
    await slow
