"""What people do with the console, and what others try."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.bots.discord.studio import Studio
from tests.bots.telegram.talk import answer, pressed
from tests.bots.web.console.house import House, here, seen_by_all
from tests.proofs.browse.reader import Reader
from tests.worlds.telegram import User

Open = Callable[..., Awaitable[Reader]]
"""Opens a browser that nobody has used."""
STAYS = "window.stays === true"
"""Whether the page is the one that was marked: it was not read anew."""


async def _mark(reader: Reader) -> None:
    await reader.page.evaluate("window.stays = true")


async def _asks(house: House, user: User, text: str) -> None:
    """Let somebody be refused in the group, and ask for credit."""
    refused = await house.band.reply_to(await house.band.says(user, f"/speak Aria {text}"))
    assert "more than you may spend here now" in refused.text, refused.text
    await pressed(house.world, user, refused, "Ask an admin")


async def an_admin(browser: Open, house: House) -> None:
    """Set a quota in place and see it hold in the chat, decide on what comes, read, download and sign out."""
    alice = await browser()
    await alice.sign_in(await house.link(house.alice))
    await alice.at(here(house, "members"))
    await _mark(alice)
    await alice.set_quota("Bob", "a lot")
    await alice.says("amount “a lot” can't be used")
    await alice.looked_at()
    await alice.page.get_by_role("row").filter(has_text="Bob").get_by_label("Amount").fill("0.002")
    await alice.page.get_by_role("row").filter(has_text="Bob").get_by_role("button", name="Set").click()
    await alice.says("Bob may now spend: $0.002 a day.")
    assert await alice.page.evaluate(STAYS)
    held = "document.activeElement.closest('tr').id"
    assert await alice.page.evaluate(held) == f"member-telegram-{house.bob.id}", "the keyboard has lost its place"
    await alice.at(here(house, "requests"))
    await _mark(alice)
    await _asks(house, house.bob, "Hello everyone, again and again")
    await alice.says("Approve")
    await alice.press("Approve")
    await alice.says("Bob was granted")
    await alice.says("Nobody waits for a decision.")
    assert await alice.page.evaluate(STAYS)
    await house.ordered("Aria Hello everyone, again and again")
    await alice.at(here(house, "usage"))
    drawn = await alice.page.locator("img.chart").evaluate("image => image.decode().then(() => image.naturalWidth)")
    assert drawn > 0, "there is no picture"
    async with alice.page.expect_download() as saved:
        await alice.page.get_by_role("link", name="CSV").click()
    table = Path(await (await saved.value).path()).read_text("utf-8-sig")
    assert "Bob,speech," in table, table
    for end in ("", f"members/telegram:{house.bob.id}", "quotas", "limits", "words", "audit"):
        await alice.at(here(house, end))
    await alice.says("Alice set the quota of Bob")
    await alice.press("Sign out")
    await alice.says("You are not signed in")


async def a_member(browser: Open, house: House, studio: Studio) -> None:
    """See an order come, hear it, have it sent again, and sign out everywhere."""
    await answer(house.band, house.alice, "/quota clear @bob")
    bob = await browser()
    await bob.sign_in(await house.link(house.bob))
    await bob.at("/orders")
    await _mark(bob)
    played = await bob.page.locator("audio").first.evaluate(
        "async audio => { audio.muted = true; audio.loop = true; await audio.play(); return audio.duration }"
    )
    assert played > 0, "nothing can be heard"
    studio.ready.clear()
    await house.band.says(house.bob, "/speak George A tale")
    await bob.says("waits for the gateway")
    await bob.looked_at()
    studio.ready.set()
    await bob.says("A tale")
    assert await bob.page.evaluate("[...document.querySelectorAll('audio')].some(audio => !audio.paused)"), "it stopped"
    await bob.press("Send again")
    await bob.says("Sending it again.")
    assert await bob.page.evaluate(STAYS)
    await bob.at("/data")
    await bob.press("Sign out everywhere")
    await bob.says("You are not signed in")


async def an_operator(browser: Open, house: House, studio: Studio) -> None:
    """See what is under way as it comes and goes, and what else there is."""
    carol = await browser()
    await carol.sign_in(await house.link(house.carol))
    await carol.at("/operator/jobs")
    await carol.says("Nothing is under way.")
    studio.ready.clear()
    await house.band.says(house.bob, "/speak Aria Bye")
    await carol.says("waits for the gateway")
    await carol.looked_at()
    studio.ready.set()
    await carol.says("Nothing is under way.")
    for path in ("/operator", "/operator/communities", "/operator/settings"):
        await carol.at(path)


async def two_admins(browser: Open, house: House) -> None:
    """Decide at once: one of them does, and the other is told."""
    house.band.add(house.carol, "administrator")
    await seen_by_all(house)
    dave = house.world.user("Dave", "dave")
    house.band.add(dave)
    await answer(house.band, house.alice, "/quota default 0.001 day")
    await _asks(house, dave, "Once more, and this is dear")
    alice, carol = await browser(), await browser(java_script_enabled=False)  # whose page stays as it was
    for each, user in ((alice, house.alice), (carol, house.carol)):
        await each.page.goto(await house.link(user))
        await each.press("Sign in")
        await each.page.goto(f"{each.url}{here(house, 'requests')}")
    await alice.press("Decline")
    await alice.says("was declined")
    await carol.press("Approve")
    await carol.says("Somebody has decided on that already.")
    house.band.add(house.carol, "member")


async def a_former_admin(browser: Open, house: House) -> None:
    """Try to go on with a page that is still open."""
    alice = await browser()
    await alice.sign_in(await house.link(house.alice))
    await alice.at(here(house, "members"))
    house.band.add(house.alice, "member")
    await alice.set_quota("Bob", "100")
    await alice.says("Only admins of this community may do that.")
    await alice.at(here(house, "members"))
    await alice.says("Only admins of this community may do that.")
    house.band.add(house.alice, "administrator")
    await alice.at(here(house, "members"))
    await alice.page.evaluate("document.querySelectorAll('[name=token]').forEach(each => each.value = 'guess')")
    await alice.set_quota("Bob", "100")
    await alice.says("That form was not sent from the console, so nothing was done.")
    await alice.context.clear_cookies()
    await alice.press("Set")
    await alice.says("You are not signed in")


async def a_thief(browser: Open, house: House) -> None:
    """Use a link that was used, in another browser and in the same; a link that is only looked at is good still."""
    link = await house.link(house.bob)
    bob, thief = await browser(), await browser()
    await thief.page.goto(link)
    await thief.says("You will be signed in as Bob.")
    await bob.sign_in(link)
    await thief.press("Sign in")
    await thief.says("This link was used, or it has expired")
    for each in (thief, bob):
        await each.page.goto(link)
        await each.says("This link was used, or it has expired")
        await each.looked_at()
    await thief.at("/")
    await thief.says("You are not signed in")
    await bob.at("/")
    await bob.says("Our direct chat")


async def without_scripts(browser: Open, house: House) -> None:
    """Do the same as an admin and a member, page by page."""
    alice = await browser(java_script_enabled=False)
    await alice.page.goto(await house.link(house.alice))
    await alice.press("Sign in")
    await alice.page.goto(f"{alice.url}{here(house, 'members')}")
    await alice.set_quota("Bob", "0.5")
    await alice.says("Bob may now spend: $0.50 a day.")
    await alice.page.goto(f"{alice.url}/orders")
    await alice.says("There is nothing of yours to send again.")
    await alice.press("Sign out")
    await alice.says("You are not signed in")
