"""`/why`: what keeps a member from ordering, told to the admin who asks alone."""

import pytest

from tests.bots.telegram.rig import Bot
from tests.bots.telegram.talk import ADMINS_ONLY, answer
from tests.worlds.telegram import Chat, TelegramWorld, User

pytestmark = pytest.mark.usefixtures("bot")


async def why(band: Chat, alice: User) -> list[str]:
    """Return what is told in the admin's own chat."""
    own = band.world.private(alice)
    before = len(own.sent)
    assert await answer(band, alice, "/why @bob") == "I have sent it to you alone, in our own chat."
    return (await own.wait_for(lambda chat: chat.sent[before:] or None))[0].text.splitlines()


async def test_nothing_keeps_a_member_and_then_this_does(band: Chat, alice: User, bob: User) -> None:
    await band.says(bob, "hello")
    assert (await why(band, alice))[0].startswith(
        "Nothing keeps Bob from using /speak and /music here, with up to 100 "
    )
    for command, said in (
        ("/block @bob", "Bob can't use /speak and /music here: an admin has blocked them. /unblock takes"),
        ("/unblock @bob", "Nothing keeps Bob from using /speak and /music here"),
        ("/quota set @bob 0 day", "Bob can't use /speak and /music here: they have no allowance. /quota set or"),
        ("/quota clear @bob", "Nothing keeps Bob from using /speak and /music here"),
        ("/limits products music", "Bob can't use /speak here: this community allows music only. /limits products"),
    ):
        await answer(band, alice, command)
        assert (await why(band, alice))[0].startswith(said)


async def test_what_the_bot_may_not_post_keeps_everybody(
    band: Chat, alice: User, bob: User, world: TelegramWorld, bot: Bot
) -> None:
    await band.says(bob, "hello")
    rights = {"can_send_voice_notes": False, "can_send_audios": False, "can_send_documents": False}
    await band.changes(alice, "restricted", **rights)
    first, second, *_ = await why(band, alice)
    assert first.startswith("Nobody can order here now: ")
    assert "Send Voice Messages" in first
    assert second.startswith("Nothing else keeps Bob from using /speak and /music here")


async def test_whoever_is_not_seen_or_may_not_ask(band: Chat, alice: User, bob: User) -> None:
    assert "I have not seen @\u2060nobody here yet." in await answer(band, alice, "/why @nobody")
    assert await answer(band, bob, "/why @alice") == ADMINS_ONLY
