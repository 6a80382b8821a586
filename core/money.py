"""Amounts in micros, one millionth of a US dollar: what an order costs, how amounts are typed and shown."""

import re

from core.errors import InvalidInput

MICROS = 1_000_000
LARGEST_MICROS = 1_000_000 * MICROS
"""No amount that a person types may exceed a million dollars; sums stay far below 2**63."""

_DOLLARS = re.compile(r"\$?(\d{1,8})(?:\.(\d{1,6}))?", re.ASCII)
_CHARACTERS = re.compile(r"(\d{1,10}) ?(?:chars?|characters?)", re.ASCII | re.IGNORECASE)
AMOUNTS = "an amount such as $0.50, 0.50, 5000 chars or unlimited, with at most six decimals and at most $1000000"


def cost_of(characters: int, price_micros: int) -> int:
    """Price so many characters at `price_micros` per 1,000, rounded up to a whole micro."""
    return -(-characters * price_micros // 1000)


def parse_amount(text: str, price_micros: int) -> int | None:
    """Read an amount as people type it, into micros; None is unlimited. Raises InvalidInput."""
    wanted = text.strip(" ")
    if wanted.lower() == "unlimited":
        return None
    if found := _DOLLARS.fullmatch(wanted):
        micros = int(found[1]) * MICROS + int((found[2] or "").ljust(6, "0"))
    elif found := _CHARACTERS.fullmatch(wanted):
        micros = cost_of(int(found[1]), price_micros)
    else:
        raise InvalidInput("amount", text, AMOUNTS)
    if micros > LARGEST_MICROS:
        raise InvalidInput("amount", text, AMOUNTS)
    return micros


def show(micros: int) -> str:
    """Write micros as dollars with as many digits as they need and at least two: $0.50, $0.0014."""
    sign = "-" if micros < 0 else ""
    whole, part = divmod(abs(micros), MICROS)
    digits = f"{part:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}${whole}.{digits}"
