"""What an order's words ask for: parameters, a voice, and the text. The same on every platform. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bots.voice_names import Beginning, beginning, resembles
from core.errors import InvalidInput
from core.models import Caller, Destination, Order
from core.products import Catalog, Parameter, Product

_PARAMETER = re.compile(
    r"""\s*-{0,2}(?P<name>[^\W\d_][\w-]{0,39})       # speed, --speed, similarity-boost
        (?P<sign>\s?=\s?|:(?=\S))
        (?P<value>"[^"\n]*"|[^\s"]\S*)\s*
    """,
    re.VERBOSE,
)
_VOICE = re.compile(r"\s*-{0,2}voice\s?(?P<sign>[=:]?)\s+(?=\S)", re.IGNORECASE)
SHORTEST_PART = 4
"""Letters of a parameter's name that tell which one is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What somebody wrote to order something."""

    body: str
    """What follows the command."""
    chosen: Mapping[str, Any] = field(default_factory=dict)
    """Parameters that the platform has options for."""
    answered: str = ""
    """The text that is meant where none was written."""


def read(
    words: Words, product: str, catalog: Catalog, caller: Caller, *, event_id: str, destination: Destination
) -> Order:
    """Read an order; its text is empty where there is none. Raises InvalidInput for a mistake in a parameter."""
    row = catalog[product]
    given = dict(words.chosen)
    text = _options(words.body, row, catalog, given)
    readings: dict[str, dict[str, Any]] = {}
    if "voice" in row.table and "voice" not in given:
        found = _voice(text, catalog)
        if found.plain:
            given["voice"] = found.voices[0]
            text = _options(found.rest, row, catalog, given)
        elif found.voices:
            rest = dict(given)
            said = _options(found.rest, row, catalog, rest) or words.answered
            readings = {voice: {**rest, "voice": voice, row.billed: said} for voice in found.voices}
            if not said:
                raise _alone(text.strip(), found.voices[0], catalog)
    default = {"voice": catalog.default_voice} if "voice" in row.table else {}
    parameters = {**default, **given, row.billed: text or words.answered}
    readings = {**readings, "": parameters} if readings else {}
    return Order(
        event_id=event_id,
        caller=caller,
        product=product,
        parameters=parameters,
        destination=destination,
        readings=readings,
    )


def _alone(word: str, voice: str, catalog: Catalog) -> InvalidInput:
    means = f"{voice} Hello, or {catalog.default_voice} {word} if that is to be said"
    return InvalidInput("voice", word, f"a voice and what it says, such as {means}")


def is_empty(order: Order, catalog: Catalog) -> bool:
    """Say whether nothing was written that could be spoken or played."""
    return not order.readings and not order.parameters[catalog[order.product].billed]


def _options(text: str, product: Product, catalog: Catalog, given: dict[str, Any]) -> str:
    """Move the parameters with which a text begins to `given`, and return what follows them."""
    while found := _PARAMETER.match(text):
        name = found["name"].lower().replace("-", "_")
        if name == product.billed:
            return text[found.start("value") :]
        if name == "voice" or name not in product.options:
            _refuse_misspelt(name, found, product, catalog)
            break
        if name in given:
            raise InvalidInput(name, found["value"], "given once")
        given[name] = _value(name, found["value"].strip('"').rstrip(",;"), product.table[name])
        text = text[found.end() :]
    return text


def _value(name: str, typed: str, parameter: Parameter) -> Any:
    try:
        return parameter.check(name, parameter.read(typed))
    except InvalidInput as error:
        raise InvalidInput(name, typed, error.allowed) from None


def _refuse_misspelt(name: str, found: re.Match[str], product: Product, catalog: Catalog) -> None:
    """Refuse what resembles a parameter: its text would be spoken, and charged. `e=mc2` is none."""
    if ":" in found["sign"] or name == "voice":
        return
    near = next((option for option in product.options if _means(name, option)), None)
    if near:
        raise InvalidInput(found["name"], found["value"], f"written {near}={found['value']}")
    others = {option for other in catalog.products.values() for option in other.options if option not in other.required}
    if name in others:
        raise InvalidInput(found["name"], found["value"], f"left out: {product.name} takes {_listed(product)}")


def _means(name: str, option: str) -> bool:
    is_part = len(name) >= SHORTEST_PART and (option.startswith(name) or name in option.split("_"))
    return is_part or resembles(name, option)


def _listed(product: Product) -> str:
    return ", ".join(product.options)


def _voice(text: str, catalog: Catalog) -> Beginning:
    """Find the voice with which a text begins, as a name or as `voice=Brian`."""
    if found := _PARAMETER.match(text):
        if found["name"].lower() == "voice":
            return _voice_given(text[found.start("value") :], found["value"], catalog)
    elif found := _VOICE.match(text):
        named = beginning(text[found.end() :], catalog.voices)
        return Beginning(named.voices, named.rest, plain=named.plain and bool(found["sign"]))
    return beginning(text, catalog.voices)


def _voice_given(text: str, value: str, catalog: Catalog) -> Beginning:
    found = beginning(text, catalog.voices)
    if not found.voices:
        raise InvalidInput("voice", value, f"one of {', '.join(catalog.voices)}")
    return found
