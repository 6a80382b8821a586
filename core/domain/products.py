"""The product table: endpoint, parameters and their ranges, price and limits, as the gateway documents them."""

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from core.domain.errors import InvalidInput, NothingToSay
from core.domain.money import cost_of

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


class Parameter(Protocol):
    """One parameter of a product: what it may be, as a value and as typed."""

    @property
    def allowed(self) -> str:
        """Say what it may be, after "it must be"."""
        ...

    def check(self, name: str, value: Any) -> Any:
        """Return the value to send. Raises InvalidInput."""
        ...

    def read(self, typed: str) -> Any:
        """Return the value that the word means, as it is where it means none: `check` then refuses it."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """Text that has something to say, of at most `limit` code points that can be written as UTF-8."""

    limit: int

    @property
    def allowed(self) -> str:
        """Say how long it may be."""
        return f"at most {self.limit} characters"

    def check(self, name: str, value: Any) -> str:
        """Return the text as it is."""
        if not isinstance(value, str) or not says_something(value):
            raise NothingToSay(name, value, "words: punctuation, emoji and tags in brackets alone have no sound")
        if len(value) > self.limit:
            raise InvalidInput(name, f"{value[:20]}…", f"{self.allowed} (this has {len(value)})")
        if any("\ud800" <= c <= "\udfff" or (c < " " and c not in "\t\n\r") for c in value):
            raise InvalidInput(name, f"{value[:20]}…", "text without control characters")
        return value

    def read(self, typed: str) -> str:
        """Return the text as it is."""
        return typed


_TAG = re.compile(r"\[[^\[\]]*\]")
_KEYCAP = re.compile("[0-9#*]\ufe0f?\u20e3")
_AUDIBLE = frozenset({"Lu", "Ll", "Lt", "Lo", "Nd", "Nl", "No"})
"""Unicode's categories of letters and numbers; a modifier letter alone has no sound."""


def says_something(text: str) -> bool:
    """Say whether there is a letter or a number to be heard outside of tags; fillers are letters that are blank."""
    return any(
        unicodedata.category(c) in _AUDIBLE and not unicodedata.name(c, "").endswith(("FILLER", " BLANK"))
        for c in _KEYCAP.sub("", _TAG.sub("", text))
    )


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of the choices in any case, sent as the table spells it."""

    choices: tuple[str, ...]

    @property
    def allowed(self) -> str:
        """List them."""
        return f"one of {', '.join(self.choices)}"

    def check(self, name: str, value: Any) -> str:
        """Return the choice that is meant."""
        wanted = value.strip().casefold() if isinstance(value, str) else None
        chosen = next((c for c in self.choices if c.casefold() == wanted), None)
        if chosen is None:
            raise InvalidInput(name, value, self.allowed)
        return chosen

    def read(self, typed: str) -> str:
        """Return the word."""
        return typed


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number from `low` to `high`, snapped to the nearest of `steps` where there are any."""

    low: float
    high: float
    steps: tuple[float, ...] = ()

    @property
    def allowed(self) -> str:
        """Give the range."""
        return f"a number from {self.low} to {self.high}"

    def check(self, name: str, value: Any) -> float:
        """Return the number to send."""
        number_given = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not number_given or not self.low <= value <= self.high:
            raise InvalidInput(name, value, self.allowed)
        return min(self.steps, key=lambda s: abs(s - value)) if self.steps else float(value)

    def read(self, typed: str) -> float | str:
        """Read 1.2, 1,2 or .5."""
        return float(typed.replace(",", ".")) if _NUMBER.fullmatch(typed) else typed


_NUMBER = re.compile(r"\d{0,6}[.,]?\d{1,6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    allowed: str = "true or false"

    def check(self, name: str, value: Any) -> bool:
        """Return it."""
        if not isinstance(value, bool):
            raise InvalidInput(name, value, self.allowed)
        return value

    def read(self, typed: str) -> bool | str:
        """Read the words that people use for it."""
        return _FLAGS.get(typed.casefold(), typed)


_FLAGS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


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
    table: Mapping[str, Parameter] = field(repr=False)
    """Its parameters by name."""
    required: frozenset[str]
    price_micros: int = PRICE_MICROS
    usual_s: float
    """How long the gateway usually takes: where polling begins to hurry."""
    deadline_s: float = 900

    def validate(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters as they will be sent. Raises InvalidInput for the first that is out of range."""
        for name in parameters:
            if name not in self.table:
                raise InvalidInput(name, parameters[name], f"a parameter of {self.name}: {', '.join(self.table)}")
        for name in sorted(self.required - parameters.keys()):
            raise InvalidInput(name, "", "given: it is required")
        return {name: self.table[name].check(name, value) for name, value in parameters.items()}

    @property
    def options(self) -> tuple[str, ...]:
        """Name the parameters beside the billed one: what may be typed before it, or chosen."""
        return tuple(name for name in self.table if name != self.billed)

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
        table={
            "text": Text(text_limit),
            "voice": OneOf(voices),
            "stability": Number(0.0, 1.0, steps=(0.0, 0.5, 1.0)),
            "similarity_boost": Number(0.0, 1.0),
            "speed": Number(0.5, 2.0),
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
        table={
            "prompt": Text(prompt_limit),
            "respect_sections_durations": Flag(),
            "output_format": OneOf(OUTPUT_FORMATS),
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
