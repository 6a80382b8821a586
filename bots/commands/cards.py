"""What presses on the buttons under audio lead to, the same on every platform."""

from collections.abc import Mapping

from bots.commands import actions, buttons
from bots.commands.command import Answer, Asked, Press, Pressed
from bots.platform import ButtonKind
from bots.text import order_replies, replies
from bots.text.locale import _
from bots.text.wording import money
from core.domain.refusals import Missing


async def other_voices(asked: Asked, about: str) -> Pressed:
    """Offer an order in a few more voices than its card does, with the price."""
    service, caller = asked.service, asked.caller
    job = await service.ordered_here(caller, buttons.id_in(about, Missing.JOB))
    voices = await service.likely_voices.beside(job, caller.member)
    text = _(replies.WHICH_VOICE, cost=money(job.cost_micros))
    return Pressed(choice=Answer(text, buttons=buttons.more_voices(job, voices)))


async def details(asked: Asked, about: str) -> Pressed:
    """Tell the order's member alone what to name when they ask about it."""
    job = await asked.service.own(asked.caller, buttons.id_in(about, Missing.JOB))
    return Pressed(said=Answer(order_replies.details(job), private=True))


async def left(asked: Asked, _about: str) -> Pressed:
    """Tell whoever pressed what they may spend, and what they were charged and granted."""
    return Pressed(said=Answer(await actions.left(asked.service, asked.caller), private=True))


PRESSES: Mapping[str, Press] = {
    ButtonKind.VOICES: other_voices,
    ButtonKind.DETAILS: details,
    ButtonKind.LEFT: left,
}
