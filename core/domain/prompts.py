"""What is written into a prompt of music for what its member chose; in English, which the model was trained on most."""

from collections.abc import Callable, Mapping
from typing import Any

PRESETS: Mapping[str, str] = {
    "lofi": "lo-fi hip hop, mellow, vinyl crackle",
    "ambient": "ambient, slow pads, calm",
    "cinematic": "cinematic orchestra, sweeping strings",
    "epic": "epic trailer, drums, brass, choir",
    "piano": "solo piano, tender",
    "folk": "acoustic folk, guitar, fiddle",
    "jazz": "smoky jazz trio, brushed drums",
    "pop": "bright pop, catchy hook",
    "rock": "driving rock, electric guitars",
    "metal": "heavy metal, double bass drums",
    "techno": "techno, pulsing bass, 128 bpm",
    "synthwave": "synthwave, retro, analog synths",
    "chiptune": "8-bit chiptune, playful",
    "tavern": "medieval tavern, lute, flute, hand drum",
    "horror": "dark horror score, dissonant strings",
    "jingle": "short cheerful jingle",
}
"""Each is a few words, since they are billed like any others."""

WRITTEN: Mapping[str, Callable[[Any], str]] = {
    "preset": PRESETS.__getitem__,
    "length": "Length: {:g} seconds".format,
    "sections": "Sections: {}".format,
    "instrumental": lambda is_on: "Instrumental, no vocals" if is_on else "",
    "lyrics": "Lyrics:\n{}".format,
}
"""By the parameter, in the order of the prompt."""
TIMED = frozenset({"length", "sections"})
"""What is a time in the prompt, and so is to be kept to."""
KEEPS_TIMES = "respect_sections_durations"
