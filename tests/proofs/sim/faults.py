"""Every kind of fault, as data, and the mix of them that one history draws."""

import gzip
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault: where it may strike and what it is there. Its name is what its counter goes by."""

    name: str
    family: str
    site: str
    data: Any = None


@dataclass(frozen=True, slots=True)
class Said:
    """An answer of the gateway that is not as documented, or that says no; `<id>` and such are filled in."""

    status: int
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    accepts: bool = False
    """The job exists all the same."""
    called_s: float | None = None
    """So long after the job is done comes its one callback, where others come as they are drawn."""
    endless: bool = False


BOMB = gzip.compress(bytes(8 << 20), 9)
ZIPPED = {"Content-Encoding": "gzip"}
PAGE = b"<!DOCTYPE html><html><body>Sorry</body></html>"
HTML = {"Content-Type": "text/html"}


def _table(family: str, site: str, data: Mapping[str, Any]) -> Iterator[Kind]:
    for name, value in data.items():
        yield Kind(f"{family}: {name}", family, site, value)


_COMMITS = """admission submitting running unconfirmed fetched sending pending sent undeliverable failed expired
rejected cancelled close"""
KILL_POINTS = (
    *(f"{when} {effect} commit" for effect in _COMMITS.split() for when in ("before", "after")),
    *("before migration", "after migration", "update received", "bytes sent", "gateway accepts", "202 read"),
    *("status read", "COMPLETED read", "webhook acknowledged", "download", "file written", "file synced"),
    *("file renamed", "folder synced", "media read", "upload accepted", "upload read", "status message accepted"),
    *("before recovery", "after recovery", "drain", "any moment", "backup"),
)

KILLS = [Kind(f"kill: {point}", "kills", f"kill {point}", point) for point in KILL_POINTS]

NETWORK = [
    *_table("network", "net.connect", {"refused": "refused", "connecting hangs": "hang"}),
    *_table("network", "net.resolve", {"no such name": True}),
    *_table(
        "network",
        "net.request",
        {
            "reset before the effect": "reset",
            "closed before the effect": "close",
            "lost before the effect": "lost",
            "slow": "slow",
            "reset after the effect": "reset after",
            "closed after the effect": "close after",
            "read timeout after the effect": "unanswered",
            "cut in the head": "cut head",
            "cut mid-body": "cut body",
            "shorter than announced": "short body",
            "garbage for an answer": "garbage",
            "a trickle": "trickle",
        },
    ),
    *_table("network", "era", {"partition longer than the deadline": "long cut", "short partition": "short cut"}),
    Kind("network: pool exhausted", "network", "pool"),
]

_SUBMIT: dict[str, Said] = {
    "202 with bad JSON": Said(202, b'{"request_id": "<id>', accepts=True),
    "202 without an id": Said(202, b'{"status":"QUEUED"}', accepts=True),
    "202 with an id already used": Said(202, b'{"request_id":"<used>"}', accepts=True),
    "202 with a number for an id": Said(202, b'{"request_id":42}', accepts=True),
    "202 with a list": Said(202, b"[1]", accepts=True),
    "202 with zero bytes": Said(202, b"", accepts=True),
    "202 with a page": Said(202, PAGE, HTML, accepts=True),
    "202 with a huge id": Said(202, b'{"request_id":"' + b"x" * 5000 + b'"}', accepts=True),
    "200 with a page": Said(200, PAGE, HTML),
    "502 with a page": Said(502, PAGE, HTML),
    "500 after accepting": Said(500, b'{"error":"oops"}', accepts=True),
    "500 after accepting, called back late": Said(500, b'{"error":"oops"}', accepts=True, called_s=150.0),
    "504 after accepting": Said(504, PAGE, HTML, accepts=True),
    "503": Said(503),
    "302": Said(302, b"", {"Location": "http://127.0.0.1/"}),
    "400": Said(400, b'{"error":"Bad Request","message":"voice"}'),
    "400 model not found": Said(400, b'{"error":"Model not found","message":"m"}'),
    "401": Said(401, b'{"error":"canary-gateway-key-5c1d is no key"}'),
    "402": Said(402, b'{"error":"Insufficient Balance"}'),
    "403": Said(403),
    "429 with seconds": Said(429, b"{}", {"Retry-After": "7"}),
    "429 with a date": Said(429, b"{}", {"Retry-After": "<date>"}),
    "429 without Retry-After": Said(429),
    "429 with a huge Retry-After": Said(429, b"{}", {"Retry-After": "99999999"}),
    "429 with nonsense": Said(429, b"{}", {"Retry-After": "soon"}),
    "endless answer": Said(202, b'{"request_id":"' + b"a" * 65_000, accepts=True, endless=True),
    "gzip bomb": Said(202, BOMB, ZIPPED, accepts=True),
}
_STATUS: dict[str, Said] = {
    "status 404": Said(404),
    "status 401": Said(401),
    "status 429": Said(429, b"{}", {"Retry-After": "3"}),
    "status 500": Said(500),
    "status page with 200": Said(200, PAGE, HTML),
    "status page with 502": Said(502, PAGE, HTML),
    "status with bad JSON": Said(200, b'{"status":'),
    "status null": Said(200, b'{"request_id":"<id>","status":null}'),
    "status of a strange type": Said(200, b'{"status":{"a":[1]},"output":[]}'),
    "status gzip bomb": Said(200, BOMB, ZIPPED),
}
_OUTCOMES = {
    "FAILED": "FAILED",
    "ERROR": "ERROR",
    "ERROR then COMPLETED": "error first",
    "endless PROCESSING": "endless",
    "status going backwards": "backwards",
    "unknown status": "unknown",
    "no media": "no media",
    "empty media": "empty media",
    "non-string media": "odd media",
    "media on a private address by name": "private media",
    "media on a private address": "literal media",
    "media by plain http": "plain media",
    "media in a file": "file media",
    "media on the gateway itself": "own media",
}
_MEDIA: dict[str, Said] = {
    "media 404 then 200": Said(404),
    "media 403 then 200": Said(403),
    "media 410": Said(410),
    "media 500": Said(500),
    "media of zero bytes": Said(200, b""),
    "media is a page": Said(200, PAGE, HTML),
    "media of the wrong type": Said(200, b"%PDF-1.7 this is not audio"),
    "media without an end": Said(200, bytes(20_000), endless=True),
    "media gzip bomb": Said(200, BOMB, ZIPPED),
    "redirect to a private address": Said(302, b"", {"Location": "https://127.0.0.1/x"}),
    "redirect to a private name": Said(302, b"", {"Location": "https://evil.sim/x"}),
    "redirect to the metadata service": Said(307, b"", {"Location": "https://metadata.sim/latest/meta-data"}),
    "redirect to plain http": Said(302, b"", {"Location": "http://cdn.sim/x"}),
    "redirects in a circle": Said(302, b"", {"Location": "https://cdn.sim/round"}),
    "redirect to nowhere": Said(302, b"", {"Location": "http://["}),
}
GATEWAY = [
    *_table("gateway", "gw.submit", _SUBMIT),
    *_table("gateway", "gw.status", _STATUS),
    *_table("gateway", "gw.outcome", _OUTCOMES),
    *_table("gateway", "gw.media", _MEDIA),
]

CALLBACKS = [
    *_table(
        "callbacks",
        "cb.early",
        {"before the 202 is committed": "true", "lying before the end": "lying", "a failure that is a lie": "lying failure"},
    ),
    *_table(
        "callbacks",
        "cb.final",
        {
            "duplicate": ((0.1, "true"), (3.0, "true")),
            "concurrent": ((0.1, "true"),) * 3,
            "after the end": ((90.0, "true"), (2000.0, "true")),
            "long after the end": ((150.0, "true"), (151.0, "true")),
            "never": (),
            "wrong token": ((0.1, "wrong token"),),
            "another job's id": ((0.1, "another's id"), (0.2, "true")),
            "another job's token": ((0.1, "another's token"),),
            "10 MB body": ((0.1, "huge"),),
            "not JSON": ((0.1, "not json"),),
            "a list": ((0.1, "list"),),
            "an id that nobody knows": ((0.1, "unheard-of"),),
            "without an id": ((0.1, "no id"),),
            "an id that is an object": ((0.1, "odd id"),),
            "empty body": ((0.1, "empty"),),
            "another method": ((0.1, "method"),),
        },
    ),
]  # fmt: skip

DISK = [
    *_table(
        "clock and disk",
        "era",
        {
            "an hour forward": ("clock", 3_600_000),
            "an hour back": ("clock", -3_600_000),
            "a day forward": ("clock", 86_400_000),
            "a day back": ("clock", -86_400_000),
            "a two-hour suspend": ("suspend", 7200.0),
            "frozen for ten minutes": ("freeze", 600.0),
            "full for twenty minutes": ("full", 1200.0),
        },
    ),
    *_table("clock and disk", "start", {"edge of a day": "day", "edge of a month": "month"}),
    *_table(
        "clock and disk",
        "db",
        {"database busy": "busy", "database read-only": "read-only", "database full": "full", "commit fails": "sync"},
    ),
    Kind("clock and disk: slow disk", "clock and disk", "db.slow", 4.0),
    Kind("clock and disk: fsync fails", "clock and disk", "spool.fsync"),
    Kind("clock and disk: disk full", "clock and disk", "spool.write"),
]

RESTORES = list(
    _table(
        "restores",
        "restore",
        {
            "a copy of any moment": "moment",
            "a copy of a commit": "commit",
            "a copy from before a migration": "migration",
            "killed in the middle": "killed",
            "power lost in the middle": "power",
            "the same copy twice": "twice",
            "a copy of its aftermath": "aftermath",
        },
    )
)
"""What an operator does who goes back to a copy; the first three say to which."""


class Mix:
    """What may go wrong in one history, and how often: a few kinds, drawn by the seed, one of them featured."""

    def __init__(self, rng: random.Random, kinds: tuple[Kind, ...], featured: Kind | None) -> None:
        self.rng = rng
        self.over = False
        self.fired: Counter[str] = Counter()
        self.featured = featured
        share = rng.choice((0.01, 0.04, 0.1, 0.2))
        enabled = [kind for kind in kinds if rng.random() < share]
        if featured is not None and featured not in enabled:
            enabled.append(featured)
        self.kinds: dict[str, list[Kind]] = {}
        for kind in enabled:
            self.kinds.setdefault(kind.site, []).append(kind)
        self.odds = {site: rng.choice((0.05, 0.15, 0.4)) for site in self.kinds}
        if featured is not None:
            self.odds[featured.site] = max(self.odds[featured.site], 0.4)

    def draw(self, site: str) -> Kind | None:
        """Return the fault that strikes here now, if one does."""
        kinds = self.kinds.get(site)
        if kinds is None or self.over or self.rng.random() >= self.odds[site]:
            return None
        kind = self.featured if self.featured in kinds and self.rng.random() < 0.5 else self.rng.choice(kinds)
        assert kind is not None
        self.fired[kind.name] += 1
        return kind
