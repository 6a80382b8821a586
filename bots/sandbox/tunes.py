"""Plan a tune from its prompt: known words set its properties, and a hash of the prompt picks the rest."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from bots.sandbox.faults import unmarked

MAJOR = (0, 2, 4, 5, 7, 9, 11)
MINOR = (0, 2, 3, 5, 7, 8, 10)
DORIAN = (0, 2, 3, 5, 7, 9, 10)

PROGRESSIONS = ((0, 4, 5, 3), (0, 5, 3, 4), (5, 3, 0, 4), (0, 3, 0, 4), (1, 4, 0, 5))
"""Chords for four bars each, as degrees of the scale."""

DURATION_CAP_S = 60.0
HINT = re.compile(r"(\d{1,4}(?:\.\d{1,2})?)[\s-]*(seconds?|secs?|s|minutes?|mins?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tune:
    """The plan of a tune. `partials` are the lead's harmonics; `swing` delays every second eighth."""

    seed: int
    beats_per_minute: float
    root: int
    """A MIDI note number."""
    scale: tuple[int, ...]
    progression: tuple[int, ...]
    partials: tuple[float, ...] = (1.0, 0.35, 0.2, 0.08)
    ring_s: float = 0.45
    """The decay time of a note, to 1/e."""
    swing: float = 0.0
    drums: float = 0.6
    density: float = 0.7
    """The share of eighths that the lead plays."""
    rain: float = 0.0
    duration_s: float


WORDS: Mapping[str, Mapping[str, object]] = {
    "lofi": {"beats_per_minute": 76.0, "swing": 0.14, "density": 0.5, "partials": (1.0, 0.5, 0.05), "drums": 0.5},
    "chill": {"beats_per_minute": 82.0, "density": 0.5, "drums": 0.4},
    "rain": {"rain": 0.05, "density": 0.45},
    "ocean": {"rain": 0.06},
    "forest": {"rain": 0.02, "partials": (1.0, 0.1, 0.04)},
    "jazz": {"scale": DORIAN, "swing": 0.3, "progression": (1, 4, 0, 5), "partials": (1.0, 0.3, 0.3, 0.15)},
    "blues": {"scale": DORIAN, "swing": 0.3, "progression": (0, 3, 0, 4)},
    "sad": {"scale": MINOR, "beats_per_minute": 66.0, "drums": 0.0, "density": 0.45},
    "dark": {"scale": MINOR, "root": 45},
    "mysterious": {"scale": MINOR, "root": 48},
    "happy": {"scale": MAJOR, "beats_per_minute": 126.0, "density": 0.8},
    "calm": {"beats_per_minute": 62.0, "drums": 0.0, "ring_s": 0.9, "density": 0.4},
    "ambient": {"beats_per_minute": 58.0, "drums": 0.0, "ring_s": 1.2, "density": 0.35},
    "piano": {"partials": (1.0, 0.5, 0.3, 0.2, 0.1), "ring_s": 0.7},
    "guitar": {"partials": (1.0, 0.7, 0.4, 0.3, 0.2), "ring_s": 0.4},
    "flute": {"partials": (1.0, 0.12, 0.05), "ring_s": 0.8},
    "woodwinds": {"partials": (1.0, 0.12, 0.3, 0.04), "ring_s": 0.7},
    "violin": {"partials": (1.0, 0.6, 0.5, 0.35, 0.25), "ring_s": 1.0},
    "synth": {"partials": (1.0, 0.0, 0.33, 0.0, 0.2, 0.0, 0.14), "ring_s": 0.3},
    "chiptune": {"partials": (1.0, 0.0, 0.33, 0.0, 0.2, 0.0, 0.14), "ring_s": 0.15, "beats_per_minute": 140.0},
    "rock": {"drums": 1.0, "beats_per_minute": 124.0, "partials": (1.0, 0.8, 0.6, 0.4, 0.3)},
    "percussion": {"drums": 1.0, "density": 0.8},
    "slow": {"beats_per_minute": 64.0},
    "fast": {"beats_per_minute": 152.0, "density": 0.9},
}
"""Word -> the properties that it sets; later rows override earlier ones."""


def plan(prompt: str, *, respect_durations: bool) -> Tune:
    """Plan the tune of a prompt; the same prompt always gives the same tune."""
    heard = unmarked(prompt).casefold().replace("lo-fi", "lofi")
    digest = sha256(heard.encode()).digest()
    tune = Tune(
        seed=int.from_bytes(digest[:8], "big"),
        beats_per_minute=88.0 + digest[8] % 40,
        root=50 + digest[9] % 12,
        scale=(MAJOR, MINOR, DORIAN)[digest[10] % 3],
        progression=PROGRESSIONS[digest[11] % len(PROGRESSIONS)],
        duration_s=hinted_s(heard) if respect_durations and hinted_s(heard) else 6.0 + digest[12] % 5,
    )
    for word, change in WORDS.items():
        if word in heard:
            tune = replace(tune, **change)  # type: ignore[arg-type]  # the table's keys are the fields
    return tune


def hinted_s(prompt: str) -> float:
    """Return the sum of the durations in a prompt ("30-second intro"), in seconds, capped; 0 if there are none."""
    total = sum(float(number) * (60 if unit[0] in "mM" else 1) for number, unit in HINT.findall(prompt))
    return min(total, DURATION_CAP_S)
