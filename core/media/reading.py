"""Read audio files in the media process: tell what they are by their content, and decode them."""

import codecs
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
from av.audio.stream import AudioStream
from av.container import InputContainer

from core.domain.audio import Probe

JSON = dict[str, Any]

HEAD_BYTES = 32_768
"""Samples off zero can pass for a text as long as nothing sounds: two thirds of a second at 24 kHz."""
SHORTEST_RAW_MS = 100
"""Less than this is no speech and no music: any few bytes can be read as so many samples."""
QUIETEST = 8
"""Of 32768: what A-law has for silence. Nobody hears more than silence where no sample is louder."""
LISTENED_BYTES = 4096
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
CONTAINERS = frozenset(demuxer for _, _, demuxer in MAGIC)
# Samples need no analysis: their header says all, and looking for codecs in them takes four times as long as decoding.
# The demuxer looks through the first packet all the same, so that one should be short, and the others not too many.
OPTIONS = {"wav": {"probesize": "32", "max_size": "16384"}}
RAW_OPTIONS = {"probesize": "32", "ch_layout": "mono"}
# What else may be served in place of audio: pictures, archives, documents. Read as samples it would be noise.
OTHER_MAGIC = (b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"\x1f\x8b\x08", b"PK\x03\x04", b"%PDF", b"\x28\xb5\x2f\xfd")
CODECS = frozenset("aac alac flac mp3 opus vorbis".split())


class NotAudio(Exception):
    """The content is not audio that can be decoded."""


class Silent(Exception):
    """The content is audio in which nothing can be heard."""


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
            return demuxer, OPTIONS.get(demuxer, {})
    if raw and head and not is_text(head) and not head.startswith(OTHER_MAGIC):
        return raw["codec"], RAW_OPTIONS | {"sample_rate": str(raw["sample_rate_hz"])}
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
        yield source, demuxer if demuxer in CONTAINERS else "raw"


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


class Listener:
    """Takes in frames that pass by: how long they last, and whether anything is heard in them.

    Frames that are alike share one resampler: a filter graph with threads reserves address space for each of them, and
    a long silence would use up the limit.
    """

    def __init__(self) -> None:
        self.duration_s = 0.0
        self.sample_rate_hz = self.channels = 0
        self.silent = True
        self._like: tuple[str, str, int] | None = None

    def passing(self, frames: Iterable[av.AudioFrame]) -> Iterator[av.AudioFrame]:
        """Yield the frames as they are."""
        for frame in frames:
            self.sample_rate_hz, self.channels = frame.sample_rate, frame.layout.nb_channels
            self.duration_s += frame.samples / frame.sample_rate
            self.silent = self.silent and not self._hears(frame)
            yield frame

    def _hears(self, frame: av.AudioFrame) -> bool:
        for piece in self._plain(frame):
            samples = memoryview(piece.planes[0])[: 2 * piece.samples * piece.layout.nb_channels]
            for at in range(0, len(samples), LISTENED_BYTES):  # mostly the first few tell
                some = array("h", bytes(samples[at : at + LISTENED_BYTES]))
                if max(some) > QUIETEST or min(some) < -QUIETEST:
                    return True
        return False

    def _plain(self, frame: av.AudioFrame) -> list[av.AudioFrame]:
        like = frame.format.name, frame.layout.name, frame.sample_rate
        if like[0] == "s16":
            return [frame]
        if like != self._like:
            self._like = like
            self._resampler = av.AudioResampler(format="s16", layout=like[1], rate=like[2], threads=1)
        with reading():
            return self._resampler.resample(frame)

    def told(self, container: str, codec: str) -> JSON:
        """Say what the file was. Raises NotAudio, Silent."""
        duration_ms = round(self.duration_s * 1000)
        if not duration_ms or (container == "raw" and duration_ms < SHORTEST_RAW_MS):
            raise NotAudio(f"{duration_ms} ms of samples")
        if self.silent:
            raise Silent(f"{duration_ms} ms of silence")
        return {
            "container": container,
            "codec": codec,
            "sample_rate_hz": self.sample_rate_hz,
            "channels": self.channels,
            "duration_ms": duration_ms,
        }


def expected(source: InputContainer, container: str, size_bytes: int) -> Probe:
    """Say what a file seems to be before it is decoded; headers lie about sizes, so samples are counted by theirs."""
    stream, codec = audio_of(source)
    context = stream.codec_context
    if codec.startswith("pcm_") and context.bit_rate:
        duration_ms = 8000 * size_bytes // context.bit_rate
    else:
        duration_ms = (source.duration or 0) // 1000
    return Probe(container, codec, context.sample_rate, max(context.channels, 1), duration_ms, "", "")
