"""Those who run the bot are told what only they can mend, and members hear that only where it is so."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import cast

import pytest

from bots.app.notifier import Notifier
from bots.platform import Button, Platform
from bots.text import order_replies
from bots.text.community_replies import Letter
from core.domain.communities import Approval, Communities
from core.domain.errors import DeliveryDelayed
from core.domain.troubles import Trouble, Troubles
from storage.admin_store import SqlAdminStore
from storage.notices import HOUR_MS, SqlNotices
from storage.sqlite import SqliteDriver
from storage.store import SqlStore
from tests.bots.discord.studio import Studio
from tests.bots.text.catalogues import german, use
from tests.clock import SetClock
from tests.makers import act
from tests.service import readiness, service
from tests.worlds.telegram import Chat, Fault, TelegramWorld

# --- the whole service ------------------------------------------------------------------------------------------------


async def test_an_empty_wallet_is_told_to_the_owner_once_and_that_it_is_over(
    world: TelegramWorld, studio: Studio, boss: Chat, tmp_path: Path
) -> None:
    bob = world.user("Bob")
    band, owner = world.group("Band", bob), f"telegram:{boss.id}"
    studio.refusal = 402
    async with service(world, studio, tmp_path, owners=(owner,)) as app:
        await band.says(bob, "/speak Hello")
        said = await band.wait_for(lambda chat: next((t for t in chat.texts if "credit" in t), None))
        assert said.startswith("The service is out of credit. Whoever runs this bot has been told.")
        assert [text.partition(":")[0] for text in boss.texts] == ["The gateway's wallet is empty"]
        now = await readiness(app)
        assert (now["code"], now["wrong"]["gateway"]) == (503, "the wallet is empty")
        assert now["troubles"] == ["wallet_empty"]
        assert 'troubadour_trouble{kind="wallet_empty"} 1' in now["metrics"]
        assert 'troubadour_calls_under_way{platform="telegram"} 0' in now["metrics"]
    async with service(world, studio, tmp_path, owners=(owner,)) as app:  # a restart tells nobody again
        await band.says(bob, "/speak Hello again")
        await band.wait_for(lambda chat: [t for t in chat.texts if "has been told" in t][1:])
        studio.refusal = None
        app.health.breaker.succeed()
        await band.says(bob, "/speak And now")
        await band.wait_for(lambda chat: chat.audios)
        await boss.wait_for(lambda chat: chat.texts[1:])
        assert boss.texts[1] == "All is well again: The gateway takes orders again."
        assert len(boss.texts) == 2


@pytest.mark.parametrize("owned", [False, True])
async def test_nobody_is_said_to_have_been_told_who_was_not(
    world: TelegramWorld, studio: Studio, boss: Chat, tmp_path: Path, owned: bool
) -> None:
    bob = world.user("Bob")
    band = world.group("Band", bob)
    studio.refusal = 401
    if owned:
        world.fail("sendMessage", Fault.blocked(), chat=boss, times=9)
    async with service(world, studio, tmp_path, owners=(f"telegram:{boss.id}",) if owned else ()):
        await band.says(bob, "/speak Hello")
        said = await band.wait_for(lambda chat: next((t for t in chat.texts if "let this bot in" in t), None))
        assert "Whoever runs this bot finds it in the log." in said
        await band.says(bob, "/speak Hello")
        said = await band.wait_for(lambda chat: next((t for t in chat.texts if "right now" in t), None))
        assert said.endswith("Whoever runs this bot finds it in the log.")
    assert boss.texts == []


async def test_a_month_that_is_spent_is_told_to_the_owner(
    world: TelegramWorld, studio: Studio, boss: Chat, tmp_path: Path
) -> None:
    bob = world.user("Bob")
    band = world.group("Band", bob)
    async with service(world, studio, tmp_path, owners=(f"telegram:{boss.id}",), total_pool="0.0007") as app:
        await band.says(bob, "/speak Hello everyone")
        said = await band.wait_for(lambda chat: next(iter(chat.texts), None))
        assert said.startswith("This costs $0.0014, which is more than I may spend here this month")
        told = await boss.wait_for(lambda chat: next(iter(chat.texts), None))
        assert told.startswith("TOTAL_POOL is spent for this month")
        now = await readiness(app)
        assert now["troubles"] == ["total_pool_spent"]
        assert "troubadour_total_pool_left_dollars 0.0007" in now["metrics"]


async def test_an_order_says_why_it_waits(world: TelegramWorld, studio: Studio, tmp_path: Path) -> None:
    ann = world.user("Ann")
    band = world.group("Band", ann)
    with socket.socket() as nobody:  # bound, and nobody listens
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        async with service(world, studio, tmp_path, gateway_url=url):
            await band.says(ann, "/speak Hello")
            waits = "The audio service can't be reached, trying again"
            await band.wait_for(
                lambda chat: (
                    f"{waits}: 5 characters, $0.0005. Usually about 15 s from its beginning.\n“Hello”" in chat.texts
                )
            )
            await band.says(ann, "/speak Hello again")  # while it is known already
            await band.wait_for(lambda chat: len(chat.texts) > 1)
            assert band.texts[1].startswith(waits)


GONE = "The gateway does not know the model for music: set MUSIC_ENDPOINT to what the vendor calls it now."

# --- the notifier -----------------------------------------------------------------------------------------------------


class Post:
    """Where owners are written to."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, str, tuple[Button, ...]]] = []
        self.open = True

    async def write_to(self, member: str, text: str, buttons: Sequence[Button] = ()) -> None:
        if not self.open:
            raise DeliveryDelayed("closed", retry_after_s=1)
        self.letters.append((member, text, tuple(buttons)))


