"""Telegram is asked who somebody is in a group, also where members are hidden."""

from tests.bots.telegram.rig import Bot
from tests.worlds.telegram import Chat, TelegramWorld, User


async def test_admins_are_admins_while_they_are(
    world: TelegramWorld, bot: Bot, band: Chat, alice: User, bob: User
) -> None:
    async def found(user: User) -> bool | None:
        said = await bot.telegram.attest(f"telegram:{band.id}", f"telegram:{user.id}")
        return said.caller.is_admin if said else None

    stranger = world.user("Mallory", "mallory")
    assert [await found(user) for user in (alice, bob, stranger)] == [True, False, None]
    said = await bot.telegram.attest(f"telegram:{band.id}", f"telegram:{alice.id}")
    assert said
    assert (said.caller.name, said.caller.handle, said.caller.member) == ("Alice", "alice", f"telegram:{alice.id}")
    band.hidden = True
    assert [await found(user) for user in (alice, bob)] == [True, False]
    band.add(alice, "member")
    band.hidden = False
    assert await found(alice) is False
