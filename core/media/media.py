"""Look into audio files and make them fit a chat's limits, never decoding in this process.

Media come from outside. Child processes with limits on memory and time do the work (`core.media.pool`), and only they
import the codecs (`core.media.child`).
"""

import logging
from asyncio import Semaphore
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from math import isfinite
from pathlib import Path
from uuid import uuid4

from core.domain.audio import KINDS, Encoding, Probe, RawFormat, Want
from core.domain.errors import CannotFit, MediaError, SilentAudio, StoreError, Undecodable
from core.domain.joining import AudioPart, Measure, Piece, groups, length_ms, pieces, speech_encodings
from core.domain.jsontype import JSON
from core.files.spool import own_disk
from core.media.pool import Pool
from core.media.wave_header import unfinished

log = logging.getLogger(__name__)

RECYCLE_AFTER = 200
"""Requests that one child serves, so that a leak in a codec has an end."""
MEMORY_BYTES = 1 << 30
"""The address space of a child, where nobody says otherwise."""
REALTIME = 10
"""Of so many seconds of audio that are joined, one is added to the deadline: a small machine encodes 50 and more."""


class Media:
    """Decodes and encodes in child processes. Files are told by their content, never by their names."""

    def __init__(self, children: int = 2, deadline_s: float = 60, memory_bytes: int = MEMORY_BYTES) -> None:
        """`deadline_s` is for one decoding or encoding; `memory_bytes` is the address space of each child."""
        self._deadline_s = deadline_s
        self._pool = Pool(children, memory_bytes, RECYCLE_AFTER)
        self._joining = Semaphore(max(children - 1, 1))
        """Joins take minutes; they leave a child to what takes none."""

    def warm(self) -> None:
        """Start a child in the background, so that the first request need not wait for it."""
        self._pool.warm()

    async def close(self) -> None:
        """Kill the children; what is under way ends with MediaError."""
        await self._pool.close()

    async def probe(self, path: Path, raw: RawFormat | None = None) -> Probe:
        """Decode the whole file and say what it is.

        A header in the file is believed before `raw`. Raises Undecodable, SilentAudio, MediaTimeout, MediaError when
        the file takes the child along, or what `own_disk` does when the file can't be read.
        """
        asked = {"path": str(path), "raw": raw and asdict(raw)}
        return _probe(await self._answer("probe", asked, self._deadline_s))

    async def prepare(
        self, path: Path, into: Path, want: Want, raw: RawFormat | None = None
    ) -> tuple[Probe, tuple[Path, Probe] | None]:
        """Do as `probe` and `fit`, decoding once; where fitting fails, for whatever reason, there is the probe alone.

        Raises what `probe` raises.
        """
        try:
            probe, made = await self._prepared(path, into, want, raw)
        except (Undecodable, SilentAudio, StoreError):
            raise
        except MediaError as error:  # the encoder may be to blame
            log.warning("%s could not be decoded and encoded at once: %s", path.name, error)
            return await self.probe(path, raw), None
        if isinstance(made, Exception):
            log.warning("%s could not be made what the chat takes: %s", path.name, made)
            return probe, None
        return probe, made

    async def _prepared(
        self, path: Path, into: Path, want: Want, raw: RawFormat | None
    ) -> tuple[Probe, tuple[Path, Probe] | MediaError | StoreError]:
        """Return what the file is, and what is sent of it or why there is nothing."""
        asked = {"path": str(path), "raw": raw and asdict(raw), "want": want.to_json()}
        with _part_of(into) as part:
            answer = await self._answer("prepare", asked | {"part": str(part)}, self._deadline_s)
            heard = _probe(answer)
            probe, fit = replace(heard, waveform=""), answer["info"].get("fit")
            try:
                if fit is None:
                    return probe, await self._tagged(path, heard, into, want, raw)
                if fit.get("error") != "too_big":
                    return probe, (into, _published(_checked(fit), part, into))
                return probe, await self._written(path, probe, into, want, raw)
            except (MediaError, StoreError) as error:
                return probe, error

    async def fit(
        self, path: Path, probe: Probe, into: Path, want: Want, raw: RawFormat | None = None
    ) -> tuple[Path, Probe]:
        """Return the file where the chat takes it, or a copy with tags at `into`, else write a transcoded one there.

        A WAV header that a streaming encoder left unfinished is written anew. `into` is complete, or untouched. One
        channel stays one; stereo is given up at low bitrates only.
        Raises CannotFit, and what `probe` raises.
        """
        if want.looks:
            _, made = await self._prepared(path, into, want, raw)
            if isinstance(made, Exception):
                raise made
            return made
        takes = want.takes(probe, _size(path))
        if takes and not (probe.container == "wav" and _unfinished(path, _size(path))):
            return await self._tagged(path, probe, into, want, raw)
        return await self._written(path, probe, into, want, raw)

    async def _tagged(
        self, path: Path, probe: Probe, into: Path, want: Want, raw: RawFormat | None
    ) -> tuple[Path, Probe]:
        """Return a file that goes as it is, with tags where it can have them: its audio stays the same bytes."""
        if not want.finish.tags or probe.container == "raw":
            return path, probe
        try:
            with _part_of(into) as part:
                asked = {"path": str(path), "raw": raw and asdict(raw), "part": str(part), "max_bytes": want.max_bytes}
                await self._answer("tag", asked | {"tags": want.finish.tags}, self._deadline_s)
                with own_disk():
                    part.replace(into)
        except (MediaError, StoreError) as error:
            log.info("%s goes without tags: %s", path.name, error)
            return path, probe
        return into, probe

    async def _written(
        self, path: Path, probe: Probe, into: Path, want: Want, raw: RawFormat | None
    ) -> tuple[Path, Probe]:
        size_bytes, what = _size(path), {"path": str(path), "raw": raw and asdict(raw)}
        for encoding in want.writes(probe, size_bytes, anew=True) or ():
            if written := await self._write("transcode", what, into, encoding, want, deadline_s=self._deadline_s):
                return into, written
        raise CannotFit(size_bytes, want.max_bytes)

    async def join(self, parts: Sequence[AudioPart], into: Path, want: Want) -> list[tuple[Path, Probe]]:
        """Join the parts of an order without a gap or click, equally loud, with chapter marks.

        A single part is fitted, and else untouched. Where the chat takes less than is good for speech, several
        files are made beside `into`, split at chapters or pauses, each with chapter marks of its own. What was written
        before is written anew. Raises what `fit` raises.
        """
        if len(parts) == 1 and _fits(parts[0], want):
            return [await self.fit(parts[0].path, parts[0].probe, into, want, parts[0].raw)]
        channels = min(max(part.probe.channels for part in parts), 2)
        measures = [await self._measure(part, channels) for part in parts]
        files = groups(pieces(parts, measures, want.finish.loudness_lufs), want, channels)
        names = [into] if len(files) == 1 else [into.with_stem(f"{into.stem}-{n}") for n in range(1, len(files) + 1)]
        return [(name, await self._join(file, name, want, channels)) for name, file in zip(names, files, strict=True)]

    async def _measure(self, part: AudioPart, channels: int) -> Measure:
        deadline_s = self._deadline_s + part.probe.duration_ms / 1000 / REALTIME
        asked = {"path": str(part.path), "raw": part.raw and asdict(part.raw), "channels": channels}
        return _measured(await self._answer("measure", asked, deadline_s), part.probe.duration_ms)

    async def _join(self, file: list[Piece], into: Path, want: Want, channels: int) -> Probe:
        duration_ms = length_ms(file)
        deadline_s = self._deadline_s + duration_ms / 1000 / REALTIME
        rows = [_row(piece, first=piece is file[0]) for piece in file]
        for encoding in want.encodings(channels, duration_ms):
            async with self._joining:
                written = await self._write("join", {"pieces": rows}, into, encoding, want, deadline_s=deadline_s)
            if written:
                return written
        raise CannotFit(sum(_size(piece.part.path) for piece in file), want.max_bytes)

    async def _write(
        self, operation: str, what: JSON, into: Path, encoding: Encoding, want: Want, *, deadline_s: float
    ) -> Probe | None:
        """Return None when the result is too big."""
        with _part_of(into) as part:
            where = {"part": str(part), "to": asdict(encoding), "max_bytes": want.max_bytes, "want": want.to_json()}
            try:
                return _published(await self._answer(operation, what | where, deadline_s), part, into)
            except _TooBig:
                return None

    async def _answer(self, operation: str, arguments: JSON, deadline_s: float) -> JSON:
        return _checked(await self._pool.ask(operation, arguments, deadline_s))


