"""Read what the header of a WAV file promises."""

from os import SEEK_CUR
from pathlib import Path
from struct import Struct

_CHUNK = Struct("<4sI")


def unfinished(path: Path, size_bytes: int) -> bool:
    """Say whether a WAV file has place-holders for its sizes: players then show no length, or hours, or play nothing.

    Whoever writes to a pipe can't go back to fill them in, and leaves 0 or the largest number there. Raises OSError.
    """
    with path.open("rb") as file:
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
