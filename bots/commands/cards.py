"""What presses on the buttons under audio lead to, the same on every platform."""

from collections.abc import Mapping

from bots.commands import buttons
from bots.commands.command import Answer, Asked, Press, Pressed
from bots.platform import ButtonKind
from bots.text import replies
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


PRESSES: Mapping[str, Press] = {ButtonKind.VOICES: other_voices}
