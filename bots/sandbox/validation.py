"""Validation of requests, written from the gateway's documentation alone.

It deliberately shares nothing with the client's own table, so that each reveals the other's mistakes. It is stricter
than the documentation in one respect: unknown parameters are refused instead of ignored.
"""

from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

LENGTH_LIMIT = 10_000
"""Limit on a text or prompt, in code points; the documentation only says "within the model's length limits"."""

OUTPUT_FORMATS = (
    *("mp3_22050_32", "mp3_44100_32", "mp3_44100_64", "mp3_44100_96", "mp3_44100_128", "mp3_44100_192"),
    *("pcm_8000", "pcm_16000", "pcm_22050", "pcm_24000", "pcm_44100", "pcm_48000", "ulaw_8000", "alaw_8000"),
    *("opus_48000_32", "opus_48000_64", "opus_48000_96", "opus_48000_128", "opus_48000_192"),
)
WEBHOOK_MODES = ("terminal", "sync")

Rule = Callable[[object], str | None]
"""Returns what a value should have been, or None if it is valid."""


def words(value: object) -> str | None:
    """Require a string that is not blank and can be encoded as UTF-8."""
    if not isinstance(value, str) or not value.strip():
        return "a non-empty string"
    if any("\ud800" <= char <= "\udfff" for char in value):
        return "valid Unicode"
    return None if len(value) <= LENGTH_LIMIT else f"at most {LENGTH_LIMIT} characters"


def between(low: float, high: float) -> Rule:
    """Require a number in the closed range; a JSON boolean is not a number."""

    def rule(value: object) -> str | None:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
        return None if fits else f"a number from {low} to {high}"

    return rule


def boolean(value: object) -> str | None:
    """Require true or false."""
    return None if isinstance(value, bool) else "true or false"


def output_format(value: object) -> str | None:
    """Require one of the documented formats."""
    return None if value in OUTPUT_FORMATS else f"one of {', '.join(OUTPUT_FORMATS)}"


def webhook_complaint(url: str | None, mode: str) -> str | None:
    """Return what is wrong with the webhook headers, or None.

    Plain http is allowed for loopback addresses only, so that webhooks can be tried without a certificate.
    """
    if mode not in WEBHOOK_MODES:
        return f"X-Webhook-Mode must be one of {', '.join(WEBHOOK_MODES)}"
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("https", "http"):
        return "X-Webhook-URL must be an https:// URL"
    return None if parts.scheme == "https" or is_loopback(host) else "X-Webhook-URL must use https"


def is_loopback(host: str) -> bool:
    """Say whether a host name or address is the local machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
