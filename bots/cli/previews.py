"""`troubadour previews`: which voices can be heard before they are ordered; and make what is missing, at a price."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from core.domain.errors import ConfigurationError
from core.domain.money import show
from core.domain.previews import WORDS, Preview, PreviewState, Wanted, WhyNot
from core.engine.previews import Previews

BUSY = "The service is running, and a file of SQLite has one user at a time: stop it first."
AT_ONCE = 4
_WHY = {
    WhyNot.NO_BUDGET: "missing, and PREVIEW_BUDGET is not set",
    WhyNot.SPENT: "missing, and too little is left of PREVIEW_BUDGET or TOTAL_POOL this month",
    WhyNot.TRIED: "missing; it was tried within the last day",
    WhyNot.AWAY: "missing, and the gateway can't make it now",
}

Found = Preview | Wanted | WhyNot
Pair = tuple[str, str]
"""A voice and a language."""


async def previews(
    made: Previews, voices: Sequence[str], languages: Sequence[str], say: Callable[[str], None], *, make: bool
) -> int:
    """Say which previews there are and what the others cost, and make them; return 1 where some are missing still."""
    if unknown := [language for language in languages if language not in WORDS]:
        raise ConfigurationError(f"{', '.join(unknown)}: there are previews in {' '.join(WORDS)}.")
    found = {(voice, language): await made.of(voice, language) for language in languages for voice in voices}
    missing = [pair for pair, each in found.items() if not isinstance(each, Preview)]
    for pair, each in found.items():
        if not (make and pair in missing):
            say(_line(pair, each))
    say(_sum(made, found, missing, await made.left()))
    if make:
        missing = await _make(made, missing, say)
    return 1 if missing else 0


async def _make(made: Previews, missing: Sequence[Pair], say: Callable[[str], None]) -> list[Pair]:
    """Make one after the other, a few at once; return what is missing still."""
    waiting, lacking = list(reversed(missing)), []

    async def work() -> None:
        while waiting:
            pair = waiting.pop()
            each = await made.make(*pair)
            say(_line(pair, each))
            if isinstance(each, WhyNot) or each.state is not PreviewState.KEPT:
                lacking.append(pair)
            if each is WhyNot.AWAY:  # the others would fare no better
                lacking.extend(waiting)
                waiting.clear()

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    return lacking


def _line(pair: Pair, found: Found) -> str:
    match found:
        case Preview(artifact=artifact) if artifact:
            told = f"kept in {Path(artifact.path)}"
        case Preview():
            told = f"failed: {found.reason}"
        case Wanted():
            told = f"missing: {show(found.cost_micros)}" if found.cost_micros else "paid for, and yet to be fetched"
        case _:
            told = _WHY[found]
    return f"{', '.join(pair)}: {told}"


def _sum(made: Previews, found: dict[Pair, Found], missing: Sequence[Pair], left_micros: int | None) -> str:
    if not missing:
        return f"All {len(found)} are kept."
    costs = [0 if found[pair] == Wanted(voice=pair[0], language=pair[1], cost_micros=0) else made.cost_micros(*pair)
             for pair in missing]  # fmt: skip
    left = "PREVIEW_BUDGET is not set." if left_micros is None else f"{show(left_micros)} may be spent this month."
    return f"{len(missing)} of {len(found)} are missing, and cost {show(sum(costs))} at most. {left}"
