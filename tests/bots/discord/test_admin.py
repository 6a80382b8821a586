"""Credit, blocks, limits, roles and reports, by admins, by members and by operators."""

import csv
import io

import pytest

from bots.app.life import App
from core.domain.errors import OutOfCredit
from tests.bots.discord.conftest import Running, Stage
from tests.bots.discord.places import Role, thread, use_role, with_role
from tests.bots.discord.studio import Studio
from tests.bots.discord.talk import ADMINS_ONLY, OPERATORS_ONLY, order, refused, say
from tests.worlds.discord import CommandError, Message
from tests.worlds.discord.places import MEMBER


async def test_credit_is_granted_and_revoked(stage: Stage, app: App) -> None:
    boss, ana = stage.boss, stage.ana
    said = await say(stage, boss, "/grant", member=ana, amount="0.50", reason="thanks")
    assert said.content == "Ana now has $0.50 credit."
    shown = (await say(stage, ana, "/balance")).content
    assert "$0.50 credit granted: thanks" in shown
    assert (await say(stage, boss, "/revoke", member=ana, amount="0.20")).content == "Ana now has $0.30 credit."
    too_much = await say(stage, boss, "/revoke", member=ana, amount="1")
    assert (
        too_much.content
        == "That is not possible with a balance of $0.30. What is set aside for orders under way can't be taken."
    )


async def test_the_same_event_twice_grants_once(stage: Stage, app: App) -> None:
    reply = await stage.world.command(stage.boss, stage.channel, "/grant", member=stage.ana, amount="0.50")
    await reply.answered()
    await stage.world.repeat(reply)
    assert (await say(stage, stage.boss, "/grant", member=stage.ana, amount="0.01")).content.endswith("$0.51 credit.")


async def test_a_block_holds_until_it_is_lifted(stage: Stage, app: App, studio: Studio) -> None:
    said = await say(stage, stage.boss, "/block", member=stage.ana, time="2 h")
    assert said.content.startswith("Ana's orders are refused until ")
    assert "has blocked your orders until" in (await refused(stage, stage.ana)).content
    assert (await say(stage, stage.boss, "/unblock", member=stage.ana)).content == "Ana's orders are taken again."
    await (await order(stage, stage.ana)).audio()
    assert (await say(stage, stage.boss, "/block", member=stage.ana)).content.startswith("Ana's orders are refused. ")
    assert "has blocked your orders." in (await refused(stage, stage.ana)).content
    assert len(studio.orders) == 1


async def test_limits_are_set_shown_and_taken_away(stage: Stage, app: App) -> None:
    assert "text: none" in (await say(stage, stage.boss, "/limits")).content
    assert "text: 20 characters" in (await say(stage, stage.boss, "/limits", name="text", value="20")).content
    assert "at most 20 characters an order" in (await refused(stage, stage.ana, 21)).content
    assert "text: none" in (await say(stage, stage.boss, "/limits", name="text", value="none")).content
    bad = await say(stage, stage.boss, "/limits", name="cooldown", value="soon")
    assert "can't be used" in bad.content


async def test_the_channel_in_which_it_is_written_is_here(stage: Stage, app: App) -> None:
    said = await say(stage, stage.boss, "/limits", name="channels", value="here <#7>")
    assert f"channels: <#{stage.channel.id}>, <#7>" in said.content


@pytest.mark.parametrize("form", ["<#{}>", "{}", "discord:{}"])
async def test_orders_are_taken_in_the_allowed_channels(stage: Stage, app: App, form: str) -> None:
    music = stage.guild.channel("music")
    said = await say(stage, stage.boss, "/limits", name="channels", value=form.format(music.id))
    assert f"channels: <#{music.id}>" in said.content
    assert "don't allow orders here" in (await refused(stage, stage.ana)).content
    await (await order(stage, stage.ana, channel=music)).audio()
    await (await order(stage, stage.ana, channel=thread(stage, music))).audio()


