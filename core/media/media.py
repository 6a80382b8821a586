"""Look into audio files and make them fit a chat's limits, never decoding in this process.

Media come from outside. Child processes with limits on memory and time do the work (`core.media.pool`), and only they
import the codecs (`core.media.child`).
"""

from dataclasses import asdict
from os import SEEK_CUR
from pathlib import Path
from struct import Struct
from uuid import uuid4

from core.domain.audio import KINDS, Encoding, Probe, RawFormat, Want, wav
from core.domain.errors import CannotFit, MediaError, SilentAudio, Undecodable
from core.domain.jsontype import JSON
from core.files.spool import own_disk
from core.media.pool import Pool

RECYCLE_AFTER = 200
"""Requests that one child serves, so that a leak in a codec has an end."""
MEMORY_BYTES = 1 << 30
"""The address space of a child, where nobody says otherwise."""


class Media:
    """Decodes and encodes in child processes. Files are told by their content, never by their names."""

    def __init__(self, children: int = 2, deadline_s: float = 60, memory_bytes: int = MEMORY_BYTES) -> None:
        """`deadline_s` is for one decoding or encoding; `memory_bytes` is the address space of each child."""
        self._deadline_s = deadline_s
        self._pool = Pool(children, memory_bytes, RECYCLE_AFTER)

    async def close(self) -> None:
        """Kill the children; what is under way ends with MediaError."""
        await self._pool.close()

    async def probe(self, path: Path, raw: RawFormat | None = None) -> Probe:
        """Decode the whole file and say what it is.

        A header in the file is believed before `raw`. Raises Undecodable, SilentAudio, MediaTimeout, MediaError when
        the file takes the child along, or what `own_disk` does when the file can't be read.
        """
        return await self._ask("probe", path=str(path), raw=raw and asdict(raw))

    async def fit(
        self, path: Path, probe: Probe, into: Path, want: Want, raw: RawFormat | None = None
    ) -> tuple[Path, Probe]:
        """Return the file itself where the chat takes it, else write a transcoded one to `into`.

        A WAV header that a streaming encoder left unfinished is written anew. `into` is complete and on disk, or
        untouched. One channel stays one; stereo is given up at low bitrates only.
        Raises CannotFit, and what `probe` raises.
        """
        size_bytes = _size(path)
        takes = want.takes(probe, size_bytes)
        if takes and not unfinished(path, size_bytes):
            return path, probe
        again = [wav(probe.codec, min(probe.channels, 2), probe.sample_rate_hz)] if takes else []
        for encoding in (*again, *want.encodings(probe.channels, probe.duration_ms)):
            if written := await self._transcode(path, raw, into, encoding, want.max_bytes):
                return into, written
        raise CannotFit(size_bytes, want.max_bytes)

    async def _transcode(
        self, path: Path, raw: RawFormat | None, into: Path, encoding: Encoding, max_bytes: int
    ) -> Probe | None:
        """Return None when the result is too big."""
        part = into.with_name(f".{into.name}.{uuid4().hex}.part")
        to = asdict(encoding) | {"options": dict(encoding.options)}
        try:
            return await self._ask(
                "transcode",
                path=str(path),
                raw=raw and asdict(raw),
                part=str(part),
                into=str(into),
                to=to,
                max_bytes=max_bytes,
            )
        except _TooBig:
            return None
        finally:
            part.unlink(missing_ok=True)

    async def _ask(self, operation: str, **arguments: object) -> Probe:
        answer = await self._pool.ask(operation, arguments, self._deadline_s)
        if answer.get("error") == "failed":
            with own_disk():
                raise OSError(answer.get("errno"), answer.get("reason"))
        if "error" in answer:
            raise ERRORS.get(answer["error"], MediaError)(answer.get("reason", ""))
        return _probe(answer)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise MediaError(str(error)) from error


def unfinished(path: Path, size_bytes: int) -> bool:
    """Say whether a WAV file has place-holders for its sizes: players then show no length, or hours, or play nothing.

    Whoever writes to a pipe can't go back to fill them in, and leaves 0 or the largest number there.
    """
    with own_disk(), path.open("rb") as file:
        form, riff_bytes = _CHUNK.unpack(file.read(_CHUNK.size).ljust(_CHUNK.size))
        if form != b"RIFF":
            return False
        file.seek(len(b"WAVE"), SEEK_CUR)
        while len(head := file.read(_CHUNK.size)) == _CHUNK.size:
            name, chunk_bytes = _CHUNK.unpack(head)
            end = file.tell() + chunk_bytes
            if name == b"data":
                return not chunk_bytes or not end <= _CHUNK.size + riff_bytes <= size_bytes
            file.seek(end + end % 2)
    return False


_CHUNK = Struct("<4sI")


class _TooBig(MediaError):
    """An encoding came out larger than allowed."""


ERRORS: dict[str, type[MediaError]] = {"undecodable": Undecodable, "silent": SilentAudio, "too_big": _TooBig}


def _probe(answer: JSON) -> Probe:
    """Read a child's answer, which a broken codec may have spoilt."""
    try:
        info = answer["info"]
        container, codec = str(info["container"]), str(info["codec"])
        mime, extension = KINDS[codec if container == "raw" else container]
        rate, channels, duration = (int(info[name]) for name in ("sample_rate_hz", "channels", "duration_ms"))
        return Probe(container, codec, rate, channels, duration, mime, extension)
    except (KeyError, TypeError, ValueError) as error:
        raise MediaError(f"the media process answered nonsense: {error!r}") from error
