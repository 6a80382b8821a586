"""What admins change in the console: by the same calls, the same audit and the same refusals as in the chat."""

import asyncio

from tests.bots.telegram.talk import answer, pressed
from tests.bots.web.console.browsing import Browser
from tests.bots.web.console.house import House, here, seen_by_all


async def at_members(house: House) -> Browser:
    await seen_by_all(house)
    alice = await house.visit(house.alice)
    seen = await alice.open(here(house, "members"))
    assert (seen.status, "Bob @bob" in seen.words) == (200, True)
    return alice


async def test_a_quota_set_in_place_holds_in_the_chat_and_is_in_its_audit(house: House) -> None:
    alice = await at_members(house)
    forms = [form for form in alice.seen.page.forms if form.fields.get("member") == f"telegram:{house.bob.id}"]
    set_it = await alice.send(here(house, "do"), form=forms[0], amount="0.001", period="day")
    assert (set_it.status, set_it.path) == (200, here(house, "members"))
    assert "Bob may now spend: $0.001 a day." in set_it.words
    said = await answer(house.band, house.bob, "/speak Aria Hello everyone, this is long enough")
    assert "which is more than you may spend here now" in said
    again = await alice.send(here(house, "do"), form=forms[0], amount="9", period="day")
    assert (again.status, "That was done before." in again.words) == (409, True)
    house.world.private(house.alice)
    assert "Alice set the quota of Bob" in (await alice.open(here(house, "audit"))).words
    assert "telegram" in (await alice.open(here(house, "audit.csv"))).text


async def test_all_that_chats_offer_about_a_member(house: House) -> None:
    alice = await at_members(house)
    page = here(house, f"members/telegram:{house.bob.id}")
    for command, typed, said in (
        ("grant", {"amount": "0.50", "reason": "well sung"}, "Bob now has $0.50 credit."),
        ("revoke", {"amount": "9"}, "That is not possible with a balance of $0.50."),
        ("quota clear", {}, "Bob has no quota of their own."),
        ("grant", {"amount": "lots"}, "“lots” can't be used"),
        ("block", {"time": "2h"}, "Bob's orders are refused until"),
        ("unblock", {}, "Bob's orders are taken again."),
    ):
        await alice.open(page)
        (form,) = [form for form in alice.seen.page.forms if form.fields.get("command") == command]
        seen = await alice.send(here(house, "do"), typed, form=form)
        assert said in seen.words, (command, seen.words)
    assert "Credit $0.50" in (await alice.open(page)).words


async def test_limits_words_and_defaults(house: House) -> None:
    alice = await at_members(house)
    for page, nth, typed, said in (
        ("limits", 2, {"value": "60"}, "cooldown: 60 seconds"),
        ("limits", 5, {"value": "George"}, "voice: George"),
        ("limits", 4, {"value": "speech"}, "products: speech"),
        ("quotas", 0, {"amount": "2", "period": "week"}, "may now spend: $2.00 a week"),
    ):
        await alice.open(here(house, page))
        seen = await alice.send(here(house, "do"), typed, nth=nth)
        assert said in seen.words, seen.words
    await alice.open(here(house, "words"))
    await alice.send(here(house, "words"), written="nginx", spoken="engine x")
    assert "nginx Said" in alice.seen.words or "engine x" in alice.seen.words
    removed = await alice.send(here(house, "words"))
    assert "engine x" not in removed.words
    assert "the bot's default" in (await alice.open(here(house, "limits"))).words


async def test_a_request_is_granted_once_by_two_admins_at_once_and_its_member_is_told(house: House) -> None:
    house.band.add(house.carol, "administrator")
    await seen_by_all(house)
    own = house.world.private(house.bob)
    refused = await house.band.reply_to(await house.band.says(house.bob, f"/speak {'Hello everyone. ' * 900}"))
    await pressed(house.world, house.bob, refused, "Ask an admin")
    alice, carol = await house.visit(house.alice), await house.visit(house.carol)
    for each in (alice, carol):
        assert "Bob" in (await each.open(here(house, "requests"))).words
    both = await asyncio.gather(*(each.send(here(house, "requests")) for each in (alice, carol)))
    assert sorted(seen.status for seen in both) == [200, 409]
    assert "was granted" in "".join(seen.words for seen in both)
    assert "Somebody has decided on that already." in "".join(seen.words for seen in both)
    await own.wait_for(lambda chat: [text for text in chat.texts if "was granted" in text])
    assert "Nobody waits" in (await alice.open(here(house, "requests"))).words


async def test_the_picture_and_the_table_of_what_was_spent(house: House) -> None:
    await house.band.says(house.bob, "/speak Aria Hello everyone")
    await house.band.wait_for(lambda chat: chat.audios and not any("Generating" in text for text in chat.texts))
    alice = await house.visit(house.alice)
    seen = await alice.open(here(house, "usage"))
    assert "Bob $0.0014" in seen.words
    assert "Hello" not in seen.text
    assert (await alice.open(here(house, "usage.png?period=month"))).text.startswith("\ufffdPNG")
    csv = await alice.open(here(house, "usage.csv?period=month"))
    assert "Bob,speech,0.0014" in csv.text
    assert (await alice.open(here(house, "usage?period=year"))).status == 404


async def test_a_former_admin_does_nothing_with_a_page_that_is_still_open(house: House) -> None:
    alice = await at_members(house)
    forms = [form for form in alice.seen.page.forms if form.fields.get("member") == f"telegram:{house.bob.id}"]
    house.band.add(house.alice, "member")
    refused = await alice.send(here(house, "do"), form=forms[0], amount="100")
    assert (refused.status, "Only admins of this community may do that." in refused.words) == (409, True)
    for page in ("members", "quotas", "limits", "requests", "words", "usage", "usage.csv", "audit", "audit.csv"):
        assert (await alice.open(here(house, page))).status == 403, page
    assert "Members" not in (await alice.open(here(house))).words
    house.band.add(house.alice, "administrator")
    assert "Alice tried /quota: not allowed" in (await alice.open(here(house, "audit"))).words


async def test_what_is_made_up_changes_nothing(house: House) -> None:
    alice = await at_members(house)
    (form,) = [form for form in alice.seen.page.forms if form.fields.get("member") == f"telegram:{house.bob.id}"]
    for typed, status in (
        ({"command": "pool", "amount": "5"}, 404),
        ({"command": "communities"}, 404),
        ({"command": "nothing"}, 404),
        ({"member": "telegram:424242"}, 409),
        ({"command": "quota role", "role": "telegram:role:1", "amount": "5", "period": "day"}, 409),
    ):
        assert (await alice.send(here(house, "do"), typed, form=form)).status == status, typed
    for elsewhere in ("//evil.example/x", "https://evil.example/x", "http://["):
        made_up = {"from": elsewhere, "act": elsewhere, "amount": "1", "period": "day"}
        assert (await alice.send(here(house, "do"), made_up, form=form)).path == "/"
    other = house.world.group("Other band", house.bob)
    assert (await alice.send(f"/c/telegram:{other.id}/do", form=form, amount="1")).status == 404