async def test_channels_by_name_are_not_mistaken_for_keys(stage: Stage, app: App) -> None:
    said = await say(stage, stage.boss, "/limits", name="channels", value="general")
    assert "“general” can't be used" in said.content
    two = f"<#{stage.channel.id}><#7>"
    said = await say(stage, stage.boss, "/limits", name="channels", value=two)
    assert f"channels: <#{stage.channel.id}>, <#7>" in said.content
    assert "channels: everywhere" in (await say(stage, stage.boss, "/limits", name="channels", value="none")).content


async def test_usage_and_audit(stage: Stage, app: App) -> None:
    assert (await say(stage, stage.boss, "/usage", period="day")).content == "Nothing was charged today."
    await (await order(stage, stage.ana)).audio()
    await (await order(stage, stage.bea, 28)).audio()
    await say(stage, stage.boss, "/grant", member=stage.bea, amount="1", reason="=1+1")
    said = await say(stage, stage.boss, "/usage")
    assert said.content.splitlines() == ["This month: $0.0042 (speech $0.0042).", "Bea: $0.0028", "Ana: $0.0014"]
    told = {(r["Member"], r["Order"], r["Charged ($)"], r["Credit given ($)"], r["Reason"]) for r in table(said)}
    assert told == {("Ana", "speech", "0.0014", "", ""), ("Bea", "speech", "0.0028", "", "")}
    assert [attached.filename for attached in said.attachments] == ["usage.png", "usage.csv"]
    ours = await say(stage, stage.boss, "/usage", period="week", member=stage.ana)
    assert {r["Member"] for r in table(ours)} == {"Ana"}
    assert "Boss tried /grant Bea" in (await say(stage, stage.boss, "/audit")).content


def table(said: Message) -> list[dict[str, str]]:
    [file] = [a for a in said.attachments if a.filename == "usage.csv"]
    return list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))


async def test_operators_set_pools_and_list_communities(stage: Stage, running: Running) -> None:
    here = f"discord:{stage.guild.id}"
    async with running(owners=f"discord:{stage.boss.id}") as app:
        said = await say(stage, stage.boss, "/pool", amount="0.001")
        assert said.content == f"{here} may now spend $0.001 a month in all."
        assert "this community's pool has $0.001 left" in (await refused(stage, stage.ana)).content
        await say(stage, stage.boss, "/pool", amount="unlimited", community=here)
        await (await order(stage, stage.ana)).audio()
        assert (
            f"{here}: $0.0014 of no pool, 1 member has ordered"
            in (await say(stage, stage.boss, "/communities")).content
        )
        app.health.breaker.fail(OutOfCredit(retry_after_s=60))
        assert (await say(stage, stage.boss, "/resume")).content.startswith("Orders were held back here.")
        assert "/resume" in (await say(stage, stage.boss, "/help")).content
        assert "/resume" not in (await say(stage, stage.ana, "/help")).content
        await (await order(stage, stage.ana)).audio()
        await say(stage, stage.boss, "/pool", amount="0.001")  # less than is spent already
        assert "this community's pool has $0.00 left" in (await refused(stage, stage.ana)).content


LINES: list[tuple[str, dict[str, object], bool]] = [
    ("/grant", {"amount": "1"}, True),
    ("/revoke", {"amount": "0.01"}, True),
    ("/block", {}, True),
    ("/unblock", {}, True),
    ("/limits", {}, False),
    ("/limits", {"name": "text", "value": "1"}, False),
    ("/limits", {"name": "channels", "value": "<#1>"}, False),
    ("/usage", {}, False),
    ("/audit", {}, False),
]


