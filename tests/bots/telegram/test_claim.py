"""Whoever writes the code from the terminal in a direct chat owns the bot."""

from tests.bots.telegram.rig import Rig
from tests.bots.telegram.talk import answer
from tests.worlds.telegram import Chat, TelegramWorld, User


async def test_the_owner_may_set_pools_and_still_may_after_a_restart(
    world: TelegramWorld, rig: Rig, band: Chat, alice: User, bob: User
) -> None:
    async with rig.bot() as bot:
        code = await bot.service.operators.issue_code()
        assert code
        own = world.private(bob)
        assert "Only whoever runs" in await answer(band, bob, "/pool 5")
        assert await answer(own, bob, "/claim") == "Write /claim and the code that I wrote to my terminal, to me alone."
        for stands_for_it in ("code", "CODE", "<code>", "[code]", "code"):  # five tries would void it
            assert "the code that I wrote" in await answer(own, bob, f"/claim {stands_for_it}")
        assert "not the code" in await answer(own, bob, "/claim wrong")
        assert "You run this bot now" in await answer(own, bob, f"/claim {code.upper()}")
        assert "$5.00" in await answer(band, bob, "/pool 5")
        assert "already" in await answer(world.private(alice), alice, f"/claim {code}")
    async with rig.bot():
        assert "$6.00" in await answer(band, bob, "/pool 6")


async def test_a_code_written_in_a_group_is_void(world: TelegramWorld, rig: Rig, band: Chat, bob: User) -> None:
    async with rig.bot() as bot:
        code = await bot.service.operators.issue_code()
        assert code
        assert "write it to me in a direct chat" in await answer(band, bob, "/claim wrong")
        assert "void now" in await answer(band, bob, f"/claim {code}")
        assert "not the code" in await answer(world.private(bob), bob, f"/claim {code}")
