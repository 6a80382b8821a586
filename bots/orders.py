"""What an order's words ask for: parameters, a voice, and the text. The same on every platform. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bots.voice_names import NO_NAME, Beginning, beginning, resembles
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
    parameters, readings = _parameters(words, product, catalog)
    return Order(
        event_id=event_id,
        caller=caller,
        product=product,
        parameters=parameters,
        destination=destination,
        readings=readings,
    )


def text_in(body: str, product: str, catalog: Catalog) -> str:
    """Return what an order that somebody wrote says or plays, "" where it holds a mistake."""
    try:
        parameters, _ = _parameters(Words(body=body), product, catalog)
    except InvalidInput:
        return ""
    return str(parameters[catalog[product].billed])


def _parameters(
    words: Words, product: str, catalog: Catalog
) -> tuple[Mapping[str, Any], Mapping[str, Mapping[str, Any]]]:
    """Return the parameters, and those of each reading where it isn't plain what is meant."""
    row = catalog[product]
    given = dict(words.chosen)
    text = _options(words.body, row, catalog, given)
    found = _voice(text, given.pop("voice", ""), catalog) if "voice" in row.table else NO_NAME

    def said(text: str, voice: str | None) -> dict[str, Any]:
        options = {**given, "voice": voice} if voice else dict(given)
        rest = _options(text, row, catalog, options) or words.answered
        return {**options, row.billed: rest}

    readings = {voice: said(found.rest, voice) for voice in found.voices}
    if readings and not found.plain and not readings[found.voices[0]][row.billed]:
        raise _alone(text.strip(), found.voices[0], catalog)
    if not found.plain and not found.chosen:
        readings[""] = said(text, catalog.default_voice if "voice" in row.table else None)
    *_, parameters = readings.values()
    return parameters, readings if found.voices and not found.plain else {}


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
        if name == "voice" and name in given:
            raise InvalidInput(name, found["value"], "given once")
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


def _voice(text: str, chosen: str, catalog: Catalog) -> Beginning:
    """Find the voice that is chosen, or with which a text begins, as a name or as `voice=Brian`."""
    if chosen:
        found = _voice_given(chosen, chosen, catalog)
        if found.rest:
            raise _no_voice(chosen, catalog)
        return replace(found, rest=text)
    if typed := _PARAMETER.match(text):
        if typed["name"].lower() == "voice":
            return _voice_given(text[typed.start("value") :], typed["value"], catalog)
    elif typed := _VOICE.match(text):
        found = beginning(text[typed.end() :], catalog.voices)
        return replace(found, plain=found.plain and bool(typed["sign"]))
    return beginning(text, catalog.voices)


def _voice_given(text: str, value: str, catalog: Catalog) -> Beginning:
    found = beginning(text, catalog.voices)
    if not found.voices:
        raise _no_voice(value, catalog)
    return replace(found, chosen=True)


def _no_voice(given: str, catalog: Catalog) -> InvalidInput:
    return InvalidInput("voice", given, f"one of {', '.join(catalog.voices)}")
