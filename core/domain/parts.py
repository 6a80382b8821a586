"""The parts of an order, each one request to the gateway: what is sent, what it costs, and the pause after it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from core.domain.allowed import Rule
from core.domain.allowed import allowed as says
from core.domain.models import Generation, Job
from core.domain.money import cost_of
from core.domain.orders import Turn
from core.domain.products import Product, row_of
from core.domain.refusals import InvalidInput
from core.domain.seams import Seam
from core.domain.shown import shown
from core.domain.splitting import Stretch, split

SPEAKERS_MS = 300
"""Between two who speak; a generated speech brings little silence of its own."""
PARAGRAPHS_MS = 500
HEADING = 60
"""Characters of a part that name its chapter."""
MOST_PARTS = 200
"""Three hours of prose; each part is a request, a row and a file, however short it is in a dialogue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One request of an order."""

    number: int
    """From 1, in the order in which they are heard."""
    parameters: Mapping[str, Any]
    characters: int
    cost_micros: int
    """Their sum is what all the characters cost together: no part is rounded by itself."""
    pause_ms: int
    """Silence between it and the next, beyond what the speech has."""


def parts_of(product: Product, parameters: Mapping[str, Any], turns: Sequence[Turn] = ()) -> tuple[Part, ...]:
    """Plan an order of parameters that share all but the voices and texts of a dialogue's turns, if it has such.

    Raises InvalidInput for the first parameter that is out of range and for too many parts, before anything is billed.
    """
    spoken = list(_spoken(product, turns or (Turn(product.speaker_of(parameters), product.text_of(parameters)),)))
    if len(spoken) > MOST_PARTS:
        excerpt = f"{spoken[0][1].text[:20]}…"
        raise InvalidInput(product.billed, excerpt, says(Rule.FEWER_PARTS, most=MOST_PARTS, has=len(spoken)))
    sent = [product.validate({**parameters, **_of(product, voice), product.billed: s.text}) for voice, s in spoken]
    characters = [product.characters(each) for each in sent]
    costs = [cost_of(so_far, product.price_micros) for so_far in accumulate(characters, initial=0)]
    pauses = [*(_pause_ms(one, other) for one, other in pairwise(spoken)), 0]
    return tuple(
        Part(number=n, parameters=each, characters=count, cost_micros=after - before, pause_ms=pause)
        for n, (each, count, (before, after), pause) in enumerate(
            zip(sent, characters, pairwise(costs), pauses, strict=True), start=1
        )
    )


def _spoken(product: Product, turns: Sequence[Turn]) -> Iterator[tuple[str, Stretch]]:
    """Yield who says what, in stretches that fit a request."""
    for turn in turns:
        if product.splits_at is None:
            yield turn.voice, Stretch(turn.text, Seam.PARAGRAPH)
        else:
            yield from ((turn.voice, stretch) for stretch in split(product.billed, turn.text, product.splits_at))


def _of(product: Product, voice: str) -> Mapping[str, str]:
    return {product.speaker: voice} if product.speaker else {}


def _pause_ms(one: tuple[str, Stretch], other: tuple[str, Stretch]) -> int:
    if one[0] != other[0]:
        return SPEAKERS_MS
    return PARAGRAPHS_MS if one[1].seam is Seam.PARAGRAPH else 0


def heading(job: Job, part: Generation) -> str:
    """Return what the chapter of a part is called: its first words, after who says them where several speak."""
    product = row_of(job.product)
    words = shown(product.text_of(part.parameters), HEADING)
    speakers = {product.speaker_of(each.parameters) for each in job.parts}
    return f"{product.speaker_of(part.parameters)}: {words}" if len(speakers) > 1 else words
