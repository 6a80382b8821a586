"""The parts of an order, each one request to the gateway: what is sent, what it costs, and the pause after it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from core.domain.money import cost_of
from core.domain.parameters import Text
from core.domain.products import Product
from core.domain.seams import Seam
from core.domain.splitting import Stretch, split

SPEAKERS_MS = 300
"""Between two who speak; a generated speech brings little silence of its own."""
PARAGRAPHS_MS = 500


@dataclass(frozen=True, slots=True)
class Turn:
    """What one voice says in a dialogue before another does."""

    voice: str
    text: str


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

    Raises InvalidInput for the first parameter that is out of range, before anything is billed.
    """
    spoken = list(_spoken(product, turns or (Turn(product.speaker_of(parameters), product.text_of(parameters)),)))
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
    """Yield who says what: a prompt of music is one idea, and never split."""
    text = product.table[product.billed]
    for turn in turns:
        if product.speaker and isinstance(text, Text):
            yield from ((turn.voice, stretch) for stretch in split(product.billed, turn.text, text.limit))
        else:
            yield turn.voice, Stretch(turn.text, Seam.PARAGRAPH)


def _of(product: Product, voice: str) -> Mapping[str, str]:
    return {product.speaker: voice} if product.speaker else {}


def _pause_ms(one: tuple[str, Stretch], other: tuple[str, Stretch]) -> int:
    if one[0] != other[0]:
        return SPEAKERS_MS
    return PARAGRAPHS_MS if one[1].seam is Seam.PARAGRAPH else 0
