"""Decode and encode audio in a process of its own, so that a crash in a codec takes nothing else along.

`core.media.pool` starts this file as a script: `python -I child.py MEMORY_BYTES`. Only it and `core.media.shaping`
import `av`; of the project it imports nothing but that and its jail. The first line on stdout says that it is ready;
then each JSON line on stdin is one request and gets one JSON line back: `info` (what was asked for), or `error` with a
`reason`. Whatever is not foreseen, running out of memory included, ends the process; the parent starts another.
"""

import codecs
import errno
import json
import os
import signal
import sys
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer

JSON = dict[str, Any]

HEAD_BYTES = 32_768
"""Samples off zero can pass for a text as long as nothing sounds: two thirds of a second at 24 kHz."""
SHORTEST_RAW_MS = 100
"""Less than this is no speech and no music: any few bytes can be read as so many samples."""
QUIETEST = 8
"""Of 32768: what A-law has for silence. Nobody hears more than silence where no sample is louder."""
TEXT_SHARE = 0.85
"""So much of a text is printable ASCII, at least; of samples, which go up and down, hardly half."""
# Only these are ever opened: other demuxers follow references to more files and hosts (playlists, concat, SDP).
MAGIC = (
    (0, b"RIFF", "wav"),
    (0, b"RF64", "wav"),
    (0, b"OggS", "ogg"),
    (0, b"ID3", "mp3"),
    (0, b"fLaC", "flac"),
    (4, b"ftyp", "mp4"),
)
# What else may be served in place of audio: pictures, archives, documents. Read as samples it would be noise.
OTHER_MAGIC = (b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"\x1f\x8b\x08", b"PK\x03\x04", b"%PDF", b"\x28\xb5\x2f\xfd")
CODECS = frozenset("aac alac flac mp3 opus vorbis".split())
ORPHAN_S = 1
"""The time after the parent's deadline at which a request ends by itself, in case the parent is gone."""


class NotAudio(Exception):
    """The content is not audio that can be decoded."""


class Silent(Exception):
    """The content is audio in which nothing can be heard."""


class TooBig(Exception):
    """The output has outgrown its limit."""


def is_mp3_frame(head: bytes) -> bool:
    """Tell whether an MPEG layer III frame header starts here (ISO 11172-3, 2.4.1.3: no reserved values)."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return False
    return head[1] & 0x18 != 0x08 and head[2] & 0xF0 not in {0x00, 0xF0} and head[2] & 0x0C != 0x0C


def is_text(head: bytes) -> bool:
    """Tell whether words start here, of an error or a page: read as raw samples they would be "decodable" noise."""
    written = head.replace(b"\0", b"")  # as in UTF-16
    shown = sum(0x20 <= byte < 0x7F or byte in b"\t\n\r" for byte in written)
    if shown > TEXT_SHARE * max(len(written), 1):
        return True
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)  # its last character may be cut off
    except UnicodeDecodeError:
        return False
    return not any(c < " " and c not in "\t\n\r" for c in text)


def sniff(head: bytes, raw: JSON | None) -> tuple[str, dict[str, str]]:
    """Return the demuxer and its options for a file that begins so; a header is believed before `raw`."""
    for offset, magic, demuxer in MAGIC:
        if head.startswith(magic, offset):
            return demuxer, {}
    if raw and head and not is_text(head) and not head.startswith(OTHER_MAGIC):
        return raw["codec"], {"sample_rate": str(raw["sample_rate_hz"]), "ch_layout": "mono"}
    if is_mp3_frame(head):  # after `raw`, since samples can look like this
        return "mp3", {}
    raise NotAudio("no known audio header")


@contextmanager
def reading() -> Iterator[None]:
    """Turn what the library says about bad input into NotAudio."""
    try:
        yield
    except MemoryError:  # the library has a MemoryError of its own, which is both
        raise
    except av.FFmpegError as error:
        raise NotAudio(error.strerror) from error


@contextmanager
def opened(path: str, raw: JSON | None) -> Iterator[tuple[InputContainer, str]]:
    """Open a file by what its content says; also give the container's name. Raises NotAudio and OSError."""
    with Path(path).open("rb") as file:
        demuxer, options = sniff(file.read(HEAD_BYTES), raw)
    with reading():
        source = av.open(Path(path).absolute(), "r", format=demuxer, options={"protocol_whitelist": "file", **options})
    with source:
        yield source, "raw" if options else demuxer


def audio_of(source: InputContainer) -> tuple[AudioStream, str]:
    """Return the first audio stream and its codec's name. Raises NotAudio where there is none that is known."""
    if not source.streams.audio:
        raise NotAudio("no audio stream")
    stream = source.streams.audio[0]
    codec = stream.codec_context.codec.canonical_name
    if codec not in CODECS and not codec.startswith("pcm_"):
        raise NotAudio(f"codec {codec}")
    return stream, codec


def frames_of(source: InputContainer) -> Iterator[av.AudioFrame]:
    """Decode frame by frame, passing over bad packets while most are good, as players do."""
    good = bad = 0
    with reading():
        for packet in source.demux(audio_of(source)[0]):
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:
                bad += 1
                continue
            good += 1
            yield from frames
    if bad >= good:
        raise NotAudio(f"{bad} of {bad + good} packets are broken")


class Ear:
    """Tells silence from sound in frames of any format; those that are alike share one resampler.

    A filter graph with threads reserves address space for each of them, and a long silence would use up the limit.
    """

    def __init__(self) -> None:
        self._like: tuple[str, str, int] | None = None

    def hears(self, frame: av.AudioFrame) -> bool:
        """Tell whether anything can be heard in a frame."""
        like = frame.format.name, frame.layout.name, frame.sample_rate
        if like != self._like:
            self._like = like
            self._resampler = av.AudioResampler(format="s16", layout=like[1], rate=like[2], threads=1)
        with reading():
            plain = self._resampler.resample(frame)
        for piece in plain:
            samples = array("h", bytes(piece.planes[0])[: 2 * piece.samples * piece.layout.nb_channels])
            if samples and (max(samples) > QUIETEST or min(samples) < -QUIETEST):
                return True
        return False


