"""Each command, by an admin and by a member."""

import pytest

from bots.app.life import App
from tests.bots.discord.conftest import Stage
from tests.bots.entries import noted
from tests.worlds.discord import CommandError, Member, Message
from tests.worlds.discord.places import ADMINISTRATOR, EVERYTHING, MANAGE_GUILD


async def say(stage: Stage, who: Member, line: str, **options: object) -> Message:
    """Use a command whose answer is for its author alone."""
    reply = await stage.world.command(who, stage.channel, line, **options)
    said = await reply.answered()
    assert said.ephemeral
    return said


async def test_help_voices_and_balance(stage: Stage, app: App) -> None:
    for who in (stage.ana, stage.boss):
        assert "/speak" in (await say(stage, who, "/help")).content
        assert "Aria: expressive" in (await say(stage, who, "/voices")).content
        assert "$0.10 left today" in (await say(stage, who, "/balance")).content
    assert stage.channel.posted == []


async def test_an_admin_sets_shows_and_clears_a_quota(stage: Stage, app: App) -> None:
    boss, ana = stage.boss, stage.ana
    said = await say(stage, boss, "/quota set", member=ana, amount="0.50", period="week")
    assert said.content == "Ana may now spend: $0.50 a week."
    assert "own quota" in (await say(stage, boss, "/quota show", member=ana)).content
    assert "$0.50 left this week" in (await say(stage, ana, "/balance")).content
    assert (await say(stage, boss, "/quota clear", member=ana)).content == "Ana's own quota is cleared."
    assert "$0.10 left today" in (await say(stage, ana, "/balance")).content


async def test_an_admin_sets_and_clears_the_default(stage: Stage, app: App) -> None:
    said = await say(stage, stage.boss, "/quota default", amount="5000 chars", period="month")
    assert said.content == "Everybody without a quota of their own may now spend: $0.50 a month."
    assert "$0.50 left this month" in (await say(stage, stage.bea, "/balance")).content
    assert "community's default is cleared" in (await say(stage, stage.boss, "/quota clear")).content
    assert "$0.10 left today" in (await say(stage, stage.bea, "/balance")).content


async def test_amounts_and_times_are_typed_as_everywhere(stage: Stage, app: App) -> None:
    boss, ana = stage.boss, stage.ana
    assert (
        "Ana may now spend: $1.00 a day." in (await say(stage, boss, "/quota set", member=ana, amount="$1/day")).content
    )
    assert "spend: unlimited" in (await say(stage, boss, "/quota default", amount="unlimited")).content
    assert "Ana now has $0.05 credit." in (await say(stage, boss, "/grant", member=ana, amount="5 cents")).content
    assert (
        "Ana now has $1.05 credit."
        in (await say(stage, boss, "/grant", member=ana, amount="1 for the song", reason="it was good")).content
    )
    assert "refused until" in (await say(stage, boss, "/block", member=ana, time="for 2 days")).content
    assert "cooldown: 120 seconds" in (await say(stage, boss, "/limits", name="cooldown", value="2m")).content
    for line, options, says in (
        ("/quota set", {"amount": "5"}, "period is missing: it must be day, week or month."),
        ("/quota set", {"amount": "$1/day", "period": "week"}, "amount “$1/day”"),
        ("/grant", {"amount": "1,50"}, "Write 1.50"),
        ("/grant", {"amount": "5 000"}, "amount “5 000” can't be used"),
        ("/grant", {"amount": "5", "reason": "cents"}, "amount “5 cents” can't be used"),
    ):
        assert says in (await say(stage, boss, line, member=ana, **options)).content
    assert "Ana now has $0.05 credit." in (await say(stage, boss, "/revoke", member=ana, amount="1 dollar")).content


async def test_who_manages_the_server_is_an_admin(stage: Stage, app: App) -> None:
    keeper = stage.guild.member("Keeper", permissions=MANAGE_GUILD)
    said = await say(stage, keeper, "/quota set", member=stage.ana, amount="unlimited", period="day")
    assert said.content.splitlines()[0] == "Ana may now spend: unlimited."


async def test_who_manages_anything_but_the_server_is_no_admin(stage: Stage, app: App) -> None:
    stage.guild.open_commands.add("quota")
    keeper = stage.guild.member("Keeper", permissions=EVERYTHING & ~(ADMINISTRATOR | MANAGE_GUILD))
    said = await say(stage, keeper, "/quota set", member=stage.ana, amount="unlimited", period="day")
    assert said.content == "Only admins of this community may do that."


QUOTA_LINES: list[tuple[str, dict[str, object]]] = [
    ("/quota set", {"amount": "1", "period": "day"}),
    ("/quota show", {}),
    ("/quota clear", {}),
    ("/quota default", {"amount": "1", "period": "day"}),
]


async def test_a_member_administers_nothing_even_where_the_server_shows_the_command(stage: Stage, app: App) -> None:
    stage.guild.open_commands.add("quota")
    for line, options in QUOTA_LINES:
        about = options if line == "/quota default" else options | {"member": stage.ana}
        assert (await say(stage, stage.ana, line, **about)).content == "Only admins of this community may do that."
    assert "$0.10 left today" in (await say(stage, stage.ana, "/balance")).content


async def test_quotas_are_hidden_from_members_and_direct_chats(stage: Stage, app: App) -> None:
    world, sam = stage.world, stage.world.user("Sam")
    with pytest.raises(CommandError, match="hidden"):
        await world.command(stage.ana, stage.channel, "/quota show", member=stage.ana)
    with pytest.raises(CommandError, match="not offered"):
        await world.command(sam, world.dm(sam), "/quota show", member=sam)
    reply = await world.command(sam, world.dm(sam), "/balance")
    assert "$0.00 left today" in (await reply.answered()).content


async def test_nonsense_is_refused_with_what_is_allowed(stage: Stage, app: App) -> None:
    said = await say(stage, stage.boss, "/quota set", member=stage.ana, amount="a lot", period="day")
    assert "amount “a lot” can't be used" in said.content


async def test_names_do_not_format(stage: Stage, app: App) -> None:
    stage.ana.nick = "**@everyone**"
    said = await say(stage, stage.boss, "/quota set", member=stage.ana, amount="1", period="day")
    assert said.content.startswith("\\*\\*@\u200beveryone\\*\\*")
    assert said.allowed_mentions is not None
    assert said.allowed_mentions["parse"] == []
    assert said.pings == []


async def test_a_command_of_an_earlier_release_is_answered(stage: Stage, app: App) -> None:
    stage.world.commands["sing"] = {"id": str(stage.world.new_id()), "name": "sing", "options": []}
    assert "Something went wrong" in (await say(stage, stage.ana, "/sing")).content


async def test_what_a_command_does_is_known_to_be_for_whoever_wrote_it(
    stage: Stage, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = noted(monkeypatch)
    await say(stage, stage.ana, "/balance")
    assert [(who.community, who.platform) for who in seen if who] == [(f"discord:{stage.guild.id}", "discord")]
