"""What stands between a browser and the pages: headers, cookies, where a form came from, and how often."""

import asyncio
import base64
import binascii
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest

from aiohttp import web
from yarl import URL

from core.domain.sessions import SESSION_MS

HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; media-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Server": "Troubadour",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
FOR_A_YEAR = "max-age=31536000"
LONGEST_NOTE = 1000
"""Characters of what is said once after a form was sent."""
MOST_KNOWN = 10_000


@dataclass(frozen=True, slots=True)
class Cookies:
    """The session's cookie, and the one that carries a sentence to the next page."""

    is_secure: bool
    """Whether the console is reached by https; a browser then keeps every other host from setting them."""

    @property
    def _prefix(self) -> str:
        return "__Host-" if self.is_secure else ""

    def secret(self, request: web.Request) -> str:
        """Return the secret of a session, or ""."""
        return request.cookies.get(f"{self._prefix}session", "")

    def sign_in(self, response: web.Response, secret: str) -> None:
        """Keep the secret of a session, out of reach of scripts and of other sites."""
        self._set(response, "session", secret, SESSION_MS // 1000)

    def sign_out(self, response: web.StreamResponse) -> None:
        """Forget the secret."""
        self._forget(response, "session")

    def note(self, response: web.Response, text: str) -> None:
        """Have a sentence shown on the next page."""
        self._set(response, "note", base64.urlsafe_b64encode(text[:LONGEST_NOTE].encode()).decode(), 60)

    def noted(self, request: web.Request) -> str:
        """Return the sentence for this page, or ""."""
        try:
            return base64.urlsafe_b64decode(request.cookies.get(f"{self._prefix}note", "")).decode()[:LONGEST_NOTE]
        except (binascii.Error, ValueError):
            return ""

    def forget_note(self, response: web.StreamResponse) -> None:
        """Show the sentence no second time."""
        self._forget(response, "note")

    def _forget(self, response: web.StreamResponse, name: str) -> None:
        response.del_cookie(f"{self._prefix}{name}", path="/", secure=self.is_secure, httponly=True, samesite="Strict")

    def _set(self, response: web.Response, name: str, value: str, max_age_s: int) -> None:
        response.set_cookie(
            f"{self._prefix}{name}",
            value,
            max_age=max_age_s,
            path="/",
            secure=self.is_secure,
            httponly=True,
            samesite="Strict",
        )


def form_token(secret: str) -> str:
    """Return what every form of a session holds, and no other site can know."""
    return sha256(f"form:{secret}".encode()).hexdigest()


def is_of(secret: str, given: str) -> bool:
    """Say whether a form is of a session."""
    return compare_digest(form_token(secret).encode(), given.encode(errors="replace"))


def comes_from(request: web.Request, url: str) -> bool:
    """Say whether a form was sent from one of our own pages, as the browser attests.

    Each names the site (Fetch Metadata, W3C), older ones the origin.
    """
    if site := request.headers.get("Sec-Fetch-Site"):
        return site == "same-origin"
    origin = request.headers.get("Origin", "")
    return origin == str(URL(url).origin())


@dataclass(slots=True)
class Limiter:
    """How often each of many may do something (token buckets)."""

    at_once: float
    every_s: float
    """The time to regain one."""
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    """How many, and at what time."""

    def allows(self, who: str) -> bool:
        """Take one of theirs; return whether there was one."""
        now_s = asyncio.get_running_loop().time()
        left, at_s = self._left.pop(who, (self.at_once, now_s))
        left = min(self.at_once, left + (now_s - at_s) / self.every_s)
        self._left[who] = (max(0, left - 1), now_s)
        if len(self._left) > MOST_KNOWN:
            self._left.popitem(last=False)
        return left >= 1
