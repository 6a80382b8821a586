"""Decode and encode audio in a process of its own, so that a crash in a codec takes nothing else along.

`core.media.pool` starts it. Only what is imported here may import `av`. The first line on stdout says that it is ready;
then each JSON line on stdin is one request and gets one JSON line back: `info` (what was asked for), or `error` with a
`reason`. Whatever is not foreseen, running out of memory included, ends the process; the parent starts another.
"""

import errno
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av

from core.domain.audio import Encoding, Want
from core.media.jail import confine
from core.media.reading import Listener, NotAudio, Silent, audio_of, expected, frames_of, opened
from core.media.wave_header import unfinished
from core.media.writing import TooBig, write

JSON = dict[str, Any]

ORPHAN_S = 1
"""The time after the parent's deadline at which a request ends by itself, in case the parent is gone."""


def probe(path: str, raw: JSON | None = None) -> JSON:
    """Decode the whole file and say what it is; the duration counts the samples that came out."""
    listener = Listener()
    with opened(path, raw) as (source, container):
        codec = audio_of(source)[1]
        for _ in listener.passing(frames_of(source)):
            pass
    return listener.told(container, codec)


def prepare(path: str, raw: JSON | None, *, part: str, want: JSON) -> JSON:
    """Do as `probe`, and of the same frames write what the chat takes, if that is another file.

    `fit` is an answer of its own, about that file; None where there is none.
    """
    listener, wanted = Listener(), Want.from_json(want)
    size_bytes = Path(path).stat().st_size
    with opened(path, raw) as (source, container):
        seems = expected(source, container, size_bytes)
        mend = container == "wav" and unfinished(Path(path), size_bytes)
        frames = listener.passing(frames_of(source))
        fit: JSON | None = None
        try:
            for encoding in (wanted.writes(seems, size_bytes, mend=mend) or ())[:1]:
                fit = {"info": write(frames, part, encoding, max_bytes=wanted.max_bytes)}
        except (TooBig, OSError) as error:
            fit = refusal(error)
        for _ in frames:  # those that are not encoded
            pass
    return {**listener.told(container, seems.codec), "fit": fit}


def transcode(path: str, raw: JSON | None, *, part: str, to: JSON, max_bytes: int) -> JSON:
    """Write the audio anew and say what came out of it."""
    with opened(path, raw) as (source, _):
        return write(frames_of(source), part, Encoding(**to), max_bytes=max_bytes)


def measure(path: str, raw: JSON | None, channels: int) -> JSON:
    """Say where sound begins and ends in a part of an order, and how loud it is."""
    from core.media.shaping import measured  # noqa: PLC0415

    with opened(path, raw) as (source, _):
        heard = measured(frames_of(source), channels)
    if heard is None:
        raise Silent("nothing is heard in a part")
    return heard


def join(pieces: list[JSON], *, part: str, to: JSON, max_bytes: int) -> JSON:
    """Write the parts of an order to one file, as `transcode` does."""
    from core.media.shaping import chapters_of, shaped  # noqa: PLC0415

    encoding = Encoding(**to)

    def frames() -> Iterator[av.AudioFrame]:
        for piece in pieces:  # only one is open at a time
            with opened(piece["path"], piece["raw"]) as (source, _):
                yield from shaped(frames_of(source), encoding.channels, encoding.sample_rate_hz, piece)

    return write(frames(), part, encoding, max_bytes=max_bytes, marks=chapters_of(pieces))


OPERATIONS: dict[str, Callable[..., JSON]] = {act.__name__: act for act in (probe, prepare, transcode, measure, join)}


def answer(request: JSON) -> JSON:
    """Do what is asked for."""
    try:
        return {"info": OPERATIONS[request["operation"]](**request["arguments"])}
    except (NotAudio, Silent, TooBig, OSError) as error:
        return refusal(error)


def refusal(error: Exception) -> JSON:
    """Put into an answer why something can't be done."""
    if not isinstance(error, OSError):
        return {"error": REFUSALS[type(error)], "reason": str(error)}
    if error.errno == errno.ENOMEM:  # as Python says it where it can't load a library
        raise MemoryError from error
    if error.errno == errno.EFBIG:
        return {"error": "too_big", "reason": error.strerror}
    return {"error": "failed", "errno": error.errno, "reason": error.strerror}  # of the disk, since input is NotAudio


REFUSALS = {NotAudio: "undecodable", Silent: "silent", TooBig: "too_big"}


def main() -> None:
    """Serve until stdin ends."""
    confine(int(sys.argv[1]))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not be taken for an answer
    print(json.dumps({"ready": os.getpid()}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        # An orphan in the middle of a request does not see stdin end. SIGALRM ends even a codec that hangs.
        signal.setitimer(signal.ITIMER_REAL, request["deadline_s"] + ORPHAN_S)
        answered = {"id": request["id"], **answer(request)}
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(json.dumps(answered), file=answers, flush=True)