def _fits(part: AudioPart, want: Want) -> bool:
    """Say whether a part can be one file that is good enough."""
    probe = part.probe
    return want.takes(probe, _size(part.path)) or bool(
        speech_encodings(want, min(probe.channels, 2), probe.duration_ms)
    )


def _row(piece: Piece, *, first: bool) -> JSON:
    """Put a piece into the words of the media process; nothing comes before the first."""
    part, measure = piece.part, piece.measure
    return {
        "path": str(part.path),
        "raw": part.raw and asdict(part.raw),
        "title": part.title,
        "pause_ms": 0 if first else part.pause_ms,
        "gain_db": piece.gain_db,
        **asdict(measure),
    }


def _measured(answer: JSON, duration_ms: int) -> Measure:
    """Read what a child measured, which a broken codec may have spoilt."""
    try:
        info = answer["info"]
        begin, end = int(info["begin_ms"]), int(info["end_ms"])
        loudness, peak, offset = (float(info[name]) for name in ("loudness_lufs", "peak", "offset"))
        lulls = tuple(int(at) for at in info["lulls_ms"] if begin < int(at) < end)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise MediaError(f"the media process answered nonsense: {error!r}") from error
    end = min(end, duration_ms)
    if not 0 <= begin < end or not all(map(isfinite, (loudness, peak, offset))):
        raise MediaError(f"the media process answered nonsense: {info}")
    return Measure(begin, end, loudness, peak, offset, lulls)


