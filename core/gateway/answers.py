"""What the gateway's answers mean: pure functions from a status code and bytes to a value or an error."""

import json
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from core.domain.contract import RequestStatus
from core.domain.errors import (
    BadRequest,
    Forbidden,
    GatewayError,
    ModelNotFound,
    OutOfCredit,
    RequestUnknown,
    ServerError,
    TooManyRequests,
    Unauthorized,
    Unreadable,
)

BODY_MAX_BYTES = 2**20
"""Read from the wire, and again after decoding; what is longer can't be an answer of this gateway."""
RETRY_AFTER_MAX_S = 300.0
WORDS_MAX = 300
ID_MAX = 200
MEDIA_URLS_MAX = 10

BY_CODE: dict[int, type[GatewayError]] = {
    401: Unauthorized,
    402: OutOfCredit,
    403: Forbidden,
    429: TooManyRequests,
}
BY_HUNDREDS: dict[int, type[GatewayError]] = {4: BadRequest, 5: ServerError}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer as it came, its body cut off at BODY_MAX_BYTES."""

    code: int
    encoding: str
    retry_after: str | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Status:
    """One answer of the status endpoint."""

    status: RequestStatus
    media_urls: tuple[str, ...] = ()
    error: str | None = None
    took_s: float | None = None


def request_id(answer: Answer, key: str) -> str:
    """Return the id that a submit's answer gives. Raises GatewayError."""
    given = fields(answer, key).get("request_id")
    usable = isinstance(given, str) and 0 < len(given) <= ID_MAX and all("!" <= c <= "~" for c in given)
    if not usable or given in {".", ".."}:  # a path segment of dots would name another resource
        raise Unreadable(f"{answer.code} without a request_id")
    return str(given)


def status(answer: Answer, key: str) -> Status:
    """Read the status endpoint's answer, without what is not as documented. Raises GatewayError."""
    if answer.code == 404:
        raise RequestUnknown(str(failure(answer, parsed(answer), key)))
    said = fields(answer, key)
    output = said.get("output")
    urls = output.get("media_url") if isinstance(output, dict) else None
    listed = urls if isinstance(urls, list) else [urls]
    return Status(
        status=RequestStatus(words(said.get("status"), key) or ""),
        media_urls=tuple(url for url in listed if isinstance(url, str) and url)[:MEDIA_URLS_MAX],
        error=words(said.get("error"), key),
        took_s=took_s(said.get("created_at"), said.get("completed_at")),
    )


def took_s(created: Any, completed: Any) -> float | None:
    """Return the seconds from one time to another, a whole second to its end; None where they can't be read."""
    try:
        begun, ended = datetime.fromisoformat(created), datetime.fromisoformat(completed)
    except (TypeError, ValueError):
        return None
    lasted = ended.replace(tzinfo=ended.tzinfo or UTC) - begun.replace(tzinfo=begun.tzinfo or UTC)
    return lasted.total_seconds() + (not ended.microsecond)


def fields(answer: Answer, key: str) -> dict[str, Any]:
    """Return the JSON object of a successful answer. Raises GatewayError for any other answer."""
    found = parsed(answer)
    if answer.code // 100 == 2 and isinstance(found, dict):
        return found
    raise failure(answer, found, key)


def failure(answer: Answer, found: Any, key: str) -> GatewayError:
    """Make the error that an answer stands for; its status code alone decides."""
    said = found if isinstance(found, dict) else {}
    told = ": ".join(filter(None, (words(said.get("error"), key), words(said.get("message"), key))))
    detail = f"{answer.code} {told}".rstrip()
    return error_class(answer.code, said.get("error"))(
        detail, retry_after_s=retry_after_s(answer.retry_after, datetime.now(UTC))
    )


def error_class(code: int, error: Any) -> type[GatewayError]:
    """Choose the class for a status code that is no success; what HTTP does not call a failure is unreadable."""
    if code == 400 and isinstance(error, str) and error.strip().casefold() == "model not found":
        return ModelNotFound
    return BY_CODE.get(code) or BY_HUNDREDS.get(code // 100, Unreadable)


def parsed(answer: Answer) -> Any:
    """Return the body's JSON value, or None where there is none."""
    try:
        return json.loads(inflated(answer.body, answer.encoding))
    except (ValueError, RecursionError, zlib.error):
        return None


def inflated(body: bytes, encoding: str) -> bytes:
    """Decode a body that was compressed although we ask for `identity`; no more than BODY_MAX_BYTES come out."""
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        return body
    return zlib.decompressobj(wbits=32 + zlib.MAX_WBITS).decompress(body, BODY_MAX_BYTES)


def words(said: Any, key: str) -> str | None:
    """Return what the gateway said, or its `message`, as one short printable line without the key; None for nothing."""
    text = said.get("message") if isinstance(said, dict) else said
    if not isinstance(text, str):
        return None
    shown = "".join(c if c.isprintable() else " " for c in text.replace(key, "[key]"))
    return " ".join(shown.split())[:WORDS_MAX] or None


def retry_after_s(value: str | None, now: datetime, most_s: float = RETRY_AFTER_MAX_S) -> float | None:
    """Read a Retry-After header (RFC 9110, 10.2.3: seconds or a date) as 0 to `most_s`; None if unreadable."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), most_s)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    wait_s = (date.replace(tzinfo=date.tzinfo or UTC) - now).total_seconds()
    return min(max(wait_s, 0.0), most_s)
