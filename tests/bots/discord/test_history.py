"""Audio that is sent again: to its member alone, wherever it was ordered."""

import asyncio

import pytest

from bots.app.life import App
from core.domain.lifecycle import DeliveryState
from core.domain.models import Job
from core.domain.people import Caller
from core.engine.worker import Worker
from tests.bots.discord.conftest import Stage
from tests.bots.discord.studio import Studio
from tests.bots.discord.talk import button, order, say
from tests.waiting import WAIT_S
from tests.worlds.discord import Message


async def test_what_was_heard_comes_again_in_a_private_reply(stage: Stage, app: App) -> None:
    first = await (await order(stage, stage.ana, 5)).audio()
    said = await say(stage, stage.ana, "/history")
    assert said.content.startswith("Your orders. A number sends it again, free:\n1. Aria: ")
    reply = await stage.world.press(stage.ana, said, button(said, "1"))
    again = await reply.audio()
    assert [file.content for file in again] == [file.content for file in first]
    assert reply.ephemeral
    assert said.buttons  # the list stays
    assert len(stage.channel.posted) == 1


async def test_nobody_else_has_it_sent(stage: Stage, app: App) -> None:
    await (await order(stage, stage.ana, 5)).audio()
    said = await say(stage, stage.ana, "/history")
    reply = await stage.world.press(stage.bea, said, button(said, "1"))
    answer = await reply.settled(lambda m: m.content == "That order belongs to somebody else.")
    assert answer.ephemeral


async def history_of(stage: Stage, app: App) -> tuple[Job, Message]:
    """Wait until the order is closed; return it and the list with its button."""
    assert isinstance(app.worker, Worker)
    async with asyncio.timeout(WAIT_S):
        while not (jobs := await app.worker._store.history(f"discord:{stage.ana.id}", None, 1)):
            await asyncio.sleep(0)
    return jobs[0], await say(stage, stage.ana, "/history")


async def lose_files(app: App, job: Job) -> None:
    """As when others need the room."""
    assert isinstance(app.worker, Worker)
    assert await app.worker._store.drop_artifacts(job, chat_keeps=True)
    await app.worker._tidier._artifacts.drop(job.job_id)


async def test_what_discord_keeps_outlives_its_file(stage: Stage, app: App, studio: Studio) -> None:
    first = await (await order(stage, stage.ana, 5)).audio()
    job, said = await history_of(stage, app)
    await lose_files(app, job)
    studio.outcome = "FAILED"
    for _ in range(2):
        reply = await stage.world.press(stage.ana, said, button(said, "1"))
        assert [(file.content, file.title) for file in await reply.audio()] == [(f.content, f.title) for f in first]
        await history_of(stage, app)


@pytest.mark.parametrize("gone", ["message", "bot"])
async def test_what_discord_does_not_keep_comes_from_its_file(stage: Stage, app: App, gone: str) -> None:
    reply = await order(stage, stage.ana, 5)
    first = await reply.audio()
    __, said = await history_of(stage, app)
    assert reply.original is not None
    if gone == "message":
        reply.original.deleted = True
    else:
        stage.channel.bot_permissions = 0
    again = await (await stage.world.press(stage.ana, said, button(said, "1"))).audio()
    assert [file.content for file in again] == [file.content for file in first]


async def test_a_moment_without_discord_does_not_cost_what_it_keeps(stage: Stage, app: App, studio: Studio) -> None:
    await (await order(stage, stage.ana, 5)).audio()
    job, said = await history_of(stage, app)
    await lose_files(app, job)
    studio.outcome = "FAILED"
    stage.world.drop("GET", r"/messages/\d+$", after_effect=False, times=2)
    reply = await stage.world.press(stage.ana, said, button(said, "1"))
    await stage.world.pulse.until(lambda: any(r.status == 0 for r in stage.world.requests))
    assert isinstance(app.worker, Worker)
    async with asyncio.timeout(WAIT_S):
        while (now := await app.worker._store.job(job.job_id)) is None or now.stage is not DeliveryState.PENDING:
            await asyncio.sleep(0)
    assert now.kept is not None
    assert reply.attachments == []


async def test_orders_are_found_turned_linked_and_made_again(stage: Stage, app: App, studio: Studio) -> None:
    for n in range(5):
        await (await order(stage, stage.ana, n + 5)).audio()
    await (await stage.world.command(stage.ana, stage.channel, "/music", prompt="Rain on tin roofs")).audio()
    async with asyncio.timeout(WAIT_S):
        while not (said := await say(stage, stage.ana, "/history", like="RAIN")).buttons:
            await asyncio.sleep(0)
    head, line = said.content.splitlines()
    assert head == "Orders with “RAIN”. A number sends it again, free:"
    assert line.startswith("1. Music: “Rain on tin roofs” · ")
    [posted] = [m for m in stage.channel.posted if any(a.filename.startswith("Rain") for a in m.attachments)]
    assert line.endswith(f" https://discord.com/channels/{stage.guild.id}/{stage.channel.id}/{posted.id}")
    assert (await say(stage, stage.ana, "/history", like="snow")).content == (
        "None of your orders has “snow” in it. /history lists them all."
    )
    said = await say(stage, stage.ana, "/history")
    assert said.content.startswith("Your orders, 1 to 4 of 6. A number sends it again, free:")
    reply = await stage.world.press(stage.ana, said, button(said, "More"))
    await reply.wait_for(lambda _: "5 to 6 of 6" in said.content)
    anew = next(str(b["custom_id"]) for b in said.buttons if str(b["label"]).startswith("Again ($"))
    await (await stage.world.press(stage.ana, said, anew)).audio()
    assert len(studio.orders) == 7


async def test_again_orders_the_last_once_more(stage: Stage, app: App, studio: Studio) -> None:
    nothing = await (await stage.world.command(stage.ana, stage.channel, "/again")).settled(lambda m: m.ephemeral)
    assert nothing.content == "There is nothing of yours here to order once more."
    await (await order(stage, stage.ana, 5)).audio()
    await (await order(stage, stage.bea, 9)).audio()
    await history_of(stage, app)
    await (await stage.world.command(stage.ana, stage.channel, "/again")).audio()
    assert [len(each["text"]) for each in studio.orders] == [5, 9, 5]


async def test_what_is_asked_for_elsewhere_comes_to_the_direct_chat_and_blames_nobody(stage: Stage, app: App) -> None:
    await (await order(stage, stage.ana, 5)).audio()
    job, _ = await history_of(stage, app)
    posted = len(stage.channel.posted)
    who = Caller(platform="discord", community=job.member, member=job.member, name="Ana", direct=True)
    await app.service.redeliver(who, job.job_id, app.platforms["discord"].alone_with(job.member))
    own = stage.world.dm(stage.ana)
    await stage.world.pulse.until(lambda: bool(own.posted))
    assert own.posted[0].attachments
    assert "may not post" not in own.posted[0].content
    assert len(stage.channel.posted) == posted
