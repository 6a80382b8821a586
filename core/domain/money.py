"""Amounts in micros, one millionth of a US dollar: what an order costs, and how amounts are shown."""

MICROS = 1_000_000
LARGEST_MICROS = 1_000_000 * MICROS
"""No amount that a person types may exceed a million dollars; sums stay far below 2**63."""


def cost_of(characters: int, price_micros: int) -> int:
    """Price so many characters at `price_micros` per 1,000, rounded up to a whole micro."""
    return -(-characters * price_micros // 1000)


def show(micros: int) -> str:
    """Write micros as dollars with as many digits as they need and at least two: $0.50, $0.0014."""
    sign = "-" if micros < 0 else ""
    whole, part = divmod(abs(micros), MICROS)
    digits = f"{part:06d}".rstrip("0").ljust(2, "0")
    return f"{sign}${whole}.{digits}"
