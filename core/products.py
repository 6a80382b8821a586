"""The product table: endpoint, parameters and their ranges, price and limits, as the gateway documents them."""

import math
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.errors import InvalidInput
from core.money import cost_of

PRICE_MICROS = 100_000
"""Per 1,000 characters, both products (gateway documentation, "Pricing": $0.1 per 1000 characters)."""

# The vendor's 20 default voices, then the four more that the gateway's documentation names.
VOICES = tuple(
    (
        "Aria Roger Sarah Laura Charlie George Callum River Liam Charlotte Alice Matilda Will Jessica Eric Chris Brian "
        "Daniel Lily Bill Rachel Domi Bella Antoni"
    ).split()
)

OUTPUT_FORMATS = tuple(
    (
        "mp3_22050_32 mp3_44100_32 mp3_44100_64 mp3_44100_96 mp3_44100_128 mp3_44100_192 pcm_8000 pcm_16000 pcm_22050 "
        "pcm_24000 pcm_44100 pcm_48000 ulaw_8000 alaw_8000 opus_48000_32 opus_48000_64 opus_48000_96 opus_48000_128 "
        "opus_48000_192"
    ).split()
)

Check = Callable[[str, Any], Any]
"""(parameter, value) -> the value to send; raises InvalidInput."""


def text(limit: int) -> Check:
    """Allow text that is not blank, of at most `limit` code points that can be written as UTF-8."""

    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or not any(unicodedata.category(c)[0] in "LNPS" for c in value):
            raise InvalidInput(name, value, "some text")
        if len(value) > limit:
            raise InvalidInput(name, f"{value[:20]}…", f"at most {limit} characters (this has {len(value)})")
        if any("\ud800" <= c <= "\udfff" or (c < " " and c not in "\t\n\r") for c in value):
            raise InvalidInput(name, f"{value[:20]}…", "text without control characters")
        return value

    return check


def one_of(choices: tuple[str, ...]) -> Check:
    """Allow one of the choices in any case, and send it as the table spells it."""
    known = {c.casefold(): c for c in choices}

    def check(name: str, value: Any) -> str:
        chosen = known.get(value.strip().casefold()) if isinstance(value, str) else None
        if chosen is None:
            raise InvalidInput(name, value, f"one of {', '.join(choices)}")
        return chosen

    return check


def number(low: float, high: float, steps: tuple[float, ...] = ()) -> Check:
    """Allow a finite number from `low` to `high`, snapped to the nearest of `steps` where there are any."""

    def check(name: str, value: Any) -> float:
        number_given = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not number_given or not low <= value <= high:
            raise InvalidInput(name, value, f"a number from {low} to {high}")
        return min(steps, key=lambda s: abs(s - value)) if steps else float(value)

    return check


def flag(name: str, value: Any) -> bool:
    """Allow true or false."""
    if not isinstance(value, bool):
        raise InvalidInput(name, value, "true or false")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One row of the table."""

    name: str
    endpoint: str
    """Appended to GATEWAY_URL."""
    model: str
    """What the gateway calls the model in its status answers."""
    billed: str
    """The parameter whose code points are charged."""
    checks: Mapping[str, Check] = field(repr=False)
    required: frozenset[str]
    price_micros: int = PRICE_MICROS
    usual_s: float
    """How long the gateway usually takes: where polling begins to hurry."""
    deadline_s: float = 900

    def validate(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters as they will be sent. Raises InvalidInput for the first that is out of range."""
        for name in parameters:
            if name not in self.checks:
                raise InvalidInput(name, parameters[name], f"a parameter of {self.name}: {', '.join(self.checks)}")
        for name in sorted(self.required - parameters.keys()):
            raise InvalidInput(name, "", "given: it is required")
        return {name: self.checks[name](name, value) for name, value in parameters.items()}

    def characters(self, parameters: Mapping[str, Any]) -> int:
        """Count the code points that are billed."""
        return len(parameters[self.billed])

    def cost_micros(self, parameters: Mapping[str, Any]) -> int:
        """Price validated parameters, in micros."""
        return cost_of(self.characters(parameters), self.price_micros)


def speech(*, text_limit: int = 3000, voices: tuple[str, ...] = VOICES) -> Product:
    """Describe the speech product. The model takes stability only at 0, 0.5 and 1, whatever the range says."""
    return Product(
        name="speech",
        endpoint="/eleven-v3-alpha-954/v1/eleven-v3-alpha-request",
        model="eleven-v3-alpha-954",
        billed="text",
        required=frozenset({"text", "voice"}),
        checks={
            "text": text(text_limit),
            "voice": one_of(voices),
            "stability": number(0.0, 1.0, steps=(0.0, 0.5, 1.0)),
            "similarity_boost": number(0.0, 1.0),
            "speed": number(0.5, 2.0),
        },
        usual_s=15,
    )


def music(*, prompt_limit: int = 2000) -> Product:
    """Describe the music product."""
    return Product(
        name="music",
        endpoint="/elevenlabs-music-api-368/v1/elevenlabs-music-api-request",
        model="elevenlabs-music-api-368",
        billed="prompt",
        required=frozenset({"prompt"}),
        checks={
            "prompt": text(prompt_limit),
            "respect_sections_durations": flag,
            "output_format": one_of(OUTPUT_FORMATS),
        },
        usual_s=60,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The products on offer and the voices by name."""

    products: Mapping[str, Product]
    voices: tuple[str, ...] = VOICES
    default_voice: str = "Aria"

    def __getitem__(self, name: str) -> Product:
        """Return a product. Raises InvalidInput for a name that is not on offer."""
        if name not in self.products:
            raise InvalidInput("product", name, f"one of {', '.join(self.products)}")
        return self.products[name]

    def voice(self, word: str) -> str | None:
        """Return the voice that the word names in any case, or None."""
        return next((v for v in self.voices if v.casefold() == word.casefold()), None)


def catalog(
    *,
    price_micros: int = PRICE_MICROS,
    speech_limit: int = 3000,
    music_limit: int = 2000,
    more_voices: tuple[str, ...] = (),
    default_voice: str = "Aria",
    endpoints: Mapping[str, str] | None = None,
) -> Catalog:
    """Build the table with an operator's changes; `endpoints` maps a product's name to another path."""
    voices = VOICES + tuple(v for v in more_voices if v not in VOICES)
    rows = (speech(text_limit=speech_limit, voices=voices), music(prompt_limit=music_limit))
    changed = (
        replace(row, price_micros=price_micros, endpoint=(endpoints or {}).get(row.name, row.endpoint)) for row in rows
    )
    return Catalog(products={row.name: row for row in changed}, voices=voices, default_voice=default_voice)
