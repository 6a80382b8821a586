"""Properties of each parser for any input: only refusals and declared errors, in bounded time, and round trips."""

import re
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bots.commands import orders
from bots.commands import parse as commands
from bots.discord.escaping import plain as plain_for_discord
from bots.telegram.escaping import plain as plain_for_telegram
from bots.text import refusals
from core.domain.amounts import (
    parse_amount,
    read_monthly,
    read_period,
    read_quota,
    split_credit,
)
from core.domain.errors import GatewayError, MediaUnavailable
from core.domain.money import LARGEST_MICROS, show
from core.domain.orders import Destination
from core.domain.products import catalog
from core.domain.quota import Period
from core.domain.refusals import Refusal
from core.domain.spans import LONGEST_SPAN_MS, read_span_ms
from core.gateway.addresses import is_public
from core.gateway.answers import ID_MAX, MEDIA_URLS_MAX, RETRY_AFTER_MAX_S, WORDS_MAX, Answer, request_id, retry_after_s
from core.gateway.answers import status as read_status
from core.gateway.fetch import media_url
from tests.makers import caller
from tests.proofs.fuzz.hostile import BODIES, NUMBERS, as_json, texts, values

LONGEST_S = 5.0
"""CPU for one input, which may be a megabyte: only linear work stays below."""
KEY = "canary-gateway-key"
TABLE = catalog()


@dataclass(frozen=True)
class Parser:
    """A strategy, and the property that holds for its values."""

    inputs: st.SearchStrategy[Any]
    check: Callable[[Any], None]
    examples: int = 100
    """In the test suite."""
    quick: bool = True
    """Whether a failing input can be shrunk in a test's time, which takes hundreds of runs."""


@contextmanager
def refused_at_most() -> Iterator[None]:
    """Let refusals pass, if their sentences can be sent on any platform."""
    try:
        yield
    except Refusal as error:
        said = refusals.refusal(error)
        assert said.strip()
        assert "\u202e" not in said
        assert "\u0301" * 5 not in said
        plain_for_telegram(said).encode()
        assert len(plain_for_discord(said)) <= 2000


