"""Acts that are typed: every command, through the real service and store."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bots.commands import orders, parse, typed
from bots.commands.command import Asked
from bots.commands.parse import Named
from bots.commands.table import COMMANDS
from bots.text import refusals
from core.domain.errors import StoreAway
from core.domain.orders import Destination
from core.domain.refusals import InvalidInput, Need, NeedsConfirmation, NotPermitted
from storage.admin_store import SqlAdminStore
from tests.bots.commands.lines import BOSS, OWNER, types
from tests.core.engine.jobs import at_rest
from tests.core.rig import Incarnation, Rig
from tests.makers import caller, day, order

ROOT = Path(__file__).parents[3]
GENERATED = re.compile(r"^\|.*$", re.MULTILINE)
"""Tables show how commands are used, with brackets."""
TO_TYPE = re.compile(r"`(/[a-z@_]+ (?![^`]*\b[A-Z]{4})[^`\n]+)`|^(/[a-z]+\b(?!/).*)$", re.MULTILINE)
"""But for words in capitals, which stand for others."""


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/quota set @ann 0.50 day", "Ann may now spend: $0.50 a day."),
        ("/quota set @ann $1/day", "Ann may now spend: $1.00 a day."),
        ("/quota set @ann daily 0.01", "Ann may now spend: $0.01 a day."),
        ("/quota set @ann unlimited", "Ann may now spend: unlimited."),
        ("/quota SET @ann 5000 chars week", "Ann may now spend: $0.50 a week."),
        ("/quota show @ann", "Ann: $0.10 a day (the bot's default)"),
        ("/quota clear @ann", "Ann has no quota of their own."),
        ("/quota default unlimited month", "Everybody without a quota of their own may now spend: unlimited."),
        ("/quota default clear", "The community has no default of its own."),
        ("/quota", "/quota set, show or clear"),
        ("/quota set 0.50 day", "/quota set, show or clear"),
        ("/quota dance @ann", "/quota set, show or clear"),
        ("/quota role Crew 1 day", "There are no roles here"),
        ("/grant @ann 0.50 for the song", "Ann now has $0.50 credit."),
        ("/grant @ann 5000 chars well done", "Ann now has $0.50 credit."),
        ("/grant @ann 5 cents for the song", "Ann now has $0.05 credit."),
        ("/grant @ann 5 000 chars", "Ann now has $0.50 credit."),
        ("/grant ann 5 thanks", "Only the @ is missing. Write /grant @ann 5 thanks"),
        ("/grant 5 @ann thanks", "Write /grant @ann 5 thanks"),
        ("/revoke ann 1", "Only the @ is missing. Write /revoke @ann 1"),
        ("/quota set ann 5 day", "Only the @ is missing. Write /quota set @ann 5 day"),
        ("/quota ann 5 a week", "Write /quota set @ann 5 a week"),
        ("/quota @ann 5 a week", "Write /quota set @ann 5 a week"),
        ("/quota clear ann", "Only the @ is missing. Write /quota clear @ann"),
        ("/block ann 2h", "Only the @ is missing. Write /block @ann 2h"),
        ("/unblock ann", "Only the @ is missing. Write /unblock @ann"),
        ("/block ann for spamming", "Write /block @name"),
        ("/quota set unlimited month", "Write /quota set, show or clear"),
        ("/limits slow", "Write /limits"),
        ("/block @ann for 2 days", "Ann's orders are refused until"),
        ("/block @ann forever", "Ann's orders are refused. What"),
        ("/limits cooldown 1h30m", "cooldown: 5400 seconds"),
        ("/limits text 5 000 chars", "text: 5000 characters"),
        ("/usage this week @ann", "Ann was charged nothing this week."),
        ("/grant 0.50", "Write /grant @name"),
        ("/block @ann 2 h", "Ann's orders are refused until"),
        ("/block @ann", "Ann's orders are refused. What"),
        ("/block", "Write /block"),
        ("/unblock @ann", "Ann was not blocked."),
        ("/unblock", "Write /unblock"),
        ("/quota show ann", "Only the @ is missing. Write /quota show @ann"),
        ("/usage month ann", "Only the @ is missing. Write /usage month @ann"),
        ("/usage month member", "I have not seen @member here yet. Reply to one of their messages, or name"),
        ("/usage fortnight", "Write /usage [day, week or month] [@name]"),
        ("/usage ann", "Write /usage [day, week or month] [@name] or /usage @ann"),
        ("/grant bobb 5", "I have not seen @bobb here yet."),
        ("/revoke bobb 5", "messages, or name somebody who has: /revoke @name AMOUNT [reason]"),
        ("/grant 5 @bobb thanks", "I have not seen @bobb here yet."),
        ("/block bobb", "I have not seen @bobb here yet."),
        ("/quota default @ann 5 day", "Write /quota set @ann 5 day or /quota default 5 day"),
        ("/quota default @ann clear", "Write /quota default clear"),
        ("/usage last month", "Write /usage [day, week or month] [@name]"),
        ("/usage month @ann foo", "Write /usage [day, week or month] [@name]"),
        ("/grant 0.70", "Write /grant @name AMOUNT [reason]"),
        ("/grant @ann, 0.50", "Ann now has $0.50 credit."),
        ("/limits", "cooldown: none"),
        ("/limits", "products: all\nchannels: everywhere"),
        ("/grant @ann 1 for @ann", "Ann now has $1.00 credit."),
        ("/quota set 1004 1 day", "Write /quota set id:1004 1 day"),
        ("/audit 5", "Write /audit"),
        ("/balance bob", "Write /balance"),
        ("/unblock @ann now", "Write /unblock @name"),
        ("/help me", "/speak"),
        ("/limits cooldown 60", "cooldown: 60 seconds between two orders of a member"),
        ("/limits confirm $0.05", "confirm: orders over $0.05 are confirmed"),
        ("/limits products speech", "products: speech"),
        ("/usage", "Nothing was charged this month."),
        ("/usage day @ann", "Ann was charged nothing today."),
        ("/audit", "Nobody has changed anything here yet."),
        ("/pool", "Write /pool"),
    ],
)
async def test_what_an_admin_types(alive: Incarnation, line: str, says: str) -> None:
    assert says in await types(alive, line)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/grant @ann", "amount is missing: it must be an amount {} Write /grant @ann AMOUNT"),
        ("/grant @ann 5 000", "amount “5 000” can't be used: it must be an amount such as $0.50, {} Write /grant @ann AMOUNT"),
        ("/grant @ann 1,50 thanks", "amount “1,50” can't be used: {} Write /grant @ann 1.50 thanks"),
        ("/grant @ann 1.000", "amount “1.000” can't be used: {} Write /grant @ann AMOUNT"),
        ("/grant @ann 5 a day", "amount “5 a day” can't be used: {} Write /grant @ann 5"),
        ("/grant @ann five", "amount “five” can't be used: it must be an amount such as $0.50, {} Write /grant @ann AMOUNT"),
        ("/revoke @ann all", "amount “all” can't be used: {} Write /revoke @ann AMOUNT"),
        ("/grant @ann 5 tausend", "I can't tell whether “tausend” belongs to the amount, {} write /grant @ann 5 for tausend"),
        ("/grant @ann 5 good centimes", "I can't tell whether “good centimes” belongs to {} write /grant @ann 5 for good centimes"),
        ("/grant @ann unlimited tausend", "amount “unlimited” can't be used: {} Write /grant @ann AMOUNT"),
        ("/grant @ann 5 euros", "amount “5 euros” can't be used: it must be an amount {} Write /grant @ann AMOUNT"),
        ("/grant @ann unlimited thanks", "amount “unlimited” can't be used: {} Write /grant @ann AMOUNT thanks"),
        ("/grant @ann for the song 5", "amount “for” can't be used: {} Write /grant @ann AMOUNT for the song 5"),
        (f"/grant @ann 5 for {'la' * 101}", "reason “for lala{} Write /grant @ann 5 REASON"),
        ("/grant @ann AMOUNT thanks", "amount “AMOUNT” can't be used: {} Write /grant @ann AMOUNT thanks"),
        ("/grant @ann @bob 0.5", "member “@ann @bob” can't be used: it must be one a line. Write /grant @ann 0.5, then /grant @bob 0.5"),
        ("/grant @ann and id:7 5 thanks", "member “@ann id:7” can't {} Write /grant @ann 5 thanks, then /grant id:7 5 thanks"),
        ("/grant @ann 5 each for @ann @bob", "member “@ann @bob” can't be used: {} Write /grant @ann AMOUNT, then /grant @bob AMOUNT"),
        ("/grant @ann $1 @bob helped too", "member “@ann @bob” can't {} without its @. Write /grant @ann $1, then /grant @bob $1"),
        ("/grant @ann 5 000 for @bob", "member “@ann @bob” can't {} Write /grant @ann AMOUNT, then /grant @bob AMOUNT"),
        ("/limits products speak", "products “speak” can't be used: {} Write /limits products speech"),
        ("/communities approve Band", "community “Band” can't be used: it must be a key, such as {} Write /communities approve COMMUNITY"),
        ("/pool Band 7", "community “Band” can't be used: it must be a key, such as {} Write /pool COMMUNITY 7"),
        ("/unblock @ann @bob", "member “@ann @bob” can't be used: {} Write /unblock @ann, then /unblock @bob"),
        ("/quota set @ann", "amount is missing: it must be an amount {} Write /quota set @ann AMOUNT PERIOD"),
        ("/quota set @ann 5", "period is missing: it must be day, week or month. Write /quota set @ann 5 PERIOD"),
        ("/quota set @ann 0.0000001 day", "amount “0.0000001” can't be used: {} Write /quota set @ann AMOUNT day"),
        ("/quota set id:7 0 week nothing for Ann", "amount “nothing for Ann” can't be used: it must be left out. Write /quota set id:7 0 week"),
        ("/quota default 1,5 week", "amount “1,5” can't be used: {} Write /quota default 1.5 week"),
        ("/quota set @ann 5 days", "amount “5 days” can't be used: it must be an amount such as $0.50, {} Write /quota set @ann AMOUNT PERIOD"),
        ("/quota default 2 weeks each", "amount “2 weeks each” can't be used: {} Write /quota default AMOUNT PERIOD"),
        ("/quota set @ann $5 days", "period “days” can't be used: it must be day, {} Write /quota set @ann $5 PERIOD"),
        ("/quota set @ann 1 year", "period “year” can't be used: it must be day, week or month. Write /quota set @ann 1 PERIOD"),
        ("/block @ann 2 fortnights", "time “2 fortnights” can't be used: it must be a time such as 30m, {} Write /block @ann TIME"),
        ("/block @ann 2h please", "time “please” can't be used: it must be left out. Write /block @ann 2h"),
        ("/limits cooldown soon", "cooldown “soon” can't be used: it must be seconds or a time, {} Write /limits cooldown VALUE"),
        ("/limits confirm 0.05 orders over $0.05", "amount “0.05 orders over $0.05” can't {} Write /limits confirm VALUE"),
        ("/limits text 1,000", "text “1,000” can't be used: {} Write /limits text 1000"),
        ("/limits flight few", "flight “few” can't be used: {} Write /limits flight VALUE"),
        ("/limits products foo", "products “foo” can't be used: it must be one or more of speech, {} Write /limits products VALUE"),
        ("/limits channels #a", "channels “#a” can't be used: it must be here, which means where this is written, or none. {} Write /limits channels here"),
        ("/pool telegram:-5000 -5", "amount “-5” can't be used: {} Write /pool telegram:-5000 AMOUNT"),
        ("/pool -5", "amount “-5” can't be used: {} Write /pool AMOUNT"),
        ("/pool test:band 20 for the band", "amount “for the band” can't be used: it must be left out. Write /pool test:band 20"),
    ],
)  # fmt: skip
async def test_a_refusal_names_the_mistake_and_the_line_to_type(alive: Incarnation, line: str, says: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        await types(alive, line, OWNER)
    said = refusals.refusal(refused.value)
    begins, _, ends = says.partition("{}")
    assert said.startswith(begins)
    assert said.endswith(ends)
    assert "Nobody has changed anything" in await types(alive, "/audit")


async def test_what_the_documents_say_to_type_is_accepted(alive: Incarnation) -> None:
    texts = [
        GENERATED.sub("", path.read_text()) for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    ]
    found = {span or line for text in texts for span, line in TO_TYPE.findall(text)}
    lines = sorted(found - {f"/{command.name}" for command in COMMANDS if " " in command.name})  # are only named
    assert len(lines) > 15
    for line in lines:
        command = parse.read(line)
        assert command is not None
        product = next((row for row in alive.service.catalog.products.values() if row.command == command.name), None)
        if product is None:
            assert not (await types(alive, f"/{command.name} {command.body}", OWNER)).startswith("Write"), line
        else:
            placed = orders.read(
                orders.Words(body=command.body), product.name, alive.service.catalog, BOSS,
                event_id="test:1", destination=Destination("test"),
            )  # fmt: skip
            assert product.validate(placed.parameters)
            assert not placed.readings


async def test_a_pool_needs_a_key_in_a_direct_chat(alive: Incarnation) -> None:
    alone = replace(OWNER, community=OWNER.member, direct=True)
    for line, right in (
        ("/pool 5", "/pool COMMUNITY 5"),
        ("/pool 5 000", "/pool COMMUNITY AMOUNT"),
        ("/pool", "/pool [community] AMOUNT"),
        ("/communities approve", "/communities approve COMMUNITY"),
        ("/pool COMMUNITY 5", "/pool COMMUNITY 5"),
    ):
        try:
            said = await types(alive, line, alone)
        except InvalidInput as error:
            said = refusals.refusal(error)
        assert said.endswith(f"Write {right}")
    with pytest.raises(NotPermitted) as refused:
        await types(alive, "/audit", alone)
    assert refused.value.needs is Need.GROUP
    for line in (f"/pool {OWNER.member} 5", f"/pool 5 {OWNER.member}"):
        assert await types(alive, line, alone) == "test:owner may now spend $5.00 a month in all."


async def test_a_number_that_nobody_was_seen_by_is_pointed_out(alive: Incarnation) -> None:
    warning = "\nNobody with the id 99 has ever been seen here: see whether the number is right."
    for _ in range(2):
        assert (await types(alive, "/grant id:99 5")).endswith(f"credit.{warning}")
    assert (await types(alive, "/block id:99")).endswith(warning)
    await alive.service.communities.remember(caller("99", name="Zoe"))
    assert await types(alive, "/revoke id:99 1") == "Zoe now has $9.00 credit."


async def test_what_is_unlimited_does_not_reset(alive: Incarnation) -> None:
    await types(alive, "/quota set @boss unlimited")
    assert await types(alive, "/quota show @boss") == "Boss: unlimited (own quota); $0.00 used, no limit."
    assert (await types(alive, "/balance")).splitlines()[1] == "Your allowance is unlimited, $0.00 used this month."


async def test_an_empty_balance_says_who_can_help(alive: Incarnation) -> None:
    alone = replace(OWNER, community=OWNER.member, direct=True)
    await types(alive, f"/pool {OWNER.member} 5", alone)
    *_, whose = (await types(alive, "/balance", alone)).splitlines()
    assert whose.startswith(
        "In a direct chat whoever runs this bot sets it:"
    )  # the pool has something left, for nobody
    await types(alive, "/quota default 0 day")
    said = await types(alive, "/balance")
    assert "Ask an admin of this community to raise it with /quota set." in said


async def test_what_was_there_is_taken_away_once(alive: Incarnation) -> None:
    for line in ("/block @ann", "/quota set @ann 1 day", "/quota default 1 day"):
        await types(alive, line)
    for line, once, twice in (
        ("/unblock @ann", "Ann's orders are taken again.", "Ann was not blocked."),
        ("/quota clear @ann", "Ann's own quota is cleared.", "Ann has no quota of their own."),
        ("/quota default clear", "The community's default is cleared.", "The community has no default of its own."),
    ):
        assert [await types(alive, line), await types(alive, line)] == [once, twice]


@pytest.mark.parametrize("line", ["/pool 5", "/pool test:band 5", "/communities", "/resume"])
async def test_an_admin_is_no_operator(alive: Incarnation, line: str) -> None:
    with pytest.raises(NotPermitted, match="operator"):
        await types(alive, line)


async def test_usage_and_audit_name_what_happened(alive: Incarnation) -> None:
    await types(alive, "/grant @ann 1 hello")
    await alive.service.order(order())
    await at_rest(alive)
    assert "This month: $0.0014 (speech $0.0014).\nAnn: $0.0014" in await types(alive, "/usage")
    assert "Boss gave credit to Ann (id ann): $0.00 → $1.00" in await types(alive, "/audit")
    assert "This month, Ann: $0.0014" in await types(alive, "/usage month @ann")
    answer = await typed.answer(Asked(service=alive.service, caller=BOSS), "usage", None, Named(None, None, ()))
    assert [file.name for file in answer.files] == ["usage.png", "usage.csv"]


async def test_an_approval_says_what_refuses_orders_all_the_same(alive: Incarnation) -> None:
    await types(alive, f"/pool {OWNER.community} 0", OWNER)
    said = await types(alive, f"/communities approve {OWNER.community}", OWNER)
    assert "But nothing is left of its pool" in said


async def test_an_owner_sees_communities_and_direct_chats_from_a_direct_chat(
    alive: Incarnation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alive.service, "_policy", replace(alive.service._policy, direct_quota=day(10_000)))
    alone = replace(OWNER, community=OWNER.member, direct=True)
    await alive.service.communities.heard(caller())
    for who in (alone, caller()):
        await alive.service.order(order(who))
    await at_rest(alive)
    lines = (await types(alive, "/communities", alone)).splitlines()
    assert f"{OWNER.member}: $0.0014 in a direct chat" in lines  # where no pool and no approval holds
    assert any(line.startswith(f"{OWNER.community}: $0.0014 of no pool") for line in lines)


async def test_a_price_is_asked_about_and_agreed_to_without_a_limit(alive: Incarnation) -> None:
    for line in ("/quota set @ann unlimited", "/limits confirm 0.001"):
        await types(alive, line)
    with pytest.raises(NeedsConfirmation) as asked:
        await alive.service.order(order())
    says = "This costs $0.0014; your allowance is unlimited. Shall I go ahead? You can say so until "
    assert refusals.refusal(asked.value).startswith(says)
    accepted = await alive.service.confirm(caller(), asked.value.offer_id)
    assert accepted.job.cost_micros == 1400


async def test_a_quota_beyond_the_pool_is_told_to_be(alive: Incarnation) -> None:
    assert "together" not in await types(alive, "/quota set @ann 1 day")
    await types(alive, "/pool test:band 0.50", OWNER)
    beyond = "All of this community together has $0.50 left this month, which whoever runs this bot sets."
    for line in ("/quota set @ann 1 day", "/quota default unlimited", "/quota default 0.51 month"):
        assert (await types(alive, line)).endswith(f".\n{beyond}"), line
    assert "together" not in await types(alive, "/quota set @ann 0.50 day")
    await types(alive, "/pool test:band 0.75", OWNER)
    assert (await types(alive, "/grant @ann 0.70")) == "Ann now has $0.70 credit."
    assert (await types(alive, "/grant @ann 0.70")).startswith(
        "Ann now has $1.40 credit.\nAll of this community together"
    )


async def test_what_all_communities_have_left_is_not_said_to_be_of_one(alive: Incarnation) -> None:
    alive.store._total_pool_micros = 400_000
    shared = "My budget for all communities has $0.40 left this month; whoever runs this bot sets it."
    assert (await types(alive, "/quota set @ann 1 day")).endswith(f".\n{shared}")
    await types(alive, "/pool test:band 0.50", OWNER)
    assert (await types(alive, "/quota set @ann 1 day")).endswith(f".\n{shared}")
    await types(alive, "/pool test:band 0.30", OWNER)
    assert "community together has $0.30 left" in await types(alive, "/quota set @ann 1 day")


async def test_what_was_given_is_said_also_while_the_pools_can_not_be_read(
    alive: Incarnation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or else it would be given once more."""

    async def away(*_: object) -> None:
        raise StoreAway("no route to the database")

    monkeypatch.setattr(SqlAdminStore, "standing", away)
    assert await types(alive, "/grant @ann 0.70") == "Ann now has $0.70 credit."


async def test_a_pool_beyond_that_of_all_is_told_to_be(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.policy = replace(rig.policy, owners=frozenset({OWNER.member}))
    async with rig.running() as alive:
        alive.store._total_pool_micros = 2_000_000
        await alive.service.communities.remember(caller())
        assert "together" not in await types(alive, "/pool test:band 2", OWNER)
        for amount in ("2.01", "unlimited"):
            said = await types(alive, f"/pool test:band {amount}", OWNER)
            assert said.endswith("\nAll communities together have $2.00 left this month: the setting TOTAL_POOL.")


async def test_a_voice_that_is_misspelt_in_a_limit_is_suggested(alive: Incarnation) -> None:
    with pytest.raises(InvalidInput) as caught:
        await types(alive, "/limits voice Arya")
    assert refusals.refusal(caught.value).endswith("the name of a voice, such as Aria. Write /limits voice Aria")
