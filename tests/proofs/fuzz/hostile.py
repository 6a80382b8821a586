"""Strategies for what hostile people and broken machines send."""

import json
from typing import Any

from hypothesis import strategies as st

MEGABYTE = 2**20

AWKWARD = (
    "\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u2028", "\x00", "\x07", "\x1b[2J", "\x7f", "\x85", "\u00a0",
    "\ud800", "\udfff", "\udc00\ud800", "e" + "\u0301" * 40, "\u0e49" * 30, "\ufdfa", "ﬁ", "ß", "İ", "ı", "ſ", "K",
    "²", "٣", "１", "½", "$", "-", "+", ".", ",", "_", "'", '"', "`", "*", "||", "<@1>", "@everyone", "<#1>", "@", "/",
    "id:", "id:1", "here", "none", "unlimited", "chars", "5000 chars", "$0.50", "day", "week", "2 h", "1e9", "nan",
    "inf", "0x10", "9" * 30, "9" * 5000, "%00", "%", "\\", ";--", "' OR 1=1", "{}", "[]", "\r\n", "\n", "\t", " ", "",
    "👩‍👩‍👧‍👦", "🏳️‍🌈", "speak", "music", "quota", "set", "grant", "Aria", "Aria: ", "\nGeorge:", "<script>", "&amp;", "../..", "https://",
)  # fmt: skip


def texts(longest: int = 60) -> st.SearchStrategy[str]:
    """Draw text: any characters, awkward pieces strung together, and sometimes a megabyte of one of them."""
    piece = st.sampled_from(AWKWARD)
    anything = st.text(st.characters(), max_size=longest)  # including lone surrogates
    strung = st.lists(piece | st.text(max_size=5), max_size=12).map("".join)
    spaced = st.lists(piece | st.text(max_size=5), max_size=8).map(" ".join)
    flood = st.sampled_from(("a", " ", "@", "/", "\u0301", "\u202e", "9", "(", "*", "_", "`", "a ", "\n", "\ud800"))
    return st.one_of(anything, strung, spaced, strung, spaced, flood.map(lambda c: c * (MEGABYTE // len(c))))


NAMES = texts().map(lambda text: text[:1000])
NUMBERS = st.one_of(
    st.integers(), st.integers(-(10**40), 10**40), st.floats(), st.sampled_from([2**31, 2**63, -(2**63), 10**4000])
)


def values(longest: int = 60) -> st.SearchStrategy[Any]:
    """Draw any JSON value."""
    leaves = st.none() | st.booleans() | NUMBERS | texts(longest)
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts(8), inner, max_size=4)
    )


def as_json(value: Any) -> bytes:
    """Write a value as JSON, including what only lenient parsers accept: NaN, lone surrogates, integers of any length."""
    if isinstance(value, int) and abs(value) >= 10**4000:
        return b"1" + b"0" * 5000
    return json.dumps(value, default=str).encode()


DEEP = st.sampled_from((b"[", b'{"a":', b"[[{}],", b'{"request_id":[')).flatmap(
    lambda opening: st.sampled_from((10, 900, 5000, 100_000)).map(lambda depth: opening * depth)
)
BODIES = st.one_of(
    st.binary(max_size=200), values().map(as_json), DEEP, texts().map(lambda text: text.encode("utf-8", "surrogatepass")),
    texts().map(lambda text: text.encode("utf-16", "surrogatepass")), st.just(b"1" * 5000), st.just(b'{"a":1e99999}'),
)  # fmt: skip
