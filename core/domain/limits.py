"""A community's limits as admins type them. Pure."""

import re

from core.domain.allowed import Rule, allowed
from core.domain.amounts import parse_amount
from core.domain.products import Catalog
from core.domain.quota import LimitName
from core.domain.refusals import InvalidInput
from core.domain.spans import LARGEST_COUNT, read_count, read_seconds

NONE = "none"
"""Takes a limit away."""
HERE = "here"
"""The channel in which it is written."""
_UNITS = {LimitName.LONGEST_TEXT: "chars?|characters?", LimitName.IN_FLIGHT: "orders?"}
_CHANNEL = re.compile(r"[a-z]+:\d+", re.ASCII)


def read_limit(
    name: LimitName, text: str, catalog: Catalog, price_micros: int, longest_order: int
) -> int | str | tuple[str, ...] | None:
    """Read the value of a limit; None takes it away. `longest_order`: what whoever runs the bot allows.

    Raises InvalidInput.
    """
    if text.strip().casefold() == NONE:
        return None
    match name:
        case LimitName.LONGEST_TEXT | LimitName.IN_FLIGHT:
            most = longest_order if name is LimitName.LONGEST_TEXT else LARGEST_COUNT
            return read_count(name, text, least=1, most=most, unit=_UNITS[name])
        case LimitName.COOLDOWN_S:
            return read_seconds(name, text)
        case LimitName.CONFIRM_MICROS:
            return parse_amount(text, price_micros)
        case LimitName.CHANNELS:
            return _channels(text)
        case _:
            return read_voice(text, catalog) if name is LimitName.VOICE else _products(text, catalog)


def read_voice(text: str, catalog: Catalog) -> str:
    """Read the name of a voice, or an alias. Raises InvalidInput."""
    voice = catalog.voice(" ".join(text.split()))
    if voice is None:
        raise InvalidInput(LimitName.VOICE, text, allowed(Rule.ONE_OF, choices=catalog.voices))
    return voice


def _products(text: str, catalog: Catalog) -> tuple[str, ...]:
    words = _words(text)
    unknown = next((word for word in words if word not in catalog.products), "" if words else text)
    if unknown or not words:
        by_command = {product.command: product.name for product in catalog.products.values()}  # speech by /speak
        rule = allowed(Rule.SOME_OF, choices=tuple(catalog.products))
        raise InvalidInput(LimitName.PRODUCTS, unknown, rule, by_command.get(unknown, ""))
    return words


def _channels(text: str) -> tuple[str, ...]:
    words = _words(text)
    unknown = next((word for word in words if not _CHANNEL.fullmatch(word)), "" if words else text)
    if unknown or not words:
        raise InvalidInput(LimitName.CHANNELS, unknown, allowed(Rule.CHANNELS), HERE)
    return words


def _words(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.replace(",", " ").split()))
