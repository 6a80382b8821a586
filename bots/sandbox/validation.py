"""What the contract allows in a request, read from the gateway's documentation alone.

On purpose not shared with the client's own table: each of the two then finds the other's mistakes. Stricter than the
contract in one respect: a parameter that it does not name is refused instead of ignored.
"""

from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

LENGTH_LIMIT = 10_000
"""Code points of a text or prompt. The contract only says "within the model's length limits"."""

OUTPUT_FORMATS = (
    *("mp3_22050_32", "mp3_44100_32", "mp3_44100_64", "mp3_44100_96", "mp3_44100_128", "mp3_44100_192"),
    *("pcm_8000", "pcm_16000", "pcm_22050", "pcm_24000", "pcm_44100", "pcm_48000", "ulaw_8000", "alaw_8000"),
    *("opus_48000_32", "opus_48000_64", "opus_48000_96", "opus_48000_128", "opus_48000_192"),
)
WEBHOOK_MODES = ("terminal", "sync")

Rule = Callable[[object], str | None]
"""Value -> what it should have been, or None when it is right."""


def words(value: object) -> str | None:
    """Demand a string that says something and can be written as UTF-8."""
    if not isinstance(value, str) or not value.strip():
        return "a non-empty string"
    if any("\ud800" <= char <= "\udfff" for char in value):
        return "valid Unicode"
    return None if len(value) <= LENGTH_LIMIT else f"at most {LENGTH_LIMIT} characters"


def between(low: float, high: float) -> Rule:
    """Demand a number in the closed range; a JSON boolean is not a number."""

    def rule(value: object) -> str | None:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
        return None if fits else f"a number from {low} to {high}"

    return rule


def boolean(value: object) -> str | None:
    """Demand true or false."""
    return None if isinstance(value, bool) else "true or false"


def output_format(value: object) -> str | None:
    """Demand one of the documented formats."""
    return None if value in OUTPUT_FORMATS else f"one of {', '.join(OUTPUT_FORMATS)}"


def webhook_complaint(url: str | None, mode: str) -> str | None:
    """Say what is wrong with the webhook headers, or None.

    Plain http is allowed to this machine alone, so that a webhook can be tried without a certificate.
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
    """Say whether a host name or address is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
