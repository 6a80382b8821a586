"""An order that is refused for want of credit is kept while the admins are asked for some."""

from bots.app.life import App
from core.domain.products import PRICE_MICROS, catalog
from tests.bots.discord.conftest import Running, Stage
from tests.bots.discord.studio import Studio
from tests.bots.discord.talk import button, posted, refused, say
from tests.worlds.discord import Message, Reply

ASK, ASK_AND_ORDER, ORDER = "Ask an admin", "Ask, then order it ($0.15)", "Order it now ($0.15)"
WAITS = "Your order is kept for 24 hours: when one of them approves, a button orders it."


async def asked(stage: Stage, label: str) -> Message:
    """Let Ana be refused and ask; return what the admins see."""
    said = await refused(stage, stage.ana, 1500)
    pressed = await stage.world.press(stage.ana, said, button(said, label))
    await pressed.wait_for(lambda _: "have been asked" in said.content)
    then = WAITS if label == ASK else "When one of them approves within 24 hours, your order goes by itself."
    assert said.content == f"The admins of this community have been asked. {then}"
    return stage.channel.posted[-1]


async def approved(stage: Stage, request: Message) -> tuple[Reply, Message]:
    pressed = await stage.world.press(stage.boss, request, button(request, "Approve"))
    await pressed.wait_for(lambda r: r.followups)
    [told] = pressed.followups
    assert told.content.startswith("Your request for $0.05 of credit was granted. ")
    assert told.allowed_mentions == {"parse": [], "users": [str(stage.ana.id)]}
    return pressed, told


async def whispered(reply: Reply) -> str:
    await reply.wait_for(lambda r: r.followups)
    return reply.followups[0].content


async def test_it_is_ordered_in_one_tap_once_also_after_restarts(
    stage: Stage, running: Running, studio: Studio
) -> None:
    async with running():
        request = await asked(stage, ASK)
    async with running():
        __, told = await approved(stage, request)
        assert "The order that you asked for costs $0.15 today." in told.content
        assert studio.orders == []
    async with running():
        data = button(told, ORDER)
        theirs = await stage.world.press(stage.bea, told, data)
        assert await whispered(theirs) == "That order belongs to somebody else."
        first = await stage.world.press(stage.ana, told, data)
        await first.audio()
        late = await stage.world.press(stage.ana, told, data)
        assert (await whispered(late)).startswith("That order is not kept any more: it is ordered already, ")
    assert studio.orders == [{"voice": "Aria", "text": "x" * 1500}]


async def test_it_goes_by_itself_if_its_member_chose_that(stage: Stage, running: Running, studio: Studio) -> None:
    async with running():
        request = await asked(stage, ASK_AND_ORDER)
    async with running():
        pressed, told = await approved(stage, request)
        assert "Your order is under way." in told.content
        assert told.buttons == []
        heard = await posted(stage, pressed)
        assert button(heard, "Details")
        assert "You have $0.00 left today" in (await say(stage, stage.ana, "/balance")).content
    assert len(studio.orders) == 1


async def test_it_does_not_go_by_itself_for_whoever_left(stage: Stage, app: App, studio: Studio) -> None:
    request = await asked(stage, ASK_AND_ORDER)
    stage.guild.members.remove(stage.ana)
    __, told = await approved(stage, request)
    assert "Your order did not go by itself, as I can't see that you are a member here." in told.content
    assert studio.orders == []
    stage.guild.members.append(stage.ana)
    await (await stage.world.press(stage.ana, told, button(told, ORDER))).audio()


async def test_it_does_not_go_by_itself_for_whoever_is_blocked(stage: Stage, app: App, studio: Studio) -> None:
    request = await asked(stage, ASK_AND_ORDER)
    await say(stage, stage.boss, "/block", member=stage.ana)
    __, told = await approved(stage, request)
    assert "did not go by itself. An admin of this community has blocked your orders." in told.content
    pressed = await stage.world.press(stage.ana, told, button(told, ORDER))
    assert "has blocked your orders" in await whispered(pressed)
    assert studio.orders == []


async def test_it_does_not_go_by_itself_for_more_than_was_said(stage: Stage, app: App, studio: Studio) -> None:
    request = await asked(stage, ASK_AND_ORDER)
    app.service.catalog = catalog(price_micros=2 * PRICE_MICROS)
    __, told = await approved(stage, request)
    assert "costs $0.30 now, more than before, so it did not go by itself." in told.content
    pressed = await stage.world.press(stage.ana, told, button(told, "Order it now ($0.30)"))
    assert "This costs $0.30, and you have $0.10 left today and $0.05 credit." in await whispered(pressed)
    assert studio.orders == []


async def test_a_decline_forgets_it(stage: Stage, app: App, studio: Studio) -> None:
    request = await asked(stage, ASK_AND_ORDER)
    pressed = await stage.world.press(stage.boss, request, button(request, "Decline"))
    assert "declined, so the order that was kept for it is forgotten" in await whispered(pressed)
    assert studio.orders == []
