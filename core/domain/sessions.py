"""Signing in to the console: by a link that works once, and then for some hours. Pure."""

import secrets
from dataclasses import dataclass
from hashlib import sha256

WAY_IN = "/in/{secret}"
"""Where a link leads, below the console's address."""
LINK_MS = 10 * 60_000
SESSION_MS = 12 * 3_600_000
MOST_SESSIONS = 10
"""Of one member; the oldest gives way."""


def new_secret() -> str:
    """Return 256 random bits, fit for a URL and a cookie."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Return what is kept of a secret: whoever reads the database can't sign in with it."""
    return sha256(secret.encode(errors="replace")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Whom a link or a session is bound to."""

    member: str
    name: str
    locale: str = ""

    @property
    def platform(self) -> str:
        """Return the name of the platform that knows them."""
        return self.member.partition(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Visitor):
    """Somebody who is signed in."""

    digest: str
    until_ms: int
