"""What the operator sees in the console, and nobody else; Carol is one."""

from bots.web.console.layout import OPERATORS_TABS
from tests import tokens
from tests.bots.telegram.talk import answer
from tests.bots.web.console.house import House


async def test_nobody_else_finds_it(house: House) -> None:
    alice = await house.visit(house.alice)
    assert "/operator" not in alice.seen.text
    for tab in OPERATORS_TABS:
        assert (await alice.open(tab.path)).status == 404
    (form,) = [form for form in (await alice.open("/")).page.forms if form.action == "/out"]
    for command in ("resume", "pool", "communities"):
        assert (await alice.send("/operator/do", {"command": command, "amount": "5"}, form=form)).status == 404


async def test_communities_are_approved_left_and_given_pools(house: House) -> None:
    await house.band.says(house.bob, "/speak Aria Hello everyone")
    await house.band.wait_for(lambda chat: chat.audios)
    carol = await house.visit(house.carol)
    key = f"telegram:{house.band.id}"
    assert key in (await carol.open("/operator/communities")).words
    assert key in (await carol.open("/operator/communities?like=BAND")).words
    assert key not in (await carol.open("/operator/communities?like=nowhere")).words
    await carol.open("/operator/communities")
    pool = next(form for form in carol.seen.page.forms if form.fields.get("command") == "pool")
    leave = next(form for form in carol.seen.page.forms if form.fields.get("decision") == "decline")
    seen = await carol.send("/operator/do", {"amount": "0"}, form=pool)
    assert f"{key} may now spend $0.00 a month in all." in seen.words
    said = await answer(house.band, house.bob, "/speak Aria Hello everyone once more")
    assert "more than I may spend here this month" in said
    left = await carol.send("/operator/do", form=leave)
    assert "and have left it" in left.words
    assert house.world.calls_to("leaveChat")
    again = await carol.send("/operator/do", form=leave)
    assert again.status == 409


async def test_orders_money_health_and_settings(house: House) -> None:
    await house.band.says(house.bob, "/speak Aria Hello everyone")
    await house.band.wait_for(lambda chat: chat.audios)
    carol = await house.visit(house.carol)
    seen = await carol.open("/operator")
    assert (seen.status, "All is well." in seen.words, "$0.0014 $0.0014 $0.00" in seen.words) == (200, True, True)
    tried = await carol.send("/operator/do")
    assert "orders go to the gateway as they come" in tried.words
    jobs = await carol.open("/operator/jobs")
    assert (jobs.status, "Hello" in jobs.text) == (200, False)
    settings = (await carol.open("/operator/settings")).text
    assert "CONSOLE_URL" in settings
    for secret in (tokens.TELEGRAM, "a-gateway-key"):
        assert secret not in settings