@pytest.mark.parametrize("former", [False, True], ids=["a member", "a former admin"])
async def test_a_member_changes_and_reads_nothing(stage: Stage, app: App, *, former: bool) -> None:
    boss, ana = stage.boss, stage.ana
    if former:
        ana = stage.guild.member("Fay", admin=True)
        assert "Limits of" in (await say(stage, ana, "/limits")).content
        ana.permissions = MEMBER
    stage.guild.open_commands |= {line.removeprefix("/") for line, *_ in LINES} | {
        "quota",
        "pool",
        "communities",
        "resume",
    }
    await say(stage, boss, "/grant", member=ana, amount="0.05")
    before = [(await say(stage, who, line)).content for who, line in [(ana, "/balance"), (boss, "/limits")]]
    for line, options, about in LINES:
        said = await say(stage, ana, line, **options, **({"member": ana} if about else {}))
        assert (said.content, said.attachments) == (ADMINS_ONLY, []), line
    role = Role(stage.world.new_id(), "Bards")
    assert (await (await use_role(stage, ana, "/quota role", role, amount="1", period="day")).answered()).content == (
        ADMINS_ONLY
    )
    for who in (ana, boss):  # an admin of the server is not who runs the bot
        assert (await say(stage, who, "/pool", amount="1")).content == OPERATORS_ONLY
        assert (await say(stage, who, "/communities")).content == OPERATORS_ONLY
        assert (await say(stage, who, "/resume")).content == OPERATORS_ONLY
    after = [(await say(stage, who, line)).content for who, line in [(ana, "/balance"), (boss, "/limits")]]
    assert after == before
    assert ": not allowed" in (await say(stage, boss, "/audit")).content


async def test_these_commands_are_hidden_from_members_and_direct_chats(stage: Stage, app: App) -> None:
    world, sam = stage.world, stage.world.user("Sam")
    for name in ("grant", "revoke", "block", "unblock", "limits", "usage", "audit", "pool", "communities", "resume"):
        with pytest.raises(CommandError, match="hidden"):
            await world.command(stage.ana, stage.channel, f"/{name}")
        with pytest.raises(CommandError, match="not offered"):
            await world.command(sam, world.dm(sam), f"/{name}")


async def test_a_role_has_a_quota(stage: Stage, app: App) -> None:
    bards = Role(stage.world.new_id(), "Bards")  # newer than what the bot was told when it connected
    carl = with_role(stage, "Carl", bards)
    reply = await use_role(stage, stage.boss, "/quota role", bards, amount="0.50", period="week")
    assert "the role Bards and no quota of their own may now spend: $0.50 a week" in (await reply.answered()).content
    shown = (await say(stage, stage.boss, "/quota show", member=carl)).content
    assert shown.startswith("Carl: $0.50 a week (a role's quota); ")
    assert "$0.50 left this week" in (await say(stage, carl, "/balance")).content
    assert "$0.10 left today" in (await say(stage, stage.ana, "/balance")).content
    await (await order(stage, carl, 2000)).audio()
    assert "$0.10 left today" in (await refused(stage, stage.ana, 2000)).content
    cleared = await use_role(stage, stage.boss, "/quota clear", bards)
    assert (await cleared.answered()).content == "The quota of the role Bards is cleared."
    assert "$0.10 a day" in (await say(stage, carl, "/balance")).content


async def test_everyone_is_the_community(stage: Stage, app: App) -> None:
    everyone = Role(stage.guild.id, "@everyone")
    reply = await use_role(stage, stage.boss, "/quota role", everyone, amount="0.50", period="day")
    assert (await reply.answered()).content == "Everybody without a quota of their own may now spend: $0.50 a day."
    assert "$0.50 left today" in (await say(stage, stage.ana, "/balance")).content


async def test_quotas_of_roles_are_listed_by_name_and_of_roles_that_are_gone_by_id(
    running: Running, stage: Stage
) -> None:
    bards, gone = Role(stage.world.new_id(), "Bards"), Role(stage.world.new_id(), "Gone")
    stage.guild.roles.append(bards.payload())
    async with running():
        for role in (bards, gone):
            await (await use_role(stage, stage.boss, "/quota role", role, amount="0.50", period="week")).answered()
        shown = (await say(stage, stage.boss, "/quota show")).content
    assert sorted(shown.splitlines()[1:]) == sorted(["role Bards: $0.50 a week", f"role {gone.id}: $0.50 a week"])
