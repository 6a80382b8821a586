"""Redacts secrets from the log, in every form in which they get there."""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from urllib.parse import parse_qs, quote, quote_plus, unquote, urlsplit

SHORTEST = 8
"""Shorter values occur by chance: redacting them would give them away."""
COMMON = frozenset({"password", "postgres", "postgresql", "troubadour", "localhost", "telegram", "discord", "sandbox"})
"""Words of our own lines."""
LONG = 16
"""A piece of a token this long is as good as the token."""

# A bot token, a token in a path (an interaction's, a callback's, the console's), and Telegram's secret_token header.
_PATTERNS = (
    (re.compile(r"/bot\d+:[\w-]+"), "/bot[secret]"),
    (re.compile(r"/((?:webhooks|interactions)/\d+)/[\w.-]+"), r"/\1/[secret]"),
    (re.compile(r"(/gateway/\w+)\.[\w-]+"), r"\1.[secret]"),
    (re.compile(r"/in/[\w-]{32,}"), "/in/[secret]"),
    (re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"), "[secret]"),  # the user and password of a proxy or database
    (re.compile(r"(secret_token['\"]?[:=] ?['\"]?)[\w-]+"), r"\1[secret]"),
)


def recognizable(value: str) -> bool:
    """Say whether a value can be redacted: long and rare enough not to occur by chance."""
    return len(value) >= SHORTEST and value.casefold() not in COMMON


def values_of(secret: str) -> list[str]:
    """Return what must not be seen: of an address only its passwords."""
    return passwords(secret) if "://" in secret else [secret]


def parts_of(secret: str) -> Iterator[str]:
    """Yield what must not be seen, whole and in pieces that would suffice alone."""
    for value in values_of(secret):
        yield secret
        yield value
        yield from re.split(r"[/?#@:&=%]", value) if value != secret else _long(re.split(r"[:.]", value))


def _long(pieces: Iterable[str]) -> Iterator[str]:
    return (piece for piece in pieces if len(piece) >= LONG)


def passwords(address: str) -> list[str]:
    """Return the passwords in an address, also in a malformed one."""
    found = re.findall(r"//[^/?#@:]*:(.*)@", address)
    with suppress(ValueError):
        found += parse_qs(urlsplit(address).query).get("password", [])
    return [form for password in found if password for form in (password, unquote(password))]


def forms_of(value: str) -> Iterator[str]:
    """Yield how a value is written in JSON, in Python and in addresses."""
    yield value
    yield repr(value)[1:-1]
    for ascii_only in (True, False):
        yield json.dumps(value, ensure_ascii=ascii_only)[1:-1]
    for safe in ("", "/", ":", ":/@"):
        yield quote(value, safe)
        yield quote_plus(value, safe)


def _pattern(form: str) -> str:
    """Match a form, whichever letters its percent-encoding has."""
    return re.sub("%[0-9A-F]{2}", lambda found: f"(?i:{found[0]})", re.escape(form))


class Redaction:
    """Knows the secrets of one service."""

    def __init__(self, secrets: Iterable[str]) -> None:
        values = {part for secret in secrets for part in parts_of(secret) if recognizable(part)}
        forms = {form for value in values for form in forms_of(value)}
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        self._secret = re.compile("|".join(map(_pattern, longest_first))) if forms else None

    def strike(self, text: str) -> str:
        """Return the text without any secret."""
        if self._secret is not None:
            text = self._secret.sub("[secret]", text)
        for pattern, instead in _PATTERNS:
            text = pattern.sub(instead, text)
        return text