def probe(path: str, raw: JSON | None = None) -> JSON:
    """Decode the whole file and say what it is; the duration counts the samples that came out."""
    duration_s = 0.0
    rate = channels = 0
    silent, ear = True, Ear()
    with opened(path, raw) as (source, container):
        codec = audio_of(source)[1]
        for frame in frames_of(source):
            rate, channels = frame.sample_rate, frame.layout.nb_channels
            duration_s += frame.samples / rate
            silent = silent and not ear.hears(frame)
    duration_ms = round(duration_s * 1000)
    if not duration_ms or (container == "raw" and duration_ms < SHORTEST_RAW_MS):
        raise NotAudio(f"{duration_ms} ms of samples")
    if silent:
        raise Silent(f"{duration_ms} ms of silence")
    return {
        "container": container,
        "codec": codec,
        "sample_rate_hz": rate,
        "channels": channels,
        "duration_ms": duration_ms,
    }


def encode(frames: Iterable[av.AudioFrame], part: str, to: JSON, *, max_bytes: int, marks: Sequence[JSON] = ()) -> None:
    """Write audio to `part`. Raises TooBig as soon as the packets outgrow the limit."""
    size_bytes = 0
    with av.open(part, "w", format=to["container"]) as sink:
        stream: AudioStream = sink.add_stream(
            to["encoder"],
            rate=to["sample_rate_hz"],
            options=to["options"],
            layout="mono" if to["channels"] == 1 else "stereo",
            bit_rate=to["bitrate_bps"],
        )
        if marks:
            from core.media.shaping import mark  # noqa: PLC0415

            mark(sink, stream, marks)
        for frame in chain(frames, [None]):  # None flushes the encoder
            if frame:
                frame.pts = None  # time runs by samples, over the gaps that bad packets left
            for packet in stream.encode(frame):
                size_bytes += packet.size
                sink.mux(packet)
            if size_bytes > max_bytes:
                raise TooBig(f"{size_bytes} bytes and more")


def transcode(path: str, raw: JSON | None, *, part: str, into: str, to: JSON, max_bytes: int) -> JSON:
    """Write the audio anew to `into`, complete and on disk or not at all, and say what came out of it."""
    with opened(path, raw) as (source, _):
        encode(frames_of(source), part, to, max_bytes=max_bytes)
    return finished(part, into, max_bytes)


def finished(part: str, into: str, max_bytes: int) -> JSON:
    """Give a whole file its name, once it is on disk."""
    if (size_bytes := Path(part).stat().st_size) > max_bytes:
        raise TooBig(f"{size_bytes} bytes")
    info = probe(part)
    sync(part)
    Path(part).replace(into)
    sync(str(Path(into).parent))
    return info


def measure(path: str, raw: JSON | None, channels: int) -> JSON:
    """Say where sound begins and ends in a part of an order, and how loud it is."""
    from core.media.shaping import measured  # noqa: PLC0415

    with opened(path, raw) as (source, _):
        heard = measured(frames_of(source), channels)
    if heard is None:
        raise Silent("nothing is heard in a part")
    return heard


def join(pieces: list[JSON], *, part: str, into: str, to: JSON, max_bytes: int) -> JSON:
    """Write the parts of an order to one file, as `transcode` does."""
    from core.media.shaping import chapters_of, shaped  # noqa: PLC0415

    def frames() -> Iterator[av.AudioFrame]:
        for piece in pieces:  # only one is open at a time
            with opened(piece["path"], piece["raw"]) as (source, _):
                yield from shaped(frames_of(source), to["channels"], to["sample_rate_hz"], piece)

    encode(frames(), part, to, max_bytes=max_bytes, marks=chapters_of(pieces))
    return finished(part, into, max_bytes)


def sync(path: str) -> None:
    """Flush a file or a directory to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


OPERATIONS: dict[str, Callable[..., JSON]] = {act.__name__: act for act in (probe, transcode, measure, join)}


def serve(operation: str, arguments: JSON) -> JSON:
    """Answer one request."""
    try:
        return {"info": OPERATIONS[operation](**arguments)}
    except NotAudio as error:
        return {"error": "undecodable", "reason": str(error)}
    except Silent as error:
        return {"error": "silent", "reason": str(error)}
    except TooBig as error:
        return {"error": "too_big", "reason": str(error)}
    except OSError as error:  # of the disk: what a library says about the input is NotAudio
        if error.errno == errno.ENOMEM:  # as Python says it where it can't load a library
            raise MemoryError from error
        if error.errno == errno.EFBIG:
            return {"error": "too_big", "reason": error.strerror}
        return {"error": "failed", "errno": error.errno, "reason": error.strerror}


def main() -> None:
    """Serve until stdin ends."""
    sys.path.append(str(Path(__file__).parents[2]))  # at the end: a folder of ours must hide no library
    from core.media.jail import confine  # noqa: PLC0415

    confine(int(sys.argv[1]))
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever a library prints must not be taken for an answer
    print(json.dumps({"ready": os.getpid()}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        # An orphan in the middle of a request does not see stdin end. SIGALRM ends even a codec that hangs.
        signal.setitimer(signal.ITIMER_REAL, request["deadline_s"] + ORPHAN_S)
        answer = {"id": request["id"], **serve(request["operation"], request["arguments"])}
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
