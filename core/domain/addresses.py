"""Faults of an address in a setting."""

from collections.abc import Set as AbstractSet
from urllib.parse import SplitResult, urlsplit

from yarl import URL


def wrong_with(address: str, schemes: AbstractSet[str]) -> str:
    """Say what is wrong with the scheme, the host or the port of an address, or nothing; it may hold a password."""
    begins = " or ".join(f"{scheme}://" for scheme in sorted(schemes))
    if not address.lower().startswith(tuple(f"{scheme}://" for scheme in schemes)):
        return f"it must begin with {begins}"
    if any(c.isspace() or not c.isprintable() for c in address):
        return "there must be no space in it"
    rest = address.partition("://")[2]
    if "@" in rest.partition("/")[2] + rest.partition("?")[2] + rest.partition("#")[2]:
        return "its password must be percent-encoded: %23 for #, %2F for /, %3F for ?, %40 for @"
    return _unreadable(address)


def _unreadable(address: str) -> str:
    try:
        parts = urlsplit(address)
        if not parts.hostname:
            return "it names no host"
        if _port(parts) == 0:
            return "its port must be a number from 1 to 65535"
        URL(address)
    except ValueError:
        return "its host can't be read"
    return ""


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:
        return 0
