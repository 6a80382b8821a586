"""The table of faults that the sandbox can simulate.

`SandboxConfig.fault` selects a fault for all requests, and a marker such as `[[fault:failed]]` anywhere in the text or
prompt selects one for a single request.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from core.domain.contract import RequestStatus

MARKER = re.compile(r"\[\[fault:([^\]\s]*)\]\]")

PAGE = "PAGE"
"""In `Fault.first`: an HTML page instead of a status."""


class Answer(Enum):
    """The response to an accepted submission."""

    RECEIPT = auto()
    LATE = auto()
    SERVER_ERROR = auto()
    PAGE = auto()
    CLOSED = auto()


class Media(Enum):
    """The media of a completed request."""

    AUDIO = auto()
    TWICE = auto()
    NULL = auto()
    EMPTY = auto()
    ABSENT = auto()
    GARBAGE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """How a request deviates from normal behaviour, which is the default."""

    meaning: str = ""
    refusal: int = 0
    """The status code that refuses the submission; 0 accepts it."""
    relents: bool = False
    """Whether the text is accepted after `SandboxConfig.refusals` refusals."""
    answer: Answer = Answer.RECEIPT
    never_ends: bool = False
    final: RequestStatus = RequestStatus.COMPLETED
    first: tuple[str, ...] = ()
    """What the first status requests get instead of the real status: another status, or PAGE."""
    slow_status: bool = False
    media: Media = Media.AUDIO


NO_FAULT = Fault()

TABLE: Mapping[str, Fault] = {
    "failed": Fault(meaning="accepted, ends as FAILED", final=RequestStatus.FAILED),
    "error": Fault(meaning="accepted, ends as ERROR and is not charged", final=RequestStatus.ERROR),
    "400": Fault(meaning="refused as a bad request", refusal=400),
    "401": Fault(meaning="refused as unauthorized", refusal=401),
    "402": Fault(meaning="refused for want of balance", refusal=402),
    "403": Fault(meaning="refused as forbidden", refusal=403),
    "429": Fault(meaning="refused the first times with Retry-After: 1, then accepted", refusal=429, relents=True),
    "429-always": Fault(meaning="refused every time with Retry-After: 1", refusal=429),
    "500": Fault(meaning="answered 500, nothing accepted", refusal=500),
    "500-after-accepting": Fault(meaning="accepted, but answered 500", answer=Answer.SERVER_ERROR),
    "html": Fault(meaning="accepted, but answered 200 with a page of HTML", answer=Answer.PAGE),
    "drop": Fault(meaning="accepted, but the connection closes without an answer", answer=Answer.CLOSED),
    "late": Fault(meaning="accepted, but answered only after some seconds", answer=Answer.LATE),
    "endless": Fault(meaning="PROCESSING for ever", never_ends=True),
    "unknown-status": Fault(meaning="the first two status answers say WARMING", first=("WARMING", "WARMING")),
    "html-status": Fault(meaning="the first status answer is a page of HTML with 200", first=(PAGE,)),
    "slow-status": Fault(meaning="every status answer takes some seconds", slow_status=True),
    "no-media": Fault(meaning="COMPLETED with output null", media=Media.NULL),
    "empty-media": Fault(meaning="COMPLETED with an empty list of media", media=Media.EMPTY),
    "media-404": Fault(meaning="COMPLETED, but the media address answers 404", media=Media.ABSENT),
    "media-multiple": Fault(meaning="COMPLETED with two media addresses", media=Media.TWICE),
    "bad-audio": Fault(meaning="COMPLETED, but the media are bytes without sense", media=Media.GARBAGE),
}

FAULTS: Mapping[str, str] = {name: fault.meaning for name, fault in TABLE.items()}
"""Name -> description."""


def marked(text: str) -> str | None:
    """Return the name in the text's fault marker, whether or not there is such a fault."""
    found = MARKER.search(text)
    return found[1] if found else None


def unmarked(text: str) -> str:
    """Return the text without markers, which are not read aloud."""
    return MARKER.sub(" ", text)
