"""What presses on the buttons under audio lead to, the same on every platform."""

from collections.abc import Mapping, Sequence

from bots.commands import buttons
from bots.commands.command import Answer, Asked, Press, Pressed
from bots.platform import ButtonKind
from bots.text import replies
from bots.text.locale import _
from bots.text.wording import money
from core.domain.products import row_of
from core.domain.refusals import Missing

MOST_VOICES = 8


async def other_voices(asked: Asked, about: str) -> Pressed:
    """Offer an order in a few other voices, with the price."""
    job = await asked.service.ordered_here(asked.caller, buttons.id_in(about, Missing.JOB))
    names = await _others(asked, row_of(job.product).speaker_of(job.parameters))
    text = _(replies.WHICH_VOICE, cost=money(job.cost_micros))
    return Pressed(choice=Answer(text, buttons=buttons.of_voices(job, names[:MOST_VOICES])))


async def _others(asked: Asked, speaker: str) -> Sequence[str]:
    """Return the voices but one: those the caller likes, has used, of the same language, and the rest."""
    service, caller = asked.service, asked.caller
    cast = service.catalog.cast
    liked = await service.favourites.of(caller.member)
    used = [row_of(job.product).speaker_of(job.parameters) for job in await service.history(caller)]
    languages = set(cast.by_name[speaker].languages) if speaker in cast.by_name else set()
    near = [voice.name for voice in cast.voices if languages.intersection(voice.languages)]
    in_order = dict.fromkeys((*(name for name in cast.names if name in liked), *used, *near, *cast.names))
    return [name for name in in_order if name in cast.names and name != speaker]


PRESSES: Mapping[str, Press] = {ButtonKind.VOICES: other_voices}
