"""Names for new jobs, and secrets for their callback addresses."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no letter that is mistaken for a digit


def base32(number: int, length: int) -> str:
    """Write a number in so many characters."""
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))


def new_job_id() -> str:
    """Return 18 characters that sort by time of creation: 9 of milliseconds, 9 random (45 bits)."""
    return base32(time.time_ns() // 1_000_000, 9) + base32(secrets.randbits(45), 9)


def new_token() -> str:
    """Return 192 random bits, fit for a URL."""
    return secrets.token_urlsafe(24)


@dataclass(frozen=True, slots=True)
class Ids:
    """Where names come from."""

    job: Callable[[], str] = new_job_id
    token: Callable[[], str] = new_token

    def callback(self, job_id: str) -> str:
        """Return the token of a callback, which says whose it is."""
        return f"{job_id}.{self.token()}"