class Desk:
    """A notifier that looks when it is told to."""

    def __init__(self, driver: SqliteDriver) -> None:
        self.clock, self.post, self.seconds = SetClock(), Post(), 0.0
        self.store = SqlStore(driver, self.clock, communities=Communities.ASK)
        self.troubles = Troubles(lambda: self.seconds)
        self.driver = driver
        self.notifier = self.new()

    def new(self) -> Notifier:
        return Notifier(
            self.troubles, SqlNotices(self.driver, self.clock), self.owners,
            {"post": cast("Platform", self.post)}, look=self.look, leads=True,
            newcomers=self.store,
        )  # fmt: skip

    async def owners(self) -> dict[str, str]:
        return {"post:a": "", "post:b": "de-AT", "elsewhere:c": ""}

    async def look(self) -> None:
        """Nobody reports anything."""


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    driver = SqliteDriver(tmp_path / "books.db")
    store = SqlStore(driver, SetClock())
    await store.open()
    yield Desk(driver)
    await store.close()


async def test_every_owner_is_written_to_where_they_are_known_in_their_language(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, tmp_path / "po", german())
    button = Button("Approve", "c:1")

    def letter() -> Letter:
        return Letter(order_replies.characters(5), [button])

    assert await desk.notifier.write(letter)
    assert desk.post.letters == [("post:a", "5 characters", (button,)), ("post:b", "5 Zeichen", (button,))]
    desk.post.open = False
    assert not await desk.notifier.write(letter)


async def test_what_comes_and_goes_is_told_once_an_hour(desk: Desk) -> None:
    for _ in range(5):
        desk.troubles.begin(Trouble.KEY_REFUSED)
        await desk.notifier.turn()
        desk.troubles.end(Trouble.KEY_REFUSED)
        await desk.notifier.turn()
    assert len(desk.post.letters) == 4  # to two owners that it began, and that it is over
    desk.troubles.begin(Trouble.KEY_REFUSED)
    await desk.notifier.turn()
    assert not desk.troubles.told(Trouble.KEY_REFUSED)  # this time they have not been
    desk.clock.forward(ms=HOUR_MS)
    await desk.new().turn()
    assert desk.troubles.told(Trouble.KEY_REFUSED)
    assert len(desk.post.letters) == 6