def property_of(parser: Parser, examples: int, *, repeatable: bool = True) -> Callable[[], None]:
    """Return a test for Hypothesis, which atheris can feed as well."""

    @settings(
        max_examples=examples, deadline=None, derandomize=repeatable, database=None,
        phases=(Phase.generate, Phase.shrink) if parser.quick else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(value=parser.inputs)
    def holds(value: Any) -> None:
        started_s = time.thread_time()
        try:
            parser.check(value)
        except Exception as error:
            error.add_note(f"given {value!r:.2000}")
            raise
        assert time.thread_time() - started_s < LONGEST_S, f"{value!r:.2000}"

    return holds


# --- words --------------------------------------------------------------------------------------------------------


def typed_command(text: str) -> None:
    found = commands.read(text)
    if found is None:
        return
    assert found.name == found.name.lower()
    assert re.fullmatch(r"\w{1,32}", found.name, re.ASCII)
    assert found.body in text
    bot = f"@{found.bot}" if found.bot else ""
    assert commands.read(f"/{found.name}{bot} {found.body}") == found
    ordered_or_refused(found.body)
    named = commands.named(found)
    assert len(named.words) <= len(found.body.split())
    assert not (named.handle and named.member_id)
    with refused_at_most():
        sum_of, reason = split_credit(" ".join(named.words), 100_000)
        assert (
            f"{sum_of} {reason}".lower().split() == " ".join(named.words).replace(", ", " ").lower().split() or reason
        )
        parse_amount(sum_of, 100_000)


def ordered(body: str) -> None:
    """The text is a part of what was written; an unclear reading is asked about, and all of it can be chosen."""
    order = orders.read(
        orders.Words(body=body), "speech", TABLE, caller(), event_id="1", destination=Destination("test")
    )
    for parameters in (order.parameters, *order.readings.values()):
        assert parameters["voice"] in TABLE.voices
        assert parameters["text"] in body
    assert order.readings.get("", order.parameters) == order.parameters
    for turn in order.turns:
        assert turn.voice in TABLE.voices
    assert not (order.turns and order.readings)


def ordered_or_refused(body: str) -> None:
    with refused_at_most():
        ordered(body)


def amount(text: str) -> None:
    with refused_at_most():
        micros = parse_amount(text, 100_000)
        assert micros is None or 0 <= micros <= LARGEST_MICROS
        assert micros is None or parse_amount(show(micros), 100_000) == micros


def shown_amount(micros: int) -> None:
    assert parse_amount(show(micros), 100_000) == micros


def span(text: str) -> None:
    with refused_at_most():
        assert 0 < read_span_ms(text) <= LONGEST_SPAN_MS
    with refused_at_most():
        assert read_period(text) in Period


def quota(text: str) -> None:
    with refused_at_most():
        found = read_quota(text, 100_000)
        limit = "unlimited" if found.limit_micros is None else show(found.limit_micros)
        assert read_quota(f"{limit} a {found.period}", 100_000) == found
        assert found.limit_micros is None or any(c in "0123456789" for c in text)
    with refused_at_most():
        read_monthly(text, 100_000)


def parameters(given: tuple[str, dict[str, Any]]) -> None:
    product, wanted = given
    with refused_at_most():
        row = TABLE[product]
        checked = row.validate(wanted)
        assert row.validate(checked) == checked
        assert row.cost_micros(checked) > 0
        as_json(checked).decode().encode("ascii")


# --- the gateway --------------------------------------------------------------------------------------------------


def answer(given: tuple[int, str, str | None, bytes]) -> None:
    code, encoding, retry_after, body = given
    said = Answer(code=code, encoding=encoding, retry_after=retry_after, body=body)
    try:
        status = read_status(said, KEY)
        assert len(status.media_urls) <= MEDIA_URLS_MAX
        assert all(isinstance(url, str) and url for url in status.media_urls)
        _readable(status.status)
        _readable(status.error or "")
    except GatewayError as error:
        assert code // 100 != 2 or not error.retry  # noqa: PT017 - it may also be readable
        _readable(error.detail, 2 * WORDS_MAX + 10)
    with suppress(GatewayError):
        given_id = request_id(said, KEY)
        assert 0 < len(given_id) <= ID_MAX
        assert given_id not in {".", ".."}
        assert "/" not in quote(given_id, safe="")


def _readable(words: str, longest: int = WORDS_MAX) -> None:
    assert len(words) <= longest
    assert words.isprintable()
    assert KEY not in words
    words.encode()


def retry_after(text: str) -> None:
    found = retry_after_s(text, datetime(2026, 3, 18, tzinfo=UTC))
    assert found is None or 0 <= found <= RETRY_AFTER_MAX_S


def address(text: str) -> None:
    is_public(text)
    with suppress(MediaUnavailable):
        url = media_url(text)
        assert url.scheme in {"http", "https"}
        assert url.host
        assert url.user is url.password is None


def _packed(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return packer.compress(body) + packer.flush()


def _fields() -> st.SearchStrategy[bytes]:
    """Draw bodies with the documented fields and any values."""
    anything = values() | st.just(KEY) | st.just({"message": KEY * 20})
    names = ("request_id", "status", "output", "error", "message", "polling_url")
    urls = st.fixed_dictionaries({"media_url": anything | st.lists(anything, max_size=15)})
    known = dict.fromkeys(names, anything) | {"output": anything | urls}
    return st.fixed_dictionaries({}, optional=known).map(as_json)


_answers = st.tuples(
    st.sampled_from((200, 202, 204, 301, 400, 401, 402, 403, 404, 418, 429, 500, 502, 503, 599, 999)),
    st.sampled_from(("", "gzip", "x-gzip", "deflate", "br", "\x00")),
    st.none() | texts(),
    BODIES | _fields() | (BODIES | _fields()).map(_packed),
)
_dates = st.from_regex(
    r"(Mon, )?\d{1,30} (Jan|Feb|May) -?\d{1,30} \d{1,25}:\d{1,25}(:\d{1,25})? ([+-]\d{1,30}|GMT)?", fullmatch=True
)
_parameters = st.tuples(
    st.sampled_from(("speech", "music")) | texts(),
    st.dictionaries(
        st.sampled_from((*TABLE["speech"].table, *TABLE["music"].table)) | texts(8),
        values() | NUMBERS | st.just("Aria"),
        max_size=5,
    ),
)
_urls = st.one_of(
    texts(), texts(12).map("https://{}".format), texts(12).map("https://example.com/{}".format),
    st.ip_addresses().map(str), st.from_regex(r"https?://[!-~]{1,20}(:\d{1,9})?/[!-~]{0,20}", fullmatch=True),
)  # fmt: skip
_typed = st.one_of(texts(), st.builds("/{} {}".format, st.sampled_from(("speak", "Quota@bot", "grant")), texts()))
_bodies = st.lists(
    st.sampled_from(
        (
            "Aria",
            "Ariaa",
            "[Roger]",
            "“Bill”:",
            "will",
            "voice=",
            "speed=1",
            "stabilty=0.5",
            "e=mc2",
            "\ufeff",
            " ",
            "you",
        )
    )
    | texts(12),
    max_size=6,
).map(" ".join)
_spans = texts() | st.from_regex(r" ?\d{1,6} ?(m|min|H|hours?|days|w|weeks?|K)? ?", fullmatch=True)
_quotas = st.lists(
    st.sampled_from(
        ("5", "$1", "0.01", "1,50", "chars", "cents", "/", "a", "per", "day", "weekly", "month", "unlimited")
    )
    | texts(8),
    max_size=5,
).map(" ".join)
_amounts = texts() | st.from_regex(r" ?\$?\d{1,12}(\.\d{0,8})? ?(chars?|CHARACTERS|unlimited)? ?", fullmatch=True)

PURE = {
    "commands": Parser(_typed, typed_command),
    "orders": Parser(_bodies, ordered_or_refused, examples=20),
    "amounts": Parser(_amounts, amount),
    "quotas": Parser(_quotas, quota),
    "shown_amounts": Parser(st.integers(0, LARGEST_MICROS), shown_amount),
    "spans": Parser(_spans, span),
    "parameters": Parser(_parameters, parameters),
    "answers": Parser(_answers, answer),
    "retry_after": Parser(texts() | _dates, retry_after),
    "addresses": Parser(_urls, address),
}
