"""The product table: endpoint, parameters and their ranges, price and limits, as the gateway documents them.

A parameter says what it takes and how a person types it, so that every platform offers it from its one line here.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Any

from core.domain.allowed import Rule
from core.domain.allowed import allowed as says
from core.domain.money import cost_of
from core.domain.parameters import Flag, Number, OneOf, Parameter, Text
from core.domain.prompts import KEEPS_TIMES, PRESETS, TIMED, WRITTEN
from core.domain.refusals import InvalidInput
from core.domain.voices import CAST, Cast, Voice

PRICE_MICROS = 100_000
"""Per 1,000 characters, both products (gateway documentation, "Pricing": $0.1 per 1000 characters)."""

OUTPUT_FORMATS = tuple(
    (
        "mp3_22050_32 mp3_44100_32 mp3_44100_64 mp3_44100_96 mp3_44100_128 mp3_44100_192 pcm_8000 pcm_16000 pcm_22050 "
        "pcm_24000 pcm_44100 pcm_48000 ulaw_8000 alaw_8000 opus_48000_32 opus_48000_64 opus_48000_96 opus_48000_128 "
        "opus_48000_192"
    ).split()
)


SPEECH_TAGS = tuple(
    "whispers,laughs,sighs,excited,sarcastic,curious,crying,mischievously,exhales,sings,snorts,applause".split(",")
)
"""Audio tags of Eleven v3 (the vendor's guide "Prompting Eleven v3")."""


class Sound(Enum):
    """What chats play a product's audio as."""

    VOICE = auto()
    SONG = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One row of the table."""

    name: str
    command: str
    """The word that people write after the slash to order it."""
    endpoint: str
    """Appended to GATEWAY_URL."""
    model: str
    """What the gateway calls the model in its status answers."""
    sound: Sound
    billed: str
    """The parameter that is the text: its code points are charged."""
    speaker: str = ""
    """The parameter with whose value a text may begin, if there is one: who speaks."""
    output: str = ""
    """The parameter that chooses the format of the file, if there is one."""
    table: Mapping[str, Parameter] = field(repr=False)
    """Its parameters by name."""
    tags: tuple[str, ...] = ()
    """What may stand in brackets in its text to be performed, where there is such; others are tried, too."""
    written: Mapping[str, Callable[[Any], str]] = field(default_factory=dict, repr=False)
    """What is written into the text for parameters that are not sent, by their names."""
    sent: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the gateway calls who speaks, by the names of those that it calls otherwise."""
    price_micros: int = PRICE_MICROS
    usual_s: float
    """The gateway's usual time, after which polling speeds up."""
    deadline_s: float = 900

    @property
    def required(self) -> tuple[str, ...]:
        """Name the parameters without which there is nothing to order."""
        return tuple(name for name in (self.billed, self.speaker) if name)

    @property
    def written_tags(self) -> tuple[str, ...]:
        """Return its tags as they stand in a text."""
        return tuple(f"[{tag}]" for tag in self.tags)

    @property
    def options(self) -> tuple[str, ...]:
        """Name the parameters beside the billed one: what may be typed before it, or chosen."""
        return tuple(name for name in self.table if name != self.billed)

    @property
    def splits_at(self) -> int | None:
        """How long a text may be in one request; None where it is never split, as a prompt of music is one idea."""
        text = self.table[self.billed]
        return text.limit if self.speaker and isinstance(text, Text) else None

    def validate(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters as they will be sent. Raises InvalidInput for the first that is out of range."""
        for name in parameters:
            if name not in self.table:
                raise InvalidInput(
                    name, parameters[name], says(Rule.PARAMETER, product=self.name, choices=tuple(self.table))
                )
        for name in self.required:
            if name not in parameters:
                raise InvalidInput(name, "", says(Rule.REQUIRED))
        return {name: self.table[name].check(name, value) for name, value in parameters.items()}

    def composed(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters with what is written for some of them in the text. Raises InvalidInput."""
        chosen = {name: self.table[name].check(name, parameters[name]) for name in self.written if name in parameters}
        if chosen.get("instrumental") and "lyrics" in chosen:
            raise InvalidInput("instrumental", chosen["instrumental"], says(Rule.LEFT_OUT))
        if not chosen:
            return dict(parameters)
        more = [self.written[name](value) for name, value in chosen.items()]
        left = {name: value for name, value in parameters.items() if name not in chosen}
        if not TIMED.isdisjoint(chosen):
            left.setdefault(KEEPS_TIMES, True)
        return {**left, self.billed: "\n".join(filter(None, (self.text_of(parameters), *more)))}

    def body_of(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return validated parameters as the gateway takes them."""
        who = self.sent.get(self.speaker_of(parameters))
        return {**parameters, self.speaker: who} if who else dict(parameters)

    def text_of(self, parameters: Mapping[str, Any]) -> str:
        """Return what is spoken or played, "" where it is not given."""
        return str(parameters.get(self.billed) or "")

    def speaker_of(self, parameters: Mapping[str, Any]) -> str:
        """Return who speaks, "" where nobody does."""
        return str(parameters.get(self.speaker) or "")

    def is_dialogue(self, parts: Iterable[Mapping[str, Any]]) -> bool:
        """Say whether several speak in the parts of an order, by the parameters of each."""
        return len(set(map(self.speaker_of, parts))) > 1

    def output_of(self, parameters: Mapping[str, Any]) -> str:
        """Return the format that was chosen, "" where none was."""
        return str(parameters.get(self.output) or "")

    def characters(self, parameters: Mapping[str, Any]) -> int:
        """Count the code points that are billed."""
        return len(parameters[self.billed])

    def cost_micros(self, parameters: Mapping[str, Any]) -> int:
        """Price validated parameters, in micros."""
        return cost_of(self.characters(parameters), self.price_micros)

    def changed(self, *, limit: int | None, cast: Cast, **row: Any) -> "Product":
        """Return the row with an operator's limit for its text and those who may speak, and other changes."""
        table = dict(self.table)
        text, who = table[self.billed], table.get(self.speaker)
        if limit is not None and isinstance(text, Text):
            table[self.billed] = replace(text, limit=limit)
        if isinstance(who, OneOf):
            table[self.speaker] = replace(who, choices=cast.names)
            row["sent"] = cast.sent
        return replace(self, table=table, **row)


PRODUCTS: Mapping[str, Product] = {
    row.name: row
    for row in (
        Product(
            name="speech",
            command="speak",
            endpoint="/eleven-v3-alpha-954/v1/eleven-v3-alpha-request",
            model="eleven-v3-alpha-954",
            sound=Sound.VOICE,
            billed="text",
            speaker="voice",
            table={
                "text": Text(3000, example="Hello everyone"),
                "voice": OneOf(CAST.names, is_open=True),
                # The model takes stability only at these steps, whatever the range says.
                "stability": Number(0.0, 1.0, steps=(0.0, 0.5, 1.0), example="0.5"),
                "similarity_boost": Number(0.0, 1.0, example="0.8"),
                "speed": Number(0.5, 2.0, example="1.2"),
            },
            tags=SPEECH_TAGS,
            usual_s=15,
        ),
        Product(
            name="music",
            command="music",
            endpoint="/elevenlabs-music-api-368/v1/elevenlabs-music-api-request",
            model="elevenlabs-music-api-368",
            sound=Sound.SONG,
            billed="prompt",
            output="output_format",
            table={
                "prompt": Text(2000, example="lo-fi rain beat"),
                "preset": OneOf(tuple(PRESETS)),
                "length": Number(10, 300, example="60"),
                "instrumental": Flag(),
                "lyrics": Text(1500, example='"Rain on my window"'),
                "sections": Text(200, example='"intro 10 s, verse 20 s"'),
                "respect_sections_durations": Flag(),
                "output_format": OneOf(OUTPUT_FORMATS, usual="mp3_44100_128"),
            },
            written=WRITTEN,
            usual_s=60,
        ),
    )
}
"""The table as it is without an operator's changes."""
_RETIRED = Product(
    name="", command="", endpoint="", model="", sound=Sound.SONG, billed="", table={}, usual_s=0, price_micros=0
)


def row_of(name: str) -> Product:
    """Return what the table says of a job's product: nothing of one that is not in it any more."""
    return PRODUCTS.get(name, _RETIRED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The products on offer and the voices."""

    products: Mapping[str, Product]
    cast: Cast = CAST
    default_voice: str = "Aria"

    def __getitem__(self, name: str) -> Product:
        """Return a product. Raises InvalidInput for a name that is not on offer."""
        if name not in self.products:
            raise InvalidInput("product", name, says(Rule.ONE_OF, choices=tuple(self.products)))
        return self.products[name]

    @property
    def by_command(self) -> Mapping[str, Product]:
        """Return the products by the commands that order them."""
        return {row.command: row for row in self.products.values()}

    @property
    def voices(self) -> tuple[str, ...]:
        """Name the voices as members see them."""
        return self.cast.names

    def voice(self, word: str) -> str | None:
        """Return the name of the voice that the word means in any case, or None."""
        found = self.cast.named(word)
        return found.name if found else None

    def example(self, row: Product) -> str:
        """Give what may be written after the command: who speaks, where somebody does, and a text."""
        text = row.table[row.billed].example
        return f"{self.default_voice} {text}" if row.speaker else text


def catalog(
    *,
    price_micros: int = PRICE_MICROS,
    limits: Mapping[str, int] | None = None,
    more_voices: Sequence[Voice | str] = (),
    default_voice: str = "Aria",
    endpoints: Mapping[str, str] | None = None,
) -> Catalog:
    """Build the table with an operator's changes: by a product's name the longest text, and another path."""
    cast = CAST.with_more(more_voices)
    rows = {
        name: row.changed(
            limit=(limits or {}).get(name),
            cast=cast,
            price_micros=price_micros,
            endpoint=(endpoints or {}).get(name, row.endpoint),
        )
        for name, row in PRODUCTS.items()
    }
    return Catalog(products=rows, cast=cast, default_voice=default_voice)
