"""Decode and encode audio in a process of its own, so that a crash in a codec takes nothing else along.

`core.media.pool` starts it. Only what is imported here may import `av`. The first line on stdout says that it is ready;
then each JSON line on stdin is one request and gets one JSON line back: `info` (what was asked for), or `error` with a
`reason`. Whatever is not foreseen, running out of memory included, ends the process; the parent starts another.
"""

import errno
import gc
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import av

from core.domain.audio import Encoding, Probe, Want
from core.media.jail import confine
from core.media.reading import Listener, NotAudio, Silent, audio_of, expected, frames_of, opened
from core.media.wave_header import unfinished
from core.media.writing import TooBig, copy, write

JSON = dict[str, Any]

NICE = 10
"""A member who waits for an answer goes before an encoding (`man 2 nice`)."""
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
        frames: Iterable[av.AudioFrame] = listener.passing(frames_of(source))
        waveform = ""
        fit: JSON | None = None
        try:
            if wanted.looks:
                frames, waveform, anew = _finished(frames, path, raw, wanted, seems)
                mend = mend or anew
            encodings = wanted.writes(seems, size_bytes, anew=mend)
            if encodings is not None:
                fit = {"info": _written(frames, part, encodings, wanted) | {"waveform": waveform}}
        except (TooBig, OSError) as error:
            fit = refusal(error)
        for _ in frames:  # those that are not encoded
            pass
    return {**listener.told(container, seems.codec), "waveform": waveform, "fit": fit}


def _written(frames: Iterable[av.AudioFrame], part: str, encodings: Sequence[Encoding], wanted: Want) -> JSON:
    if not encodings:
        raise TooBig("whatever it is made")
    return write(frames, part, encodings[0], max_bytes=wanted.max_bytes, tags=wanted.finish.tags)


def _finished(
    frames: Iterable[av.AudioFrame], path: str, raw: JSON | None, wanted: Want, seems: Probe
) -> tuple[Iterable[av.AudioFrame], str, bool]:
    """Return the frames with the finish that is wanted, their waveform, and whether the finish is worth a new file."""
    from core.media.finishing import Finishing  # noqa: PLC0415

    def again() -> Iterator[av.AudioFrame]:
        with opened(path, raw) as (source, _):
            yield from frames_of(source)

    finishing = Finishing(frames, again, min(seems.channels, 2))
    return finishing.finished(wanted.finish)


def transcode(path: str, raw: JSON | None, *, part: str, to: JSON, max_bytes: int, want: JSON) -> JSON:
    """Write the audio anew and say what came out of it."""
    wanted, encoding, waveform = Want.from_json(want), Encoding(**to), ""
    with opened(path, raw) as (source, container):
        frames: Iterable[av.AudioFrame] = frames_of(source)
        if wanted.looks:
            seems = expected(source, container, Path(path).stat().st_size)
            frames, waveform, _ = _finished(frames, path, raw, wanted, seems)
        info = write(frames, part, encoding, max_bytes=max_bytes, tags=wanted.finish.tags)
    return info | {"waveform": waveform}


def measure(path: str, raw: JSON | None, channels: int) -> JSON:
    """Say where sound begins and ends in a part of an order, and how loud it is."""
    from core.media.measuring import lulls_ms, measured  # noqa: PLC0415
    from core.media.shaping import plain  # noqa: PLC0415

    with opened(path, raw) as (source, _):
        found = measured(plain(frames_of(source), channels))
    if found is None:
        raise Silent("nothing is heard in a part")
    heard, peaks = found
    return heard | {"lulls_ms": list(lulls_ms(peaks))}


def join(pieces: list[JSON], *, part: str, to: JSON, max_bytes: int, want: JSON) -> JSON:
    """Write the parts of an order to one file, as `transcode` does."""
    from core.media.measuring import Windows, waveform  # noqa: PLC0415
    from core.media.shaping import chapters_of, shaped  # noqa: PLC0415

    encoding, wanted, windows = Encoding(**to), Want.from_json(want), Windows()

    def frames() -> Iterator[av.AudioFrame]:
        for piece in pieces:  # only one is open at a time
            with opened(piece["path"], piece["raw"]) as (source, _):
                yield from shaped(frames_of(source), encoding, piece)

    sound = windows.passing(frames()) if wanted.waveform else frames()
    info = write(sound, part, encoding, max_bytes=max_bytes, marks=chapters_of(pieces), tags=wanted.finish.tags)
    return info | {"waveform": waveform(windows.peaks()) if wanted.waveform else ""}


def tag(path: str, raw: JSON | None, *, part: str, max_bytes: int, tags: list[tuple[str, str]]) -> JSON:
    """Copy a file that goes as it is, with tags."""
    copy(path, raw, part, max_bytes=max_bytes, tags=tags)
    return {}


OPERATIONS: dict[str, Callable[..., JSON]] = {
    act.__name__: act for act in (probe, prepare, transcode, measure, join, tag)
}


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
    os.nice(NICE)
    confine(int(sys.argv[1]))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not be taken for an answer
    gc.freeze()  # each filter graph is collected, and what is imported need not be looked at for that
    print(json.dumps({"ready": os.getpid()}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        # An orphan in the middle of a request does not see stdin end. SIGALRM ends even a codec that hangs.
        signal.setitimer(signal.ITIMER_REAL, request["deadline_s"] + ORPHAN_S)
        answered = {"id": request["id"], **answer(request)}
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(json.dumps(answered), file=answers, flush=True)
