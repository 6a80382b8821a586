"""/help: what I can do here, on a phone, and what I have left told to me alone."""

from dataclasses import replace

import pytest

from tests.bots.telegram.rig import Bot
from tests.bots.telegram.talk import answer, pressed
from tests.makers import day
from tests.worlds.telegram import Chat, TelegramWorld, User

NAMED = "In a group I may see only commands that name me: /speak@troubadour_bot Hello everyone"
EXAMPLES = "Such as:\n/speak Aria Hello everyone\n/music lo-fi rain beat\n/voices deep male"


@pytest.mark.usefixtures("bot")
async def test_it_fits_a_phone_and_says_only_what_i_may_do_here(
    world: TelegramWorld, band: Chat, alice: User, bob: User
) -> None:
    own = world.private(bob)
    alone = await answer(own, bob, "/help")
    assert alone.startswith(f"You have $0.01 left today.\n\n{EXAMPLES}\n\nAlso: /form /voices /voice ")
    assert alone.endswith("\n\n/help speak explains one of them, with its settings.")
    assert len(alone.splitlines()) <= 12
    told = await band.reply_to(await band.says(bob, "/help"))
    assert told.text.startswith(EXAMPLES)
    assert told.text.endswith(NAMED)
    assert "For admins" not in told.text
    assert (await pressed(world, bob, told, "What I have left"))["text"].startswith("You have $0.01 left today.")
    assert "\nFor admins: /quota /why /grant /revoke /block /unblock /limits /usage /audit\n" in await answer(
        band, alice, "/help"
    )


async def test_limits_are_kept_in_mind(
    world: TelegramWorld, band: Chat, alice: User, bob: User, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    await answer(band, alice, "/limits products speech")
    few = await answer(band, bob, "/help")
    assert few.startswith(
        "Such as:\n/speak Aria Hello everyone\n/voices deep male\n/speak speed=1.2 [whispers] Come closer\n"
    )
    assert "/music" not in few
    own = world.private(bob)
    monkeypatch.setattr(bot.service, "_policy", replace(bot.service._policy, direct_quota=day(0)))
    assert (await answer(own, bob, "/help")).startswith(
        "Here you have nothing to spend. Add me to a group, and there write /speak Aria Hello everyone\n\nAlso: "
    )
