"""What stands beside the audio: progress, what it cost, and words that are quoted."""

import asyncio
import re
from dataclasses import replace

import pytest

from bots.discord.delivery import DiscordDelivery
from core.domain.errors import DeliveryError
from core.domain.lifecycle import DeliveryState, Reason, State
from core.domain.models import Artifact, Job
from tests.bots.discord.conftest import Stage, deliver, receipt
from tests.makers import job as made
from tests.moves import in_delivery
from tests.waiting import WAIT_S
from tests.worlds.discord import Reply


async def test_progress_is_shown_and_its_failure_is_the_cores_to_ignore(
    stage: Stage, chat: DiscordDelivery, job: Job, reply: Reply
) -> None:
    await chat.progress(job)
    await chat.progress(job)
    assert reply.edits == ["Sending the audio: 2 characters, $0.0002.\n“Hi”"]  # the same words are not sent twice
    await chat.progress(replace(job, worker_id="second"))
    assert len(reply.edits) == 2  # unless they were somebody else's meanwhile
    stage.world.fail("PATCH", "@original$", 404, 10008)
    with pytest.raises(DeliveryError):
        await chat.progress(made(job, state=State.RUNNING, delivery=None))


async def test_what_is_told_is_followed_by_new_progress(chat: DiscordDelivery, job: Job, reply: Reply) -> None:
    kept = in_delivery(job, DeliveryState.UNDELIVERABLE, Reason.CHAT_REFUSED)
    await chat.progress(job)
    await chat.tell(kept, receipt(kept))
    await chat.progress(job)
    sending, told, again = reply.edits
    assert sending == again != told


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
    assert told.content == "2 characters · $0.0002 · $0.10 left today"
    assert [r.method for r in stage.world.requests] == ["PATCH", "POST"]


async def test_in_a_direct_chat_all_is_said_in_one_message(
    chat: DiscordDelivery, job: Job, reply: Reply, audio: list[Artifact]
) -> None:
    await deliver(chat, replace(job, direct=True), audio)
    await chat.finish()
    assert reply.content == "Aria: “Hi”\n2 characters · $0.0002 · $0.10 left today"
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
    async with asyncio.timeout(WAIT_S):
        await chat.finish()


async def test_a_format_that_is_not_the_chosen_one_is_said(
    chat: DiscordDelivery, job: Job, reply: Reply, audio: list[Artifact]
) -> None:
    song = replace(job, product="music", parameters={"prompt": "rain", "output_format": "pcm_44100"})
    await chat.deliver(song, audio, replace(receipt(song), as_chosen=False), uncertain=False)
    said = "As pcm\\_44100 it would be too large for this chat, so it comes as a smaller wav file."
    assert reply.content == f"Music: “rain”\n{said}"


async def test_who_waited_long_is_called_by_a_message_of_its_own(
    stage: Stage, chat: DiscordDelivery, job: Job, reply: Reply, audio: list[Artifact]
) -> None:
    """An edit notifies nobody. Whatever the text says, it is the member alone who is called."""
    job = replace(job, member=f"discord:{stage.ana.user.id}", parameters={"voice": "Aria", "text": "@everyone <@1>"})
    await chat.deliver(job, audio, replace(receipt(job), awaited=True), uncertain=False)
    await chat.finish()
    private, call = sorted(reply.followups, key=lambda said: not said.ephemeral)
    assert (private.ephemeral, private.pings, call.ephemeral) == (True, [], False)
    assert call.content == f"{stage.ana.mention} Your speech is ready."
    assert call.pings == [stage.ana.mention]
    assert reply.original
    assert reply.original.pings == []


async def test_who_waited_long_is_called_by_what_is_posted(
    stage: Stage, chat: DiscordDelivery, job: Job, audio: list[Artifact]
) -> None:
    stage.world.advance(14 * 60 + 1)
    job = replace(job, member=f"discord:{stage.ana.user.id}", parameters={"voice": "Aria", "text": "@everyone <@1>"})
    await chat.deliver(job, audio, replace(receipt(job), awaited=True), uncertain=False)
    [message] = stage.channel.posted
    assert message.content.startswith(f"{stage.ana.mention} Aria for Ana: “")
    assert message.pings == [stage.ana.mention]