async def test_owners_who_could_not_be_written_to_are_told_when_they_can_be(desk: Desk) -> None:
    desk.post.open = False
    desk.troubles.begin(Trouble.CHAT_AWAY, "telegram")
    await desk.notifier.turn()
    desk.seconds = 60  # until then it may be no more than a hiccup
    await desk.notifier.turn()
    assert not desk.troubles.told(Trouble.CHAT_AWAY)
    desk.post.open = True
    await desk.new().turn()  # after a minute, or another process
    assert desk.troubles.told(Trouble.CHAT_AWAY)
    assert desk.post.letters[0][1] == "telegram is not connected: no orders come from there. I keep trying."


async def test_newcomers_are_named_once_and_once_an_hour_whichever_process_tells(desk: Desk) -> None:
    both = (desk.new(), desk.new())

    async def turns() -> list[str]:
        """Let both processes tell; return the communities of each message to the first owner."""
        desk.post.letters.clear()
        desk.troubles.begin(Trouble.COMMUNITIES_WAIT)
        await asyncio.gather(*(notifier.turn() for notifier in both))
        await desk.new().turn()  # after a restart
        mine = (buttons for to, _, buttons in desk.post.letters if to == "post:a")
        return [" ".join(b.data for b in buttons if b.data.startswith("admit")) for buttons in mine]

    await desk.store.see_community("post:1", "One")
    desk.post.open = False
    assert await turns() == []
    desk.post.open = True
    assert await turns() == ["admit:post:1"]
    desk.clock.forward(ms=HOUR_MS - 1)
    await desk.store.see_community("post:2", "Two")
    assert await turns() == []
    desk.clock.forward(ms=1)
    await desk.store.see_community("post:3", "Three")
    assert await turns() == ["admit:post:3 admit:post:2"]
    desk.clock.forward(ms=24 * HOUR_MS)
    assert await turns() == []


async def test_who_has_decided_about_all_is_told_of_the_next_at_once(desk: Desk) -> None:
    both = (desk.new(), desk.new())

    async def told_of_newcomers() -> list[str]:
        desk.post.letters.clear()
        desk.troubles.begin(Trouble.COMMUNITIES_WAIT)
        await asyncio.gather(*(notifier.turn() for notifier in both))
        return [buttons[0].data for to, _, buttons in desk.post.letters if to == "post:a" and buttons]

    async def decide(community: str) -> None:
        admin = SqlAdminStore(desk.driver, desk.clock, desk.store)
        await admin.decide_community(act(f"about {community}"), community, Approval.DECLINED)

    await desk.store.see_community("post:1", "One")
    assert await told_of_newcomers() == ["admit:post:1"]
    await desk.store.see_community("post:2", "Two")
    assert await told_of_newcomers() == []
    await decide("post:1")
    assert await told_of_newcomers() == ["admit:post:2"]
    await decide("post:2")
    desk.troubles.end(Trouble.COMMUNITIES_WAIT)
    for _ in range(2):  # in the first it may still have to learn of what the other one told
        await both[0].turn()
    assert desk.post.letters[-1][1].startswith("All is well again")
    await desk.store.see_community("post:3", "Three")
    assert await told_of_newcomers() == ["admit:post:3"]


async def test_a_database_that_is_out_is_told_of_all_the_same(desk: Desk) -> None:
    await desk.driver.close()
    desk.troubles.begin(Trouble.STORE_AWAY)
    desk.seconds = 60
    for _ in range(3):
        await desk.notifier.turn()
    assert [to for to, _, _ in desk.post.letters] == ["post:a", "post:b"]
    assert desk.troubles.told(Trouble.STORE_AWAY)
    await desk.driver.open()
    desk.troubles.end(Trouble.STORE_AWAY)
    await desk.notifier.turn()
    assert desk.post.letters[-1][1] == "All is well again: The database answers again."
    assert not desk.troubles.told(Trouble.STORE_AWAY)


async def test_a_trouble_is_one_error_in_the_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for _ in range(3):
        desk.troubles.begin(Trouble.MODEL_GONE, "music", "no such model")
        await desk.notifier.turn()
    desk.troubles.end(Trouble.MODEL_GONE, "music")
    await desk.notifier.turn()
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        (
            "ERROR",
            f"{GONE} (no such model)",
        ),
        ("INFO", "All is well again: The gateway knows the model for music again."),
    ]
