"""One delivery at a time: what each answer of Discord means, and that repeating does no harm."""

import asyncio
from dataclasses import replace

import pytest

from bots.discord.delivery import DiscordDelivery
from bots.discord.identity import Address
from core.domain.errors import DeliveryDelayed, DeliveryError, DeliveryRefused, DeliveryUncertain, TooLarge
from core.domain.lifecycle import DeliveryState, JobState, Reason
from core.domain.models import Artifact, Job
from core.domain.orders import Destination
from tests.bots.discord.conftest import Stage, deliver, receipt
from tests.makers import job as made
from tests.moves import in_delivery
from tests.waiting import WAIT_S
from tests.worlds.discord import Reply


def begun(job: Job, at_ms: int) -> Job:
    """Return the job with its delivery begun then."""
    assert job.delivery
    return replace(job, delivery=replace(job.delivery, updated_ms=at_ms))


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
    job = begun(job, int(stage.world.now_s() * 1000))
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


async def test_a_token_that_died_early_leaves_nobody_untold(
    stage: Stage, chat: DiscordDelivery, job: Job, reply: Reply
) -> None:
    stage.world.kill_token(reply)
    failed = made(job, state=JobState.FAILED, reason=Reason.NO_MEDIA)
    await chat.tell(failed, receipt(failed))
    assert "You were not charged" in stage.channel.posted[-1].content


async def test_a_wiped_destination_is_refused(chat: DiscordDelivery, job: Job, audio: list[Artifact]) -> None:
    wiped = replace(job, destination=Destination("discord"))
    assert chat.accepts(wiped).max_bytes == 10 * 1024 * 1024
    assert chat.accepts(job).max_bytes == 1 << 20
    with pytest.raises(DeliveryRefused):
        await deliver(chat, wiped, audio)
    with pytest.raises(DeliveryRefused):
        await chat.tell(made(wiped, state=JobState.FAILED, reason=Reason.NO_MEDIA), receipt(job))


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
    recent = begun(job, int(stage.world.now_s() * 1000))
    await deliver(chat, recent, audio, uncertain=True)
    assert len(stage.channel.posted) == 1


async def test_audio_is_no_repeat_of_the_words_that_it_was_kept(
    stage: Stage, chat: DiscordDelivery, job: Job, audio: list[Artifact]
) -> None:
    """Discord drops a message with the nonce of one that it has just seen."""
    stage.world.advance(14 * 60 + 1)
    kept = in_delivery(job, DeliveryState.UNDELIVERABLE, Reason.CHAT_REFUSED)
    await chat.tell(kept, receipt(kept))
    await deliver(chat, job, audio)
    assert [len(message.attachments) for message in stage.channel.posted] == [0, 1]


async def test_the_eleventh_delivery_is_no_repeat_of_the_tenth(
    stage: Stage, chat: DiscordDelivery, job: Job, audio: list[Artifact]
) -> None:
    stage.world.advance(14 * 60 + 1)
    for number in (1, 10, 11):
        assert job.delivery
        elsewhere = Address(**{**job.destination.data, "message_id": None}).destination()
        again = replace(job, destination=elsewhere, delivery=replace(job.delivery, number=number))
        await deliver(chat, again, audio)
    assert len(stage.channel.posted) == 3


async def test_a_clock_that_was_put_back_makes_no_edit_of_a_post(
    stage: Stage, chat: DiscordDelivery, job: Job, reply: Reply, audio: list[Artifact]
) -> None:
    with pytest.raises(DeliveryUncertain):
        await deliver(chat, begun(job, job.updated_ms + 60_000), audio, uncertain=True)
    assert stage.world.requests == []


async def test_a_channel_that_takes_long_holds_up_no_other(
    stage: Stage, chat: DiscordDelivery, job: Job, audio: list[Artifact]
) -> None:
    stage.world.advance(14 * 60 + 1)
    other, until = stage.guild.channel("other"), asyncio.Event()
    elsewhere = Address(**{**job.destination.data, "channel_id": other.id, "message_id": None})
    stage.world.hold("POST", f"{stage.channel.id}/messages$", until)
    slow = asyncio.create_task(deliver(chat, job, audio))
    await stage.world.pulse.until(lambda: bool(stage.channel.posted))
    async with asyncio.timeout(WAIT_S):
        await deliver(chat, replace(job, job_id="0000000000123456cd", destination=elsewhere.destination()), audio)
    assert len(other.posted) == 1
    assert not slow.done()
    until.set()
    await slow