@contextmanager
def _part_of(into: Path) -> Iterator[Path]:
    """Yield a name for what is being written, and leave nothing under it."""
    part = into.with_name(f".{into.name}.{uuid4().hex}.part")
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise MediaError(str(error)) from error


def _unfinished(path: Path, size_bytes: int) -> bool:
    with own_disk():
        return unfinished(path, size_bytes)


class _TooBig(MediaError):
    """An encoding came out larger than allowed."""


ERRORS: dict[str, type[MediaError]] = {"undecodable": Undecodable, "silent": SilentAudio, "too_big": _TooBig}


def _checked(answer: JSON) -> JSON:
    """Return an answer that says no error."""
    if answer.get("error") == "failed":
        with own_disk():
            raise OSError(answer.get("errno"), answer.get("reason"))
    if "error" in answer:
        raise ERRORS.get(answer["error"], MediaError)(answer.get("reason", ""))
    return answer


def _published(answer: JSON, part: Path, into: Path) -> Probe:
    """Give a file that a child wrote its name, once the answer says that it is whole."""
    probe = _probe(answer)
    with own_disk():
        part.replace(into)
    return probe


def _probe(answer: JSON) -> Probe:
    """Read a child's answer, which a broken codec may have spoilt."""
    try:
        info = answer["info"]
        container, codec = str(info["container"]), str(info["codec"])
        mime, extension = KINDS[codec if container == "raw" else container]
        rate, channels, duration = (int(info[name]) for name in ("sample_rate_hz", "channels", "duration_ms"))
        waveform = str(info.get("waveform", ""))
        return Probe(container, codec, rate, channels, duration, mime, extension, waveform)
    except (KeyError, TypeError, ValueError) as error:
        raise MediaError(f"the media process answered nonsense: {error!r}") from error
