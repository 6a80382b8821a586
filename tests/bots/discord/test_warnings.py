"""Members hear alone, and admins in the channel, that little is left."""

import re
from dataclasses import replace

from bots.discord.delivery import DiscordDelivery
from core.domain.models import Job
from core.domain.quota import Period, Quota
from core.domain.warnings import Budget, BudgetWarning
from tests.bots.discord.conftest import STANDING, Running, Stage
from tests.bots.discord.talk import order
from tests.worlds.discord import Reply

NEAR = "Over 80 % of your allowance is used: $0.02 left today. It is $0.10 a day, and begins anew <t:"
USED = replace(STANDING, used_micros=80_000)
OWN = BudgetWarning(budget=Budget.ALLOWANCE, percent=80, ends_ms=86_400_000, standing=USED)


async def test_a_member_is_warned_alone_once(stage: Stage, running: Running) -> None:
    async with running():
        reply = await order(stage, stage.ana, 800)
        said = await reply.settled(lambda m: m.content.startswith(NEAR))
        assert said.ephemeral
        assert stage.channel.posted == [reply.original]
    async with running():
        again = await order(stage, stage.ana, 10)
        await again.settled(lambda m: "$0.0190 left" in m.content or "$0.019 left" in m.content)
    assert [m for m in again.followups if m.content.startswith(NEAR)] == []


async def test_admins_are_warned_of_the_pool_where_it_was_drawn(stage: Stage, running: Running) -> None:
    async with running(default_pool="0.001"):
        reply = await order(stage, stage.ana, 10)
        said = await reply.settled(lambda m: m.content.startswith("For admins: "))
    assert not said.ephemeral
    assert said.pings == []
    assert re.fullmatch(
        r"For admins: What all of this chat may spend this month is at its end\. An order that costs more than is left "
        r"of it is refused until <t:\d+:f>\. /usage shows where it went\.",
        said.content,
    )
    assert "$" not in said.content


async def test_after_the_token_a_member_is_written_to(stage: Stage, chat: DiscordDelivery, job: Job) -> None:
    stage.world.advance(14 * 60 + 1)
    job = replace(job, member=f"discord:{stage.ana.id}")
    await chat.warn(job, OWN)
    [said] = stage.world.dm(stage.ana).posted
    assert said.content.startswith(f"Where you ordered “Hi”: {NEAR}")
    await chat.warn(job, replace(OWN, budget=Budget.POOL))
    assert stage.channel.posted[-1].content.startswith("For admins: Over 80 % of what all of this chat may spend")


async def test_credit_goes_on_where_an_allowance_ends(
    stage: Stage, chat: DiscordDelivery, job: Job, reply: Reply
) -> None:
    used = replace(USED, quota=Quota(limit_micros=5_000_000, period=Period.MONTH), used_micros=5_000_000)
    ended = replace(OWN, percent=100, standing=replace(used, balance_micros=2_000_000))
    await chat.warn(job, ended)
    assert reply.last.content.startswith(
        "Your allowance is at its end: $0.00 left this month and $2.00 credit. It is $5.00 a month"
    )
