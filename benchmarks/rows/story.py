"""A story of 20,000 characters beside its longest part alone, both ordered by command, with eight places for a member.

The gateway takes and makes a thousandth of a second for each character, so that 3,000 characters take 3 s and are 3 s
of speech: a tenth of what is usual, which makes what the service adds weigh more. The story is a document of eight
parts, which the service joins to one file.
"""

from benchmarks.harness import Aim, Benchmark, Figures, Row, Side, Watch
from benchmarks.peers import peer
from benchmarks.rows.deliveries import serving

PACE = {"run_s": 0.001, "audio_s": 0.001}
STORY, PART, PLACES = 20_000, 2_990, 8
SENTENCE = "It rained all night, and nobody in the hall had slept. "


def _side(characters: int, quick: int) -> Side:
    return Side(run="benchmarks.rows.story:order", options={"characters": characters}, quick={"characters": quick})


BENCHMARK = Benchmark(
    name="story",
    sides={"story": _side(STORY, 4_500), "longest part": _side(PART, 1_000)},
    rows=[
        Row(
            what="a story of 20,000 characters",
            side="story",
            baseline="longest part",
            figure="seconds",
            unit="s",
            aim=Aim(2),
        )
    ],
)


async def order(*, folder: str, shared: str, characters: int) -> Figures:  # noqa: ARG001
    """Order a text, after a short one that loads the codecs."""
    text = (SENTENCE * (characters // len(SENTENCE) + 1))[:characters].strip()
    async with peer() as outside, serving(folder, outside, JOBS_PER_MEMBER=str(PLACES)):
        await outside.order([SENTENCE])
        await outside.pace(**PACE)
        with Watch() as watch:
            (seconds,) = await outside.order([text], "from_order_s")
        return {**watch.figures(1), "seconds": seconds}
